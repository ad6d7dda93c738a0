//! The pages of a statement.

use krilla::image::Image;

use super::{
    StatementSheet,
    canvas::{Canvas, MM, Mark, STRONG},
    letterhead::{self, Fact, Head},
    sums::{self, Sums, signed},
    table::Table,
    text::Style,
    write::About,
};
use crate::domain::{
    money::Money,
    statement::{CurrencyStatement, Entry},
};
use crate::locale::t;

const HEADING: Style = Style { size: 12.0, leading: 18.0, ..STRONG };

/// Draws the pages of a statement.
pub fn draw(canvas: &mut Canvas, sheet: &StatementSheet, logo: Option<Image>) -> About {
    let (statement, seller) = (&sheet.statement, &sheet.seller);
    let title: String = t("statement").into();
    let day = |day| seller.date_format.show(day);
    let period = t("service-between")
        .with("from", day(statement.from))
        .with("to", day(statement.to))
        .to_string();
    // Sums in several currencies have no total.
    let only = match &statement.currencies[..] {
        [only] => Some(Money::new(only.closing, only.currency)),
        _ => None,
    };
    let buyer = statement.buyer();
    let head = Head {
        title: title.clone(),
        state: None,
        number: None,
        figure: only.map(|sum| Fact::new(t("balance"), signed(&sum.shown()))),
        until: None,
        facts: vec![
            Fact::new(t("statement-period"), period.clone()),
            Fact::new(t("issued"), day(sheet.today)),
        ],
        seller: &seller.party,
        buyer: (t("pdf-prepared-for"), &buyer),
        logo,
    };
    letterhead::head(canvas, seller.template, seller.accent, head);
    for (place, own) in statement.currencies.iter().enumerate() {
        if place > 0 {
            canvas.y += 12.0 * MM;
        }
        currency(canvas, sheet, own, statement.currencies.len() > 1);
    }
    if statement.currencies.is_empty() {
        let text = t("statement-empty").to_string();
        letterhead::section(canvas, &t("statement-period"), &text);
    }
    letterhead::footers(canvas, &seller.party, &title);
    About {
        id: format!("statement {} {period}", statement.client.id),
        title: t("statement-of").with("name", buyer.heading()).into(),
        author: seller.party.heading().to_owned(),
        created: sheet.created,
    }
}

fn currency(canvas: &mut Canvas, sheet: &StatementSheet, own: &CurrencyStatement, is_named: bool) {
    if is_named {
        canvas.reserve(HEADING.leading * 5.0);
        let name = own.currency.code();
        let node = canvas.node(None, letterhead::heading(2, name));
        let lines = canvas.typesetter.lines(name, HEADING, canvas.frame.measure);
        canvas.flow(lines, Mark::Node(node));
        canvas.y += 4.0;
    }
    let day = |day| sheet.seller.date_format.show(day);
    let plain = |minor: i64| sums::plain(Money::new(minor, own.currency));
    let first = [
        day(sheet.statement.from) + " · " + &t("balance-opening").to_string(),
        String::new(),
        plain(own.opening),
    ];
    let row = |entry: &Entry| {
        let posting = &entry.posting;
        let kind = posting.kind.label().with("number", &posting.number);
        [format!("{} · {kind}", day(posting.day)), plain(posting.amount), plain(entry.balance)]
    };
    let closing = Sums {
        above: Vec::new(),
        total: (
            t("balance-closing").into(),
            signed(&Money::new(own.closing, own.currency).shown()),
        ),
        below: Vec::new(),
    };
    let rows = std::iter::once(first).chain(own.entries.iter().map(row)).collect();
    let amount = t("pdf-amount-in").with("currency", own.currency).to_string();
    let header = [t("entry").to_string(), amount, t("balance").to_string()];
    Table { header, rows }.draw(canvas, closing.height());
    closing.draw(canvas);
}
