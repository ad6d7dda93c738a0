//! `/invoices`: the list of invoices.

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use poem::{Request, Response, http::StatusCode};

use crate::{
    app::{
        client::list_client_names,
        invoice::{list_invoices, times_of_invoices},
        invoice_figures::{InvoiceFigures, invoice_figures},
        outbox::invoices_with_failed_mail,
        project::find_project,
    },
    domain::{
        balance::PaymentStatus,
        date,
        error::Result,
        id::InvoiceId,
        input::Input,
        invoice::{InvoiceFilter, InvoiceStatus, InvoiceTimes, ShownInvoice},
        money::Currency,
        page::Listing,
        project::Project,
    },
    locale::{Text, t},
    web::{
        choice::{self, Choices},
        dashboard::late,
        days::Days,
        figure::{self, rounded, whole},
        form::Form,
        invoice::status_label,
        page::answer,
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
    amount: Column,
    /// The currencies to choose from, if there are several.
    currencies: Vec<Currency>,
    /// The link that exports all of these invoices as a table.
    export: String,
    invoices: Listing<ShownInvoice>,
    times: HashMap<InvoiceId, InvoiceTimes>,
    /// The invoices whose newest mail failed.
    failed: Vec<InvoiceId>,
    pager: Pager,
}

/// Lists invoices, newest first.
pub async fn show(visit: Visit) -> Result<Response> {
    let query = visit.query();
    let filter = InvoiceFilter::read(&pager::sized(&query))?;
    let (from, to, currency) = (filter.issued_from, filter.issued_to, filter.currency);
    let (invoices, times, failed, project, clients, figures) = visit
        .read(move |work| {
            let invoices = list_invoices(work, &filter)?;
            let ids: Vec<_> = invoices.entries.iter().map(|shown| shown.invoice.id).collect();
            let times = times_of_invoices(work, &ids)?;
            let failed = invoices_with_failed_mail(work, &ids)?;
            let project = filter.project_id.map(|id| find_project(work, id)).transpose()?;
            let figures = invoice_figures(work)?;
            Ok((invoices, times, failed, project, list_client_names(work)?, figures))
        })
        .await?;
    let (request, days) = (&visit.request, Days::of(&visit)?);
    let currencies: BTreeSet<_> = figures.currencies.iter().copied().chain(currency).collect();
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
        amount: Column::new(request, t("amount"), "amount", "-amount"),
        currencies: currencies.into_iter().collect(),
        export: pager::link_to(request, "/invoices/export.csv"),
        pager: Pager::new(request, &invoices),
        invoices,
        times,
        failed,
        form: Form::new(query),
    };
    Ok(answer(StatusCode::OK, &page))
}

/// Returns a tab for all invoices, and one for each status.
fn tabs(request: &Request, figures: &InvoiceFigures) -> Tabs {
    figures.of.iter().fold(Tabs::default(), |tabs, figure| {
        let show = if figure.status.is_none() { rounded } else { whole };
        let sum = figure.sum.map(|sum| show(sum, figures.currency));
        let is_late = figure.status == Some(InvoiceStatus::Overdue) && figure.invoices > 0;
        let (status, label) = match &figure.status {
            None => ("", t("all")),
            Some(InvoiceStatus::Draft) => ("draft", t("invoice-list-drafts")),
            Some(status) => (status.as_str(), status_label(status)),
        };
        tabs.with(request, status, label, figure.invoices).with_sum(sum, is_late)
    })
}

/// Returns the shape next to a status.
fn shape(status: &InvoiceStatus) -> &'static str {
    match status {
        InvoiceStatus::Cancelled => "void",
        status => status.as_str(),
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

    /// Returns when an invoice was edited, is due or was paid.
    fn what_is_next(&self, shown: &ShownInvoice) -> Text {
        let invoice = &shown.invoice;
        match (shown.status, invoice.paid_at) {
            (_, Some(paid)) => t("invoice-list-paid-on").with("date", self.days.lately_paid(&paid)),
            (InvoiceStatus::Draft, _) => {
                t("home-edited").with("day", self.days.lately(&invoice.updated_at))
            }
            _ => t("invoice-feed-due").with("date", self.days.brief(&invoice.due_date)),
        }
    }

    /// Returns the last thing that happened to an invoice.
    fn last_activity(&self, shown: &ShownInvoice) -> Option<Text> {
        let invoice = &shown.invoice;
        let (what, at) = match shown.status {
            InvoiceStatus::Draft => ("edited", invoice.updated_at),
            InvoiceStatus::Cancelled if invoice.is_voided() => ("voided", invoice.updated_at),
            InvoiceStatus::Cancelled => ("deleted", invoice.updated_at),
            _ => {
                let InvoiceTimes { sent_at, viewed_at, reminded_at } =
                    self.times.get(&invoice.id).copied().unwrap_or_default();
                let known = [
                    ("sent", sent_at),
                    ("opened", viewed_at),
                    ("reminded", reminded_at),
                    ("paid", invoice.paid_at.map(|paid| paid.at)),
                ];
                let known = known.into_iter().filter_map(|(what, at)| Some((what, at?)));
                known.max_by_key(|(_, at)| *at)?
            }
        };
        let when = self.days.lately(&at);
        Some(t("invoice-list-last").with("what", what).with("when", when))
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

    fn is_part_paid(&self, shown: &ShownInvoice) -> bool {
        shown.invoice.payment_status() == PaymentStatus::PartiallyPaid
    }

    fn due(&self, shown: &ShownInvoice) -> String {
        figure::money(&shown.invoice.amount_due())
    }

    fn late(&self, shown: &ShownInvoice) -> Text {
        late(date::days_until(shown.invoice.due_date, self.days.today()))
    }

    fn has_failed_mail(&self, shown: &ShownInvoice) -> bool {
        self.failed.contains(&shown.invoice.id)
    }
}
