//! `/payments`, and the payments of an invoice.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    envelope::{Answer, Created, Paged, Reply, render},
    error::{Changing, Deleting, Failed, FindingIf, Listing, ListingOf},
};
use crate::{
    app::{
        App,
        payment::{
            list_payments, list_payments_of_invoice, record_payment, refund_invoice,
            reverse_payment,
        },
    },
    domain::{
        id::{ClientId, InvoiceId, PaymentId},
        money::{Currency, Money},
        payment::{LedgerKind, Method, NewPayment, NewRefund, Payment, PaymentFilter, PaymentPage},
        pdf_file::PdfFile,
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
    /// An entry of the ledger: a payment, its reversal, or a refund.
    struct PaymentBody "Payment" of payment: Payment {
        id "id": Text<PaymentId> = Text(payment.id),
        invoice_id "invoiceId": Text<InvoiceId> = Text(payment.invoice),
        client_id "clientId": Text<ClientId> = Text(payment.client),
        kind "kind": OneOf<LedgerKind> = OneOf(payment.kind),
        /// The money received, without withheld tax. Negative for refunds and reversed payments.
        amount "amount": Amount = payment.cash().into(),
        /// Tax that the client withheld. It counts as paid.
        withheld "withheld": Amount = Money::new(payment.withheld, payment.amount.currency).into(),
        currency "currency": Text<Currency> = Text(payment.amount.currency),
        paid_at "paidAt": Instant = Instant(payment.paid_at.told()),
        method "method": Option<OneOf<Method>> = payment.method.map(OneOf),
        reference "reference": Option<String> = payment.reference,
        note "note": Option<String> = payment.note,
        /// The payment provider's fee.
        fee "fee": Option<Amount> = payment.fee.map(Into::into),
        /// The currency of the fee, which may differ from the payment's.
        fee_currency "feeCurrency": Option<Text<Currency>> =
            payment.fee.map(|fee| Text(fee.currency)),
        /// The entry that this reversal undoes.
        reverses "reverses": Option<Text<PaymentId>> = payment.reverses.map(Text),
        /// The reversal that undoes this entry.
        reversed_by "reversedBy": Option<Text<PaymentId>> = payment.reversed_by.map(Text),
        created_at "createdAt": Instant = Instant(payment.created_at),
    }
}

bodies! {
    /// A payment. It may be a part of the amount due.
    PaymentInput "NewPayment" = NewPayment, example r#"{
        "amount": 950,
        "withheld": 50,
        "paidAt": "2026-03-18T00:00:00Z",
        "method": "bank_transfer",
        "reference": "TRX-2041"
    }"#;

    /// A refund of money paid beyond the amount owed.
    RefundInput "NewRefund" = NewRefund, example r#"{"amount": 50, "method": "bank_transfer"}"#;
}

/// The routes of payments.
pub struct Routes(pub Arc<App>);

#[OpenApi(tag = "Tag::Payments")]
impl Routes {
    /// List payments, latest first
    ///
    /// Includes reversals and refunds. A reversal has the day of the entry that it undoes. `from`
    /// and `to` are days in the user's timezone.
    #[oai(path = "/payments", method = "get", operation_id = "listPayments")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<PaymentFilter>,
    ) -> Result<Paged<PaymentBody>, Failed<Listing>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        Ok(Paged::new(self.0.query(bearer.0, move |work| list_payments(work, &filter)).await?))
    }

    /// Undo a payment or a refund
    ///
    /// The ledger keeps the entry and adds its reversal. If something is due again, the invoice
    /// reopens.
    #[oai(path = "/payments/:id", method = "delete", operation_id = "deletePayment")]
    async fn delete(&self, bearer: Bearer, id: Path<PaymentId>) -> Answer<Nothing, Deleting> {
        self.0.run(bearer.0, move |work| reverse_payment(work, id.0).map(drop)).await?;
        Ok(Reply::new(Nothing(())))
    }

    /// List the payments of an invoice, latest first
    ///
    /// Includes reversals and refunds.
    #[oai(path = "/invoices/:id/payments", method = "get", operation_id = "listInvoicePayments")]
    async fn list_of_invoice(
        &self,
        bearer: Bearer,
        id: Path<InvoiceId>,
        page: Query<PaymentPage>,
    ) -> Result<Paged<PaymentBody>, Failed<ListingOf>> {
        let page = self.0.admit(bearer.0, page.read()).await?.page;
        let list = self.0.query(bearer.0, move |work| list_payments_of_invoice(work, id.0, page));
        Ok(Paged::new(list.await?))
    }

    /// Record a payment for a sent invoice
    ///
    /// It may be a part of the amount due; the invoice is paid when nothing is due. It converts at
    /// the latest exchange rate known on its day. Paying more than the amount due returns 400,
    /// unless `allowOverpayment` is set.
    #[oai(path = "/invoices/:id/payments", method = "post", operation_id = "createPayment")]
    async fn create(
        &self,
        body: Body<PaymentInput>,
        bearer: Bearer,
        id: Path<InvoiceId>,
    ) -> Result<Created<PaymentBody>, Failed<Changing>> {
        let input = body.once(render::<_, PaymentBody>);
        let (once, new) = self.0.admit(bearer.0, input).await?;
        let made = self.0.run_once(bearer.0, once, move |work| record_payment(work, id.0, &new));
        Ok(Reply::once(made.await?))
    }

    /// Get the receipt for an invoice as a PDF
    ///
    /// Lists each payment and refund with its day and method, and the balance. Returns 409 if
    /// nothing has been paid yet.
    #[oai(path = "/invoices/:id/receipt", method = "get", operation_id = "getReceipt")]
    async fn receipt(
        &self,
        bearer: Bearer,
        id: Path<InvoiceId>,
    ) -> Result<PdfFile, Failed<FindingIf>> {
        Ok(self.0.receipt_pdf(bearer.0, id.0).await?)
    }

    /// Record a refund of an overpaid invoice
    ///
    /// At most the amount overpaid; more returns 409.
    #[oai(path = "/invoices/:id/refunds", method = "post", operation_id = "createRefund")]
    async fn refund(
        &self,
        body: Body<RefundInput>,
        bearer: Bearer,
        id: Path<InvoiceId>,
    ) -> Result<Created<PaymentBody>, Failed<Changing>> {
        let input = body.once(render::<_, PaymentBody>);
        let (once, new) = self.0.admit(bearer.0, input).await?;
        let made = self.0.run_once(bearer.0, once, move |work| refund_invoice(work, id.0, &new));
        Ok(Reply::once(made.await?))
    }
}
