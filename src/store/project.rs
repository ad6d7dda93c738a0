//! Projects.

use jiff::Timestamp;

use super::{
    client,
    dashboard::{self, Measure},
    engine::{Row, Tx, values},
    list_total, milestone, proposal,
    search::Search,
};
use crate::domain::{
    error::{Error, Result},
    exchange_rate::Rates,
    id::{AccountId, ClientId, ProjectId},
    money::{Currency, Money},
    page::Listing,
    project::{Project, ProjectFilter, ProjectName, ProjectStatus},
};

/// Clients for whom there is a project.
const WITH_PROJECT: &str = "clients:with-project";

/// The columns [`read`] expects, in order.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, account_id, client_id, name, description, status, currency, budget, \
             deadline, created_at, updated_at FROM projects \
             WHERE account_id = ?1 AND deleted_at IS NULL ",
            $tail
        )
    };
}

fn read(row: &dyn Row) -> Result<Project> {
    let currency: Currency = row.get(6)?;
    Ok(Project {
        id: row.get(0)?,
        account: row.get(1)?,
        client_id: row.get(2)?,
        client: None,
        name: row.get(3)?,
        description: row.get(4)?,
        status: row.get(5)?,
        budget: Money::new(row.get(7)?, currency),
        deadline: row.get(8)?,
        milestones: Vec::new(),
        created_at: row.get(9)?,
        updated_at: row.get(10)?,
    })
}

fn by_status(status: ProjectStatus) -> String {
    format!("projects:status:{}", status.as_str())
}

fn by_client(client: ClientId) -> String {
    format!("projects:client:{client}")
}

/// Adds a project.
pub fn create(tx: &mut Tx, project: &Project) -> Result<()> {
    tx.change(
        "INSERT INTO projects (id, account_id, client_id, name, description, status, currency, \
         budget, deadline, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        values![
            &project.id,
            &project.account,
            &project.client_id,
            &project.name,
            &project.description,
            project.status.as_str(),
            project.budget.currency,
            project.budget.minor,
            project.deadline,
            project.created_at,
            project.updated_at,
        ],
    )?;
    tally(tx, project, 1, project.created_at)
}

/// A project with its client and milestones.
pub fn find(tx: &mut Tx, account: AccountId, id: ProjectId, rates: &Rates) -> Result<Project> {
    let mut project = find_bare(tx, account, id)?;
    project.client = Some(client::find_any(tx, account, project.client_id, rates)?);
    project.milestones = milestone::list_of_project(tx, account, id)?;
    Ok(project)
}

/// A project without its client and milestones.
pub fn find_bare(tx: &mut Tx, account: AccountId, id: ProjectId) -> Result<Project> {
    tx.find(select!("AND id = ?2"), values![&account, &id], read)?
        .ok_or_else(|| Error::not_found("Project"))
}

/// The newest projects by name, so many at most.
pub fn list_names(tx: &mut Tx, account: AccountId, most: i64) -> Result<Vec<ProjectName>> {
    tx.list(
        "SELECT p.id, p.name, c.name FROM projects p JOIN clients c ON c.id = p.client_id \
         WHERE p.account_id = ?1 AND p.deleted_at IS NULL ORDER BY p.id DESC LIMIT ?2",
        values![&account, most],
        |row| Ok(ProjectName { id: row.get(0)?, name: row.get(1)?, client: row.get(2)? }),
    )
}

/// A page of projects with their clients and milestones, newest first.
pub fn list(
    tx: &mut Tx,
    account: AccountId,
    filter: &ProjectFilter,
    rates: &Rates,
) -> Result<Listing<Project>> {
    if let Some(text) = &filter.search {
        return search(tx, account, filter, text, rates);
    }
    let page = filter.page;
    let (limit, offset) = (page.limit(), page.offset());
    let (mut entries, total) = match (filter.status, filter.client_id) {
        (None, None) => (
            tx.list(
                select!("ORDER BY id DESC LIMIT ?2 OFFSET ?3"),
                values![&account, limit, offset],
                read,
            )?,
            list_total::find(tx, account, "projects")?,
        ),
        (Some(status), None) => (
            tx.list(
                select!("AND status = ?4 ORDER BY id DESC LIMIT ?2 OFFSET ?3"),
                values![&account, limit, offset, status.as_str()],
                read,
            )?,
            list_total::find(tx, account, &by_status(status))?,
        ),
        (None, Some(client)) => (
            tx.list(
                select!("AND client_id = ?4 ORDER BY id DESC LIMIT ?2 OFFSET ?3"),
                values![&account, limit, offset, &client],
                read,
            )?,
            list_total::find(tx, account, &by_client(client))?,
        ),
        (Some(status), Some(client)) => (
            tx.list(
                select!("AND client_id = ?4 AND status = ?5 ORDER BY id DESC LIMIT ?2 OFFSET ?3"),
                values![&account, limit, offset, &client, status.as_str()],
                read,
            )?,
            count_of_client(tx, account, client, status)?,
        ),
    };
    let clients =
        client::find_all(tx, account, entries.iter().map(|project| project.client_id), rates)?;
    let ids: Vec<_> = entries.iter().map(|project| project.id).collect();
    let mut milestones = milestone::list_of_projects(tx, account, &ids)?;
    for project in &mut entries {
        project.client = clients.get(&project.client_id).cloned();
        project.milestones = milestones.remove(&project.id).unwrap_or_default();
    }
    Ok(Listing { entries, total, page })
}

/// A page of projects in which, or in whose clients, a folded text is, newest first.
fn search(
    tx: &mut Tx,
    account: AccountId,
    filter: &ProjectFilter,
    text: &str,
    rates: &Rates,
) -> Result<Listing<Project>> {
    let search = Search::new(tx, account, text)?;
    let status = filter.status.map(ProjectStatus::as_str);
    let (found, total) = search.page(
        tx,
        "SELECT id, name, client_id FROM projects WHERE account_id = ?1 AND deleted_at IS NULL \
         AND (status = ?2 OR ?2 IS NULL) AND (client_id = ?3 OR ?3 IS NULL) ORDER BY id DESC",
        values![&account, status, filter.client_id.as_ref()],
        filter.page,
    )?;
    let entries =
        found.into_iter().map(|id| find(tx, account, id, rates)).collect::<Result<_>>()?;
    Ok(Listing { entries, total, page: filter.page })
}

/// How many projects of a client have a status.
pub fn count_of_client(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    status: ProjectStatus,
) -> Result<u64> {
    let count: i64 = tx.one(
        "SELECT count(*) FROM projects WHERE account_id = ?1 AND client_id = ?2 AND status = ?3 \
         AND deleted_at IS NULL",
        values![&account, &client, status.as_str()],
        |row| row.get(0),
    )?;
    Ok(count.unsigned_abs())
}

/// Writes back a change; `before` is the project as it was.
pub fn update(tx: &mut Tx, before: &Project, project: &Project) -> Result<()> {
    let is_moved = (before.status, before.client_id) != (project.status, project.client_id);
    if is_moved {
        tally(tx, before, -1, project.updated_at)?;
    }
    tx.change(
        "UPDATE projects SET client_id = ?2, name = ?3, description = ?4, status = ?5, \
         currency = ?6, budget = ?7, deadline = ?8, updated_at = ?9 WHERE id = ?1",
        values![
            &project.id,
            &project.client_id,
            &project.name,
            &project.description,
            project.status.as_str(),
            project.budget.currency,
            project.budget.minor,
            project.deadline,
            project.updated_at,
        ],
    )?;
    if is_moved { tally(tx, project, 1, project.updated_at) } else { Ok(()) }
}

/// Takes a project out of every list and removes its milestones.
pub fn delete(tx: &mut Tx, project: &Project, now: Timestamp) -> Result<()> {
    milestone::delete_of_project(tx, project.account, project.id)?;
    proposal::release(tx, project.id)?;
    tx.change(
        "UPDATE projects SET deleted_at = ?2, updated_at = ?2 WHERE id = ?1",
        values![&project.id, now],
    )?;
    tally(tx, project, -1, now)
}

/// Takes every project of a client out of the lists.
pub fn delete_of_client(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    now: Timestamp,
) -> Result<()> {
    let projects = tx.list(select!("AND client_id = ?2"), values![&account, &client], read)?;
    projects.iter().try_for_each(|project| delete(tx, project, now))
}

/// How many projects have a status.
pub fn count(tx: &mut Tx, account: AccountId, status: ProjectStatus) -> Result<u64> {
    list_total::find(tx, account, &by_status(status))
}

/// For how many clients there is a project.
pub fn count_clients(tx: &mut Tx, account: AccountId) -> Result<u64> {
    list_total::find(tx, account, WITH_PROJECT)
}

/// Keeps the totals of the lists, and the timeline of active projects.
fn tally(tx: &mut Tx, project: &Project, by: i64, now: Timestamp) -> Result<()> {
    let account = project.account;
    list_total::bump(tx, account, "projects", by)?;
    list_total::bump(tx, account, &by_status(project.status), by)?;
    let of_client = by_client(project.client_id);
    list_total::bump(tx, account, &of_client, by)?;
    // The first project of a client came, or the last one went.
    let left = list_total::find(tx, account, &of_client)?;
    if (by, left) == (1, 1) || (by, left) == (-1, 0) {
        list_total::bump(tx, account, WITH_PROJECT, by)?;
    }
    if project.status == ProjectStatus::Active {
        dashboard::record(tx, account, Measure::Active, now, by, None)?;
    }
    Ok(())
}
