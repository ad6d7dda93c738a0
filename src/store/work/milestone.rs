//! Milestones.

use std::collections::HashMap;

use crate::{
    domain::{
        error::{Error, Result},
        id::{AccountId, InvoiceId, MilestoneId, ProjectId},
        milestone::{Milestone, MilestoneFilter, MilestoneStatus},
        money::Money,
        page::Listing,
    },
    store::{
        engine::{Tx, any_of, values},
        lister::Lister,
        row::record,
    },
};

const LIST: Lister = Lister::new("milestones", COLUMNS);

record! {
    milestones, milestone: &Milestone {
        id = &milestone.id,
        project_id = &milestone.project_id,
        name = &milestone.name,
        description = milestone.description.as_ref(),
        amount = milestone.amount.minor,
        status = milestone.status.as_str(),
        unpaid_status = milestone.unpaid_status.map(MilestoneStatus::as_str),
        due_date = milestone.due_date,
        completed_at = milestone.completed_at,
        @once { account_id = &milestone.account, }
        @read {
            currency = "(SELECT currency FROM projects WHERE projects.id = milestones.project_id)",
            invoice_id = "invoice_id",
            number = "(SELECT number FROM invoices WHERE invoices.id = milestones.invoice_id)",
        }
    } => Milestone {
        account: account_id,
        amount: Money::new(amount, currency),
        invoice: Option::zip(invoice_id, number),
        id, project_id, name, description, status, unpaid_status, due_date, completed_at,
    }
}

/// Adds a milestone.
pub fn create(tx: &mut Tx, milestone: &Milestone) -> Result<()> {
    tx.insert(row(milestone))?;
    tally(tx, milestone, 1)
}

/// Finds a milestone.
pub fn find(tx: &mut Tx, account: AccountId, id: MilestoneId) -> Result<Milestone> {
    LIST.of(&account).find(tx, "error-milestone-not-found", &id, read)
}

/// Finds the milestone that an invoice was created from.
pub fn find_of_invoice(
    tx: &mut Tx,
    account: AccountId,
    invoice: InvoiceId,
) -> Result<Option<Milestone>> {
    let found = LIST.of(&account).which("invoice_id = ?", Some(&invoice)).first(tx, 1, read)?;
    Ok(found.into_iter().next())
}

/// Counts the milestones of a project.
pub fn count_of_project(tx: &mut Tx, account: AccountId, project: ProjectId) -> Result<u64> {
    LIST.of(&account).equal("project_id", Some(&project)).count(tx)
}

/// Lists a page of milestones, newest first.
pub fn list(
    tx: &mut Tx,
    account: AccountId,
    filter: &MilestoneFilter,
) -> Result<Listing<Milestone>> {
    LIST.of(&account).equal("project_id", filter.project_id.as_ref()).page(tx, filter.page, read)
}

/// Lists the milestones of a project in planned order.
pub fn list_of_project(
    tx: &mut Tx,
    account: AccountId,
    project: ProjectId,
) -> Result<Vec<Milestone>> {
    let mut found = list_of_projects(tx, account, &[project])?;
    Ok(found.remove(&project).unwrap_or_default())
}

/// Lists the milestones of several projects, each in planned order.
pub fn list_of_projects(
    tx: &mut Tx,
    account: AccountId,
    projects: &[ProjectId],
) -> Result<HashMap<ProjectId, Vec<Milestone>>> {
    let those = LIST.of(&account).which("project_id IN rarray(?)", Some(any_of(projects)));
    let mut milestones = those.all(tx, read)?;
    milestones.sort_by_key(|milestone| milestone.id);
    let mut found: HashMap<_, Vec<Milestone>> = HashMap::with_capacity(projects.len());
    for milestone in milestones {
        found.entry(milestone.project_id).or_default().push(milestone);
    }
    Ok(found)
}

/// Saves a change; `before` is the milestone before it.
pub fn update(tx: &mut Tx, before: &Milestone, milestone: &Milestone) -> Result<()> {
    tx.update(row(milestone))?;
    if before.project_id != milestone.project_id {
        tally(tx, before, -1)?;
        tally(tx, milestone, 1)?;
    }
    Ok(())
}

/// Records the invoice of a milestone.
pub fn set_invoice(
    tx: &mut Tx,
    account: AccountId,
    id: MilestoneId,
    invoice: InvoiceId,
) -> Result<()> {
    tx.change(
        "UPDATE milestones SET invoice_id = ?3 WHERE account_id = ?1 AND id = ?2",
        values![&account, &id, &invoice],
    )
}

/// Frees the milestone of a cancelled invoice for another invoice.
pub(in crate::store) fn release(tx: &mut Tx, invoice: InvoiceId) -> Result<()> {
    tx.change("UPDATE milestones SET invoice_id = NULL WHERE invoice_id = ?1", values![&invoice])
}

/// Removes a milestone.
pub fn delete(tx: &mut Tx, milestone: &Milestone) -> Result<()> {
    tx.change("DELETE FROM milestones WHERE id = ?1", values![&milestone.id])?;
    tally(tx, milestone, -1)
}

/// Removes the milestones of a project.
pub fn delete_of_project(tx: &mut Tx, account: AccountId, project: ProjectId) -> Result<()> {
    let removed = tx.execute(
        "DELETE FROM milestones WHERE account_id = ?1 AND project_id = ?2",
        values![&account, &project],
    )?;
    if removed > 0 {
        let removed = i64::try_from(removed).map_err(Error::internal)?;
        LIST.tally(tx, account, &[("project", &project)], -removed)?;
    }
    Ok(())
}

fn tally(tx: &mut Tx, milestone: &Milestone, by: i64) -> Result<()> {
    LIST.tally(tx, milestone.account, &[("project", &milestone.project_id)], by)
}
