//! The pages of a receipt.

use krilla::image::Image;

use super::{
    ReceiptSheet,
    canvas::Canvas,
    letterhead::{self, Fact, Head},
    sums::{self, Sums},
    table::Table,
    write::About,
};
use crate::domain::{
    money::Money,
    payment::{LedgerKind, Payment},
};
use crate::locale::t;

/// Draws the pages of a receipt.
pub fn draw(canvas: &mut Canvas, sheet: &ReceiptSheet, logo: Option<Image>) -> About {
    let (invoice, seller) = (&sheet.invoice, &sheet.seller);
    let title: String = t("receipt-for").with("number", &invoice.number).into();
    let day = |day| seller.date_format.show(day);
    let head = Head {
        title: title.clone(),
        state: None,
        number: None,
        figure: Some(Fact::new(t("paid"), invoice.amount_paid().shown())),
        until: None,
        facts: vec![
            Fact::new(t("invoice"), &invoice.number),
            Fact::new(t("issued"), day(invoice.issue_date)),
        ],
        seller: &seller.party,
        buyer: (t("billed-to"), &sheet.buyer),
        logo,
    };
    letterhead::head(canvas, seller.template, seller.accent, head);
    let plain = |minor: i64| sums::plain(Money::new(minor, invoice.currency));
    let credited = (invoice.booked.credited != 0)
        .then(|| (t("credited").to_string(), plain(-invoice.booked.credited)));
    let rows = [
        (t("total").to_string(), plain(invoice.totals.amount)),
        (t("paid").to_string(), plain(-invoice.booked.paid)),
    ];
    let left = invoice.balance().owed() - invoice.booked.paid;
    let label = if left < 0 { t("receipt-overpaid") } else { t("amount-due") };
    let balance = Sums {
        above: rows.into_iter().chain(credited).collect(),
        total: (label.into(), Money::new(left.abs(), invoice.currency).shown()),
        below: Vec::new(),
    };
    let described = |payment: &Payment| {
        let kind = match payment.kind {
            LedgerKind::Refund => t("refund"),
            LedgerKind::Payment | LedgerKind::Reversal => t("payment"),
        };
        let day = day(payment.paid_at.day(&sheet.zone));
        let method = payment.method.map(|method| method.label().to_string());
        let parts = [Some(day), Some(kind.into()), method, payment.reference.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    };
    let (payment, amount) = (
        t("payment").to_string(),
        t("pdf-amount-in").with("currency", invoice.currency).to_string(),
    );
    if sheet.payments.iter().all(|payment| payment.withheld == 0) {
        let row = |of: &Payment| [described(of), plain(of.amount.minor)];
        let rows = sheet.payments.iter().map(row).collect();
        Table { header: [payment, amount], rows }.draw(canvas, balance.height());
    } else {
        let row = |of: &Payment| [described(of), plain(of.withheld), plain(of.cash().minor)];
        let rows = sheet.payments.iter().map(row).collect();
        let header = [payment, t("withheld").into(), amount];
        Table { header, rows }.draw(canvas, balance.height());
    }
    balance.draw(canvas);
    letterhead::footers(canvas, &seller.party, &title);
    let booked = invoice.booked;
    About {
        id: format!("receipt {} {} {}", invoice.id, booked.paid, booked.credited),
        title,
        author: seller.party.heading().to_owned(),
        created: invoice.updated_at,
    }
}
