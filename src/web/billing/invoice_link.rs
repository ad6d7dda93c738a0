//! `/i/<token>`: the client's view of an invoice, and its payment.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use poem::{Response, http::StatusCode};

use crate::{
    app::checkout::{Opening, Returned},
    domain::{
        balance::PaymentStatus,
        date,
        error::{Kind, Result},
        how_to_pay::{HowToPay, PaymentLine},
        invoice::{Invoice, InvoiceStatus, PublicInvoice},
        payment::PaidAt,
        provider::ProviderKind,
    },
    http::{qr, visitor::is_robot},
    locale::{Text, t},
    web::{
        figure,
        invoice_sheet::Sheet,
        mailto::mailto,
        page::{self, answer, redirect},
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
    /// How much was paid, if it was only a part.
    paid_so_far: Option<Text>,
    /// The online payment link, if any.
    payment_link: Option<String>,
    /// Where the client can pay online: links with their labels.
    buttons: Vec<(String, Text)>,
    /// The state of a payment.
    notice: Option<Notice>,
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

/// The state of a payment.
struct Notice {
    text: Text,
    /// Where to check again while the payment is in progress.
    again: Option<String>,
}

/// The parameters in which providers pass our reference when a client returns.
const RETURNED: [&str; 4] = ["paid", "reference", "trxref", "tx_ref"];

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
    let (token, query) = (guest.param("token"), guest.query());
    let given = RETURNED.iter().map(|name| query.get(name));
    let notice = match given.into_iter().find(|reference| !reference.is_empty()) {
        // Flutterwave also sends clients back who changed their minds.
        Some(_) if query.get("status") == "cancelled" => None,
        Some(reference) => {
            let returned = guest.app.return_to_invoice(token, reference).await?;
            returned.map(|returned| Notice::of(returned, token, reference))
        }
        None => None,
    };
    show_page(&guest, StatusCode::OK, notice).await
}

/// Opens a checkout at a payment provider and redirects the client to it.
pub async fn pay(guest: Guest) -> Result<Response> {
    let token = guest.param("token");
    // Programs that prefetch links must not open checkouts.
    if is_robot(&guest.request) {
        return Ok(redirect(&format!("/i/{token}")));
    }
    let kind = ProviderKind::from_word(guest.query().get("with"));
    match guest.app.open_checkout(token, kind).await {
        Ok(Opening::Elsewhere(url)) => Ok(redirect(&url)),
        Ok(Opening::Nothing) => Ok(redirect(&format!("/i/{token}"))),
        Err(error) if matches!(error.kind(), Kind::Conflict | Kind::Unavailable { .. }) => {
            let text = error.message().clone();
            let notice = Notice { text, again: None };
            show_page(&guest, StatusCode::SERVICE_UNAVAILABLE, Some(notice)).await
        }
        Err(error) => Err(error),
    }
}

impl Notice {
    fn of(returned: Returned, token: &str, reference: &str) -> Self {
        let reference = utf8_percent_encode(reference, NON_ALPHANUMERIC);
        let again = || Some(format!("/i/{token}?paid={reference}"));
        match returned {
            Returned::Received => Self { text: t("invoice-public-payment-received"), again: None },
            Returned::Awaited => Self { text: t("invoice-public-payment-awaited"), again: again() },
            Returned::Failed => Self { text: t("invoice-public-payment-failed"), again: None },
        }
    }
}

async fn show_page(guest: &Guest, status: StatusCode, notice: Option<Notice>) -> Result<Response> {
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
    let is_under_way = notice.as_ref().is_some_and(|notice| notice.again.is_some());
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
        // Nobody should pay twice.
        buttons: if is_under_way { Vec::new() } else { buttons(&public, token) },
        notice,
        mail: mailto(
            &seller.party.email,
            &t("invoice-number").with("number", &invoice.number).to_string(),
            "",
        ),
        is_owner,
        sheet: Sheet { invoice, seller, buyer, dates: seller.date_format },
        public: &public,
    };
    Ok(answer(status, &page))
}

/// Returns a button for each provider; a single one needs no name.
fn buttons(public: &PublicInvoice, token: &str) -> Vec<(String, Text)> {
    let amount = public.invoice.amount_to_transfer().shown();
    let button = |kind: &ProviderKind| {
        let label = match public.providers[..] {
            [_] => t("invoice-public-pay").with("invoice", &amount),
            _ => t("invoice-public-pay-with").with("provider", kind.name()),
        };
        (format!("/i/{token}/pay?with={}", kind.as_str()), label)
    };
    public.providers.iter().map(button).collect()
}

/// Shows the invoice as a PDF.
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
