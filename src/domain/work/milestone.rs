//! Milestones: parts of a project that are delivered and paid separately.

use jiff::{Timestamp, civil::Date};

use crate::domain::{
    date::Day,
    id::{AccountId, InvoiceId, MilestoneId, ProjectId},
    input::{Initial, Optional, Required, input},
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

input! {
    /// The filter of a list of milestones.
    #[derive(Debug, Clone)]
    pub new MilestoneFilter;

    project_id "projectId": Optional<ProjectId> = "Only milestones of this project.",
    page "page": Page = "Milestones per page; 10 by default.",
}
