//! Milestones.

use jiff::Timestamp;

use crate::{
    app::{event::Event, project::require_project, unit_of_work::Work},
    domain::{
        error::{Error, Result},
        expected::{self, Expected},
        id::{InvoiceId, MilestoneId, ProjectId},
        milestone::{
            MILESTONES_MAX, Milestone, MilestoneChange, MilestoneFilter, MilestoneStatus,
            NewMilestone,
        },
        money::Money,
        page::Listing,
        project::Project,
        rule::Rule,
    },
    store,
};

/// Adds a milestone to a project.
///
/// # Errors
///
/// An invalid field if the caller has no such project or its currency cannot express the amount; a
/// conflict if the project is full.
pub fn create_milestone(work: &mut Work, new: &NewMilestone) -> Result<Milestone> {
    let project = find_roomy_project(work, new.project_id)?;
    let milestone = Milestone {
        id: work.new_id(),
        account: work.account,
        project_id: project.id,
        name: new.name.clone(),
        description: new.description.clone(),
        amount: Money::exact(new.amount, project.budget.currency)
            .map_err(|rule| Error::field("amount", rule))?,
        status: new.status,
        due_date: new.due_date.or(project.deadline),
        completed_at: completed_at(None, new.status, work.now),
        invoice: None,
    };
    store::milestone::create(work.tx, &milestone)?;
    if milestone.completed_at.is_some() {
        work.emit(Event::MilestoneCompleted(&milestone))?;
    }
    Ok(milestone)
}

/// Returns a page of milestones, newest first.
pub fn list_milestones(work: &mut Work, filter: &MilestoneFilter) -> Result<Listing<Milestone>> {
    store::milestone::list(work.tx, work.account, filter)
}

/// Changes a milestone, including its project.
///
/// # Errors
///
/// Stale if the milestone is no longer the expected one.
pub fn update_milestone(
    work: &mut Work,
    id: MilestoneId,
    change: &MilestoneChange,
    expected: Option<&Expected<Milestone>>,
) -> Result<Milestone> {
    let before = store::milestone::find(work.tx, work.account, id)?;
    expected::check(expected, &before)?;
    let change = change.clone();
    let mut milestone = before.clone();
    let mut currency = before.amount.currency;
    if let Some(project_id) = change.project_id.filter(|new| *new != before.project_id) {
        currency = find_roomy_project(work, project_id)?.budget.currency;
        milestone.project_id = project_id;
    }
    milestone.name = change.name.unwrap_or(milestone.name);
    milestone.description = change.description.apply(milestone.description);
    milestone.status = change.status.unwrap_or(milestone.status);
    milestone.due_date = change.due_date.apply(milestone.due_date);
    let amount = change.amount.unwrap_or_else(|| before.amount.decimal());
    milestone.amount =
        Money::exact(amount, currency).map_err(|rule| Error::field("amount", rule))?;
    milestone.completed_at = completed_at(before.completed_at, milestone.status, work.now);
    store::milestone::update(work.tx, &before, &milestone)?;
    if before.completed_at.is_none() && milestone.completed_at.is_some() {
        work.emit(Event::MilestoneCompleted(&milestone))?;
    }
    Ok(milestone)
}

/// Deletes a milestone.
///
/// # Errors
///
/// Not found if the caller has no such milestone.
pub fn delete_milestone(work: &mut Work, id: MilestoneId) -> Result<()> {
    let milestone = store::milestone::find(work.tx, work.account, id)?;
    store::milestone::delete(work.tx, &milestone)
}

/// Returns the project that a request names, if it has room for one more milestone.
fn find_roomy_project(work: &mut Work, id: ProjectId) -> Result<Project> {
    let project = require_project(work, id)?;
    if store::milestone::count_of_project(work.tx, work.account, id)? >= MILESTONES_MAX {
        return Err(Error::conflict("error-milestones-max").with("max", MILESTONES_MAX));
    }
    Ok(project)
}

/// Records that an invoice was created from a milestone, which happens once.
pub(in crate::app) fn mark_invoiced(
    work: &mut Work,
    id: MilestoneId,
    invoice: InvoiceId,
) -> Result<()> {
    if store::milestone::set_invoice(work.tx, work.account, id, invoice)? {
        return Ok(());
    }
    Err(match store::milestone::find(work.tx, work.account, id)?.invoice {
        Some((_, number)) => Error::conflict("error-milestone-invoiced").with("number", number),
        None => Error::conflict("error-milestone-paid"),
    })
}

/// Returns the milestone that a request names in `milestoneId`.
pub(in crate::app) fn require_milestone(work: &mut Work, id: MilestoneId) -> Result<Milestone> {
    store::milestone::find(work.tx, work.account, id)
        .map_err(|error| error.if_missing(|| Error::field("milestoneId", Rule::Unknown)))
}

/// Returns when the milestone was completed: the first time is kept; going back to pending clears
/// it.
fn completed_at(
    before: Option<Timestamp>,
    status: MilestoneStatus,
    now: Timestamp,
) -> Option<Timestamp> {
    match status {
        MilestoneStatus::Pending => None,
        MilestoneStatus::Completed | MilestoneStatus::Paid => before.or(Some(now)),
    }
}
