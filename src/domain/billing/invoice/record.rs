//! What became of an invoice once it was sent.

use jiff::Timestamp;

use super::{Invoice, InvoiceStatus, Party, Seller, ShownInvoice};
use crate::domain::{date::Zone, id::MailId, mail::MailKind};

/// When an invoice was sent, seen by its client, and last reminded of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InvoiceTimes {
    pub sent_at: Option<Timestamp>,
    pub viewed_at: Option<Timestamp>,
    pub reminded_at: Option<Timestamp>,
}

/// An invoice, and what became of it: that it was sent is one fact, that a mail about it was
/// delivered another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceRecord {
    pub shown: ShownInvoice,
    /// Both parties as they stand on it; on a draft, as they are now.
    pub seller: Seller,
    pub buyer: Party,
    /// Where the client can read it; none of a draft.
    pub link: Option<String>,
    pub times: InvoiceTimes,
    /// Newest first; those that wait no more are forgotten after a month.
    pub mails: Vec<InvoiceMail>,
    /// Where the client can pay online.
    pub payment_link: Option<String>,
    /// Whether there is a service behind payment links.
    pub has_payment_service: bool,
    /// The characters of a draft that no font has.
    pub unprintable: Vec<char>,
}

/// A mail about an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceMail {
    pub id: MailId,
    pub kind: MailKind,
    pub to: String,
    pub created_at: Timestamp,
    /// When it is tried next, as long as it waits.
    pub due_at: Option<Timestamp>,
    /// When the mail server accepted it, or it was saved as a file.
    pub delivered_at: Option<Timestamp>,
    /// The file it was saved as, where there was no mail server.
    pub file_name: Option<String>,
    /// When it was given up.
    pub failed_at: Option<Timestamp>,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// A sent invoice as its client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicInvoice {
    pub invoice: Invoice,
    pub status: InvoiceStatus,
    pub seller: Seller,
    pub buyer: Party,
    /// Where it can be paid online.
    pub payment_link: Option<String>,
    /// The freelancer's.
    pub zone: Zone,
}
