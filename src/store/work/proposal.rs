//! Proposals.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::{
    domain::{
        deposit::Deposit,
        error::Result,
        id::{AccountId, ProjectId, ProposalId},
        invoice::Terms,
        money::Money,
        outbox::Document,
        page::Listing,
        proposal::{Proposal, ProposalFilter, ProposalLink, ProposalRecord, ProposalStatus},
    },
    store::{
        client,
        engine::{Tx, json, values},
        exchange_rate::LatestRates,
        invoice::{self, discount_of},
        lister::Lister,
        outbox,
        row::{record, row},
    },
};

const LIST: Lister = Lister::new("proposals", COLUMNS);

record! {
    proposals, proposal: &Proposal {
        id = &proposal.id,
        client_id = &proposal.client_id,
        title = &proposal.title,
        content = &proposal.content,
        status = proposal.status.as_str(),
        currency = proposal.amount.currency,
        amount = proposal.amount.minor,
        items = (!proposal.items.is_empty()).then(|| json(&proposal.items)),
        tax_rate = proposal.terms.tax_rate,
        discount_percent = proposal.terms.discount.as_ref().and_then(|discount| discount.percent),
        discount_amount = proposal.terms.discount.as_ref().and_then(|discount| discount.amount),
        prices_include_tax = proposal.terms.prices_include_tax,
        deposit_percent = proposal.deposit.as_ref().and_then(|deposit| deposit.percent),
        deposit_amount = proposal.deposit.as_ref().and_then(|deposit| deposit.amount),
        valid_until = proposal.valid_until,
        updated_at = proposal.updated_at,
        @once { account_id = &proposal.account, created_at = proposal.created_at, }
        @read {
            link = "link",
            project_id = "project_id",
            project = "(SELECT p.name FROM projects p WHERE p.id = proposals.project_id)",
            invoice = "(SELECT i.id FROM invoices i WHERE i.account_id = proposals.account_id \
                       AND i.proposal_id = proposals.id AND i.kind = 'invoice' \
                       AND i.status <> 'cancelled' ORDER BY i.id DESC LIMIT 1) AS invoice",
            deposit_invoice = "(SELECT i.id FROM invoices i \
                               WHERE i.account_id = proposals.account_id \
                               AND i.proposal_id = proposals.id AND i.kind = 'deposit' \
                               AND i.status <> 'cancelled' ORDER BY i.id DESC LIMIT 1) \
                               AS deposit_invoice",
        }
    } => Proposal {
        account: account_id,
        client: None,
        amount: Money::new(amount, currency),
        items: Option::unwrap_or_default(items),
        terms: Terms {
            tax_rate,
            discount: discount_of(discount_percent, discount_amount),
            prices_include_tax,
            withholding: None,
        },
        deposit: deposit_of(deposit_percent, deposit_amount),
        link: Option::map(link, ProposalLink::Sealed),
        project: Option::zip(project_id, project),
        id, client_id, title, content, status, valid_until, invoice, deposit_invoice,
        created_at, updated_at,
    }
}

fn deposit_of(percent: Option<Decimal>, amount: Option<Decimal>) -> Option<Deposit> {
    (percent.is_some() || amount.is_some()).then_some(Deposit { percent, amount })
}

/// Adds a proposal.
pub fn create(tx: &mut Tx, proposal: &Proposal) -> Result<()> {
    tx.insert(row(proposal))?;
    tally(tx, proposal, 1)
}

/// Finds a proposal with its client.
pub fn find(
    tx: &mut Tx,
    account: AccountId,
    id: ProposalId,
    rates: &LatestRates,
) -> Result<Proposal> {
    let mut proposal = LIST.of(&account).find(tx, "error-proposal-not-found", &id, read)?;
    proposal.client = Some(client::find_any(tx, account, proposal.client_id, rates)?);
    Ok(proposal)
}

/// Finds the proposal whose link has this hash, and its account; drafts have none.
pub fn find_linked(tx: &mut Tx, link_hash: &[u8]) -> Result<Option<(AccountId, ProposalId)>> {
    tx.find(
        "SELECT account_id, id FROM proposals WHERE link_hash = ?1 AND status <> 'draft'",
        values![link_hash],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Returns when a proposal was sent, and who answered it.
pub fn find_record(tx: &mut Tx, proposal: Proposal) -> Result<ProposalRecord> {
    let (sent_at, answered_at, answered_by, answered_from) = tx.one(
        "SELECT sent_at, answered_at, answered_by, answered_from FROM proposals \
         WHERE account_id = ?1 AND id = ?2",
        values![&proposal.account, &proposal.id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    let mails = outbox::list_about(tx, Document::Proposal(proposal.id))?;
    let (invoices, unprintable) = (Vec::new(), Vec::new());
    Ok(ProposalRecord {
        proposal,
        sent_at,
        answered_at,
        answered_by,
        answered_from,
        invoices,
        mails,
        unprintable,
    })
}

/// Records the project created from a proposal, also on the proposal's invoices.
pub fn set_project(
    tx: &mut Tx,
    account: AccountId,
    id: ProposalId,
    project: ProjectId,
) -> Result<()> {
    tx.change(
        "UPDATE proposals SET project_id = ?3 WHERE account_id = ?1 AND id = ?2",
        values![&account, &id, &project],
    )?;
    invoice::join_project(tx, account, id, project)
}

/// Frees the proposal of a deleted project for another project.
pub(in crate::store) fn release(tx: &mut Tx, project: ProjectId) -> Result<()> {
    tx.change("UPDATE proposals SET project_id = NULL WHERE project_id = ?1", values![&project])
}

/// Counts the proposals with a status.
pub fn count(tx: &mut Tx, account: AccountId, status: ProposalStatus) -> Result<u64> {
    LIST.of(&account).equal("status", Some(status.as_str())).count(tx)
}

/// Lists a page of proposals with their clients, newest first.
pub fn list(
    tx: &mut Tx,
    account: AccountId,
    filter: &ProposalFilter,
    rates: &LatestRates,
) -> Result<Listing<Proposal>> {
    let status = filter.status.map(ProposalStatus::as_str);
    let query =
        LIST.of(&account).equal("client_id", filter.client_id.as_ref()).equal("status", status);
    let text = filter.search.as_deref();
    let mut found = query.search(tx, ("title", text), filter.page, read)?;
    let clients =
        client::find_all(tx, account, found.entries.iter().map(|of| &of.client_id), rates)?;
    for proposal in &mut found.entries {
        proposal.client = clients.get(&proposal.client_id).cloned();
    }
    Ok(found)
}

/// Saves a change; `before` is the proposal before it.
pub fn update(tx: &mut Tx, before: &Proposal, proposal: &Proposal) -> Result<()> {
    let is_moved = (before.status, before.client_id) != (proposal.status, proposal.client_id);
    if is_moved {
        tally(tx, before, -1)?;
    }
    tx.update(row(proposal))?;
    if is_moved { tally(tx, proposal, 1) } else { Ok(()) }
}

/// Records when it was sent.
pub fn mark_sent(tx: &mut Tx, id: ProposalId, now: Timestamp) -> Result<()> {
    tx.update(row!(proposals { id: &id, sent_at: now }))
}

/// Records when it was answered.
pub fn mark_answered(tx: &mut Tx, id: ProposalId, now: Timestamp) -> Result<()> {
    tx.change(
        "UPDATE proposals SET answered_at = ?2, sent_at = coalesce(sent_at, ?2) WHERE id = ?1",
        values![&id, now],
    )
}

/// Records who answered through the link, and from which address.
pub fn mark_signed(tx: &mut Tx, id: ProposalId, name: &str, address: Option<&str>) -> Result<()> {
    tx.update(row!(proposals { id: &id, answered_by: name, answered_from: address }))
}

/// Sets a proposal's link: a keyed hash for lookups, and the sealed link for display.
pub fn set_link(tx: &mut Tx, id: ProposalId, link_hash: &[u8], sealed: &[u8]) -> Result<()> {
    tx.update(row!(proposals { id: &id, link_hash: link_hash, link: sealed }))
}

/// Removes a proposal.
pub fn delete(tx: &mut Tx, proposal: &Proposal) -> Result<()> {
    invoice::release(tx, proposal.account, proposal.id)?;
    tx.change("DELETE FROM proposals WHERE id = ?1", values![&proposal.id])?;
    tally(tx, proposal, -1)
}

fn tally(tx: &mut Tx, proposal: &Proposal, by: i64) -> Result<()> {
    let (status, client) = (proposal.status.as_str(), proposal.client_id);
    LIST.tally(tx, proposal.account, &[("status", &status), ("client", &client)], by)
}
