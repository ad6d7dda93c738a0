//! The activity log: events, newest first, never changed.

use jiff::Timestamp;

use crate::domain::{
    id::{AccountId, ActivityId},
    money::Money,
    word::words,
};

words! {
    /// The subject of an entry in FreelanceHub's feed.
    FeedType {
        Proposal "proposal",
        /// A project.
        Contract "contract",
        Payment "payment",
        Message "message",
    }
}

words! {
    /// The subject's status at the time.
    FeedStatus {
        Pending "pending",
        Accepted "accepted",
        Rejected "rejected",
        Active "active",
        Completed "completed",
    }
}

words! {
    /// The kind of event.
    ActivityKind {
        ClientAdded "client_added",
        ProjectCreated "project_created",
        ProjectCompleted "project_completed",
        MilestoneCompleted "milestone_completed",
        ProposalSent "proposal_sent",
        ProposalAccepted "proposal_accepted",
        ProposalRejected "proposal_rejected",
        InvoiceCreated "invoice_created",
        InvoiceSent "invoice_sent",
        InvoicePaid "invoice_paid",
        /// By a credit note for all that was left of it.
        InvoiceVoided "invoice_voided",
        /// A credit note that did not void its invoice.
        CreditNoteIssued "credit_note_issued",
        PaymentReceived "payment_received",
        /// By a provider, but not booked: its owner decides.
        PaymentHeld "payment_held",
        MessageReceived "message_received",
        /// An email to a client was given up.
        MailFailed "mail_failed",
    }
}

impl ActivityKind {
    /// Its form in FreelanceHub's feed; `None` if it is not shown there.
    pub fn feed(self) -> Option<(FeedType, FeedStatus)> {
        Some(match self {
            Self::ProposalSent => (FeedType::Proposal, FeedStatus::Pending),
            Self::ProposalAccepted => (FeedType::Proposal, FeedStatus::Accepted),
            Self::ProposalRejected => (FeedType::Proposal, FeedStatus::Rejected),
            Self::ProjectCreated => (FeedType::Contract, FeedStatus::Active),
            Self::ProjectCompleted => (FeedType::Contract, FeedStatus::Completed),
            Self::InvoicePaid => (FeedType::Payment, FeedStatus::Completed),
            Self::MessageReceived => (FeedType::Message, FeedStatus::Completed),
            Self::ClientAdded
            | Self::MilestoneCompleted
            | Self::InvoiceCreated
            | Self::InvoiceSent
            | Self::InvoiceVoided
            | Self::CreditNoteIssued
            | Self::PaymentReceived
            | Self::PaymentHeld
            | Self::MailFailed => return None,
        })
    }
}

/// One entry of FreelanceHub's feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEntry {
    pub id: ActivityId,
    pub feed_type: FeedType,
    pub action: String,
    pub at: Timestamp,
    pub status: FeedStatus,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    pub id: ActivityId,
    pub account: AccountId,
    pub kind: ActivityKind,
    /// The subject's name at the time: `INV-2026-001`, a project's name.
    pub subject: String,
    pub amount: Option<Money>,
    pub client_name: Option<String>,
    /// The subject's id in its API form.
    pub entity_id: Option<String>,
    /// Whether its owner is told of it in the app.
    pub is_notice: bool,
    pub at: Timestamp,
}

impl Activity {
    /// The entry in FreelanceHub's feed; `None` if it is not shown there.
    pub fn feed_entry(&self) -> Option<FeedEntry> {
        let (feed_type, status) = self.kind.feed()?;
        let subject = &self.subject;
        let action = match (feed_type, status) {
            (FeedType::Proposal, FeedStatus::Accepted) => {
                format!("Proposal accepted for \"{subject}\"")
            }
            (FeedType::Proposal, FeedStatus::Rejected) => {
                format!("Proposal rejected for \"{subject}\"")
            }
            (FeedType::Proposal, _) => format!("Submitted proposal for \"{subject}\""),
            (FeedType::Contract, FeedStatus::Completed) => {
                format!("Contract completed for \"{subject}\"")
            }
            (FeedType::Contract, _) => format!("Contract created for \"{subject}\""),
            (FeedType::Payment, _) => format!("Payment received for {subject}"),
            (FeedType::Message, _) => format!("Message from {subject}"),
        };
        Some(FeedEntry { id: self.id, feed_type, action, at: self.at, status })
    }

    /// Returns one readable sentence.
    pub fn message(&self) -> String {
        let subject = &self.subject;
        let to = |word| match &self.client_name {
            Some(name) => format!(" {word} {name}"),
            None => String::new(),
        };
        match self.kind {
            ActivityKind::ClientAdded => format!("{subject} was added as a client"),
            ActivityKind::ProjectCreated => {
                format!("Project \"{subject}\" was created{}", to("for"))
            }
            ActivityKind::ProjectCompleted => {
                format!("Project \"{subject}\" was completed{}", to("for"))
            }
            ActivityKind::MilestoneCompleted => {
                format!("Milestone \"{subject}\" was completed{}", to("for"))
            }
            ActivityKind::ProposalSent => format!("Proposal \"{subject}\" was sent{}", to("to")),
            ActivityKind::ProposalAccepted => {
                format!("Proposal \"{subject}\" was accepted{}", to("by"))
            }
            ActivityKind::ProposalRejected => {
                format!("Proposal \"{subject}\" was rejected{}", to("by"))
            }
            ActivityKind::InvoiceCreated => {
                format!("Invoice {subject} was created{}", to("for"))
            }
            ActivityKind::InvoiceSent => format!("Invoice {subject} was sent{}", to("to")),
            ActivityKind::InvoicePaid => format!("Invoice {subject} was paid{}", to("by")),
            ActivityKind::InvoiceVoided => format!("Invoice {subject} was voided{}", to("for")),
            ActivityKind::CreditNoteIssued => {
                format!("Credit note {subject} was issued{}", to("to"))
            }
            ActivityKind::PaymentReceived => {
                format!("A payment for invoice {subject} was received{}", to("from"))
            }
            ActivityKind::PaymentHeld => {
                format!("A payment for invoice {subject} needs review{}", to("from"))
            }
            ActivityKind::MessageReceived => format!("{subject} sent a message"),
            ActivityKind::MailFailed => format!("The email to {subject} could not be delivered"),
        }
    }
}
