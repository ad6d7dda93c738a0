//! `/invoices`: invoices, and the actions on them.

use askama::Template;
use poem::{Request, Response, http::StatusCode};

use crate::{
    app::{
        client::list_client_names,
        invoice::{delete_invoice, duplicate_invoice, list_invoices},
        invoice_figures::{InvoiceFigures, invoice_figures},
        invoice_send::remind_invoice,
        outbox::invoices_with_failed_mail,
        payment::{mark_invoice_paid, payment_link as make_payment_link},
        project::find_project,
        unit_of_work::Work,
    },
    domain::{
        date,
        error::Result,
        id::InvoiceId,
        input::Input,
        invoice::{
            Delivery, InvoiceFilter, InvoiceMail, InvoiceRecord, InvoiceStatus, ShownInvoice,
        },
        page::Listing,
        project::Project,
        reach::Reach,
    },
    locale::{Text, t},
    web::{
        choice::{self, Choices},
        dashboard::late,
        days::Days,
        fields::Fields,
        figure::{self, Figure, whole},
        form::Form,
        invoice_history::{Entry, history},
        invoice_sheet::Sheet,
        page::{self, answer},
        pager::{self, Column, Pager},
        period::Periods,
        shell::{Section, Shell},
        tabs::Tabs,
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "pages/invoice/list.html")]
struct List {
    shell: Shell,
    form: Form,
    days: Days,
    clients: Choices,
    /// The project whose invoices are shown; None for all.
    project: Option<Project>,
    tabs: Tabs,
    figures: InvoiceFigures,
    periods: Periods,
    number: Column,
    issued: Column,
    due: Column,
    /// The link that exports all of these invoices as a table.
    export: String,
    invoices: Listing<ShownInvoice>,
    /// The invoices whose newest mail failed.
    failed: Vec<InvoiceId>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "pages/invoice/show.html")]
struct Show<'a> {
    shell: Shell,
    /// The form for sending it.
    form: Form,
    days: Days,
    record: &'a InvoiceRecord,
    sheet: Sheet<'a>,
    history: Vec<Entry>,
    has_mail_server: bool,
    reach: Reach,
    public_url: String,
    /// The address for a copy of the email.
    own_email: &'a str,
}

/// Lists invoices, newest first.
pub async fn list(visit: Visit) -> Result<Response> {
    let query = visit.query();
    let filter = InvoiceFilter::read(&pager::sized(&query))?;
    let (from, to) = (filter.issued_from, filter.issued_to);
    let (invoices, failed, project, clients, figures) = visit
        .read(move |work| {
            let invoices = list_invoices(work, &filter)?;
            let ids: Vec<_> = invoices.entries.iter().map(|shown| shown.invoice.id).collect();
            let failed = invoices_with_failed_mail(work, &ids)?;
            let project = filter.project_id.map(|id| find_project(work, id)).transpose()?;
            let figures = invoice_figures(work)?;
            Ok((invoices, failed, project, list_client_names(work)?, figures))
        })
        .await?;
    let (request, days) = (&visit.request, Days::of(&visit)?);
    let page = List {
        shell: visit.shell(Section::Invoices),
        periods: Periods::issued(request, from, to, &days)?,
        days,
        clients: choice::clients(clients),
        project,
        tabs: tabs(request, &figures),
        figures,
        number: Column::new(request, t("number"), "number", "-number"),
        issued: Column::new(request, t("issued"), "issued", "-issued"),
        due: Column::new(request, t("due"), "due", "due"),
        export: pager::link_to(request, "/invoices/export.csv"),
        pager: Pager::new(request, &invoices),
        invoices,
        failed,
        form: Form::new(query),
    };
    Ok(answer(StatusCode::OK, &page))
}

/// Shows an invoice, its status and the next action.
pub async fn show(visit: Visit) -> Result<Response> {
    let form = visit.form(Fields::default());
    show_page(&visit, StatusCode::OK, form).await
}

/// Mails the client a reminder.
pub async fn remind(visit: Visit, _: Fields) -> Result<Response> {
    match visit.act(remind_invoice).await {
        Ok(_) if !visit.app.has_mail_server() => {
            Ok(visit.done(&here(&visit), t("invoice-reminded-saved")))
        }
        Ok(_) => Ok(visit.done(&here(&visit), t("invoice-reminded"))),
        Err(error) => visit.redirect_with_error(&here(&visit), error),
    }
}

/// Marks an invoice as paid.
pub async fn mark_paid(visit: Visit, fields: Fields) -> Result<Response> {
    let id = visit.id();
    let paid = move |work: &mut Work, (): &()| mark_invoice_paid(work, id);
    match visit.run_once(&fields, Ok(()), place, paid).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("invoice-paid"))),
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

/// Shows an invoice as PDF.
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
        history: history(&record, &days),
        days,
        sheet: Sheet { invoice: &shown.invoice, seller, buyer, dates: visit.dates() },
        record: &record,
        has_mail_server: visit.app.has_mail_server(),
        reach: visit.app.reach(),
        public_url: visit.app.public_url().to_owned(),
        own_email: &visit.frame.account.email,
    };
    Ok(answer(status, &page))
}

/// Returns a tab for all invoices, and one for each status.
fn tabs(request: &Request, figures: &InvoiceFigures) -> Tabs {
    figures.of.iter().fold(Tabs::default(), |tabs, figure| {
        let sum = figure.sum.map(|sum| whole(sum, figures.currency));
        let (status, label) = match &figure.status {
            None => ("", t("all")),
            Some(InvoiceStatus::Draft) => ("draft", t("invoice-list-drafts")),
            Some(status) => (status.as_str(), status_label(status)),
        };
        tabs.with(request, status, label, figure.invoices).with_sum(sum)
    })
}

/// Returns the shape next to a status.
fn shape(status: &InvoiceStatus) -> &'static str {
    match status {
        InvoiceStatus::Cancelled => "void",
        status => status.as_str(),
    }
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

impl List {
    /// Returns the recipient's name on an invoice for a company.
    fn contact<'a>(&self, shown: &'a ShownInvoice) -> Option<&'a str> {
        shown.invoice.client.as_ref()?.details.contact()
    }

    fn is_late(&self, shown: &ShownInvoice) -> bool {
        shown.status == InvoiceStatus::Overdue
    }

    /// Returns when an invoice is due or was paid.
    fn what_is_next(&self, shown: &ShownInvoice) -> Text {
        match shown.invoice.paid_at {
            Some(at) => t("invoice-list-paid-on").with("date", self.days.on(&at)),
            None => t("invoice-feed-due").with("date", self.days.show(&shown.invoice.due_date)),
        }
    }

    /// Returns a description of the sums.
    fn rates_note(&self) -> Text {
        let (currency, left_out) = (self.figures.currency, &self.figures.unconverted);
        if left_out.is_empty() {
            return t("invoice-list-sums").with("currency", currency);
        }
        let codes: Vec<_> = left_out.iter().map(|currency| currency.code()).collect();
        t("invoice-list-sums-without").with("currency", currency).with("others", codes.join(", "))
    }

    fn late(&self, shown: &ShownInvoice) -> Text {
        late(date::days_until(shown.invoice.due_date, self.days.today()))
    }

    fn has_failed_mail(&self, shown: &ShownInvoice) -> bool {
        self.failed.contains(&shown.invoice.id)
    }
}

impl Show<'_> {
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
        figure::figure(&self.record.shown.invoice.amount())
    }

    /// Returns the sum for confirmations.
    fn sum(&self) -> String {
        let amount = self.record.shown.invoice.amount();
        figure::text(amount.currency, &amount.minor.into())
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

    /// Whether a payment link can be created.
    fn wants_payment_link(&self) -> bool {
        let is_missing = self.record.payment_link.is_none();
        self.record.has_payment_service && is_missing && self.record.shown.invoice.is_money_due()
    }

    /// Returns the newest mail if it failed.
    fn failed(&self) -> Option<&InvoiceMail> {
        self.record.mails.first().filter(|mail| mail.failed_at.is_some())
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
