//! Milestones: parts of a project that are delivered and paid separately.

use jiff::{Timestamp, civil::Date};

use crate::domain::{
    date::Day,
    id::{AccountId, InvoiceId, MilestoneId, ProjectId},
    input::{Implied, Initial, Optional, Required, input},
    money::{Amount, Money},
    page::Page,
    text::{FreeText, Name},
    word::words,
};

/// The maximum number of milestones of a project: they are shown with it, and change with its
/// currency.
pub const MILESTONES_MAX: u64 = 500;

words! {
    /// The status of a milestone.
    #[derive(Default)]
    MilestoneStatus {
        #[default]
        Pending "pending",
        Completed "completed",
        Paid "paid",
    }
}

/// A milestone; its amount is in the currency of its project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    pub id: MilestoneId,
    pub account: AccountId,
    pub project_id: ProjectId,
    pub name: String,
    pub description: Option<String>,
    pub amount: Money,
    pub status: MilestoneStatus,
    /// The status before its invoice was paid; None unless the payment set it to paid.
    pub unpaid_status: Option<MilestoneStatus>,
    pub due_date: Option<Date>,
    pub completed_at: Option<Timestamp>,
    /// The id and number of its invoice.
    pub invoice: Option<(InvoiceId, String)>,
}

input! {
    /// A new milestone.
    #[derive(Debug, Clone)]
    pub new NewMilestone;

    /// A change of a milestone.
    #[derive(Debug, Clone, Default)]
    pub change MilestoneChange;

    project_id "projectId": Required<ProjectId>,
    name "name": Required<Name>,
    description "description": Optional<FreeText>,
    amount "amount": Required<Amount>,
    status "status": Initial<MilestoneStatus> => "`pending` by default.",
    due_date "dueDate": Optional<Day> => "The project's deadline by default, if it has one.",
}

impl Milestone {
    /// Sets the status. The first completion time is kept; going back to pending clears it.
    pub fn set_status(&mut self, status: MilestoneStatus, now: Timestamp) {
        self.status = status;
        self.completed_at = match status {
            MilestoneStatus::Pending => None,
            MilestoneStatus::Completed | MilestoneStatus::Paid => self.completed_at.or(Some(now)),
        };
    }

    /// Marks it as paid with its invoice, or undoes that. A status set in the meantime is kept.
    pub fn settle(&mut self, is_paid: bool, now: Timestamp) {
        match (is_paid, self.unpaid_status) {
            (true, _) if self.status != MilestoneStatus::Paid => {
                self.unpaid_status = Some(self.status);
                self.set_status(MilestoneStatus::Paid, now);
            }
            (false, Some(status)) if self.status == MilestoneStatus::Paid => {
                self.unpaid_status = None;
                self.set_status(status, now);
            }
            _ => {}
        }
    }
}

input! {
    /// The invoice of a milestone. The body may be empty.
    #[derive(Debug, Clone, Default)]
    pub new NewMilestoneInvoice;

    due_date "dueDate": Implied<Day> => "Defaults to the payment terms of the client or the \
        settings, or else to 30 days from today.",
}

input! {
    /// The filter of a list of milestones.
    #[derive(Debug, Clone)]
    pub new MilestoneFilter;

    project_id "projectId": Optional<ProjectId> = "Only milestones of this project.",
    page "page": Page = "Milestones per page; 10 by default.",
}
