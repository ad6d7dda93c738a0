//! `/i/<token>`: an invoice as its client reads and pays it.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    domain::{
        date,
        error::Result,
        invoice::{InvoiceStatus, PublicInvoice},
    },
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
    /// Where it stands, in words.
    state: String,
    is_late: bool,
    /// Where it is paid online, if anywhere.
    payment_link: Option<&'a String>,
    is_settled: bool,
    /// Whether its freelancer looks at it.
    is_owner: bool,
    sheet: Sheet<'a>,
}

/// Shows an invoice; its freelancer learns when its client opened it first, as page or as PDF.
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

/// The invoice as PDF.
pub async fn pdf(guest: Guest) -> Result<Response> {
    let token = guest.param("token");
    let file = guest.app.public_invoice_pdf(token).await?;
    if guest.is_visit_to(guest.app.public_invoice(token).await?.invoice.account) {
        guest.app.see_invoice(token).await?;
    }
    Ok(page::pdf(&file.name, file.bytes))
}

/// Where an invoice stands on a day.
fn state(
    public: &PublicInvoice,
    today: jiff::civil::Date,
    day: impl Fn(jiff::Timestamp) -> jiff::civil::Date,
) -> String {
    let shown = |day| public.seller.date_format.show(day);
    let due = public.invoice.due_date;
    match (public.status, public.invoice.paid_at) {
        (InvoiceStatus::Paid, Some(at)) => format!("Paid on {}. Thank you.", shown(day(at))),
        (InvoiceStatus::Paid, None) => "Paid. Thank you.".to_owned(),
        _ if !public.invoice.is_money_due() => "There is nothing to pay.".to_owned(),
        (InvoiceStatus::Overdue, _) => format!("This was due on {}.", shown(due)),
        _ => match date::days_until(today, due) {
            0 => "Due today.".to_owned(),
            1 => format!("Due tomorrow, on {}.", shown(due)),
            days => format!("Due on {}, in {days} days.", shown(due)),
        },
    }
}
