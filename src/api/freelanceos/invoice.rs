//! `/invoices`.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    client::ClientBody,
    envelope::{Answer, Made, Paged, Reply, render},
    error::{Changing, Deleting, Failed, Finding, Listing},
};
use crate::{
    app::{
        App,
        invoice::{
            create_invoice, delete_invoice, find_shown_invoice, list_invoices, update_invoice,
        },
        invoice_send::send_invoice,
        payment::{mark_invoice_paid, payment_link},
        unit_of_work::Work,
    },
    domain::{
        balance::{Balance, PaymentStatus},
        deposit::Purpose,
        discount::Discount,
        id::{AccountId, ClientId, InvoiceId, ItemId, MilestoneId, ProjectId, ProposalId},
        invoice::{
            Delivery, InvoiceChange, InvoiceFilter, InvoiceStatus, Item, NewInvoice, ShownInvoice,
            Unit,
        },
        money::{Currency, Money},
        payment::Settlement,
        pdf_file::PdfFile,
        tax::{Tax, TaxCategory, TaxSum, Withholding},
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
    /// A tax of a line.
    struct TaxBody "InvoiceItemTax" of tax: Tax {
        name "name": String = tax.name,
        /// In percent.
        rate "rate": Amount = Amount(tax.rate),
        /// The category of EN 16931.
        category "category": OneOf<TaxCategory> = OneOf(tax.category),
        /// Printed on the invoice.
        note "note": Option<String> = tax.note,
    }
}

schema! {
    /// A tax of an invoice.
    struct TaxSumBody "InvoiceTax" of (sum, currency): (TaxSum, Currency) {
        name "name": String = sum.tax.name,
        /// In percent.
        rate "rate": Amount = Amount(sum.tax.rate),
        /// The category of EN 16931.
        category "category": OneOf<TaxCategory> = OneOf(sum.tax.category),
        /// Printed on the invoice.
        note "note": Option<String> = sum.tax.note,
        /// The amount that the tax is computed on, after discounts.
        base "base": Amount = Money::new(sum.base, currency).into(),
        amount "amount": Amount = Money::new(sum.amount, currency).into(),
    }
}

schema! {
    /// A percentage or an amount.
    struct DiscountBody "InvoiceDiscount" of discount: Discount {
        percent "percent": Option<Amount> = discount.percent.map(Amount),
        amount "amount": Option<Amount> = discount.amount.map(Amount),
    }
}

schema! {
    /// The tax that the client withholds.
    struct WithholdingBody "InvoiceWithholding" of withholding: Withholding {
        name "name": String = withholding.name,
        /// In percent of the net amount.
        rate "rate": Amount = Amount(withholding.rate),
    }
}

schema! {
    /// A line of an invoice.
    struct ItemBody "InvoiceItem" of (item, currency): (Item, Currency) {
        id "id": Text<ItemId> = Text(item.id),
        description "description": String = item.line.description,
        quantity "quantity": Amount = Amount(item.line.quantity),
        rate "rate": Amount = Amount(item.line.rate),
        /// quantity × rate, rounded half away from zero to the currency, less the discount.
        amount "amount": Amount = Money::new(item.amount, currency).into(),
        /// What the quantity counts.
        unit "unit": Option<OneOf<Unit>> = item.line.unit.map(OneOf),
        discount "discount": Option<DiscountBody> = item.line.discount.map(Into::into),
        /// Left out if the `taxRate` of the invoice applies.
        taxes "taxes": Option<Vec<TaxBody>> =
            item.line.taxes.map(|taxes| taxes.into_iter().map(Into::into).collect()),
        /// The deposit invoice that this line deducts.
        deposit_id "depositInvoiceId": Option<Text<InvoiceId>> = item.line.deposit.map(Text),
    }
}

schema! {
    /// An invoice.
    struct InvoiceBody "Invoice" of shown: ShownInvoice {
        id "id": Text<InvoiceId> = Text(shown.invoice.id),
        user_id "userId": Text<AccountId> = Text(shown.invoice.account),
        client_id "clientId": Text<ClientId> = Text(shown.invoice.client_id),
        /// With the client's details from when the invoice was sent.
        client "client": Option<ClientBody> = shown.invoice.client.map(Into::into),
        project_id "projectId": Option<Text<ProjectId>> = shown.invoice.project_id.map(Text),
        /// The source that it was created from.
        proposal_id "proposalId": Option<Text<ProposalId>> = shown.invoice.proposal_id.map(Text),
        milestone_id "milestoneId": Option<Text<MilestoneId>> =
            shown.invoice.milestone_id.map(Text),
        kind "kind": OneOf<Purpose> = OneOf(shown.invoice.kind),
        /// Follows the pattern in the settings, `INV-<year>-<number>` by default, without gaps.
        number "number": String = shown.invoice.number,
        /// The total to pay, including tax.
        amount "amount": Amount =
            Money::new(shown.invoice.totals.amount, shown.invoice.currency).into(),
        subtotal "subtotal": Amount =
            Money::new(shown.invoice.totals.subtotal, shown.invoice.currency).into(),
        /// In percent; 0 unless exactly one tax applies to all lines.
        tax_rate "taxRate": Amount = Amount(shown.invoice.terms.tax_rate),
        tax_amount "taxAmount": Amount =
            Money::new(shown.invoice.totals.tax, shown.invoice.currency).into(),
        currency "currency": Text<Currency> = Text(shown.invoice.currency),
        status "status": OneOf<InvoiceStatus> = OneOf(shown.status),
        issue_date "issueDate": Day = Day(shown.invoice.issue_date),
        due_date "dueDate": Day = Day(shown.invoice.due_date),
        paid_at "paidAt": Option<Instant> =
            shown.invoice.paid_at.map(|paid| Instant(paid.told())),
        payment_link "paymentLink": Option<String> = shown.invoice.payment_link,
        items "items": Vec<ItemBody> = (shown.invoice.items.into_iter())
            .map(|item| (item, shown.invoice.currency).into())
            .collect(),
        notes "notes": Option<String> = shown.invoice.notes,
        created_at "createdAt": Instant = Instant(shown.invoice.created_at),
        updated_at "updatedAt": Instant = Instant(shown.invoice.updated_at),
        /// The amount paid, including tax that the client withheld.
        amount_paid "amountPaid": Amount = Money::new(shown.invoice.booked.paid, shown.invoice.currency).into(),
        /// The amount taken off by credit notes.
        amount_credited "amountCredited": Amount =
            Money::new(shown.invoice.booked.credited, shown.invoice.currency).into(),
        /// What the client still has to pay; 0 if the invoice is overpaid.
        amount_due "amountDue": Amount = Money::new(
            Balance::new(shown.invoice.totals.amount, shown.invoice.booked).due(),
            shown.invoice.currency,
        )
        .into(),
        payment_status "paymentStatus": OneOf<PaymentStatus> = OneOf(
            Balance::new(shown.invoice.totals.amount, shown.invoice.booked)
                .status(shown.invoice.status == InvoiceStatus::Paid),
        ),
        discount "discount": Option<DiscountBody> = shown.invoice.terms.discount.map(Into::into),
        /// The discount on the sum of the lines. `amount` = `subtotal` − `discountAmount` + taxes.
        discount_amount "discountAmount": Amount =
            Money::new(shown.invoice.totals.discount, shown.invoice.currency).into(),
        /// Whether the rates of the lines include their taxes.
        prices_include_tax "pricesIncludeTax": bool = shown.invoice.terms.prices_include_tax,
        taxes "taxes": Vec<TaxSumBody> = (shown.invoice.taxes.into_iter())
            .map(|sum| (sum, shown.invoice.currency).into())
            .collect(),
        withholding "withholding": Option<WithholdingBody> =
            shown.invoice.terms.withholding.map(Into::into),
        /// The part of the amount that the client withholds as tax.
        withheld_amount "withheldAmount": Amount =
            Money::new(shown.invoice.totals.withheld, shown.invoice.currency).into(),
        service_from "serviceFrom": Option<Day> = shown.invoice.service.0.map(Day),
        service_to "serviceTo": Option<Day> = shown.invoice.service.1.map(Day),
        /// The client's order number.
        reference "reference": Option<String> = shown.invoice.reference,
        /// Whether it deducts the deposits of its project or proposal.
        deduct_deposits "deductDeposits": bool = shown.invoice.deduct_deposits,
        /// False if the client gets no automatic reminders of it; left out otherwise.
        reminders "reminders": Option<bool> = shown.invoice.reminders_off.then_some(false),
        /// The invoice that deducts this deposit.
        final_id "finalInvoiceId": Option<Text<InvoiceId>> =
            shown.invoice.deducted_in.map(|(id, _)| Text(id)),
    }
}

schema! {
    /// Where the client pays.
    struct PaymentLinkBody "PaymentLink" example r#"{
        "link": "https://pay.raenest.com/fos-inv_123-abc123"
    }"# of link: String {
        link "link": String = link,
    }
}

bodies! {
    /// A new invoice: with `items`, or only an `amount`, or both if they agree.
    InvoiceInput "NewInvoice" = NewInvoice, example r#"{
        "clientId": "client_123",
        "amount": 2250,
        "currency": "USD",
        "dueDate": "2026-04-15T00:00:00Z",
        "items": [
            { "description": "UI Design", "quantity": 1, "rate": 1500 },
            { "description": "Development", "quantity": 1, "rate": 750 }
        ],
        "notes": "Payment due within 15 days"
    }"#;

    /// A change of an invoice: any of the fields. Null clears an optional one. Once it is sent,
    /// only `notes` and `projectId` change.
    InvoiceChangeInput "InvoiceChange" = InvoiceChange, example r#"{"notes": "Thank you!"}"#;

    /// The recipient of the invoice.
    SendInvoiceInput "SendInvoice" = Delivery, example r#"{"email": "billing@techstart.ng"}"#;

    /// The body may be empty.
    InvoiceActionInput "InvoiceAction" = ();

    /// How the amount due was paid. The body may be empty.
    SettlementInput "Settlement" = Settlement, example r#"{
        "paidAt": "2026-03-18T00:00:00Z",
        "method": "bank_transfer",
        "reference": "TRX-2041"
    }"#;
}

/// The routes under `/invoices`.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/invoices", tag = "Tag::Invoices")]
impl Routes {
    /// List invoices, newest first; without a status, all except cancelled ones
    ///
    /// Each with its client and lines. `overdue` lists sent invoices past their due date, in the
    /// user's timezone.
    #[oai(path = "/", method = "get", operation_id = "listInvoices")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<InvoiceFilter>,
    ) -> Result<Paged<InvoiceBody>, Failed<Listing>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        Ok(Paged::new(self.0.query(bearer.0, move |work| list_invoices(work, &filter)).await?))
    }

    /// Create a new invoice (auto-generates invoice number)
    ///
    /// It starts as a draft with the next number of its year. Send `items`, or only an `amount`, or
    /// both if they agree, or only a `proposalId` to invoice the proposal's items. The currency
    /// defaults to that of the proposal or project, or else the user's. Rejects a proposal or
    /// project of another client.
    #[oai(path = "/", method = "post", operation_id = "createInvoice")]
    async fn create(&self, body: Body<InvoiceInput>, bearer: Bearer) -> Made<InvoiceBody> {
        let input = body.once(render::<_, InvoiceBody>);
        let (once, new) = self.0.admit(bearer.0, input).await?;
        let created = self.0.run_once(bearer.0, once, move |work| create_invoice(work, &new));
        Ok(Reply::once(created.await?))
    }

    /// Get an invoice
    ///
    /// With its client and lines. Once it is sent, the client's details no longer change.
    #[oai(path = "/:id", method = "get", operation_id = "getInvoice")]
    async fn find(&self, bearer: Bearer, id: Path<InvoiceId>) -> Answer<InvoiceBody, Finding> {
        Ok(Reply::new(self.0.query(bearer.0, move |work| find_shown_invoice(work, id.0)).await?))
    }

    /// Update an invoice
    ///
    /// Accepts any of the fields; once it is sent, only `notes` and `projectId` change. `status`
    /// acts as named: `sent` sends a draft without an email, `paid` marks a sent invoice as paid,
    /// `cancelled` cancels a draft. Lines without `taxes` keep their current taxes, unless `taxRate`
    /// changes. Other fields are updated first, and everything succeeds or nothing changes.
    #[oai(path = "/:id", method = "put", method = "patch")]
    async fn update(
        &self,
        body: Body<InvoiceChangeInput>,
        bearer: Bearer,
        id: Path<InvoiceId>,
    ) -> Answer<InvoiceBody, Changing> {
        let change = self.0.admit(bearer.0, body.read()).await?;
        let update = self.0.run(bearer.0, move |work| update_invoice(work, id.0, &change, None));
        Ok(Reply::new(update.await?))
    }

    /// Cancel a draft; its number stays taken
    ///
    /// It leaves the default list and can be found as `cancelled`. A sent invoice cannot be
    /// cancelled.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteInvoice")]
    async fn delete(&self, bearer: Bearer, id: Path<InvoiceId>) -> Answer<Nothing, Deleting> {
        self.0.run(bearer.0, move |work| delete_invoice(work, id.0)).await?;
        Ok(Reply::new(Nothing(())))
    }

    /// Get an invoice as a PDF; once it is sent, always the same file
    ///
    /// A draft is rendered as it is now. A sent invoice is rendered once, and its file never
    /// changes.
    #[oai(path = "/:id/pdf", method = "get", operation_id = "getInvoicePdf")]
    async fn pdf(&self, bearer: Bearer, id: Path<InvoiceId>) -> Result<PdfFile, Failed<Finding>> {
        Ok(self.0.invoice_pdf(bearer.0, id.0).await?)
    }

    /// Send an invoice by mail (changes status from draft to sent)
    ///
    /// The draft becomes `sent`, both parties' details and the PDF are frozen, and the client gets
    /// an email with the PDF and a link. `email` names another address. A sent invoice is emailed
    /// again without changes; for a paid or cancelled one the response is 409.
    #[oai(path = "/:id/send", method = "post", operation_id = "sendInvoice")]
    async fn send(
        &self,
        body: Body<SendInvoiceInput>,
        bearer: Bearer,
        id: Path<InvoiceId>,
    ) -> Answer<InvoiceBody, Changing> {
        let input = body.once(render::<_, InvoiceBody>);
        let (once, delivery) = self.0.admit(bearer.0, input).await?;
        let sent = self.0.run_once(bearer.0, once, move |work| send_invoice(work, id.0, &delivery));
        Ok(Reply::once(sent.await?))
    }

    /// Mark invoice as paid (updates client total billed)
    ///
    /// Records a payment of the amount due, at the latest exchange rate known on its day if the
    /// currency is not the user's. A paid invoice stays unchanged and counts once.
    #[oai(path = "/:id/mark-paid", method = "post", operation_id = "markInvoicePaid")]
    async fn mark_paid(
        &self,
        body: Body<SettlementInput>,
        bearer: Bearer,
        id: Path<InvoiceId>,
    ) -> Answer<InvoiceBody, Changing> {
        let input = body.once(render::<_, InvoiceBody>);
        let (once, settlement) = self.0.admit(bearer.0, input).await?;
        let pay = move |work: &mut Work| mark_invoice_paid(work, id.0, &settlement);
        Ok(Reply::once(self.0.run_once(bearer.0, once, pay).await?))
    }

    /// Generate Raenest payment link, once
    ///
    /// The first call creates the link, later ones return the same link. A paid or cancelled
    /// invoice has none (409).
    #[oai(path = "/:id/payment-link", method = "post", operation_id = "createPaymentLink")]
    async fn payment_link(
        &self,
        body: Body<InvoiceActionInput>,
        bearer: Bearer,
        id: Path<InvoiceId>,
    ) -> Answer<PaymentLinkBody, Changing> {
        let input = body.once(render::<_, PaymentLinkBody>);
        let (once, ()) = self.0.admit(bearer.0, input).await?;
        let link = self.0.run_once(bearer.0, once, move |work| payment_link(work, id.0));
        Ok(Reply::once(link.await?))
    }
}
