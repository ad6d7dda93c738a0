//! Milestones.

use jiff::Timestamp;

use super::{
    App,
    activity::{Entry, Told},
    client, project,
};
use crate::{
    domain::{
        activity::ActivityKind,
        error::{Error, Result},
        expected::{self, Expected},
        id::{AccountId, InvoiceId, MilestoneId, ProjectId},
        idempotency::{Once, Outcome},
        milestone::{
            MILESTONES_MAX, Milestone, MilestoneChange, MilestoneFilter, MilestoneStatus,
            NewMilestone,
        },
        money::Money,
        page::Listing,
        project::Project,
        rule::Rule,
        session::{Actor, Claims},
    },
    store::{self, engine::Tx},
};

impl App {
    /// Adds a milestone to a project.
    pub async fn create_milestone(
        &self,
        claims: Claims,
        once: Once<Milestone>,
        new: NewMilestone,
    ) -> Result<Outcome<Milestone>> {
        let now = self.now();
        let id = self.new_id();
        let entry = self.new_entry(now);
        self.write_once(claims, once, now, move |tx, actor| {
            let project = roomy(tx, actor.account, new.project_id)?;
            let milestone = Milestone {
                id,
                account: actor.account,
                project_id: project.id,
                name: new.name.clone(),
                description: new.description.clone(),
                amount: Money::exact(new.amount, project.budget.currency)
                    .map_err(|rule| Error::field("amount", rule))?,
                status: new.status,
                due_date: new.due_date.or(project.deadline),
                completed_at: completed_at(None, new.status, now),
                invoice: None,
            };
            store::milestone::create(tx, &milestone)?;
            if milestone.completed_at.is_some() {
                tell(tx, &actor, &milestone, entry)?;
            }
            Ok(milestone)
        })
        .await
    }

    /// A page of milestones, newest first.
    pub async fn list_milestones(
        &self,
        claims: Claims,
        filter: MilestoneFilter,
    ) -> Result<Listing<Milestone>> {
        self.read(claims, move |tx, actor| store::milestone::list(tx, actor.account, &filter)).await
    }

    /// Changes a milestone, also the project it belongs to.
    ///
    /// # Errors
    ///
    /// Stale, if the milestone is not the expected one any more.
    pub async fn update_milestone(
        &self,
        claims: Claims,
        id: MilestoneId,
        change: MilestoneChange,
        expected: Option<Expected<Milestone>>,
    ) -> Result<Milestone> {
        let now = self.now();
        let entry = self.new_entry(now);
        self.write(claims, move |tx, actor| {
            let before = store::milestone::find(tx, actor.account, id)?;
            expected::check(expected.as_ref(), &before)?;
            let change = change.clone();
            let mut milestone = before.clone();
            let mut currency = before.amount.currency;
            if let Some(project_id) = change.project_id.filter(|new| *new != before.project_id) {
                currency = roomy(tx, actor.account, project_id)?.budget.currency;
                milestone.project_id = project_id;
            }
            milestone.name = change.name.unwrap_or(milestone.name);
            milestone.description = change.description.apply(milestone.description);
            milestone.status = change.status.unwrap_or(milestone.status);
            milestone.due_date = change.due_date.apply(milestone.due_date);
            let amount = change.amount.unwrap_or_else(|| before.amount.decimal());
            milestone.amount =
                Money::exact(amount, currency).map_err(|rule| Error::field("amount", rule))?;
            milestone.completed_at = completed_at(before.completed_at, milestone.status, now);
            store::milestone::update(tx, &before, &milestone)?;
            if before.completed_at.is_none() && milestone.completed_at.is_some() {
                tell(tx, &actor, &milestone, entry)?;
            }
            Ok(milestone)
        })
        .await
    }

    /// Deletes a milestone.
    pub async fn delete_milestone(&self, claims: Claims, id: MilestoneId) -> Result<()> {
        self.write(claims, move |tx, actor| {
            let milestone = store::milestone::find(tx, actor.account, id)?;
            store::milestone::delete(tx, &milestone)
        })
        .await
    }
}

/// The project a request names, if it has room for one more milestone.
fn roomy(tx: &mut Tx, account: AccountId, id: ProjectId) -> Result<Project> {
    let project = project::named(tx, account, id)?;
    if store::milestone::count_of_project(tx, account, id)? >= MILESTONES_MAX {
        return Err(Error::conflict(format!("A project has at most {MILESTONES_MAX} milestones")));
    }
    Ok(project)
}

/// Writes down that an invoice was made of a milestone, which happens once.
pub(super) fn mark_invoiced(
    tx: &mut Tx,
    account: AccountId,
    id: MilestoneId,
    invoice: InvoiceId,
) -> Result<()> {
    if store::milestone::set_invoice(tx, account, id, invoice)? {
        return Ok(());
    }
    Err(match store::milestone::find(tx, account, id)?.invoice {
        Some((_, number)) => Error::conflict(format!("This milestone is invoiced by {number}")),
        None => Error::conflict("This milestone is paid already"),
    })
}

/// The milestone a request names in `milestoneId`.
pub(super) fn named(tx: &mut Tx, account: AccountId, id: MilestoneId) -> Result<Milestone> {
    let unknown = || Error::field("milestoneId", Rule::Unknown);
    store::milestone::find(tx, account, id).map_err(|error| error.if_missing(unknown))
}

/// When the milestone was completed: the first time stays, going back to pending clears it.
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

fn tell(tx: &mut Tx, actor: &Actor, milestone: &Milestone, entry: Entry) -> Result<()> {
    let project = store::project::find_bare(tx, actor.account, milestone.project_id)?;
    let rates = client::rates(tx, actor)?;
    let client = store::client::find_any(tx, actor.account, project.client_id, &rates)?;
    let told = Told {
        kind: ActivityKind::MilestoneCompleted,
        subject: &milestone.name,
        amount: Some(milestone.amount),
        client: Some(&client),
        entity: milestone.id.to_string(),
    };
    entry.write(tx, milestone.account, told)
}
