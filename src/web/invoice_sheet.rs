//! An invoice as a document: on its owner's page and on its client's, and as PDF.

use askama::{Template, filters::HtmlSafe};
use jiff::civil::Date;

use crate::domain::{
    date::DateFormat,
    id::ImageId,
    invoice::{Invoice, InvoiceRecord, InvoiceStatus, Item, Party, PublicInvoice, Seller},
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
    /// How to pay; nothing once it is paid.
    instructions: Option<String>,
    dates: DateFormat,
}

impl HtmlSafe for Sheet {}

impl Sheet {
    /// As its owner has days written.
    pub fn of_record(record: &InvoiceRecord, dates: DateFormat) -> Self {
        let InvoiceRecord { shown, seller, buyer, .. } = record;
        Self::new(&shown.invoice, shown.status, seller, buyer, dates)
    }

    /// As its client reads it.
    pub fn of_public(public: &PublicInvoice) -> Self {
        let PublicInvoice { invoice, status, seller, buyer, .. } = public;
        Self::new(invoice, *status, seller, buyer, seller.date_format)
    }

    fn new(
        invoice: &Invoice,
        status: InvoiceStatus,
        seller: &Seller,
        buyer: &Party,
        dates: DateFormat,
    ) -> Self {
        let instructions = seller.payment_instructions.clone();
        Self {
            invoice: invoice.clone(),
            seller: seller.party.clone(),
            buyer: buyer.clone(),
            logo: seller.logo,
            instructions: instructions.filter(|_| status != InvoiceStatus::Paid),
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
        grouped(item.line.rate.normalize())
    }

    fn has_tax(&self) -> bool {
        !self.invoice.tax_rate.is_zero()
    }

    fn tax_rate(&self) -> String {
        self.invoice.tax_rate.normalize().to_string()
    }
}
