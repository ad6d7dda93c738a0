//! `/credit-notes`, and crediting and voiding invoices.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    envelope::{Answer, Created, Paged, Reply, render},
    error::{Changing, Failed, Finding, Listing},
    invoice::TaxSumBody,
};
use crate::{
    app::{
        App,
        credit_note::{credit_invoice, find_credit_note, list_credit_notes, void_invoice},
        credit_note_file::send_credit_note,
        unit_of_work::Work,
    },
    domain::{
        credit_note::{CreditNote, CreditNoteFilter, CreditedItem, NewCreditNote, NewVoid},
        id::{ClientId, CreditNoteId, InvoiceId, ItemId},
        invoice::Delivery,
        money::{Currency, Money},
        pdf_file::PdfFile,
    },
    http::{
        amount::Amount,
        bearer::Bearer,
        body::Body,
        query::Query,
        schema::{Day, Instant, Text, bodies, schema},
    },
};

schema! {
    /// A credited invoice line.
    struct ItemBody "CreditNoteItem" of (item, currency): (CreditedItem, Currency) {
        item_id "itemId": Text<ItemId> = Text(item.id),
        description "description": String = item.description,
        quantity "quantity": Amount = Amount(item.quantity),
        /// The credited part of the line's amount.
        amount "amount": Amount = Money::new(item.amount, currency).into(),
    }
}

schema! {
    /// A credit note: an amount taken off a sent invoice.
    struct CreditNoteBody "CreditNote" of note: CreditNote {
        id "id": Text<CreditNoteId> = Text(note.id),
        invoice_id "invoiceId": Text<InvoiceId> = Text(note.invoice),
        invoice_number "invoiceNumber": String = note.invoice_number,
        client_id "clientId": Text<ClientId> = Text(note.client),
        /// Follows the pattern in the settings, `CN-<year>-<number>` by default, without gaps.
        number "number": String = note.number,
        /// Including tax.
        amount "amount": Amount = note.credited.amount.into(),
        tax_amount "taxAmount": Amount =
            Money::new(note.credited.tax(), note.credited.amount.currency).into(),
        currency "currency": Text<Currency> = Text(note.credited.amount.currency),
        taxes "taxes": Vec<TaxSumBody> = (note.credited.own_taxes())
            .map(|sum| (sum.clone(), note.credited.amount.currency).into())
            .collect(),
        /// Empty if an amount was credited.
        items "items": Vec<ItemBody> = (note.credited.items.iter())
            .map(|item| (item.clone(), note.credited.amount.currency).into())
            .collect(),
        reason "reason": String = note.reason,
        issue_date "issueDate": Day = Day(note.issue_date),
        /// Whether it voided the invoice: everything is credited and nothing was paid.
        is_void "isVoid": bool = note.is_void,
        created_at "createdAt": Instant = Instant(note.created_at),
    }
}

bodies! {
    /// A new credit note for `items`, an `amount` or, without either, everything not yet credited.
    CreditNoteInput "NewCreditNote" = NewCreditNote, example r#"{
        "amount": 500,
        "reason": "Discount for the late delivery"
    }"#;

    /// The recipient of the credit note.
    SendCreditNoteInput "SendCreditNote" = Delivery, example r#"{"email": "billing@techstart.ng"}"#;

    /// Why the invoice is voided.
    VoidInput "NewVoid" = NewVoid, example r#"{"reason": "Sent to the wrong client"}"#;
}

/// The routes of credit notes.
pub struct Routes(pub Arc<App>);

#[OpenApi(tag = "Tag::CreditNotes")]
impl Routes {
    /// List credit notes, newest first
    ///
    /// For all invoices, one invoice or one client.
    #[oai(path = "/credit-notes", method = "get", operation_id = "listCreditNotes")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<CreditNoteFilter>,
    ) -> Result<Paged<CreditNoteBody>, Failed<Listing>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        let list = self.0.query(bearer.0, move |work| list_credit_notes(work, &filter));
        Ok(Paged::new(list.await?))
    }

    /// Get a credit note
    ///
    /// Includes the credited lines, if any, and the credited taxes.
    #[oai(path = "/credit-notes/:id", method = "get", operation_id = "getCreditNote")]
    async fn find(
        &self,
        bearer: Bearer,
        id: Path<CreditNoteId>,
    ) -> Answer<CreditNoteBody, Finding> {
        Ok(Reply::new(self.0.query(bearer.0, move |work| find_credit_note(work, id.0)).await?))
    }

    /// Get the PDF of a credit note, always the same file
    ///
    /// Shows both parties as on the invoice. It is rendered once and then kept.
    #[oai(path = "/credit-notes/:id/pdf", method = "get", operation_id = "getCreditNotePdf")]
    async fn pdf(
        &self,
        bearer: Bearer,
        id: Path<CreditNoteId>,
    ) -> Result<PdfFile, Failed<Finding>> {
        Ok(self.0.credit_note_pdf(bearer.0, id.0).await?)
    }

    /// Send a credit note by email, with its PDF
    ///
    /// `email` sends it to another address than the client's.
    #[oai(path = "/credit-notes/:id/send", method = "post", operation_id = "sendCreditNote")]
    async fn send(
        &self,
        body: Body<SendCreditNoteInput>,
        bearer: Bearer,
        id: Path<CreditNoteId>,
    ) -> Answer<CreditNoteBody, Changing> {
        let input = body.once(render::<_, CreditNoteBody>);
        let (once, delivery) = self.0.admit(bearer.0, input).await?;
        let send = move |work: &mut Work| send_credit_note(work, id.0, &delivery);
        Ok(Reply::once(self.0.run_once(bearer.0, once, send).await?))
    }

    /// Credit all or part of a sent invoice
    ///
    /// The credit note gets the next number of its own series and never changes. `items` are
    /// credited with their share of discount and taxes; an `amount` is split in proportion over the
    /// taxes not yet credited. Crediting more than is left returns 400; crediting a draft or a
    /// cancelled invoice returns 409. An unpaid invoice that is credited in full becomes
    /// `cancelled`. If more was paid than is still owed, the difference can be refunded.
    #[oai(path = "/invoices/:id/credit-notes", method = "post", operation_id = "createCreditNote")]
    async fn create(
        &self,
        body: Body<CreditNoteInput>,
        bearer: Bearer,
        id: Path<InvoiceId>,
    ) -> Result<Created<CreditNoteBody>, Failed<Changing>> {
        let input = body.once(render::<_, CreditNoteBody>);
        let (once, new) = self.0.admit(bearer.0, input).await?;
        let made = self.0.run_once(bearer.0, once, move |work| credit_invoice(work, id.0, &new));
        Ok(Reply::once(made.await?))
    }

    /// Void a sent invoice without payments
    ///
    /// Credits everything that is left; the invoice becomes `cancelled`. If it has payments,
    /// returns 409: reverse or refund them first.
    #[oai(path = "/invoices/:id/void", method = "post", operation_id = "voidInvoice")]
    async fn void(
        &self,
        body: Body<VoidInput>,
        bearer: Bearer,
        id: Path<InvoiceId>,
    ) -> Result<Created<CreditNoteBody>, Failed<Changing>> {
        let input = body.once(render::<_, CreditNoteBody>);
        let (once, new) = self.0.admit(bearer.0, input).await?;
        let made = self.0.run_once(bearer.0, once, move |work| void_invoice(work, id.0, &new));
        Ok(Reply::once(made.await?))
    }
}
