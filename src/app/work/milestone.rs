//! Milestones.

use rust_decimal::Decimal;

use crate::{
    app::{
        event::Event, invoice::create_invoice, invoice_price::due_date, project::require_project,
        unit_of_work::Work,
    },
    domain::{
        error::{Error, Result},
        expected::{self, Expected},
        id::{InvoiceId, MilestoneId, ProjectId},
        invoice::{Invoice, Line, NewInvoice, ShownInvoice},
        milestone::{
            MILESTONES_MAX, Milestone, MilestoneChange, MilestoneFilter, MilestoneStatus,
            NewMilestone, NewMilestoneInvoice,
        },
        money::Money,
        page::Listing,
        project::Project,
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
    let mut milestone = Milestone {
        id: work.new_id(),
        account: work.account,
        project_id: project.id,
        name: new.name.clone(),
        description: new.description.clone(),
        amount: Money::exact(new.amount, project.budget.currency)
            .map_err(|rule| Error::field("amount", rule))?,
        status: new.status,
        due_date: new.due_date.or(project.deadline),
        unpaid_status: None,
        completed_at: None,
        invoice: None,
    };
    milestone.set_status(new.status, work.now);
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
    if let Some(status) = change.status {
        milestone.unpaid_status = None;
        milestone.set_status(status, work.now);
    }
    milestone.due_date = change.due_date.apply(milestone.due_date);
    let amount = change.amount.unwrap_or_else(|| before.amount.decimal());
    milestone.amount =
        Money::exact(amount, currency).map_err(|rule| Error::field("amount", rule))?;
    save(work, &before, &milestone)?;
    Ok(milestone)
}

fn save(work: &mut Work, before: &Milestone, milestone: &Milestone) -> Result<()> {
    store::milestone::update(work.tx, before, milestone)?;
    match (before.completed_at, milestone.completed_at) {
        (None, Some(_)) => work.emit(Event::MilestoneCompleted(milestone)),
        _ => Ok(()),
    }
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

/// Creates the draft invoice of a milestone, once, for its amount plus the default taxes.
///
/// # Errors
///
/// Not found if the caller has no such milestone; a conflict if it is paid or has an invoice.
pub fn invoice_milestone(
    work: &mut Work,
    id: MilestoneId,
    new: &NewMilestoneInvoice,
) -> Result<ShownInvoice> {
    let milestone = store::milestone::find(work.tx, work.account, id)?;
    must_be_free(&milestone)?;
    let project = store::project::find_bare(work.tx, work.account, milestone.project_id)?;
    let line = Line::new(&milestone.name, Decimal::ONE, milestone.amount.decimal());
    let due_date = due_date(work, project.client_id, new.due_date)?;
    let new = NewInvoice {
        project_id: Some(project.id),
        currency: Some(milestone.amount.currency),
        ..NewInvoice::new(project.client_id, due_date, vec![line])
    };
    let shown = create_invoice(work, &new)?;
    store::milestone::set_invoice(work.tx, work.account, id, shown.invoice.id)?;
    let invoice = Invoice { milestone_id: Some(id), ..shown.invoice };
    Ok(ShownInvoice { invoice, ..shown })
}

/// Rejects a milestone that is paid or has an invoice.
fn must_be_free(milestone: &Milestone) -> Result<()> {
    match &milestone.invoice {
        Some((_, number)) => {
            Err(Error::conflict("error-milestone-invoiced").with("number", number))
        }
        None if milestone.status == MilestoneStatus::Paid => {
            Err(Error::conflict("error-milestone-paid"))
        }
        None => Ok(()),
    }
}

/// Marks the milestone of a paid invoice as paid, or undoes that.
pub(in crate::app) fn settle_milestone(
    work: &mut Work,
    invoice: InvoiceId,
    is_paid: bool,
) -> Result<()> {
    let Some(before) = store::milestone::find_of_invoice(work.tx, work.account, invoice)? else {
        return Ok(());
    };
    let mut milestone = before.clone();
    milestone.settle(is_paid, work.now);
    if milestone == before { Ok(()) } else { save(work, &before, &milestone) }
}
