//! An invoice on paper.

use jiff::tz::TimeZone;
use krilla::{
    image::Image,
    tagging::{ArtifactType, Tag},
};
use rust_decimal::Decimal;

use super::{
    InvoiceSheet,
    canvas::{
        ACCENT, Align, Area, BODY, Canvas, Column, LABEL, MARGIN, MEASURE, MUTED, Mark, Op, STRONG,
    },
    letterhead::{self, Fact, Title},
    qr,
    table::Table,
    text::{Style, Typesetter},
    write::{About, Refusal, write},
};
use crate::domain::{
    error::Result,
    invoice::InvoiceStatus,
    money::{self, Money},
};

const TOTAL: Style = Style { size: 14.0, leading: 24.0, is_bold: true, color: ACCENT };
const TOTALS_LABEL: f32 = 92.0;
const TOTALS: f32 = 270.0;
const TOTALS_LEADING: f32 = 17.0;

/// The bytes of an invoice's PDF.
pub fn render(sheet: &InvoiceSheet) -> Result<Vec<u8>> {
    letterhead::with_logo(sheet.logo, |logo| draw(sheet, logo))
}

fn draw(sheet: &InvoiceSheet, logo: Option<Image>) -> Result<Vec<u8>, Refusal> {
    let invoice = sheet.invoice;
    let mut typesetter = Typesetter::default();
    let mut canvas = Canvas::new();
    let title = Title { kind: "Invoice", number: Some(&invoice.number), state: state(sheet) };
    letterhead::head(&mut canvas, &mut typesetter, &title, sheet.seller, logo);
    let facts = vec![
        Fact { label: "Issued", text: sheet.dates.show(invoice.issue_date), style: BODY },
        Fact { label: "", text: String::new(), style: LABEL },
        Fact { label: "Due", text: sheet.dates.show(invoice.due_date), style: STRONG },
    ];
    letterhead::parties(
        &mut canvas,
        &mut typesetter,
        ("From", sheet.seller),
        ("Bill to", sheet.buyer),
        facts,
    );
    let rows = totals(sheet);
    let after = 14.0 + rows.len() as f32 * TOTALS_LEADING + TOTAL.leading;
    lines(sheet).draw(&mut canvas, &mut typesetter, after);
    draw_totals(&mut canvas, &mut typesetter, sheet, rows);
    for (label, text) in
        [("Notes", invoice.notes.as_deref()), ("Payment", sheet.payment_instructions)]
    {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            letterhead::section(&mut canvas, &mut typesetter, label, text);
        }
    }
    if let Some(link) = invoice.payment_link.as_deref().filter(|_| is_payable(sheet.status)) {
        pay_online(&mut canvas, &mut typesetter, link);
    }
    match sheet.status {
        InvoiceStatus::Draft => canvas.stamp(&mut typesetter, "DRAFT"),
        InvoiceStatus::Cancelled => canvas.stamp(&mut typesetter, "CANCELLED"),
        _ => {}
    }
    let author = letterhead::display_name(sheet.seller);
    canvas.footers(&mut typesetter, &format!("{} · {author}", invoice.number));
    let about = About {
        id: format!("{} {}", invoice.id, sheet.status.as_str()),
        title: format!("Invoice {}", invoice.number),
        author: author.to_owned(),
        created: sheet.created,
    };
    write(canvas, about)
}

/// Whether money is waited for.
fn is_payable(status: InvoiceStatus) -> bool {
    matches!(status, InvoiceStatus::Draft | InvoiceStatus::Sent | InvoiceStatus::Overdue)
}

fn state(sheet: &InvoiceSheet) -> Option<String> {
    match (sheet.status, sheet.invoice.paid_at) {
        (InvoiceStatus::Paid, Some(at)) => {
            let day = TimeZone::UTC.to_datetime(at).date();
            Some(format!("PAID {}", sheet.dates.show(day)))
        }
        (InvoiceStatus::Paid, None) => Some("PAID".to_owned()),
        (InvoiceStatus::Draft, _) => Some("DRAFT".to_owned()),
        (InvoiceStatus::Cancelled, _) => Some("CANCELLED".to_owned()),
        (InvoiceStatus::Overdue, _) => Some("OVERDUE".to_owned()),
        (InvoiceStatus::Sent, _) => None,
    }
}

fn lines(sheet: &InvoiceSheet) -> Table<4> {
    let invoice = sheet.invoice;
    let amount = |minor: i64| money::grouped(Decimal::new(minor, invoice.currency.exponent()));
    let row = |item: &crate::domain::invoice::Item| {
        [
            item.line.description.clone(),
            money::grouped(item.line.quantity.normalize()),
            money::grouped(item.line.rate.normalize()),
            amount(item.amount),
        ]
    };
    Table {
        header: [
            "Description".to_owned(),
            "Quantity".to_owned(),
            "Rate".to_owned(),
            format!("Amount ({})", invoice.currency),
        ],
        rows: invoice.items.iter().map(row).collect(),
    }
}

/// What stands above the total.
fn totals(sheet: &InvoiceSheet) -> Vec<(String, String)> {
    let invoice = sheet.invoice;
    let shown = |minor| Money::new(minor, invoice.currency).shown();
    if invoice.tax_rate.is_zero() {
        return Vec::new();
    }
    let rate = invoice.tax_rate.normalize();
    vec![
        ("Subtotal".to_owned(), shown(invoice.totals.subtotal)),
        (format!("Tax {rate} %"), shown(invoice.totals.tax)),
    ]
}

fn draw_totals(
    canvas: &mut Canvas,
    typesetter: &mut Typesetter,
    sheet: &InvoiceSheet,
    rows: Vec<(String, String)>,
) {
    let x = MARGIN + MEASURE - TOTALS;
    let width = TOTALS - TOTALS_LABEL;
    canvas.y += 8.0;
    let label = if sheet.status == InvoiceStatus::Paid { "Total paid" } else { "Total due" };
    let total = (label.to_owned(), sheet.invoice.amount().shown());
    let plain = Style { leading: TOTALS_LEADING, ..BODY };
    let rows = rows.into_iter().map(|row| (row, plain));
    for ((label, text), style) in rows.chain([(total, TOTAL)]) {
        if style == TOTAL {
            canvas.hairline(canvas.y + 2.0, x, TOTALS);
            canvas.y += 4.0;
        }
        let node = canvas.node(None, Tag::P);
        let muted = Style { leading: style.leading, color: MUTED, ..BODY };
        let label = typesetter.line(&label, muted);
        let mut value = typesetter.line(&text, style);
        if value.width > width {
            let size = style.size * width / value.width;
            value = typesetter.line(&text, Style { size, ..style });
        }
        canvas.line(label, x, canvas.y, TOTALS_LABEL, Align::Start, Mark::Node(node));
        canvas.line(value, x + TOTALS_LABEL, canvas.y, width, Align::Right, Mark::Node(node));
        canvas.y += style.leading;
    }
    canvas.y += 20.0;
}

/// The payment link, to be scanned and to be clicked.
fn pay_online(canvas: &mut Canvas, typesetter: &mut Typesetter, link: &str) {
    canvas.reserve(qr::SIDE);
    let top = canvas.y;
    let has_code = qr::draw(canvas, link, "QR code of the payment link", MARGIN, top);
    let x = if has_code { MARGIN + qr::SIDE + 16.0 } else { MARGIN };
    let width = MARGIN + MEASURE - x;
    let label = typesetter.lines("Pay online", LABEL, width);
    let address = typesetter.lines(link, Style { color: ACCENT, ..BODY }, width);
    let node = canvas.node(None, Tag::P);
    let pointer = canvas.node(Some(node), Tag::Link);
    let mut lines: Vec<_> =
        label.into_iter().map(|line| (line, Mark::Artifact(ArtifactType::Layout))).collect();
    let start = top + lines.len() as f32 * BODY.leading;
    let height = address.len() as f32 * BODY.leading;
    let reach = address.iter().map(|line| line.width).fold(0.0, f32::max);
    lines.extend(address.into_iter().map(|line| (line, Mark::Node(pointer))));
    let page = canvas.pages.len();
    canvas.columns(vec![Column { x, width, align: Align::Start, lines }], BODY.leading, |_| {});
    // An address longer than a page is not for clicking.
    if canvas.pages.len() == page {
        let area = Area { x, y: start, width: reach, height };
        canvas.put(Op::Link { area, address: link.to_owned(), node: pointer });
    }
    canvas.y = canvas.y.max(top + qr::SIDE) + 16.0;
}
