//! Proposals.

use crate::{
    app::{
        App,
        client::require_client,
        deposit::ask_deposit,
        event::Event,
        proposal_link::{give_link, open_link},
        proposal_price::{price_change, price_new},
        unit_of_work::{Who, Work},
    },
    domain::{
        error::{Error, Result},
        expected::{self, Expected},
        id::ProposalId,
        idempotency::{Once, Outcome},
        invoice::ShownInvoice,
        page::Listing,
        proposal::{
            NewProposal, Proposal, ProposalChange, ProposalDelivery, ProposalFilter,
            ProposalRecord, ProposalStatus,
        },
        rule::Rule,
        session::Claims,
        unprintable,
    },
    store,
};

/// The maximum number of invoices shown with a proposal.
const INVOICES_SHOWN: i64 = 10;

impl App {
    /// Returns one of the caller's proposals, when it was sent, and who answered it.
    pub async fn proposal_record(&self, claims: Claims, id: ProposalId) -> Result<ProposalRecord> {
        let find = move |work: &mut Work| {
            let proposal = find_proposal(work, id)?;
            let mut record = store::proposal::find_record(work.tx, proposal)?;
            let rates = &work.latest_rates;
            let made =
                store::invoice::list_of_proposal(work.tx, work.account, id, INVOICES_SHOWN, rates)?;
            let today = work.today()?;
            record.invoices =
                made.into_iter().map(|invoice| ShownInvoice::on(today, invoice)).collect();
            Ok(record)
        };
        let mut record = self.query(claims, find).await?;
        if !record.proposal.status.is_answered() {
            record.unprintable = self.unprintable_of_proposal(claims.into(), id).await?;
        }
        Ok(record)
    }

    /// Marks a draft as sent, creates a link for the client, and emails it if requested. A sent
    /// proposal stays unchanged, but gets a link if it has none.
    pub async fn send_proposal(
        &self,
        who: impl Into<Who>,
        once: Once<Proposal>,
        id: ProposalId,
        delivery: ProposalDelivery,
    ) -> Result<Outcome<Proposal>> {
        let who = who.into();
        let unprintable = self.unprintable_of_proposal(who, id).await?;
        self.run_once(who, once, move |work| send_proposal(work, id, &unprintable, &delivery)).await
    }
}

/// Adds a draft.
pub fn create_proposal(work: &mut Work, new: &NewProposal) -> Result<Proposal> {
    let client = require_client(work, new.client_id);
    let currency = (new.currency)
        .or(client.as_ref().ok().and_then(|client| client.details.currency))
        .unwrap_or(work.actor.currency);
    let (client, offered) = Error::both(client, price_new(work, new, currency))?;
    let proposal = Proposal {
        id: work.new_id(),
        account: work.account,
        client_id: new.client_id,
        client: Some(client),
        title: new.title.clone(),
        content: new.content.clone(),
        status: ProposalStatus::Draft,
        amount: offered.amount,
        items: offered.items,
        terms: offered.terms,
        deposit: new.deposit.clone(),
        valid_until: new.valid_until,
        link: None,
        project: None,
        invoice: None,
        deposit_invoice: None,
        created_at: work.now,
        updated_at: work.now,
    };
    proposal.deposit_amount()?;
    store::proposal::create(work.tx, &proposal)?;
    Ok(proposal)
}

/// Returns one of the caller's proposals, with its link, if any.
pub fn find_proposal(work: &mut Work, id: ProposalId) -> Result<Proposal> {
    let mut proposal = store::proposal::find(work.tx, work.account, id, &work.latest_rates)?;
    open_link(work.env, &mut proposal)?;
    Ok(proposal)
}

/// Returns a page of proposals, newest first.
pub fn list_proposals(work: &mut Work, filter: &ProposalFilter) -> Result<Listing<Proposal>> {
    let mut listing = store::proposal::list(work.tx, work.account, filter, &work.latest_rates)?;
    listing.entries.iter_mut().try_for_each(|proposal| open_link(work.env, proposal))?;
    Ok(listing)
}

/// Returns the number of proposals of each status.
pub fn count_proposals(work: &mut Work) -> Result<Vec<(ProposalStatus, u64)>> {
    let statuses = ProposalStatus::WORDS.iter().filter_map(|word| ProposalStatus::from_word(word));
    statuses
        .map(|status| Ok((status, store::proposal::count(work.tx, work.account, status)?)))
        .collect()
}

/// Changes a proposal until it is answered; can also record the answer.
///
/// # Errors
///
/// Stale if the proposal is no longer the expected one.
pub fn update_proposal(
    work: &mut Work,
    id: ProposalId,
    change: &ProposalChange,
    expected: Option<&Expected<Proposal>>,
) -> Result<Proposal> {
    let before = find_proposal(work, id)?;
    expected::check(expected, &before)?;
    let mut change = change.clone();
    let mut proposal = before.clone();
    let client_id = change.client_id.filter(|new| *new != before.client_id);
    let (client, offered) = Error::both(
        client_id.map(|id| require_client(work, id)).transpose(),
        price_change(work, &before, &mut change),
    )?;
    if let Some(client) = client {
        proposal.client_id = client.id;
        proposal.client = Some(client);
    }
    proposal.amount = offered.amount;
    proposal.items = offered.items;
    proposal.terms = offered.terms;
    proposal.deposit = change.deposit.apply(proposal.deposit);
    proposal.deposit_amount()?;
    proposal.title = change.title.unwrap_or(proposal.title);
    proposal.content = change.content.unwrap_or(proposal.content);
    proposal.valid_until = change.valid_until.apply(proposal.valid_until);
    // Last, since invalid fields are reported before forbidden states.
    proposal.status = match change.status {
        Some(status) => before.status.change_to(status)?,
        None => before.status,
    };
    if before.status.is_answered() && proposal != before {
        return Err(Error::conflict("error-proposal-answered-edit"));
    }
    if proposal == before {
        return Ok(before);
    }
    if before.link.is_some() && proposal.client_id != before.client_id {
        return Err(Error::conflict("error-proposal-sent-client"));
    }
    proposal.updated_at = work.now;
    store::proposal::update(work.tx, &before, &proposal)?;
    if proposal.status.is_answered() {
        store::proposal::mark_answered(work.tx, id, work.now)?;
        work.emit(Event::ProposalAnswered(&proposal))?;
        if proposal.status == ProposalStatus::Accepted {
            let deposit = ask_deposit(work, &proposal)?;
            proposal.deposit_invoice = deposit.map(|deposit| deposit.id);
        }
    } else if proposal.status != before.status {
        mark_sent(work, &mut proposal)?;
    }
    Ok(proposal)
}

/// Deletes a proposal, unless it was accepted.
///
/// # Errors
///
/// Not found if the caller has no such proposal; a conflict if it was accepted.
pub fn delete_proposal(work: &mut Work, id: ProposalId) -> Result<()> {
    let proposal = find_proposal(work, id)?;
    if proposal.status == ProposalStatus::Accepted {
        return Err(Error::conflict("error-proposal-accepted"));
    }
    store::proposal::delete(work.tx, &proposal)
}

/// Creates a draft with the text and the amount of another proposal. A date in the past is omitted.
///
/// # Errors
///
/// Not found if the caller has no such proposal; a conflict if its client was deleted.
pub fn duplicate_proposal(work: &mut Work, id: ProposalId) -> Result<Proposal> {
    let before = find_proposal(work, id)?;
    must_have_client(work, &before)?;
    let today = work.today()?;
    let proposal = Proposal {
        id: work.new_id(),
        status: ProposalStatus::Draft,
        valid_until: before.valid_until.filter(|last| *last >= today),
        link: None,
        project: None,
        invoice: None,
        deposit_invoice: None,
        created_at: work.now,
        updated_at: work.now,
        ..before
    };
    store::proposal::create(work.tx, &proposal)?;
    Ok(proposal)
}

fn send_proposal(
    work: &mut Work,
    id: ProposalId,
    unprintable: &[char],
    delivery: &ProposalDelivery,
) -> Result<Proposal> {
    let before = find_proposal(work, id)?;
    if before.status.is_answered() {
        return Err(Error::conflict("error-proposal-answered"));
    }
    let mut proposal = before.clone();
    if before.status == ProposalStatus::Draft {
        unprintable::refuse(unprintable)?;
        proposal.status = ProposalStatus::Sent;
        proposal.updated_at = work.now;
        store::proposal::update(work.tx, &before, &proposal)?;
        mark_sent(work, &mut proposal)?;
    } else {
        give_link(work, &mut proposal)?;
    }
    if delivery.is_mailed() {
        let is_first = before.status == ProposalStatus::Draft;
        work.mail_offer(&proposal, delivery.email.as_deref(), is_first)?;
    }
    Ok(proposal)
}

/// Records that a proposal was sent, and creates its link.
fn mark_sent(work: &mut Work, proposal: &mut Proposal) -> Result<()> {
    store::proposal::mark_sent(work.tx, proposal.id, work.now)?;
    work.emit(Event::ProposalSent(proposal))?;
    give_link(work, proposal)
}

/// Rejects a proposal that is not accepted or whose client was deleted.
pub(in crate::app) fn must_be_begun(work: &mut Work, proposal: &Proposal) -> Result<()> {
    if proposal.status != ProposalStatus::Accepted {
        return Err(Error::conflict("error-proposal-not-accepted"));
    }
    must_have_client(work, proposal)
}

fn must_have_client(work: &mut Work, proposal: &Proposal) -> Result<()> {
    match store::client::exists(work.tx, work.account, proposal.client_id)? {
        true => Ok(()),
        false => Err(Error::conflict("error-proposal-client-deleted")),
    }
}

/// Returns the proposal that a request names in `proposalId`.
pub(in crate::app) fn require_proposal(work: &mut Work, id: ProposalId) -> Result<Proposal> {
    let unknown = || Error::field("proposalId", Rule::Unknown);
    find_proposal(work, id).map_err(|error| error.if_missing(unknown))
}
