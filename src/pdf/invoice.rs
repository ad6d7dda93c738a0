//! The pages of an invoice.

use krilla::{
    image::Image,
    tagging::{ArtifactType, Tag},
};
use rust_decimal::Decimal;

use super::{
    InvoiceSheet,
    canvas::{
        ACCENT, Align, Area, BODY, Canvas, LABEL, MARGIN, MEASURE, MUTED, Mark, Op, STRONG, Slot,
    },
    letterhead::{self, Fact, Title},
    qr,
    table::Table,
    text::Style,
    write::About,
};
use crate::domain::{
    invoice::{Invoice, InvoiceStatus, Party, Seller},
    money::{self, Money},
};
use crate::locale::t;

const TOTAL: Style = Style { size: 14.0, leading: 24.0, is_bold: true, color: ACCENT };
const TOTALS_LABEL: f32 = 92.0;
const TOTALS: f32 = 270.0;
const TOTALS_LEADING: f32 = 17.0;

/// Draws the pages of an invoice.
pub fn draw(canvas: &mut Canvas, sheet: &InvoiceSheet, logo: Option<Image>) -> About {
    let invoice = &sheet.invoice;
    let title = Title { kind: t("invoice"), number: Some(&invoice.number), state: state(sheet) };
    letterhead::head(canvas, &title, &sheet.seller.party, logo);
    let facts = vec![
        Fact {
            label: t("issued").into(),
            text: sheet.seller.date_format.show(invoice.issue_date),
            style: BODY,
        },
        Fact { label: String::new(), text: String::new(), style: LABEL },
        Fact {
            label: t("due").into(),
            text: sheet.seller.date_format.show(invoice.due_date),
            style: STRONG,
        },
    ];
    letterhead::parties(
        canvas,
        (t("from"), &sheet.seller.party),
        (t("bill-to"), &sheet.buyer),
        facts,
    );
    let rows = totals(sheet);
    let after = 14.0 + rows.len() as f32 * TOTALS_LEADING + TOTAL.leading;
    lines(sheet).draw(canvas, after);
    draw_totals(canvas, sheet, rows);
    let is_due = invoice.is_money_due();
    let instructions = sheet.seller.payment_instructions.as_deref().filter(|_| is_due);
    for (label, text) in [(t("notes"), invoice.notes.as_deref()), (t("how-to-pay"), instructions)] {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            letterhead::section(canvas, &label, text);
        }
    }
    if let Some(link) = sheet.payment_link.as_deref().filter(|_| is_due) {
        pay_online(canvas, link);
    }
    match sheet.status {
        InvoiceStatus::Draft => canvas.stamp(&t("draft")),
        InvoiceStatus::Cancelled => canvas.stamp(&t("cancelled")),
        _ => {}
    }
    let author = sheet.seller.party.heading();
    canvas.footers(&format!("{} · {author}", invoice.number));
    About {
        id: format!("{} {}", invoice.id, sheet.status.as_str()),
        title: t("invoice-number").with("number", &invoice.number).into(),
        author: author.to_owned(),
        created: sheet.created,
    }
}

/// Returns the user-entered texts of an invoice.
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
            Some(day) => t("pdf-paid-on").with("date", sheet.seller.date_format.show(day)).into(),
            None => t("paid").into(),
        }),
        InvoiceStatus::Draft => Some(t("draft").to_string().to_uppercase()),
        InvoiceStatus::Cancelled => Some(t("cancelled").to_string().to_uppercase()),
        InvoiceStatus::Overdue => Some(t("overdue").to_string().to_uppercase()),
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
            t("description").into(),
            t("quantity").into(),
            t("rate").into(),
            t("pdf-amount-in").with("currency", invoice.currency).into(),
        ],
        rows: invoice.items.iter().map(row).collect(),
    }
}

/// Returns the rows above the total.
fn totals(sheet: &InvoiceSheet) -> Vec<(String, String)> {
    let invoice = &sheet.invoice;
    let shown = |minor| Money::new(minor, invoice.currency).shown();
    if invoice.tax_rate.is_zero() {
        return Vec::new();
    }
    let rate = invoice.tax_rate.normalize();
    vec![
        (t("subtotal").into(), shown(invoice.totals.subtotal)),
        (t("invoice-sheet-tax").with("tax_rate", rate).into(), shown(invoice.totals.tax)),
    ]
}

fn draw_totals(canvas: &mut Canvas, sheet: &InvoiceSheet, rows: Vec<(String, String)>) {
    let labels = Slot { x: MARGIN + MEASURE - TOTALS, width: TOTALS_LABEL, align: Align::Start };
    let width = TOTALS - TOTALS_LABEL;
    let values = Slot { x: labels.x + TOTALS_LABEL, width, align: Align::Right };
    canvas.y += 8.0;
    let label = match sheet.status {
        InvoiceStatus::Paid => t("pdf-total-paid"),
        _ if sheet.invoice.is_money_due() => t("pdf-total-due"),
        _ => t("total"),
    };
    let total = (String::from(label), sheet.invoice.amount().shown());
    let plain = Style { leading: TOTALS_LEADING, ..BODY };
    let rows = rows.into_iter().map(|row| (row, plain));
    for ((label, text), style) in rows.chain([(total, TOTAL)]) {
        if style == TOTAL {
            canvas.hairline(canvas.y + 2.0, labels.x, TOTALS);
            canvas.y += 4.0;
        }
        let mark = Mark::Node(canvas.node(None, Tag::P));
        let muted = Style { leading: style.leading, color: MUTED, ..BODY };
        let label = canvas.typesetter.line(&label, muted);
        let mut value = canvas.typesetter.line(&text, style);
        if value.width > width {
            let size = style.size * width / value.width;
            value = canvas.typesetter.line(&text, Style { size, ..style });
        }
        canvas.line(label, labels, canvas.y, mark);
        canvas.line(value, values, canvas.y, mark);
        canvas.y += style.leading;
    }
    canvas.y += 20.0;
}

/// Draws the payment link, as a QR code and as text to click.
fn pay_online(canvas: &mut Canvas, link: &str) {
    canvas.reserve(qr::SIDE);
    let top = canvas.y;
    let has_code = qr::draw(canvas, link, &t("pdf-qr-code").to_string(), MARGIN, top);
    let x = if has_code { MARGIN + qr::SIDE + 16.0 } else { MARGIN };
    let slot = Slot { x, width: MARGIN + MEASURE - x, align: Align::Start };
    let label = canvas.typesetter.lines(&t("pdf-pay-online").to_string(), LABEL, slot.width);
    let style = Style { color: ACCENT, ..BODY };
    let address = canvas.typesetter.lines(link, style, slot.width);
    let node = canvas.node(None, Tag::P);
    let pointer = canvas.node(Some(node), Tag::Link);
    let area = Area {
        x,
        y: top + label.len() as f32 * BODY.leading,
        width: address.iter().map(|line| line.width).fold(0.0, f32::max),
        height: address.len() as f32 * BODY.leading,
    };
    let mut column = slot.column(label, Mark::Artifact(ArtifactType::Layout));
    column.lines.extend(address.into_iter().map(|line| (line, Mark::Node(pointer))));
    let page = canvas.pages.len();
    canvas.columns(vec![column], BODY.leading, |_| {});
    // An address longer than a page is not clickable.
    if canvas.pages.len() == page {
        canvas.put(Op::Link { area, address: link.to_owned(), node: pointer });
    }
    canvas.y = canvas.y.max(top + qr::SIDE) + 16.0;
}
