//! The public links to invoices, and their use.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::{
    domain::{
        error::{Error, Result},
        id::{AccountId, InvoiceId},
        invoice::InvoiceTimes,
    },
    store::{
        engine::{Row, Tx, any_of, values},
        row::row,
    },
};

/// Finds the invoice whose link has this hash, and its account.
pub fn find_linked(tx: &mut Tx, link_hash: &[u8]) -> Result<Option<(AccountId, InvoiceId)>> {
    tx.find("SELECT account_id, id FROM invoices WHERE link_hash = ?1", values![link_hash], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Returns the sealed link of an invoice; `None` until it is sent.
pub fn find(tx: &mut Tx, account: AccountId, id: InvoiceId) -> Result<Option<Vec<u8>>> {
    let found = tx.find(
        "SELECT link FROM invoices WHERE account_id = ?1 AND id = ?2",
        values![&account, &id],
        |row| row.get::<Option<Vec<u8>>>(0),
    )?;
    found.ok_or_else(|| Error::not_found("error-invoice-not-found"))
}

/// Sets an invoice's link: a keyed hash for lookups, and the sealed link for display.
pub fn set(tx: &mut Tx, id: InvoiceId, link_hash: &[u8], sealed: &[u8]) -> Result<()> {
    tx.update(row!(invoices { id: &id, link_hash: link_hash, link: sealed }))
}

/// Returns when an invoice was sent, first seen, and last followed by a reminder.
pub fn find_times(tx: &mut Tx, account: AccountId, id: InvoiceId) -> Result<InvoiceTimes> {
    tx.one(
        "SELECT sent_at, viewed_at, reminded_at FROM invoices WHERE account_id = ?1 AND id = ?2",
        values![&account, &id],
        |row| read_times(row, 0),
    )
}

/// Like [`find_times`], for several invoices.
pub fn list_times(
    tx: &mut Tx,
    account: AccountId,
    ids: &[InvoiceId],
) -> Result<HashMap<InvoiceId, InvoiceTimes>> {
    let times = tx.list(
        "SELECT id, sent_at, viewed_at, reminded_at FROM invoices \
         WHERE +account_id = ?1 AND id IN rarray(?2)",
        values![&account, any_of(ids)],
        |row| Ok((row.get(0)?, read_times(row, 1)?)),
    )?;
    Ok(times.into_iter().collect())
}

fn read_times(row: &dyn Row, column: usize) -> Result<InvoiceTimes> {
    Ok(InvoiceTimes {
        sent_at: row.get(column)?,
        viewed_at: row.get(column + 1)?,
        reminded_at: row.get(column + 2)?,
    })
}

/// Records when the client first saw it.
pub fn mark_viewed(tx: &mut Tx, id: InvoiceId, now: Timestamp) -> Result<()> {
    tx.change(
        "UPDATE invoices SET viewed_at = ?2 WHERE id = ?1 AND viewed_at IS NULL",
        values![&id, now],
    )
}

/// Records when the client was sent a reminder.
pub fn mark_reminded(tx: &mut Tx, id: InvoiceId, now: Timestamp) -> Result<()> {
    tx.update(row!(invoices { id: &id, reminded_at: now }))
}
