//! `/proposals`.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    client::ClientBody,
    envelope::{Answer, Created, Made, Paged, Reply, render},
    error::{Changing, Deleting, Failed, Finding, Listing},
    invoice::{DiscountBody, InvoiceBody, ItemBody, TaxSumBody},
    project::ProjectBody,
};
use crate::{
    app::{
        App,
        deposit::create_deposit,
        project::begin_project,
        proposal::{
            create_proposal, delete_proposal, find_proposal, list_proposals, update_proposal,
        },
    },
    domain::{
        deposit::{Deposit, NewDeposit},
        id::{AccountId, ClientId, InvoiceId, ProjectId, ProposalId},
        invoice::Invoice,
        money::{Currency, Money},
        proposal::{
            NewProposal, Proposal, ProposalChange, ProposalDelivery, ProposalFilter, ProposalLink,
            ProposalStatus,
        },
    },
    http::{
        amount::Amount,
        bearer::Bearer,
        body::Body,
        query::Query,
        schema::{Day, Instant, Nothing, OneOf, Text, bodies, schema},
    },
};

schema! {
    /// A deposit: a percentage or an amount.
    struct DepositBody "ProposalDeposit" of deposit: Deposit {
        percent "percent": Option<Amount> = deposit.percent.map(Amount),
        amount "amount": Option<Amount> = deposit.amount.map(Amount),
    }
}

schema! {
    /// A proposal.
    struct ProposalBody "Proposal" of (proposal, offer): (Proposal, Option<Invoice>) {
        id "id": Text<ProposalId> = Text(proposal.id),
        user_id "userId": Text<AccountId> = Text(proposal.account),
        client_id "clientId": Text<ClientId> = Text(proposal.client_id),
        client "client": Option<ClientBody> = proposal.client.map(Into::into),
        title "title": String = proposal.title,
        content "content": String = proposal.content,
        status "status": OneOf<ProposalStatus> = OneOf(proposal.status),
        amount "amount": Amount = proposal.amount.into(),
        currency "currency": Text<Currency> = Text(proposal.amount.currency),
        valid_until "validUntil": Option<Day> = proposal.valid_until.map(Day),
        /// Omitted, like the fields below, if the proposal has only an amount.
        items "items": Option<Vec<ItemBody>> = offer.as_ref().map(|offer| {
            (offer.items.iter()).map(|item| (item.clone(), offer.currency).into()).collect()
        }),
        /// `amount` = `subtotal` − `discountAmount` + taxes.
        subtotal "subtotal": Option<Amount> =
            offer.as_ref().map(|of| Money::new(of.totals.subtotal, of.currency).into()),
        discount "discount": Option<DiscountBody> =
            offer.as_ref().and_then(|of| of.terms.discount.clone()).map(Into::into),
        discount_amount "discountAmount": Option<Amount> =
            offer.as_ref().map(|of| Money::new(of.totals.discount, of.currency).into()),
        /// Whether the rates of the items include their taxes.
        prices_include_tax "pricesIncludeTax": Option<bool> =
            offer.as_ref().map(|of| of.terms.prices_include_tax),
        /// In percent; 0 unless exactly one tax applies to all items.
        tax_rate "taxRate": Option<Amount> =
            offer.as_ref().map(|of| Amount(of.terms.tax_rate)),
        tax_amount "taxAmount": Option<Amount> =
            offer.as_ref().map(|of| Money::new(of.totals.tax, of.currency).into()),
        taxes "taxes": Option<Vec<TaxSumBody>> = offer.map(|offer| {
            offer.taxes.into_iter().map(|sum| (sum, offer.currency).into()).collect()
        }),
        created_at "createdAt": Instant = Instant(proposal.created_at),
        updated_at "updatedAt": Instant = Instant(proposal.updated_at),
        /// Where the client can read and answer it; present once it is sent.
        public_link "publicLink": Option<String> = match proposal.link {
            Some(ProposalLink::Open(address)) => Some(address),
            Some(ProposalLink::Sealed(_)) | None => None,
        },
        /// The project created from it.
        project_id "projectId": Option<Text<ProjectId>> = proposal.project.map(|(id, _)| Text(id)),
        /// The deposit due when the proposal is accepted.
        deposit "deposit": Option<DepositBody> = proposal.deposit.map(Into::into),
        /// Its newest deposit invoice, unless that is cancelled.
        deposit_id "depositInvoiceId": Option<Text<InvoiceId>> =
            proposal.deposit_invoice.map(Text),
        /// The newest invoice for its work, unless that is cancelled.
        invoice_id "invoiceId": Option<Text<InvoiceId>> = proposal.invoice.map(Text),
    }
}

impl From<Proposal> for ProposalBody {
    fn from(proposal: Proposal) -> Self {
        let offer = proposal.offer();
        (proposal, offer).into()
    }
}

bodies! {
    /// A new proposal: a draft until it is sent.
    ProposalInput "NewProposal" = NewProposal, example r#"{
        "clientId": "client_123",
        "title": "Mobile app",
        "content": "Design and development of a mobile app for iOS and Android.",
        "amount": 12000,
        "currency": "USD",
        "validUntil": "2026-05-31T00:00:00Z"
    }"#;

    /// A change of a proposal: any of the fields. Null clears an optional one. The status may
    /// become `accepted` or `rejected`, once.
    ProposalChangeInput "ProposalChange" = ProposalChange, example r#"{"status": "accepted"}"#;

    /// How the proposal is sent. The body may be empty.
    SendProposalInput "SendProposal" = ProposalDelivery, example r#"{
        "email": "hello@techstart.ng",
        "mail": true
    }"#;

    /// The body may be empty.
    BeginProjectInput "BeginProject" = ();

    /// A deposit invoice for a percentage or an amount.
    DepositInput "NewDeposit" = NewDeposit, example r#"{
        "percent": 30,
        "dueDate": "2026-04-15T00:00:00Z"
    }"#;
}

/// The routes under `/proposals`.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/proposals", tag = "Tag::Proposals")]
impl Routes {
    /// List all proposals, newest first
    ///
    /// Each with its client. Filter by `status`, by `clientId`, or by both.
    #[oai(path = "/", method = "get", operation_id = "listProposals")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<ProposalFilter>,
    ) -> Result<Paged<ProposalBody>, Failed<Listing>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        Ok(Paged::new(self.0.query(bearer.0, move |work| list_proposals(work, &filter)).await?))
    }

    /// Create a new proposal
    ///
    /// Only the client and title are required. It starts as a draft. `items` are priced like those
    /// of an invoice; `amount` is then their total.
    #[oai(path = "/", method = "post", operation_id = "createProposal")]
    async fn create(&self, body: Body<ProposalInput>, bearer: Bearer) -> Made<ProposalBody> {
        let input = body.once(render::<_, ProposalBody>);
        let (once, new) = self.0.admit(bearer.0, input).await?;
        let created = self.0.run_once(bearer.0, once, move |work| create_proposal(work, &new));
        Ok(Reply::once(created.await?))
    }

    /// Get a proposal
    ///
    /// With its client, and its link once it is sent.
    #[oai(path = "/:id", method = "get", operation_id = "getProposal")]
    async fn find(&self, bearer: Bearer, id: Path<ProposalId>) -> Answer<ProposalBody, Finding> {
        Ok(Reply::new(self.0.query(bearer.0, move |work| find_proposal(work, id.0)).await?))
    }

    /// Update a proposal, or record its answer
    ///
    /// Accepts any of the fields until the client has answered. `status` may become `sent`, which
    /// creates the link without an email, `accepted` or `rejected`.
    #[oai(path = "/:id", method = "put", method = "patch")]
    async fn update(
        &self,
        body: Body<ProposalChangeInput>,
        bearer: Bearer,
        id: Path<ProposalId>,
    ) -> Answer<ProposalBody, Changing> {
        let change = self.0.admit(bearer.0, body.read()).await?;
        let update = self.0.run(bearer.0, move |work| update_proposal(work, id.0, &change, None));
        Ok(Reply::new(update.await?))
    }

    /// Delete a proposal (unless it was accepted)
    ///
    /// Its link stops working.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteProposal")]
    async fn delete(&self, bearer: Bearer, id: Path<ProposalId>) -> Answer<Nothing, Deleting> {
        self.0.run(bearer.0, move |work| delete_proposal(work, id.0)).await?;
        Ok(Reply::new(Nothing(())))
    }

    /// Mark a proposal as sent (changes status from draft to sent)
    ///
    /// Creates a link where the client can read and answer it. With `mail`, also emails the link and
    /// the PDF to the client; otherwise, share the link yourself. A sent proposal stays unchanged
    /// and can be emailed again.
    #[oai(path = "/:id/send", method = "post", operation_id = "sendProposal")]
    async fn send(
        &self,
        body: Body<SendProposalInput>,
        bearer: Bearer,
        id: Path<ProposalId>,
    ) -> Answer<ProposalBody, Changing> {
        let input = body.once(render::<_, ProposalBody>);
        let (once, delivery) = self.0.admit(bearer.0, input).await?;
        Ok(Reply::once(self.0.send_proposal(bearer.0, once, id.0, delivery).await?))
    }

    /// Create a deposit invoice for an accepted proposal
    ///
    /// Creates a draft for a percentage or an amount, split across the proposal's taxes. Together,
    /// deposits cannot exceed the proposal's amount. `deductDeposits` on a later invoice deducts
    /// each sent deposit.
    #[oai(path = "/:id/deposit-invoice", method = "post", operation_id = "createDepositInvoice")]
    async fn deposit(
        &self,
        body: Body<DepositInput>,
        bearer: Bearer,
        id: Path<ProposalId>,
    ) -> Result<Created<InvoiceBody>, Failed<Changing>> {
        let input = body.once(render::<_, InvoiceBody>);
        let (once, new) = self.0.admit(bearer.0, input).await?;
        let made = self.0.run_once(bearer.0, once, move |work| create_deposit(work, id.0, &new));
        Ok(Reply::once(made.await?))
    }

    /// Create a project from an accepted proposal
    ///
    /// The project has its client, title, text and amount, and includes the invoices created from
    /// the proposal. If the proposal already has a project, returns 409 with that project; delete
    /// it to create another.
    #[oai(path = "/:id/project", method = "post", operation_id = "beginProject")]
    async fn begin(
        &self,
        body: Body<BeginProjectInput>,
        bearer: Bearer,
        id: Path<ProposalId>,
    ) -> Result<Created<ProjectBody>, Failed<Changing>> {
        let input = body.once(render::<_, ProjectBody>);
        let (once, ()) = self.0.admit(bearer.0, input).await?;
        let made = self.0.run_once(bearer.0, once, move |work| begin_project(work, id.0));
        Ok(Reply::once(made.await?))
    }
}
