//! An invoice as a document: on the pages of its owner and its client, and as a PDF.

use askama::{Template, filters::HtmlSafe};
use jiff::civil::Date;

use crate::{
    domain::{
        balance::Booked,
        date::DateFormat,
        how_to_pay::HowToPay,
        invoice::{Invoice, Item, Party, Seller},
        money::{Money, grouped},
    },
    locale::{Text, t},
    web::figure,
};

/// A printable invoice.
#[derive(Template)]
#[template(path = "pages/invoice/sheet.html")]
pub struct Sheet<'a> {
    pub invoice: &'a Invoice,
    pub seller: &'a Seller,
    pub buyer: &'a Party,
    /// The reader's date format.
    pub dates: DateFormat,
}

impl HtmlSafe for Sheet<'_> {}

/// The lines of an invoice or a proposal, and its sums.
#[derive(Template)]
#[template(path = "pages/invoice/sums.html")]
pub struct SheetLines<'a> {
    pub invoice: &'a Invoice,
}

impl HtmlSafe for SheetLines<'_> {}

impl Sheet<'_> {
    /// Returns how to pay; None if nothing is due.
    fn how_to_pay(&self) -> Option<String> {
        HowToPay::of(self.invoice, self.seller, None).text()
    }

    fn day(&self, day: &Date) -> String {
        self.dates.show(*day)
    }

    fn service(&self) -> Option<Text> {
        self.invoice.service_days(self.dates)
    }

    fn lines(&self) -> SheetLines<'_> {
        SheetLines { invoice: self.invoice }
    }
}

impl SheetLines<'_> {
    /// Formats an amount; the table header names its currency.
    fn number(&self, minor: &i64) -> String {
        let currency = self.invoice.currency;
        signed(&currency.show_rate(Money::new(*minor, currency).decimal()))
    }

    /// Whether a part was paid or credited, in which case the last sum is the amount due.
    fn is_booked(&self) -> bool {
        self.invoice.is_money_due() && self.invoice.booked != Booked::default()
    }

    fn total_label(&self) -> Text {
        if self.is_booked() { t("amount-due") } else { t("total") }
    }

    fn total(&self) -> String {
        let due = self.invoice.amount_due();
        let total = if self.is_booked() { due } else { self.invoice.amount() };
        figure::text(total.currency, &total.minor.into())
    }

    fn quantity(&self, item: &Item) -> String {
        grouped(item.line.quantity.normalize())
    }

    fn rate(&self, item: &Item) -> String {
        signed(&self.invoice.currency.show_rate(item.line.rate))
    }

    fn details(&self, item: &Item) -> String {
        self.invoice.details_of(&item.line)
    }
}

/// Returns a number with a true minus sign.
fn signed(number: &str) -> String {
    number.replace('-', "−")
}
