//! The clients' links to invoices, and what came of them.

use jiff::Timestamp;

use crate::{
    domain::{
        error::{Error, Result},
        id::{AccountId, InvoiceId},
        invoice::InvoiceTimes,
    },
    store::{
        engine::{Tx, values},
        row::row,
    },
};

/// Whose invoice has the link of that hash, and which it is.
pub fn find_linked(tx: &mut Tx, link_hash: &[u8]) -> Result<Option<(AccountId, InvoiceId)>> {
    tx.find("SELECT account_id, id FROM invoices WHERE link_hash = ?1", values![link_hash], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// The link of an invoice as it is sealed; none until it is sent.
pub fn find(tx: &mut Tx, account: AccountId, id: InvoiceId) -> Result<Option<Vec<u8>>> {
    let found = tx.find(
        "SELECT link FROM invoices WHERE account_id = ?1 AND id = ?2",
        values![&account, &id],
        |row| row.get::<Option<Vec<u8>>>(0),
    )?;
    found.ok_or_else(|| Error::not_found("Invoice"))
}

/// Gives an invoice its link: a keyed hash to find it by, and sealed to be shown again.
pub fn set(tx: &mut Tx, id: InvoiceId, link_hash: &[u8], sealed: &[u8]) -> Result<()> {
    tx.update(row!(invoices { id: &id, link_hash: link_hash, link: sealed }))
}

/// When an invoice was sent, seen and last reminded of.
pub fn find_times(tx: &mut Tx, account: AccountId, id: InvoiceId) -> Result<InvoiceTimes> {
    tx.one(
        "SELECT sent_at, viewed_at, reminded_at FROM invoices WHERE account_id = ?1 AND id = ?2",
        values![&account, &id],
        |row| {
            Ok(InvoiceTimes {
                sent_at: row.get(0)?,
                viewed_at: row.get(1)?,
                reminded_at: row.get(2)?,
            })
        },
    )
}

/// Remembers when the client first saw it.
pub fn mark_viewed(tx: &mut Tx, id: InvoiceId, now: Timestamp) -> Result<()> {
    tx.change(
        "UPDATE invoices SET viewed_at = ?2 WHERE id = ?1 AND viewed_at IS NULL",
        values![&id, now],
    )
}

/// Remembers when the client was reminded of it.
pub fn mark_reminded(tx: &mut Tx, id: InvoiceId, now: Timestamp) -> Result<()> {
    tx.update(row!(invoices { id: &id, reminded_at: now }))
}
