//! The activity log: what happened, newest first, never changed.

use jiff::Timestamp;

use super::{
    id::{AccountId, ActivityId},
    money::Money,
    word::words,
};

words! {
    /// What happened.
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
        MessageReceived "message_received",
    }
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    pub id: ActivityId,
    pub account: AccountId,
    pub kind: ActivityKind,
    /// What it happened to, by the name it had then: `INV-2026-001`, a project's name.
    pub subject: String,
    pub amount: Option<Money>,
    pub client_name: Option<String>,
    /// The id of what it happened to, as it is written on the wire.
    pub entity_id: Option<String>,
    pub at: Timestamp,
}

impl Activity {
    /// One sentence for people.
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
            ActivityKind::MilestoneCompleted => format!("Milestone \"{subject}\" was completed"),
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
            ActivityKind::MessageReceived => format!("{subject} sent a message"),
        }
    }
}
