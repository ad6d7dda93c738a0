//! The history of an invoice after it was sent.

use jiff::Timestamp;

use super::{Invoice, InvoiceStatus, Party, Seller, ShownInvoice};
use crate::domain::{
    checkout::Checkout,
    credit_note::CreditNote,
    date::Zone,
    id::{InvoiceId, ProjectId, ProposalId},
    milestone::Milestone,
    outbox::OutboxMail,
    payment::Payment,
    provider::ProviderKind,
    reminder::InvoiceReminders,
};

/// When an invoice was sent, first seen by its client, and last followed by a reminder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InvoiceTimes {
    pub sent_at: Option<Timestamp>,
    pub viewed_at: Option<Timestamp>,
    pub reminded_at: Option<Timestamp>,
}

/// An invoice and its history. Sending the invoice and delivering an email about it are recorded
/// separately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceRecord {
    pub shown: ShownInvoice,
    /// The name of its project; None if it has none or that was deleted.
    pub project: Option<(ProjectId, String)>,
    /// The title of the proposal that it was created from.
    pub proposal: Option<(ProposalId, String)>,
    /// The ids and numbers of the deposits that it deducts.
    pub deposits: Vec<(InvoiceId, String)>,
    /// The milestone that it was created from.
    pub milestone: Option<Milestone>,
    /// Both parties as printed on it; for a draft, their current details.
    pub seller: Seller,
    pub buyer: Party,
    /// Where the client can read it. None for a draft.
    pub link: Option<String>,
    pub times: InvoiceTimes,
    /// The subject of the email that sends it.
    pub subject: String,
    /// Newest first. Finished ones are deleted after a month.
    pub mails: Vec<OutboxMail>,
    /// Newest first, with reversals and refunds.
    pub payments: Vec<Payment>,
    pub reminders: InvoiceReminders,
    /// Newest first.
    pub credit_notes: Vec<CreditNote>,
    /// Payments through providers that were not booked, oldest first.
    pub held: Vec<Checkout>,
    /// Where the client can pay online.
    pub payment_link: Option<String>,
    /// Whether a payment service is configured.
    pub has_payment_service: bool,
    /// The characters of a draft that no font has.
    pub unprintable: Vec<char>,
}

/// A sent invoice as shown to its client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicInvoice {
    pub invoice: Invoice,
    pub status: InvoiceStatus,
    pub seller: Seller,
    pub buyer: Party,
    /// Where it can be paid online.
    pub payment_link: Option<String>,
    /// The providers through which it can be paid.
    pub providers: Vec<ProviderKind>,
    /// The freelancer's timezone.
    pub zone: Zone,
}
