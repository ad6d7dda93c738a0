//! `/taxes`.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    envelope::{Answer, Made, Paged, Reply, render},
    error::{ChangingFreely, DeletingFreely, Failed, Finding, Listing},
};
use crate::{
    app::{
        App,
        tax::{create_tax, delete_tax, find_tax, list_taxes, update_tax},
    },
    domain::{
        id::TaxId,
        tax::{SavedTax, Tax, TaxCategory, TaxChange, TaxFilter},
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
    /// A tax that the user adds to invoices.
    struct SavedTaxBody "Tax" of saved: SavedTax {
        id "id": Text<TaxId> = Text(saved.id),
        name "name": String = saved.tax.name,
        /// In percent.
        rate "rate": Amount = Amount(saved.tax.rate),
        /// The category of EN 16931.
        category "category": OneOf<TaxCategory> = OneOf(saved.tax.category),
        /// Printed on invoices.
        note "note": Option<String> = saved.tax.note,
        created_at "createdAt": Instant = Instant(saved.created_at),
        updated_at "updatedAt": Instant = Instant(saved.updated_at),
    }
}

bodies! {
    /// A new tax.
    TaxInput "NewTax" = Tax, example r#"{"name": "VAT", "rate": 7.5}"#;

    /// A change of a tax: any of the fields. Null clears the note.
    TaxChangeInput "TaxChange" = TaxChange, example r#"{"rate": 10}"#;
}

/// The routes under `/taxes`.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/taxes", tag = "Tag::Taxes")]
impl Routes {
    /// List taxes, newest first
    ///
    /// The taxes that invoice lines can name in `taxIds`.
    #[oai(path = "/", method = "get", operation_id = "listTaxes")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<TaxFilter>,
    ) -> Result<Paged<SavedTaxBody>, Failed<Listing>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        Ok(Paged::new(self.0.query(bearer.0, move |work| list_taxes(work, &filter)).await?))
    }

    /// Create a new tax
    ///
    /// If no category is given, it follows from the rate. An account has at most 50 taxes.
    #[oai(path = "/", method = "post", operation_id = "createTax")]
    async fn create(&self, body: Body<TaxInput>, bearer: Bearer) -> Made<SavedTaxBody> {
        let input = body.once(render::<_, SavedTaxBody>);
        let (once, tax) = self.0.admit(bearer.0, input).await?;
        Ok(Reply::once(self.0.run_once(bearer.0, once, move |work| create_tax(work, &tax)).await?))
    }

    /// Get a tax
    ///
    /// Includes its category and, if set, its note.
    #[oai(path = "/:id", method = "get", operation_id = "getTax")]
    async fn find(&self, bearer: Bearer, id: Path<TaxId>) -> Answer<SavedTaxBody, Finding> {
        Ok(Reply::new(self.0.query(bearer.0, move |work| find_tax(work, id.0)).await?))
    }

    /// Update a tax
    ///
    /// Accepts any of the fields. Existing invoices do not change.
    #[oai(path = "/:id", method = "put", method = "patch")]
    async fn update(
        &self,
        body: Body<TaxChangeInput>,
        bearer: Bearer,
        id: Path<TaxId>,
    ) -> Answer<SavedTaxBody, ChangingFreely> {
        let change = self.0.admit(bearer.0, body.read()).await?;
        let update = self.0.run(bearer.0, move |work| update_tax(work, id.0, &change, None));
        Ok(Reply::new(update.await?))
    }

    /// Delete a tax
    ///
    /// Existing invoices keep the tax.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteTax")]
    async fn delete(&self, bearer: Bearer, id: Path<TaxId>) -> Answer<Nothing, DeletingFreely> {
        self.0.run(bearer.0, move |work| delete_tax(work, id.0)).await?;
        Ok(Reply::new(Nothing(())))
    }
}
