//! `/clients`.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    envelope::{Answer, Made, Paged, Reply, render},
    error::{ChangingFreely, Deleting, Failed, Finding, Listing},
};
use crate::{
    app::{
        App,
        client::{create_client, delete_client, find_client, list_clients, update_client},
    },
    domain::{
        address::Address,
        client::{Client, ClientChange, ClientDetails, ClientFilter},
        country::Country,
        id::{AccountId, ClientId},
        language::Language,
        money::Currency,
    },
    http::{
        amount::Amount,
        bearer::Bearer,
        body::Body,
        query::Query,
        schema::{Instant, Nothing, OneOf, Text, bodies, schema},
    },
};

schema! {
    /// A client.
    struct ClientBody "Client" of client: Client {
        id "id": Text<ClientId> = Text(client.id),
        user_id "userId": Text<AccountId> = Text(client.account),
        name "name": String = client.details.name,
        email "email": String = client.details.email,
        company "company": Option<String> = client.details.company,
        phone "phone": Option<String> = client.details.phone,
        country "country": Option<String> = client.details.country,
        avatar "avatar": Option<String> = client.avatar,
        /// Everything this client has paid, in the user's currency.
        total_billed "totalBilled": Amount = client.total_billed.into(),
        created_at "createdAt": Instant = Instant(client.created_at),
        updated_at "updatedAt": Instant = Instant(client.updated_at),
        address "address": Option<AddressBody> = client.details.address.map(Into::into),
        /// ISO 3166-1 alpha-2: as given, or derived from `country`.
        country_code "countryCode": Option<Text<Country>> = client.details.country_code.map(Text),
        tax_id "taxId": Option<String> = client.details.tax_id,
        registration_number "registrationNumber": Option<String> =
            client.details.registration_number,
        /// The currency of new projects, proposals and invoices.
        currency "currency": Option<Text<Currency>> = client.details.currency.map(Text),
        payment_terms_days "paymentTermsDays": Option<u32> = client.details.payment_terms_days,
        /// Who gets a copy of emails to the client.
        cc_emails "ccEmails": Option<Vec<String>> =
            Some(client.details.cc_emails).filter(|emails| !emails.is_empty()),
        buyer_reference "buyerReference": Option<String> = client.details.buyer_reference,
        /// Private: never printed or emailed.
        notes "notes": Option<String> = client.details.notes,
        language "language": Option<OneOf<Language>> = client.details.language.map(OneOf),
        /// False if the client gets no automatic reminders; left out otherwise.
        reminders "reminders": Option<bool> = client.details.reminders.filter(|is_on| !is_on),
        peppol_id "peppolId": Option<String> = client.details.peppol_id,
    }
}

schema! {
    /// A postal address.
    struct AddressBody "Address" of address: Address {
        street "street": Option<String> = address.street,
        street2 "street2": Option<String> = address.street2,
        city "city": Option<String> = address.city,
        region "region": Option<String> = address.region,
        postal_code "postalCode": Option<String> = address.postal_code,
    }
}

bodies! {
    /// A new client.
    ClientInput "NewClient" = ClientDetails, example r#"{
        "name": "TechStart Nigeria",
        "email": "hello@techstart.ng",
        "company": "TechStart Nigeria Ltd",
        "phone": "+234 802 345 6789",
        "country": "NG"
    }"#;

    /// A change of a client: any of the fields. Null clears an optional one.
    ClientChangeInput "ClientChange" = ClientChange, example r#"{"phone": "+234 802 345 6789"}"#;
}

/// The routes under `/clients`.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/clients", tag = "Tag::Clients")]
impl Routes {
    /// List all clients, newest first
    ///
    /// Pages of 10 unless `pageSize` says otherwise. `total` counts the clients that match the
    /// search.
    #[oai(path = "/", method = "get", operation_id = "listClients")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<ClientFilter>,
    ) -> Result<Paged<ClientBody>, Failed<Listing>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        Ok(Paged::new(self.0.query(bearer.0, move |work| list_clients(work, &filter)).await?))
    }

    /// Create a new client
    ///
    /// Only name and email are required. Two clients may have the same address.
    #[oai(path = "/", method = "post", operation_id = "createClient")]
    async fn create(&self, body: Body<ClientInput>, bearer: Bearer) -> Made<ClientBody> {
        let input = body.once(render::<_, ClientBody>);
        let (once, details) = self.0.admit(bearer.0, input).await?;
        let created = self.0.run_once(bearer.0, once, move |work| create_client(work, &details));
        Ok(Reply::once(created.await?))
    }

    /// Get a client
    ///
    /// Includes everything the client has paid so far, in the user's currency.
    #[oai(path = "/:id", method = "get", operation_id = "getClient")]
    async fn find(&self, bearer: Bearer, id: Path<ClientId>) -> Answer<ClientBody, Finding> {
        Ok(Reply::new(self.0.query(bearer.0, move |work| find_client(work, id.0)).await?))
    }

    /// Update an existing client
    ///
    /// Accepts any of the fields; null or an empty string clears an optional one. The address and
    /// lists are replaced as a whole. Sent invoices keep the earlier details.
    #[oai(path = "/:id", method = "put", method = "patch")]
    async fn update(
        &self,
        body: Body<ClientChangeInput>,
        bearer: Bearer,
        id: Path<ClientId>,
    ) -> Answer<ClientBody, ChangingFreely> {
        let change = self.0.admit(bearer.0, body.read()).await?;
        let update = self.0.run(bearer.0, move |work| update_client(work, id.0, &change, None));
        Ok(Reply::new(update.await?))
    }

    /// Delete a client (only if no active projects)
    ///
    /// Its other projects leave the lists too. Sent invoices stay complete, with the client's
    /// details on them.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteClient")]
    async fn delete(&self, bearer: Bearer, id: Path<ClientId>) -> Answer<Nothing, Deleting> {
        self.0.run(bearer.0, move |work| delete_client(work, id.0)).await?;
        Ok(Reply::new(Nothing(())))
    }
}
