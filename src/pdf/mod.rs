//! Invoices and proposals as PDF: domain in, bytes out. The same input gives the same bytes.

mod canvas;
mod font;
mod invoice;
mod letterhead;
mod proposal;
mod qr;
mod shape;
mod table;
mod text;
mod write;

use jiff::{Timestamp, civil::Date};

use crate::domain::{
    date::DateFormat,
    error::Result,
    invoice::{Invoice, InvoiceStatus, Party},
    proposal::Proposal,
};

/// What an invoice prints.
pub struct InvoiceSheet<'a> {
    pub invoice: &'a Invoice,
    /// As it is shown: drafts, paid and cancelled invoices are marked as such.
    pub status: InvoiceStatus,
    pub seller: &'a Party,
    pub buyer: &'a Party,
    /// A PNG or JPEG picture.
    pub logo: Option<&'a [u8]>,
    /// How money gets to the seller, in lines.
    pub payment_instructions: Option<&'a str>,
    pub dates: DateFormat,
    /// What the file says of when it was made.
    pub created: Timestamp,
}

/// What a proposal prints.
pub struct ProposalSheet<'a> {
    pub proposal: &'a Proposal,
    pub seller: &'a Party,
    pub buyer: &'a Party,
    /// A PNG or JPEG picture.
    pub logo: Option<&'a [u8]>,
    /// Who answered, and on which day.
    pub answered: Option<(&'a str, Date)>,
    pub dates: DateFormat,
    /// What the file says of when it was made.
    pub created: Timestamp,
}

/// An invoice as a PDF file.
pub fn invoice(sheet: &InvoiceSheet) -> Result<Vec<u8>> {
    invoice::render(sheet)
}

/// A proposal as a PDF file.
pub fn proposal(sheet: &ProposalSheet) -> Result<Vec<u8>> {
    proposal::render(sheet)
}
