//! Deposits, and the invoices that deduct them.

use crate::{
    domain::{
        error::Result,
        id::{AccountId, ClientId, InvoiceId, ProposalId},
        invoice::Invoice,
    },
    store::{
        engine::{Tx, any_of, values},
        exchange_rate::LatestRates,
        invoice::{LIST, fill, read},
    },
};

/// Lists the deposits that a client has received and that no other invoice deducts, oldest first.
pub fn list_open(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    invoice: Option<InvoiceId>,
    rates: &LatestRates,
) -> Result<Vec<Invoice>> {
    let sent = LIST.of(&account).only("kind = 'deposit' AND status IN ('sent', 'paid')");
    let mut found = sent.which("client_id = ?", Some(&client)).all(tx, read)?;
    found.retain(|deposit| match &deposit.deducted_in {
        None => true,
        Some((by, _)) => Some(*by) == invoice,
    });
    found.sort_by_key(|deposit| deposit.id);
    fill(tx, account, &mut found, rates)?;
    Ok(found)
}

/// Lists the deposits of a proposal, except cancelled ones.
pub fn list_of_proposal(
    tx: &mut Tx,
    account: AccountId,
    proposal: ProposalId,
) -> Result<Vec<Invoice>> {
    let all = LIST.of(&account).only("kind = 'deposit' AND status <> 'cancelled'");
    all.which("proposal_id = ?", Some(&proposal)).all(tx, read)
}

/// Records that an invoice deducts exactly these deposits.
pub fn set_deducted(
    tx: &mut Tx,
    account: AccountId,
    invoice: InvoiceId,
    deposits: &[InvoiceId],
) -> Result<()> {
    release(tx, invoice)?;
    if deposits.is_empty() {
        return Ok(());
    }
    tx.change(
        "UPDATE invoices SET deducted_in = ?2 \
         WHERE +account_id = ?1 AND deducted_in IS NULL AND id IN rarray(?3)",
        values![&account, &invoice, any_of(deposits)],
    )
}

/// Releases the deposits of a cancelled invoice so that another can deduct them.
pub(in crate::store) fn release(tx: &mut Tx, invoice: InvoiceId) -> Result<()> {
    tx.change("UPDATE invoices SET deducted_in = NULL WHERE deducted_in = ?1", values![&invoice])
}

/// Lists the ids and numbers of the deposits that an invoice deducts, oldest first.
pub fn list_deducted(tx: &mut Tx, invoice: InvoiceId) -> Result<Vec<(InvoiceId, String)>> {
    tx.list(
        "SELECT id, number FROM invoices WHERE deducted_in = ?1 ORDER BY id",
        values![&invoice],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}
