//! Projects.

use jiff::Timestamp;

use crate::{
    domain::{
        error::Result,
        id::{AccountId, ClientId, ProjectId},
        money::Money,
        page::Listing,
        project::{Project, ProjectFilter, ProjectName, ProjectStatus},
    },
    store::{
        client,
        dashboard::{self, Measure},
        engine::{Row, Tx, values},
        exchange_rate::LatestRates,
        list_total,
        lister::{Lister, Query},
        milestone, proposal,
        row::record,
    },
};

/// The total of clients with a project.
const WITH_PROJECT: &str = "clients:with-project";

const LIST: Lister = Lister::new("projects", COLUMNS);

record! {
    projects, project: &Project {
        id = &project.id,
        client_id = &project.client_id,
        name = &project.name,
        description = &project.description,
        status = project.status.as_str(),
        currency = project.budget.currency,
        budget = project.budget.minor,
        deadline = project.deadline,
        updated_at = project.updated_at,
        @once { account_id = &project.account, created_at = project.created_at, }
        @read {
            proposal_id = "(SELECT q.id FROM proposals q WHERE q.project_id = projects.id) \
                           AS proposal_id",
            title = "(SELECT q.title FROM proposals q WHERE q.project_id = projects.id)",
        }
    } => Project {
        account: account_id,
        client: None,
        budget: Money::new(budget, currency),
        milestones: Vec::new(),
        proposal: Option::zip(proposal_id, title),
        id, client_id, name, description, status, deadline, created_at, updated_at,
    }
}

fn listed(account: &AccountId) -> Query<'_> {
    LIST.of(account).only("deleted_at IS NULL")
}

/// Adds a project.
pub fn create(tx: &mut Tx, project: &Project) -> Result<()> {
    tx.insert(row(project))?;
    tally(tx, project, 1, project.created_at)
}

/// Finds a project with its client and milestones.
pub fn find(
    tx: &mut Tx,
    account: AccountId,
    id: ProjectId,
    rates: &LatestRates,
) -> Result<Project> {
    let mut project = find_bare(tx, account, id)?;
    project.client = Some(client::find_any(tx, account, project.client_id, rates)?);
    project.milestones = milestone::list_of_project(tx, account, id)?;
    Ok(project)
}

/// Finds a project without its client and milestones.
pub fn find_bare(tx: &mut Tx, account: AccountId, id: ProjectId) -> Result<Project> {
    listed(&account).find(tx, "error-project-not-found", &id, read)
}

/// Lists the names of the newest projects, of one client or of all, at most `most`.
pub fn list_names(
    tx: &mut Tx,
    account: AccountId,
    client: Option<ClientId>,
    most: i64,
) -> Result<Vec<ProjectName>> {
    macro_rules! names {
        ($which:literal) => {
            concat!(
                "SELECT p.id, p.name, c.name FROM projects p JOIN clients c ON c.id = p.client_id \
                 WHERE p.account_id = ?1 AND p.deleted_at IS NULL ",
                $which,
                "ORDER BY p.id DESC LIMIT ?2"
            )
        };
    }
    let read =
        |row: &dyn Row| Ok(ProjectName { id: row.get(0)?, name: row.get(1)?, client: row.get(2)? });
    match client {
        Some(client) => {
            tx.list(names!("AND p.client_id = ?3 "), values![&account, most, &client], read)
        }
        None => tx.list(names!(""), values![&account, most], read),
    }
}

/// Lists a page of projects with their clients and milestones, newest first.
pub fn list(
    tx: &mut Tx,
    account: AccountId,
    filter: &ProjectFilter,
    rates: &LatestRates,
) -> Result<Listing<Project>> {
    let status = filter.status.map(ProjectStatus::as_str);
    let query =
        listed(&account).equal("client_id", filter.client_id.as_ref()).equal("status", status);
    let text = filter.search.as_deref();
    let mut found = query.search(tx, ("name", text), filter.page, read)?;
    let clients =
        client::find_all(tx, account, found.entries.iter().map(|of| &of.client_id), rates)?;
    let ids: Vec<_> = found.entries.iter().map(|project| project.id).collect();
    let mut milestones = milestone::list_of_projects(tx, account, &ids)?;
    for project in &mut found.entries {
        project.client = clients.get(&project.client_id).cloned();
        project.milestones = milestones.remove(&project.id).unwrap_or_default();
    }
    Ok(found)
}

/// Counts the projects of a client with a status.
pub fn count_of_client(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    status: ProjectStatus,
) -> Result<u64> {
    listed(&account)
        .equal("client_id", Some(&client))
        .equal("status", Some(status.as_str()))
        .count(tx)
}

/// Saves a change; `before` is the project before it.
pub fn update(tx: &mut Tx, before: &Project, project: &Project) -> Result<()> {
    let is_moved = (before.status, before.client_id) != (project.status, project.client_id);
    if is_moved {
        tally(tx, before, -1, project.updated_at)?;
    }
    tx.update(row(project))?;
    if is_moved { tally(tx, project, 1, project.updated_at) } else { Ok(()) }
}

/// Removes a project from all lists and deletes its milestones.
pub fn delete(tx: &mut Tx, project: &Project, now: Timestamp) -> Result<()> {
    milestone::delete_of_project(tx, project.account, project.id)?;
    proposal::release(tx, project.id)?;
    tx.change(
        "UPDATE projects SET deleted_at = ?2, updated_at = ?2 WHERE id = ?1",
        values![&project.id, now],
    )?;
    tally(tx, project, -1, now)
}

/// Removes all projects of a client from the lists.
pub fn delete_of_client(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    now: Timestamp,
) -> Result<()> {
    let projects = listed(&account).equal("client_id", Some(&client)).all(tx, read)?;
    projects.iter().try_for_each(|project| delete(tx, project, now))
}

/// Counts the projects with a status.
pub fn count(tx: &mut Tx, account: AccountId, status: ProjectStatus) -> Result<u64> {
    listed(&account).equal("status", Some(status.as_str())).count(tx)
}

/// Counts the clients with a project.
pub fn count_clients(tx: &mut Tx, account: AccountId) -> Result<u64> {
    list_total::find(tx, account, WITH_PROJECT)
}

/// Updates the totals of the lists, and the timeline of active projects.
fn tally(tx: &mut Tx, project: &Project, by: i64, now: Timestamp) -> Result<()> {
    let (account, status, client) = (project.account, project.status.as_str(), project.client_id);
    LIST.tally(tx, account, &[("status", &status), ("client", &client)], by)?;
    // The client's first project was added, or its last one removed.
    let left = listed(&account).equal("client_id", Some(&client)).count(tx)?;
    if (by, left) == (1, 1) || (by, left) == (-1, 0) {
        list_total::bump(tx, account, &[WITH_PROJECT], by)?;
    }
    if project.status == ProjectStatus::Active {
        dashboard::record(tx, account, Measure::Active, now, by, None)?;
    }
    Ok(())
}
