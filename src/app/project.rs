//! Projects.

use super::{
    App,
    activity::{Entry, Told},
    client, proposal,
};
use crate::{
    domain::{
        activity::ActivityKind,
        error::{Error, Result},
        expected::{self, Expected},
        id::ProjectId,
        idempotency::{Once, Outcome},
        money::{Currency, Money},
        page::Listing,
        project::{NewProject, Project, ProjectChange, ProjectFilter, ProjectName, ProjectStatus},
        rule::Rule,
        session::Claims,
    },
    store::{self, engine::Tx},
};

impl App {
    /// Adds a project to a client.
    pub async fn create_project(
        &self,
        claims: Claims,
        once: Once<Project>,
        new: NewProject,
    ) -> Result<Outcome<Project>> {
        let now = self.now();
        let id = self.new_id();
        let (created, completed) = (self.new_entry(now), self.new_entry(now));
        self.write_once(claims, once, now, move |tx, actor| {
            let rates = client::rates(tx, &actor)?;
            let currency = new.currency.unwrap_or(actor.currency);
            let (client, budget) = Error::both(
                client::named(tx, actor.account, new.client_id, &rates),
                Money::exact(new.budget, currency).map_err(|rule| Error::field("budget", rule)),
            )?;
            let project = Project {
                id,
                account: actor.account,
                client_id: new.client_id,
                client: Some(client),
                name: new.name.clone(),
                description: new.description.clone(),
                status: new.status,
                budget,
                deadline: new.deadline,
                milestones: Vec::new(),
                created_at: now,
                updated_at: now,
            };
            store::project::create(tx, &project)?;
            if let Some(proposal) = new.proposal_id {
                proposal::mark_begun(tx, &actor, proposal, id)?;
            }
            tell(tx, &project, ActivityKind::ProjectCreated, created)?;
            if project.status == ProjectStatus::Completed {
                tell(tx, &project, ActivityKind::ProjectCompleted, completed)?;
            }
            Ok(project)
        })
        .await
    }

    /// A project of the caller with its client and milestones.
    pub async fn project(&self, claims: Claims, id: ProjectId) -> Result<Project> {
        self.read(claims, move |tx, actor| {
            let rates = client::rates(tx, &actor)?;
            store::project::find(tx, actor.account, id, &rates)
        })
        .await
    }

    /// A page of projects, newest first.
    pub async fn list_projects(
        &self,
        claims: Claims,
        filter: ProjectFilter,
    ) -> Result<Listing<Project>> {
        self.read(claims, move |tx, actor| {
            let rates = client::rates(tx, &actor)?;
            store::project::list(tx, actor.account, &filter, &rates)
        })
        .await
    }

    /// The newest projects by name, to choose from.
    pub async fn list_project_names(&self, claims: Claims) -> Result<Vec<ProjectName>> {
        self.read(claims, |tx, actor| {
            store::project::list_names(tx, actor.account, client::NAMES_MAX)
        })
        .await
    }

    /// Changes a project. In another currency its milestones keep their figures.
    ///
    /// # Errors
    ///
    /// Stale, if the project is not the expected one any more.
    pub async fn update_project(
        &self,
        claims: Claims,
        id: ProjectId,
        change: ProjectChange,
        expected: Option<Expected<Project>>,
    ) -> Result<Project> {
        let now = self.now();
        let entry = self.new_entry(now);
        self.write(claims, move |tx, actor| {
            let rates = client::rates(tx, &actor)?;
            let before = store::project::find(tx, actor.account, id, &rates)?;
            expected::check(expected.as_ref(), &before)?;
            let change = change.clone();
            let mut project = before.clone();
            let currency = change.currency.unwrap_or(before.budget.currency);
            let budget = change.budget.unwrap_or_else(|| before.budget.decimal());
            let client_id = change.client_id.filter(|new| *new != before.client_id);
            let (client, budget) = Error::both(
                client_id.map(|id| client::named(tx, actor.account, id, &rates)).transpose(),
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
            project.updated_at = now;
            store::project::update(tx, &before, &project)?;
            if currency != before.budget.currency {
                restate_milestones(tx, &mut project, currency)?;
            }
            let completed = ProjectStatus::Completed;
            if project.status == completed && before.status != completed {
                tell(tx, &project, ActivityKind::ProjectCompleted, entry)?;
            }
            Ok(project)
        })
        .await
    }

    /// Deletes a project and its milestones.
    pub async fn delete_project(&self, claims: Claims, id: ProjectId) -> Result<()> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            let project = store::project::find_bare(tx, actor.account, id)?;
            store::project::delete(tx, &project, now)
        })
        .await
    }
}

/// Writes the milestones' amounts down in the project's new currency: 150.5 stays 150.5.
fn restate_milestones(tx: &mut Tx, project: &mut Project, currency: Currency) -> Result<()> {
    for milestone in &mut project.milestones {
        let before = milestone.clone();
        milestone.amount = Money::exact(before.amount.decimal(), currency).map_err(|_| {
            Error::conflict(format!(
                "The amount of milestone \"{}\" cannot be written in {currency}",
                before.name
            ))
        })?;
        store::milestone::update(tx, &before, milestone)?;
    }
    Ok(())
}

/// The project a request names in `projectId`; naming none of the caller's is an invalid field.
pub(super) fn named(
    tx: &mut Tx,
    account: crate::domain::id::AccountId,
    id: ProjectId,
) -> Result<Project> {
    let unknown = || Error::field("projectId", Rule::Unknown);
    store::project::find_bare(tx, account, id).map_err(|error| error.if_missing(unknown))
}

fn tell(tx: &mut Tx, project: &Project, kind: ActivityKind, entry: Entry) -> Result<()> {
    let told = Told {
        kind,
        subject: &project.name,
        amount: (project.budget.minor > 0).then_some(project.budget),
        client: project.client.as_ref(),
        entity: project.id.to_string(),
    };
    entry.write(tx, project.account, told)
}
