//! `/i/<token>`: the client's view of an invoice, and its payment.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    domain::{
        date,
        error::Result,
        invoice::{InvoiceStatus, PublicInvoice},
    },
    locale::{Text, t},
    web::{
        invoice_sheet::Sheet,
        page::{self, answer},
        visit::Guest,
    },
};

#[derive(Template)]
#[template(path = "pages/invoice/public.html")]
struct Page<'a> {
    public: &'a PublicInvoice,
    token: &'a str,
    /// The status, in words.
    state: Text,
    is_late: bool,
    /// The online payment link, if any.
    payment_link: Option<&'a String>,
    is_settled: bool,
    /// Whether the reader is its freelancer.
    is_owner: bool,
    sheet: Sheet<'a>,
}

/// Shows an invoice; its freelancer learns when the client first opened it, as page or PDF.
pub async fn show(guest: Guest) -> Result<Response> {
    let token = guest.param("token");
    let public = guest.app.public_invoice(token).await?;
    let is_owner = guest.claims.is_some_and(|claims| claims.account == public.invoice.account);
    if guest.is_visit_to(public.invoice.account) {
        guest.app.see_invoice(token).await?;
    }
    let PublicInvoice { invoice, seller, buyer, .. } = &public;
    let zone = public.zone.rules()?;
    let page = Page {
        token,
        state: state(&public, date::day_in(guest.app.now(), &zone), |at| date::day_in(at, &zone)),
        is_late: public.status == InvoiceStatus::Overdue && invoice.is_money_due(),
        payment_link: public.payment_link.as_ref(),
        is_settled: !invoice.is_money_due(),
        is_owner,
        sheet: Sheet { invoice, seller, buyer, dates: seller.date_format },
        public: &public,
    };
    Ok(answer(StatusCode::OK, &page))
}

/// Shows the invoice as PDF.
pub async fn pdf(guest: Guest) -> Result<Response> {
    let token = guest.param("token");
    let file = guest.app.public_invoice_pdf(token).await?;
    if guest.is_visit_to(guest.app.public_invoice(token).await?.invoice.account) {
        guest.app.see_invoice(token).await?;
    }
    Ok(page::pdf(&file.name, file.bytes))
}

/// Returns the status of an invoice on a day.
fn state(
    public: &PublicInvoice,
    today: jiff::civil::Date,
    day: impl Fn(jiff::Timestamp) -> jiff::civil::Date,
) -> Text {
    let shown = |day| public.seller.date_format.show(day);
    let due = public.invoice.due_date;
    match (public.status, public.invoice.paid_at) {
        (InvoiceStatus::Paid, Some(at)) => t("invoice-public-paid-on").with("date", shown(day(at))),
        (InvoiceStatus::Paid, None) => t("invoice-public-paid"),
        _ if !public.invoice.is_money_due() => t("nothing-to-pay"),
        (InvoiceStatus::Overdue, _) => t("invoice-public-was-due").with("date", shown(due)),
        _ => match date::days_until(today, due) {
            0 => t("invoice-public-due-today"),
            1 => t("invoice-public-due-tomorrow").with("date", shown(due)),
            days => t("invoice-public-due-in").with("date", shown(due)).count("days", days),
        },
    }
}
