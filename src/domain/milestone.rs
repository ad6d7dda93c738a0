//! Milestones: the parts of a project that are delivered and paid one by one.

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

use super::{
    date,
    error::Result,
    form::{Form, Object},
    id::{AccountId, InvoiceId, MilestoneId, ProjectId},
    money::{self, Money},
    page::Page,
    patch::Patch,
    text,
    word::words,
};

/// Most milestones of one project: they are shown with it, and move with its currency.
pub const MILESTONES_MAX: u64 = 500;

words! {
    /// Where a milestone stands.
    MilestoneStatus {
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
    /// The invoice that was made of it, and its number.
    pub invoice: Option<(InvoiceId, String)>,
}

/// A new milestone: `projectId`, `name` and `amount` at least.
#[derive(Debug, Clone)]
pub struct NewMilestone {
    pub project_id: ProjectId,
    pub name: String,
    pub description: Option<String>,
    pub amount: Decimal,
    pub status: MilestoneStatus,
    pub due_date: Option<Date>,
}

impl NewMilestone {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let project_id = form.required("projectId", ProjectId::read);
            let name = form.required("name", text::line(text::NAME_MAX));
            let description = form.optional("description", text::free(text::FREE_MAX));
            let amount = form.required("amount", money::amount);
            let status = form.optional("status", MilestoneStatus::read);
            let due_date = form.optional("dueDate", date::read);
            Ok(Self {
                project_id: project_id?,
                name: name?,
                description: description?,
                amount: amount?,
                status: status?.unwrap_or(MilestoneStatus::Pending),
                due_date: due_date?,
            })
        })
    }
}

/// A change of a milestone.
#[derive(Debug, Clone)]
pub struct MilestoneChange {
    pub project_id: Option<ProjectId>,
    pub name: Option<String>,
    pub description: Patch<String>,
    pub amount: Option<Decimal>,
    pub status: Option<MilestoneStatus>,
    pub due_date: Patch<Date>,
}

impl MilestoneChange {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let project_id = form.change("projectId", ProjectId::read);
            let name = form.change("name", text::line(text::NAME_MAX));
            let description = form.patch("description", text::free(text::FREE_MAX));
            let amount = form.change("amount", money::amount);
            let status = form.change_or("status", None, MilestoneStatus::read);
            let due_date = form.patch("dueDate", date::read);
            Ok(Self {
                project_id: project_id?,
                name: name?,
                description: description?,
                amount: amount?,
                status: status?,
                due_date: due_date?,
            })
        })
    }
}

/// Which milestones a list shows.
#[derive(Debug, Clone)]
pub struct MilestoneFilter {
    pub project_id: Option<ProjectId>,
    pub page: Page,
}

impl MilestoneFilter {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let project_id = form.optional("projectId", ProjectId::read);
            let page = Page::read(form);
            Ok(Self { project_id: project_id?, page: page? })
        })
    }
}
