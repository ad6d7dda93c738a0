//! An invoice as a document: on its owner's page and on its client's, and as PDF.

use askama::{Template, filters::HtmlSafe};
use jiff::civil::Date;

use crate::domain::{
    date::DateFormat,
    id::ImageId,
    invoice::{Invoice, InvoiceRecord, Item, Party, PublicInvoice, Seller},
    money::{Money, grouped},
};

/// An invoice as it is printed.
#[derive(Template)]
#[template(path = "pages/invoice/sheet.html")]
pub struct Sheet {
    invoice: Invoice,
    seller: Party,
    buyer: Party,
    logo: Option<ImageId>,
    /// How to pay; nothing where nothing is due.
    instructions: Option<String>,
    dates: DateFormat,
}

impl HtmlSafe for Sheet {}

impl Sheet {
    /// As its owner has days written.
    pub fn of_record(record: &InvoiceRecord, dates: DateFormat) -> Self {
        let InvoiceRecord { shown, seller, buyer, .. } = record;
        Self::new(&shown.invoice, seller, buyer, dates)
    }

    /// As its client reads it.
    pub fn of_public(public: &PublicInvoice) -> Self {
        let PublicInvoice { invoice, seller, buyer, .. } = public;
        Self::new(invoice, seller, buyer, seller.date_format)
    }

    fn new(invoice: &Invoice, seller: &Seller, buyer: &Party, dates: DateFormat) -> Self {
        let instructions = seller.payment_instructions.clone();
        Self {
            invoice: invoice.clone(),
            seller: seller.party.clone(),
            buyer: buyer.clone(),
            logo: seller.logo,
            instructions: instructions.filter(|_| invoice.is_money_due()),
            dates,
        }
    }

    fn day(&self, day: &Date) -> String {
        self.dates.show(*day)
    }

    fn money(&self, minor: &i64) -> String {
        Money::new(*minor, self.invoice.currency).shown()
    }

    fn quantity(&self, item: &Item) -> String {
        grouped(item.line.quantity.normalize())
    }

    fn rate(&self, item: &Item) -> String {
        self.invoice.currency.show_rate(item.line.rate)
    }

    fn has_tax(&self) -> bool {
        !self.invoice.tax_rate.is_zero()
    }

    fn tax_rate(&self) -> String {
        self.invoice.tax_rate.normalize().to_string()
    }
}
