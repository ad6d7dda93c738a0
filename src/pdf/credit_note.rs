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
    invoice::rated,
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
    let sums = sums(sheet);
    let after = sums.height() + CLOSING;
    let currency = note.credited.amount.currency;
    let amount = t("pdf-amount-in").with("currency", currency).to_string();
    let (description, quantity) = (t("description").to_string(), t("quantity").to_string());
    if note.credited.items.is_empty() {
        let own = t("credit-note-of").with("number", &note.invoice_number).to_string();
        let rows = vec![[own, plain(sheet, net(sheet))]];
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

/// Returns the credited amount without tax.
fn net(sheet: &CreditNoteSheet) -> i64 {
    sheet.note.credited.amount.minor - sheet.note.credited.tax()
}

fn sums(sheet: &CreditNoteSheet) -> Sums {
    let credited = &sheet.note.credited;
    // An amount is shown as its net and its taxes.
    let includes_tax = sheet.prices_include_tax && !credited.items.is_empty();
    let (lines, discount) = match &credited.items[..] {
        [] => (net(sheet), 0),
        items => {
            let lines = items.iter().map(|item| item.amount).sum();
            let after = if includes_tax { credited.amount.minor } else { net(sheet) };
            (lines, after - lines)
        }
    };
    let taxes: Vec<_> = credited
        .own_taxes()
        .map(|sum| {
            let label = rated(&sum.tax.name, sum.tax.rate);
            let label = match includes_tax {
                true => t("sum-included").with("tax", label.to_string()),
                false => label,
            };
            (label.to_string(), plain(sheet, sum.amount))
        })
        .collect();
    let (added, below) = if includes_tax { (Vec::new(), taxes) } else { (taxes, Vec::new()) };
    let discount = (discount != 0).then(|| (t("discount").into(), plain(sheet, discount)));
    let rows: Vec<_> = discount.into_iter().chain(added).collect();
    let subtotal = (!rows.is_empty()).then(|| (t("subtotal").into(), plain(sheet, lines)));
    Sums {
        above: subtotal.into_iter().chain(rows).collect(),
        total: (t("credit-note-total").into(), credited.amount.shown()),
        below,
    }
}

/// Returns an amount without its currency.
fn plain(sheet: &CreditNoteSheet, minor: i64) -> String {
    let currency = sheet.note.credited.amount.currency;
    sums::plain(Money::new(minor, currency))
}
