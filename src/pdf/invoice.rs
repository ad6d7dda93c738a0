//! An invoice on paper.

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
    write::About,
};
use crate::domain::{
    invoice::{Invoice, InvoiceStatus, Party, Seller},
    money::{self, Money},
};

const TOTAL: Style = Style { size: 14.0, leading: 24.0, is_bold: true, color: ACCENT };
const TOTALS_LABEL: f32 = 92.0;
const TOTALS: f32 = 270.0;
const TOTALS_LEADING: f32 = 17.0;

/// The pages of an invoice.
pub fn draw(
    sheet: &InvoiceSheet,
    typesetter: &mut Typesetter,
    logo: Option<Image>,
) -> (Canvas, About) {
    let invoice = &sheet.invoice;
    let mut canvas = Canvas::new();
    let state = state(sheet);
    let title = Title { kind: "Invoice", number: Some(&invoice.number), state };
    letterhead::head(&mut canvas, typesetter, &title, &sheet.seller.party, logo);
    let facts = vec![
        Fact {
            label: "Issued",
            text: sheet.seller.date_format.show(invoice.issue_date),
            style: BODY,
        },
        Fact { label: "", text: String::new(), style: LABEL },
        Fact { label: "Due", text: sheet.seller.date_format.show(invoice.due_date), style: STRONG },
    ];
    letterhead::parties(
        &mut canvas,
        typesetter,
        ("From", &sheet.seller.party),
        ("Bill to", &sheet.buyer),
        facts,
    );
    let rows = totals(sheet);
    let after = 14.0 + rows.len() as f32 * TOTALS_LEADING + TOTAL.leading;
    lines(sheet).draw(&mut canvas, typesetter, after);
    draw_totals(&mut canvas, typesetter, sheet, rows);
    let is_due = invoice.is_money_due();
    let instructions = sheet.seller.payment_instructions.as_deref().filter(|_| is_due);
    for (label, text) in [("Notes", invoice.notes.as_deref()), ("How to pay", instructions)] {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            letterhead::section(&mut canvas, typesetter, label, text);
        }
    }
    if let Some(link) = sheet.payment_link.as_deref().filter(|_| is_due) {
        pay_online(&mut canvas, typesetter, link);
    }
    match sheet.status {
        InvoiceStatus::Draft => canvas.stamp(typesetter, "DRAFT"),
        InvoiceStatus::Cancelled => canvas.stamp(typesetter, "CANCELLED"),
        _ => {}
    }
    let author = sheet.seller.party.heading();
    canvas.footers(typesetter, &format!("{} · {author}", invoice.number));
    let about = About {
        id: format!("{} {}", invoice.id, sheet.status.as_str()),
        title: format!("Invoice {}", invoice.number),
        author: author.to_owned(),
        created: sheet.created,
    };
    (canvas, about)
}

/// What people have typed that stands on an invoice.
pub fn texts<'a>(invoice: &'a Invoice, seller: &'a Seller, buyer: &'a Party) -> Vec<&'a str> {
    let instructions = seller.payment_instructions.as_deref().filter(|_| invoice.is_money_due());
    let mut texts: Vec<&str> = invoice.notes.as_deref().into_iter().chain(instructions).collect();
    for party in [&seller.party, buyer] {
        texts.push(party.heading());
        texts.extend(party.details());
    }
    texts.push(&invoice.number);
    texts.extend(invoice.items.iter().map(|item| item.line.description.as_str()));
    texts
}

fn state(sheet: &InvoiceSheet) -> Option<String> {
    match sheet.status {
        InvoiceStatus::Paid => Some(match sheet.paid_on {
            Some(day) => format!("Paid on {}", sheet.seller.date_format.show(day)),
            None => "Paid".to_owned(),
        }),
        InvoiceStatus::Draft => Some("DRAFT".to_owned()),
        InvoiceStatus::Cancelled => Some("CANCELLED".to_owned()),
        InvoiceStatus::Overdue => Some("OVERDUE".to_owned()),
        InvoiceStatus::Sent => None,
    }
}

fn lines(sheet: &InvoiceSheet) -> Table<4> {
    let invoice = &sheet.invoice;
    let amount = |minor: i64| money::grouped(Decimal::new(minor, invoice.currency.exponent()));
    let row = |item: &crate::domain::invoice::Item| {
        [
            item.line.description.clone(),
            money::grouped(item.line.quantity.normalize()),
            invoice.currency.show_rate(item.line.rate),
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
    let invoice = &sheet.invoice;
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
    let label = match sheet.status {
        InvoiceStatus::Paid => "Total paid",
        _ if sheet.invoice.is_money_due() => "Total due",
        _ => "Total",
    };
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
