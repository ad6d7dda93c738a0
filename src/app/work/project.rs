//! Projects.

use crate::{
    app::{
        client::require_client,
        event::Event,
        proposal::{find_proposal, must_be_begun},
        unit_of_work::Work,
    },
    domain::{
        error::{Error, Result},
        expected::{self, Expected},
        id::{ClientId, ProjectId, ProposalId},
        money::{Currency, Money},
        page::Listing,
        project::{NewProject, Project, ProjectChange, ProjectFilter, ProjectName, ProjectStatus},
        rule::Rule,
    },
    store::{self, engine::Tx},
};

/// The maximum number of names in a select, for one client and for all: the newest.
const NAMES_OF_CLIENT_MAX: i64 = 100;
const NAMES_MAX: i64 = 10;

/// Adds a project to a client.
pub fn create_project(work: &mut Work, new: &NewProject) -> Result<Project> {
    create_project_of(work, new, None)
}

/// Turns an accepted proposal into a project, once, with its title, text and amount.
///
/// # Errors
///
/// Not found if the caller has no such proposal; a conflict if it is not accepted, its client was
/// deleted, or it already has a project.
pub fn begin_project(work: &mut Work, id: ProposalId) -> Result<Project> {
    let proposal = find_proposal(work, id)?;
    must_be_begun(work, &proposal)?;
    if let Some((_, name)) = proposal.project {
        return Err(Error::conflict("error-proposal-is-project").with("project", name));
    }
    let new = NewProject {
        client_id: proposal.client_id,
        name: proposal.title,
        description: proposal.content,
        budget: proposal.amount.decimal(),
        currency: Some(proposal.amount.currency),
        status: ProjectStatus::Planning,
        deadline: None,
    };
    create_project_of(work, &new, Some(id))
}

fn create_project_of(
    work: &mut Work,
    new: &NewProject,
    proposal: Option<ProposalId>,
) -> Result<Project> {
    let client = require_client(work, new.client_id);
    let currency = (new.currency)
        .or(client.as_ref().ok().and_then(|client| client.details.currency))
        .unwrap_or(work.actor.currency);
    let (client, budget) = Error::both(
        client,
        Money::exact(new.budget, currency).map_err(|rule| Error::field("budget", rule)),
    )?;
    let project = Project {
        id: work.new_id(),
        account: work.account,
        client_id: new.client_id,
        client: Some(client),
        name: new.name.clone(),
        description: new.description.clone(),
        status: new.status,
        budget,
        deadline: new.deadline,
        milestones: Vec::new(),
        proposal: proposal.map(|id| (id, new.name.clone())),
        created_at: work.now,
        updated_at: work.now,
    };
    store::project::create(work.tx, &project)?;
    if let Some(proposal) = proposal {
        store::proposal::set_project(work.tx, work.account, proposal, project.id)?;
    }
    work.emit(Event::ProjectCreated(&project))?;
    if project.status == ProjectStatus::Completed {
        work.emit(Event::ProjectCompleted(&project))?;
    }
    Ok(project)
}

/// Returns one of the caller's projects with its client and milestones.
pub fn find_project(work: &mut Work, id: ProjectId) -> Result<Project> {
    store::project::find(work.tx, work.account, id, &work.latest_rates)
}

/// Changes a project. If its currency changes, its milestones keep their figures.
///
/// # Errors
///
/// Stale if the project is no longer the expected one.
pub fn update_project(
    work: &mut Work,
    id: ProjectId,
    change: &ProjectChange,
    expected: Option<&Expected<Project>>,
) -> Result<Project> {
    let before = find_project(work, id)?;
    expected::check(expected, &before)?;
    let change = change.clone();
    let mut project = before.clone();
    let currency = change.currency.unwrap_or(before.budget.currency);
    let budget = change.budget.unwrap_or_else(|| before.budget.decimal());
    let client_id = change.client_id.filter(|new| *new != before.client_id);
    let (client, budget) = Error::both(
        client_id.map(|id| require_client(work, id)).transpose(),
        Money::exact(budget, currency).map_err(|rule| Error::field("budget", rule)),
    )?;
    if let Some(client) = client {
        project.client_id = client.id;
        project.client = Some(client);
    }
    project.budget = budget;
    project.name = change.name.unwrap_or(project.name);
    project.description = change.description.unwrap_or(project.description);
    project.status = change.status.unwrap_or(project.status);
    project.deadline = change.deadline.apply(project.deadline);
    project.updated_at = work.now;
    store::project::update(work.tx, &before, &project)?;
    if currency != before.budget.currency {
        restate_milestones(work.tx, &mut project, currency)?;
    }
    let completed = ProjectStatus::Completed;
    if project.status == completed && before.status != completed {
        work.emit(Event::ProjectCompleted(&project))?;
    }
    Ok(project)
}

/// Rewrites the milestones' amounts in the project's new currency: 150.5 stays 150.5.
fn restate_milestones(tx: &mut Tx, project: &mut Project, currency: Currency) -> Result<()> {
    for milestone in &mut project.milestones {
        let before = milestone.clone();
        milestone.amount = Money::exact(before.amount.decimal(), currency).map_err(|_| {
            Error::conflict("error-milestone-currency")
                .with("milestone", &before.name)
                .with("currency", currency)
        })?;
        store::milestone::update(tx, &before, milestone)?;
    }
    Ok(())
}

/// Deletes a project and its milestones.
///
/// # Errors
///
/// Not found if the caller has no such project.
pub fn delete_project(work: &mut Work, id: ProjectId) -> Result<()> {
    let project = store::project::find_bare(work.tx, work.account, id)?;
    store::project::delete(work.tx, &project, work.now)
}

/// Returns the project that a request names in `projectId`; an invalid field if it is not the
/// caller's.
pub(in crate::app) fn require_project(work: &mut Work, id: ProjectId) -> Result<Project> {
    store::project::find_bare(work.tx, work.account, id)
        .map_err(|error| error.if_missing(|| Error::field("projectId", Rule::Unknown)))
}

/// Returns a page of projects, newest first.
pub fn list_projects(work: &mut Work, filter: &ProjectFilter) -> Result<Listing<Project>> {
    store::project::list(work.tx, work.account, filter, &work.latest_rates)
}

/// Returns the names of the newest projects, of one client or of all, for a select.
pub fn list_project_names(work: &mut Work, of: Option<ClientId>) -> Result<Vec<ProjectName>> {
    let most = if of.is_some() { NAMES_OF_CLIENT_MAX } else { NAMES_MAX };
    store::project::list_names(work.tx, work.account, of, most)
}

/// Returns the number of projects of each status.
pub fn count_projects(work: &mut Work) -> Result<Vec<(ProjectStatus, u64)>> {
    let statuses = ProjectStatus::WORDS.iter().filter_map(|word| ProjectStatus::from_word(word));
    statuses
        .map(|status| Ok((status, store::project::count(work.tx, work.account, status)?)))
        .collect()
}
