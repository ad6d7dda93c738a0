//! Proposals.

use super::{
    App,
    activity::{Entry, Told},
    client, proposal_link,
    public_link::NewLink,
};
use crate::{
    domain::{
        activity::ActivityKind,
        error::{Error, Result},
        expected::{self, Expected},
        id::{ProjectId, ProposalId},
        idempotency::{Once, Outcome},
        money::Money,
        page::Listing,
        proposal::{NewProposal, Proposal, ProposalChange, ProposalFilter, ProposalStatus},
        rule::Rule,
        session::{Actor, Claims},
        unprintable,
    },
    store::{self, engine::Tx},
};

impl App {
    /// Adds a draft.
    pub async fn create_proposal(
        &self,
        claims: Claims,
        once: Once<Proposal>,
        new: NewProposal,
    ) -> Result<Outcome<Proposal>> {
        let now = self.now();
        let id = self.new_id();
        self.write_once(claims, once, now, move |tx, actor| {
            let rates = client::rates(tx, &actor)?;
            let currency = new.currency.unwrap_or(actor.currency);
            let (client, amount) = Error::both(
                client::named(tx, actor.account, new.client_id, &rates),
                Money::exact(new.amount, currency).map_err(|rule| Error::field("amount", rule)),
            )?;
            let proposal = Proposal {
                id,
                account: actor.account,
                client_id: new.client_id,
                client: Some(client),
                title: new.title.clone(),
                content: new.content.clone(),
                status: ProposalStatus::Draft,
                amount,
                valid_until: new.valid_until,
                link: None,
                project: None,
                created_at: now,
                updated_at: now,
            };
            store::proposal::create(tx, &proposal)?;
            Ok(proposal)
        })
        .await
    }

    /// A proposal of the caller.
    pub async fn proposal(&self, claims: Claims, id: ProposalId) -> Result<Proposal> {
        let find = move |tx: &mut Tx, actor: Actor| {
            let rates = client::rates(tx, &actor)?;
            store::proposal::find(tx, actor.account, id, &rates)
        };
        let mut proposal = self.read(claims, find).await?;
        proposal_link::open(&self.public_links()?, &mut proposal)?;
        Ok(proposal)
    }

    /// A page of proposals, newest first.
    pub async fn list_proposals(
        &self,
        claims: Claims,
        filter: ProposalFilter,
    ) -> Result<Listing<Proposal>> {
        let list = move |tx: &mut Tx, actor: Actor| {
            let rates = client::rates(tx, &actor)?;
            store::proposal::list(tx, actor.account, &filter, &rates)
        };
        let mut listing = self.read(claims, list).await?;
        let links = self.public_links()?;
        listing
            .entries
            .iter_mut()
            .try_for_each(|proposal| proposal_link::open(&links, proposal))?;
        Ok(listing)
    }

    /// Changes a proposal until it is answered; the answer itself can be written down here too.
    ///
    /// # Errors
    ///
    /// Stale, if the proposal is not the expected one any more.
    pub async fn update_proposal(
        &self,
        claims: Claims,
        id: ProposalId,
        change: ProposalChange,
        expected: Option<Expected<Proposal>>,
    ) -> Result<Proposal> {
        let now = self.now();
        let entry = self.new_entry(now);
        let link = self.new_proposal_link(id)?;
        let update = move |tx: &mut Tx, actor: Actor| {
            let rates = client::rates(tx, &actor)?;
            let before = store::proposal::find(tx, actor.account, id, &rates)?;
            expected::check(expected.as_ref(), &before)?;
            let change = change.clone();
            let mut proposal = before.clone();
            let currency = change.currency.unwrap_or(before.amount.currency);
            let amount = change.amount.unwrap_or_else(|| before.amount.decimal());
            let client_id = change.client_id.filter(|new| *new != before.client_id);
            let (client, amount) = Error::both(
                client_id.map(|id| client::named(tx, actor.account, id, &rates)).transpose(),
                Money::exact(amount, currency).map_err(|rule| Error::field("amount", rule)),
            )?;
            if let Some(client) = client {
                proposal.client_id = client.id;
                proposal.client = Some(client);
            }
            proposal.amount = amount;
            proposal.title = change.title.unwrap_or(proposal.title);
            proposal.content = change.content.unwrap_or(proposal.content);
            proposal.valid_until = change.valid_until.apply(proposal.valid_until);
            // Last, since a bad field is told before a state that forbids the change.
            proposal.status = match change.status {
                Some(status) => before.status.change_to(status)?,
                None => before.status,
            };
            if before.status.is_answered() && proposal != before {
                return Err(Error::conflict("A proposal that was answered cannot be changed"));
            }
            if proposal == before {
                return Ok(before);
            }
            if before.link.is_some() && proposal.client_id != before.client_id {
                return Err(Error::conflict(
                    "A sent proposal stays with its client, who has the link to it",
                ));
            }
            proposal.updated_at = now;
            store::proposal::update(tx, &before, &proposal)?;
            if proposal.status.is_answered() {
                store::proposal::mark_answered(tx, id, now)?;
                tell(tx, &proposal, entry)?;
            } else if proposal.status != before.status {
                mark_sent(tx, &mut proposal, &link, entry)?;
            }
            Ok(proposal)
        };
        let mut proposal = self.write(claims, update).await?;
        proposal_link::open(&self.public_links()?, &mut proposal)?;
        Ok(proposal)
    }

    /// Deletes a proposal, unless it was accepted.
    pub async fn delete_proposal(&self, claims: Claims, id: ProposalId) -> Result<()> {
        self.write(claims, move |tx, actor| {
            let rates = client::rates(tx, &actor)?;
            let proposal = store::proposal::find(tx, actor.account, id, &rates)?;
            if proposal.status == ProposalStatus::Accepted {
                return Err(Error::conflict("An accepted proposal cannot be deleted"));
            }
            store::proposal::delete(tx, &proposal)
        })
        .await
    }

    /// Marks a draft as sent and gives it a link for the client; a sent one stays as it is, but
    /// gets a link where it has none.
    pub async fn send_proposal(
        &self,
        claims: Claims,
        once: Once<Proposal>,
        id: ProposalId,
    ) -> Result<Outcome<Proposal>> {
        let now = self.now();
        let entry = self.new_entry(now);
        let unprintable = self.unprintable_of_proposal(claims, id).await?;
        let (links, link) = (self.public_links()?, self.new_proposal_link(id)?);
        self.write_once(claims, once, now, move |tx, actor| {
            let rates = client::rates(tx, &actor)?;
            let before = store::proposal::find(tx, actor.account, id, &rates)?;
            if before.status.is_answered() {
                return Err(Error::conflict("This proposal has been answered already"));
            }
            let mut proposal = before.clone();
            if before.status == ProposalStatus::Draft {
                unprintable::refuse(&unprintable)?;
                proposal.status = ProposalStatus::Sent;
                proposal.updated_at = now;
                store::proposal::update(tx, &before, &proposal)?;
                mark_sent(tx, &mut proposal, &link, entry)?;
            } else if proposal.link.is_none() {
                proposal_link::write(tx, &link, &mut proposal)?;
            }
            proposal_link::open(&links, &mut proposal)?;
            Ok(proposal)
        })
        .await
    }
}

/// Writes down that a project was made of a proposal, which happens once.
pub(super) fn mark_begun(
    tx: &mut Tx,
    actor: &Actor,
    id: ProposalId,
    project: ProjectId,
) -> Result<()> {
    if store::proposal::set_project(tx, actor.account, id, project)? {
        return Ok(());
    }
    let rates = client::rates(tx, actor)?;
    let found = store::proposal::find(tx, actor.account, id, &rates);
    let unknown = || Error::field("proposalId", Rule::Unknown);
    let proposal = found.map_err(|error| error.if_missing(unknown))?;
    let name = proposal.project.map(|(_, name)| name).unwrap_or_default();
    Err(Error::conflict(format!("This proposal has become the project \"{name}\" already")))
}

/// Writes down that a proposal was just sent, and gives it its link.
fn mark_sent(tx: &mut Tx, proposal: &mut Proposal, link: &NewLink, entry: Entry) -> Result<()> {
    store::proposal::mark_sent(tx, proposal.id, entry.at)?;
    tell(tx, proposal, entry)?;
    if proposal.link.is_none() {
        proposal_link::write(tx, link, proposal)?;
    }
    Ok(())
}

pub(super) fn tell(tx: &mut Tx, proposal: &Proposal, entry: Entry) -> Result<()> {
    let kind = match proposal.status {
        ProposalStatus::Accepted => ActivityKind::ProposalAccepted,
        ProposalStatus::Rejected => ActivityKind::ProposalRejected,
        ProposalStatus::Draft | ProposalStatus::Sent => ActivityKind::ProposalSent,
    };
    let told = Told {
        kind,
        subject: &proposal.title,
        amount: (proposal.amount.minor > 0).then_some(proposal.amount),
        client: proposal.client.as_ref(),
        entity: proposal.id.to_string(),
    };
    entry.write(tx, proposal.account, told)
}
