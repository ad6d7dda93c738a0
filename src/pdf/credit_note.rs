//! The pages of a credit note.

use krilla::image::Image;

use super::{
    CreditNoteSheet,
    canvas::{Canvas, MM},
    letterhead::{self, Fact, Head},
    sums::{self, Sums, signed},
    table::Table,
    write::About,
};
use crate::domain::{
    credit_note::CreditedItem,
    credit_note_summary::CreditSummary,
    invoice::SumRow,
    money::{self, Money},
};
use crate::locale::t;

/// Between the total and the reason.
const CLOSING: f32 = 11.0 * MM;

/// Draws the pages of a credit note.
pub fn draw(canvas: &mut Canvas, sheet: &CreditNoteSheet, logo: Option<Image>) -> About {
    let note = &sheet.note;
    let seller = &note.seller;
    let title: String = t("credit-note-number").with("number", &note.number).into();
    let day = |day| seller.date_format.show(day);
    let head = Head {
        title: title.clone(),
        state: None,
        number: Some(&note.number),
        figure: Some(Fact::new(t("credited"), note.credited.amount.shown())),
        until: None,
        facts: vec![
            Fact::new(t("issued"), day(note.issue_date)),
            Fact::new(
                t("invoice"),
                t("credit-note-invoice")
                    .with("number", &note.invoice_number)
                    .with("date", day(note.invoice_date)),
            ),
        ],
        seller: &seller.party,
        buyer: (t("billed-to"), &note.buyer),
        logo,
    };
    letterhead::head(canvas, seller.template, seller.accent, head);
    let summary = note.summary(sheet.prices_include_tax);
    let sums = sums(sheet, &summary);
    let after = sums.height() + CLOSING;
    let currency = note.credited.amount.currency;
    let amount = t("pdf-amount-in").with("currency", currency).to_string();
    let (description, quantity) = (t("description").to_string(), t("quantity").to_string());
    if note.credited.items.is_empty() {
        let own = t("credit-note-of").with("number", &note.invoice_number).to_string();
        let rows = vec![[own, plain(sheet, summary.net)]];
        Table { header: [description, amount], rows }.draw(canvas, after);
    } else {
        let row = |item: &CreditedItem| {
            [
                item.description.clone(),
                signed(&money::grouped(item.quantity.normalize())),
                plain(sheet, item.amount),
            ]
        };
        let rows = note.credited.items.iter().map(row).collect();
        Table { header: [description, quantity, amount], rows }.draw(canvas, after);
    }
    sums.draw(canvas);
    canvas.y += CLOSING;
    letterhead::section(canvas, &t("credit-note-reason"), &note.reason);
    letterhead::footers(canvas, &seller.party, &title);
    About {
        id: note.id.to_string(),
        title,
        author: seller.party.heading().to_owned(),
        created: note.created_at,
    }
}

fn sums(sheet: &CreditNoteSheet, summary: &CreditSummary) -> Sums {
    let rows = |rows: &[SumRow]| {
        rows.iter().map(|(label, minor)| (label.to_string(), plain(sheet, *minor))).collect()
    };
    Sums {
        above: rows(&summary.above),
        total: (t("credit-note-total").into(), sheet.note.credited.amount.shown()),
        below: rows(&summary.below),
    }
}

/// Returns an amount without its currency.
fn plain(sheet: &CreditNoteSheet, minor: i64) -> String {
    let currency = sheet.note.credited.amount.currency;
    sums::plain(Money::new(minor, currency))
}
