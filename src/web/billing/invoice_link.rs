//! `/i/<token>`: the client's view of an invoice, and its payment.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    domain::{
        balance::PaymentStatus,
        date,
        error::Result,
        how_to_pay::{HowToPay, PaymentLine},
        invoice::{Invoice, InvoiceStatus, PublicInvoice},
        payment::PaidAt,
    },
    http::qr,
    locale::{Text, t},
    web::{
        figure,
        invoice_sheet::Sheet,
        mailto::mailto,
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
    /// How late it is, if it is overdue.
    late: Option<Text>,
    /// How much of it was paid, if it was not all.
    paid_so_far: Option<Text>,
    /// The online payment link, if any.
    payment_link: Option<String>,
    /// The transfer details; empty if nothing is due.
    ways: Vec<Way>,
    /// A QR code that starts the payment.
    code: Option<Code>,
    /// The link that starts an email to the freelancer.
    mail: String,
    /// Whether the reader is its freelancer.
    is_owner: bool,
    sheet: Sheet<'a>,
}

/// A value that the client copies to pay, or the heading above such values.
struct Way {
    /// Empty if it has none.
    label: String,
    value: String,
    is_heading: bool,
}

/// A QR code as an image.
struct Code {
    image: String,
    about: Text,
}

impl Way {
    fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), is_heading: false }
    }

    fn heading(text: &str) -> Self {
        Self { label: String::new(), value: text.to_owned(), is_heading: true }
    }

    /// Returns the accessible name of its button.
    fn name(&self) -> &str {
        if self.label.is_empty() { &self.value } else { &self.label }
    }
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
    let today = date::day_in(guest.app.now(), &zone);
    let is_late = public.status == InvoiceStatus::Overdue && invoice.is_money_due();
    let late = || t("count-days-late").count("days", date::days_until(invoice.due_date, today));
    let how = HowToPay::of(invoice, seller, public.payment_link.clone());
    let code = how.code.as_ref().map(|code| {
        let image = qr::data_url(code.text())?;
        Ok(Code { image, about: code.about() })
    });
    let page = Page {
        token,
        state: state(&public, today, |paid| paid.day(&zone)),
        late: is_late.then(late),
        paid_so_far: paid_so_far(invoice),
        ways: ways(invoice, &how),
        payment_link: how.link,
        code: code.transpose()?,
        mail: mailto(
            &seller.party.email,
            &t("invoice-number").with("number", &invoice.number).to_string(),
            "",
        ),
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

/// Returns the transfer details, including what identifies the payment.
fn ways(invoice: &Invoice, how: &HowToPay) -> Vec<Way> {
    if how.blocks.is_empty() {
        return Vec::new();
    }
    let way = |line: PaymentLine| Way::new(line.label.unwrap_or_default(), line.value);
    let lines = how.blocks.iter().flat_map(|block| {
        let heading = block.heading.iter().map(|heading| Way::heading(heading));
        heading.chain(block.lines().map(way))
    });
    let ours = [
        Way::new(t("reference"), &invoice.number),
        Way::new(t("amount"), invoice.amount_to_transfer().shown()),
    ];
    lines.chain(ours).collect()
}

/// Returns how much of an invoice was paid, if it was a part.
pub(in crate::web) fn paid_so_far(invoice: &Invoice) -> Option<Text> {
    let is_part = invoice.payment_status() == PaymentStatus::PartiallyPaid;
    is_part.then(|| {
        t("invoice-show-paid-so-far")
            .with("paid", figure::money(&invoice.amount_paid()))
            .with("total", figure::money(&invoice.amount()))
    })
}

/// Returns a phone number as a `tel:` link.
fn dialled(phone: &str) -> String {
    phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

/// Returns the status of an invoice on a day.
fn state(
    public: &PublicInvoice,
    today: jiff::civil::Date,
    day: impl Fn(PaidAt) -> jiff::civil::Date,
) -> Text {
    let shown = |day| public.seller.date_format.show(day);
    let due = public.invoice.due_date;
    match (public.status, public.invoice.paid_at) {
        _ if public.invoice.totals.amount == 0 => t("nothing-to-pay"),
        (InvoiceStatus::Paid, Some(paid)) => {
            t("invoice-public-paid-on").with("date", shown(day(paid)))
        }
        (InvoiceStatus::Paid, None) => t("invoice-public-paid"),
        _ if public.invoice.is_voided() => t("invoice-public-voided"),
        _ if !public.invoice.is_money_due() => t("nothing-to-pay"),
        (InvoiceStatus::Overdue, _) => t("invoice-public-was-due").with("date", shown(due)),
        _ => match date::days_until(today, due) {
            0 => t("invoice-public-due-today"),
            1 => t("invoice-public-due-tomorrow").with("date", shown(due)),
            days => t("invoice-public-due-in").with("date", shown(due)).count("days", days),
        },
    }
}
