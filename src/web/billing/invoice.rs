//! `/invoices/:id`: an invoice, and the actions on it.

use askama::Template;
use jiff::Timestamp;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        invoice::{delete_invoice, duplicate_invoice},
        invoice_send::remind_invoice,
        payment::{payment_link as make_payment_link, settle_invoice},
        unit_of_work::Work,
    },
    domain::{
        balance::PaymentStatus,
        date,
        error::Result,
        id::PaymentId,
        idempotency::Outcome,
        input::Input,
        invoice::{Delivery, Invoice, InvoiceRecord, InvoiceStatus, ShownInvoice},
        money::Money,
        outbox::OutboxMail,
        payment::{NewPayment, Settlement},
        reach::Reach,
        text::in_url,
    },
    locale::{Text, t},
    web::{
        dashboard::late,
        days::Days,
        fields::Fields,
        figure::{self, Figure},
        form::Form,
        invoice_history::{Entry, history},
        invoice_link::paid_so_far,
        invoice_sheet::Sheet,
        page::{self, answer},
        payment,
        shell::{Section, Shell},
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "pages/invoice/show.html")]
struct Show<'a> {
    shell: Shell,
    /// The form for sending it.
    form: Form,
    /// The button that marks it as paid.
    mark_paid: Form,
    /// The form of a payment.
    payment: Form,
    days: Days,
    now: Timestamp,
    record: &'a InvoiceRecord,
    sheet: Sheet<'a>,
    history: Vec<Entry>,
    has_mail_server: bool,
    reach: Reach,
    public_url: String,
    /// The address for a copy of the email.
    own_email: &'a str,
}

/// Shows an invoice, its status and the next action.
pub async fn show(visit: Visit) -> Result<Response> {
    let form = visit.form(Fields::default());
    show_page(&visit, StatusCode::OK, form).await
}

/// Emails the client a reminder.
pub async fn remind(visit: Visit, _: Fields) -> Result<Response> {
    match visit.act(remind_invoice).await {
        Ok(_) if !visit.app.has_mail_server() => {
            Ok(visit.done(&here(&visit), t("invoice-reminded-saved")))
        }
        Ok(_) => Ok(visit.done(&here(&visit), t("invoice-reminded"))),
        Err(error) => visit.redirect_with_error(&here(&visit), error),
    }
}

/// Marks an invoice as paid, and offers to undo that, even if the request is repeated.
pub async fn mark_paid(visit: Visit, fields: Fields) -> Result<Response> {
    type Paid = (ShownInvoice, Option<PaymentId>);
    let name = |(_, payment): &Paid| {
        payment.map(|payment| payment.to_string()).unwrap_or_default().into_bytes()
    };
    let id = visit.id();
    let pay = move |work: &mut Work, all: &Settlement| settle_invoice(work, id, all);
    match visit.run_once(&fields, Settlement::read(&fields), name, pay).await {
        Ok(outcome) => {
            let payment = match &outcome {
                Outcome::Done(paid) => name(paid),
                Outcome::Replayed(payment) => payment.clone(),
            };
            let payment = String::from_utf8_lossy(&payment);
            let undo = (!payment.is_empty()).then(|| PaymentId::parse(&payment));
            Ok(visit.done_with_undo(&here(&visit), t("invoice-paid"), undo))
        }
        Err(error) => visit.redirect_with_error(&here(&visit), error),
    }
}

/// Creates the payment link of an invoice.
pub async fn payment_link(visit: Visit, _: Fields) -> Result<Response> {
    // A repeated request returns the same link.
    match visit.act(make_payment_link).await {
        Ok(_) => Ok(visit.done(&here(&visit), t("invoice-payment-link-created"))),
        Err(error) => visit.redirect_with_error(&here(&visit), error),
    }
}

/// Duplicates the invoice as a draft dated today.
pub async fn duplicate(visit: Visit, _: Fields) -> Result<Response> {
    match visit.act(duplicate_invoice).await {
        Ok(copy) => {
            let place = format!("/invoices/{}/edit", copy.invoice.id);
            Ok(visit.done(&place, t("invoice-duplicated")))
        }
        Err(error) => visit.redirect_with_error(&here(&visit), error),
    }
}

/// Deletes a draft.
pub async fn delete(visit: Visit, _: Fields) -> Result<Response> {
    match visit.act(delete_invoice).await {
        Ok(()) => Ok(visit.done("/invoices", t("draft-deleted"))),
        Err(error) => visit.redirect_with_error(&here(&visit), error),
    }
}

/// Shows an invoice as a PDF.
pub async fn pdf(visit: Visit) -> Result<Response> {
    let file = visit.app.invoice_pdf(visit.claims, visit.id()).await?;
    Ok(page::pdf(&file.name, file.bytes))
}

pub(super) fn place(shown: &ShownInvoice) -> Vec<u8> {
    format!("/invoices/{}", shown.invoice.id).into_bytes()
}

fn here(visit: &Visit) -> String {
    format!("/invoices/{}", visit.param("id"))
}

pub(super) async fn show_page(visit: &Visit, status: StatusCode, form: Form) -> Result<Response> {
    let record = visit.app.invoice_record(visit.claims, visit.id()).await?;
    let is_typed = form.fields.has("email");
    let InvoiceRecord { shown, seller, buyer, .. } = &record;
    let client = shown.invoice.client.as_ref();
    let email = client.map_or(&buyer.email, |client| &client.details.email);
    let form = if is_typed { form } else { form.with_some("email", Some(email)) };
    let days = Days::of(visit)?;
    let page = Show {
        shell: visit.shell(Section::Invoices),
        form: form.of::<Delivery>(),
        mark_paid: visit.form(Fields::default()),
        payment: visit.form(payment::due(&shown.invoice, days.today())).of::<NewPayment>(),
        history: history(&record, &days),
        days,
        now: visit.app.now(),
        sheet: Sheet { invoice: &shown.invoice, seller, buyer, dates: visit.dates() },
        record: &record,
        has_mail_server: visit.app.has_mail_server(),
        reach: visit.app.reach(),
        public_url: visit.app.public_url().to_owned(),
        own_email: &visit.frame.account.email,
    };
    Ok(answer(status, &page))
}

/// Returns the label of an invoice's status. It distinguishes partly paid and overpaid invoices,
/// and voided ones from deleted drafts.
pub fn badge(shown: &ShownInvoice) -> Text {
    match (shown.status, shown.invoice.payment_status()) {
        (InvoiceStatus::Sent | InvoiceStatus::Overdue, PaymentStatus::PartiallyPaid) => {
            t("partially-paid")
        }
        (InvoiceStatus::Paid, PaymentStatus::Overpaid) => t("overpaid"),
        _ if shown.invoice.is_voided() => t("voided"),
        (status, _) => status_label(&status),
    }
}

/// Returns the amount due on an open invoice, or the total of any other.
pub fn due_or_total(invoice: &Invoice) -> Money {
    if invoice.status.is_open() { invoice.amount_due() } else { invoice.amount() }
}

/// Returns the label of a status.
pub fn status_label(status: &InvoiceStatus) -> Text {
    match status {
        InvoiceStatus::Draft => t("draft"),
        InvoiceStatus::Sent => t("sent"),
        InvoiceStatus::Paid => t("paid"),
        InvoiceStatus::Overdue => t("overdue"),
        InvoiceStatus::Cancelled => t("deleted"),
    }
}

impl Show<'_> {
    /// Whether a part of it can be credited.
    fn can_credit(&self) -> bool {
        let is_sent = !matches!(self.status(), InvoiceStatus::Draft | InvoiceStatus::Cancelled);
        is_sent && self.record.shown.invoice.balance().owed() > 0
    }

    /// Whether there is a receipt.
    fn has_receipt(&self) -> bool {
        self.record.shown.invoice.booked.paid > 0
    }

    fn is_voided(&self) -> bool {
        self.record.shown.invoice.is_voided()
    }

    /// Returns who gets a copy of the emails; empty if nobody does.
    fn copies(&self) -> String {
        let client = self.record.shown.invoice.client.as_ref();
        let copies = client.map(|client| client.details.copies(&client.details.email));
        let copies = copies.unwrap_or_default();
        match copies.is_empty() {
            true => String::new(),
            false => t("invoice-send-copies").with("emails", copies.join(", ")).into(),
        }
    }

    fn status(&self) -> InvoiceStatus {
        self.record.shown.status
    }

    fn is_open(&self) -> bool {
        matches!(self.status(), InvoiceStatus::Sent | InvoiceStatus::Overdue)
    }

    fn place(&self) -> String {
        format!("/invoices/{}", self.record.shown.invoice.id)
    }

    fn figure(&self) -> Figure {
        figure::figure(&due_or_total(&self.record.shown.invoice))
    }

    /// Returns the sum for confirmations.
    fn sum(&self) -> String {
        figure::money(&due_or_total(&self.record.shown.invoice))
    }

    /// Returns how much was paid so far, or by how much it is overpaid; None if neither.
    fn paid_so_far(&self) -> Option<Text> {
        let invoice = &self.record.shown.invoice;
        match invoice.payment_status() {
            PaymentStatus::Overpaid => {
                let too_much = Money::new(invoice.balance().excess(), invoice.currency);
                Some(t("invoice-show-overpaid").with("sum", figure::money(&too_much)))
            }
            _ => paid_so_far(invoice),
        }
    }

    fn can_refund(&self) -> bool {
        self.record.shown.invoice.balance().refundable() > 0
    }

    /// Returns the name of the shape before the status.
    fn mark(&self) -> &str {
        match self.status() {
            InvoiceStatus::Cancelled => "void",
            InvoiceStatus::Sent if self.failed().is_some() => "failed",
            InvoiceStatus::Sent if self.record.times.viewed_at.is_some() => "viewed",
            status => status.as_str(),
        }
    }

    fn late(&self) -> Text {
        late(-self.days_left())
    }

    fn days_left(&self) -> i64 {
        date::days_until(self.days.today(), self.record.shown.invoice.due_date)
    }

    /// Returns the name of the client for confirmations.
    fn client(&self) -> &str {
        let client = self.record.shown.invoice.client.as_ref();
        client.map_or(&self.record.buyer.name, |client| &client.details.name)
    }

    /// Returns the client's current address.
    fn email(&self) -> &str {
        let client = self.record.shown.invoice.client.as_ref();
        client.map_or(&self.record.buyer.email, |client| &client.details.email)
    }

    /// Returns the text to share with the link.
    fn shared_text(&self, link: &str) -> String {
        t("invoice-show-shared-text")
            .with("number", &self.record.shown.invoice.number)
            .with("name", self.record.seller.party.heading())
            .with("link", link)
            .into()
    }

    /// Returns a link that starts a WhatsApp message to the client.
    fn whatsapp(&self, link: &str) -> String {
        let phone = self.record.buyer.phone.as_deref().unwrap_or_default();
        // Without a country code, the number could be someone else's.
        let international = if phone.trim().starts_with('+') { phone } else { "" };
        let digits: String = international.chars().filter(char::is_ascii_digit).collect();
        format!("https://wa.me/{digits}?text={}", in_url(&self.shared_text(link)))
    }

    /// Whether a payment link can be created.
    fn wants_payment_link(&self) -> bool {
        let is_missing = self.record.payment_link.is_none();
        self.record.has_payment_service && is_missing && self.record.shown.invoice.is_money_due()
    }

    /// Returns the newest mail if it failed, or keeps failing.
    fn failed(&self) -> Option<&OutboxMail> {
        self.record.mails.first().filter(|mail| mail.is_in_trouble(self.now))
    }

    /// Returns the limited audience that can open the client's link; None if everyone can.
    fn only_reader(&self) -> Option<Text> {
        match self.reach {
            Reach::Everybody => None,
            Reach::Network => Some(t("reach-network")),
            Reach::Machine => Some(t("reach-machine")),
        }
    }
}
