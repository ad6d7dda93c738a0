//! Client statements.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    envelope::{Answer, Reply},
    error::{Failed, ListingOf},
};
use crate::{
    app::{App, statement::find_statement},
    domain::{
        id::{ClientId, CreditNoteId, Id, InvoiceId, PaymentId},
        money::{Currency, Money},
        pdf_file::PdfFile,
        statement::{CurrencyStatement, Entry, EntryKind, Statement, StatementFilter},
    },
    http::{
        amount::Amount,
        bearer::Bearer,
        query::Query,
        schema::{Day, OneOf, Text, schema},
    },
};

schema! {
    /// Something that changed what the client owes.
    struct EntryBody "StatementEntry" of entry: Entry {
        /// The id of the invoice, the credit note or the payment.
        id "id": String = id_of(entry.posting.kind, entry.posting.id),
        kind "kind": OneOf<EntryKind> = OneOf(entry.posting.kind),
        date "date": Day = Day(entry.posting.day),
        invoice_id "invoiceId": Text<InvoiceId> = Text(entry.posting.invoice),
        /// The number of the credit note, or else of the invoice.
        number "number": String = entry.posting.number,
        /// The change in what the client owes; negative for payments and credit notes.
        amount "amount": Amount =
            Money::new(entry.posting.amount, entry.posting.currency).into(),
        /// What the client owes after this entry.
        balance "balance": Amount = Money::new(entry.balance, entry.posting.currency).into(),
    }
}

schema! {
    /// The entries in one currency.
    struct CurrencyBody "CurrencyStatement" of own: CurrencyStatement {
        currency "currency": Text<Currency> = Text(own.currency),
        /// What the client owed before the first day; negative if too much was paid.
        opening_balance "openingBalance": Amount = Money::new(own.opening, own.currency).into(),
        entries "entries": Vec<EntryBody> = own.entries.into_iter().map(Into::into).collect(),
        /// What the client owes after the last day.
        closing_balance "closingBalance": Amount = Money::new(own.closing, own.currency).into(),
    }
}

schema! {
    /// What a client was billed and has paid.
    struct StatementBody "Statement" of statement: Statement {
        client_id "clientId": Text<ClientId> = Text(statement.client.id),
        from "from": Day = Day(statement.from),
        to "to": Day = Day(statement.to),
        currencies "currencies": Vec<CurrencyBody> =
            statement.currencies.into_iter().map(Into::into).collect(),
    }
}

/// Writes the id of an entry.
fn id_of(kind: EntryKind, id: Id<()>) -> String {
    match kind {
        EntryKind::Invoice => InvoiceId::from_uuid(id.uuid()).to_string(),
        EntryKind::CreditNote => CreditNoteId::from_uuid(id.uuid()).to_string(),
        EntryKind::Payment | EntryKind::Reversal | EntryKind::Refund => {
            PaymentId::from_uuid(id.uuid()).to_string()
        }
    }
}

/// The routes of statements.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/clients", tag = "Tag::Clients")]
impl Routes {
    /// Get a client's statement
    ///
    /// For each currency, lists sent invoices (by issue date), credit notes, payments, reversals
    /// and refunds in order, with the balance after each. `from` and `to` are days in the user's
    /// timezone, both inclusive.
    #[oai(path = "/:id/statement", method = "get", operation_id = "getStatement")]
    async fn find(
        &self,
        bearer: Bearer,
        id: Path<ClientId>,
        filter: Query<StatementFilter>,
    ) -> Answer<StatementBody, ListingOf> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        let find = self.0.query(bearer.0, move |work| find_statement(work, id.0, filter));
        Ok(Reply::new(find.await?))
    }

    /// Get a client's statement as a PDF
    ///
    /// Has the same entries as the statement.
    #[oai(path = "/:id/statement/pdf", method = "get", operation_id = "getStatementPdf")]
    async fn pdf(
        &self,
        bearer: Bearer,
        id: Path<ClientId>,
        filter: Query<StatementFilter>,
    ) -> Result<PdfFile, Failed<ListingOf>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        Ok(self.0.statement_pdf(bearer.0, id.0, filter).await?)
    }
}
