//! The rows of an account, counted for accounts with a low limit.

use crate::{
    domain::{error::Result, id::AccountId},
    store::engine::{Tx, values},
};

/// Counts an account's clients, projects, milestones, proposals, invoices and their lines,
/// payments, credit notes, portfolio, pictures, exchange rates and passkeys, up to `most`. Deleted
/// ones count as well if their rows stay.
pub fn count_rows(tx: &mut Tx, account: AccountId, most: i64) -> Result<i64> {
    tx.one(
        "SELECT count(*) FROM ( \
         SELECT 1 AS one FROM clients WHERE account_id = ?1 AND deleted_at IS NULL \
         UNION ALL SELECT 1 FROM clients WHERE account_id = ?1 AND deleted_at IS NOT NULL \
         UNION ALL SELECT 1 FROM projects WHERE account_id = ?1 AND deleted_at IS NULL \
         UNION ALL SELECT 1 FROM projects WHERE account_id = ?1 AND deleted_at IS NOT NULL \
         UNION ALL SELECT 1 FROM milestones WHERE account_id = ?1 \
         UNION ALL SELECT 1 FROM proposals WHERE account_id = ?1 \
         UNION ALL SELECT 1 FROM invoices WHERE account_id = ?1 \
         UNION ALL SELECT 1 FROM invoices JOIN invoice_items \
         ON invoice_items.invoice_id = invoices.id WHERE invoices.account_id = ?1 \
         UNION ALL SELECT 1 FROM payments WHERE account_id = ?1 \
         UNION ALL SELECT 1 FROM credit_notes WHERE account_id = ?1 \
         UNION ALL SELECT 1 FROM portfolio_items WHERE account_id = ?1 \
         UNION ALL SELECT 1 FROM images WHERE account_id = ?1 \
         UNION ALL SELECT 1 FROM exchange_rate_days WHERE account_id = ?1 \
         UNION ALL SELECT 1 FROM passkeys WHERE account_id = ?1 \
         LIMIT ?2) AS held",
        values![&account, most],
        |row| row.get(0),
    )
}

/// Adds to the bytes that an account wrote while its address was unverified; returns the total.
pub fn add_bytes(tx: &mut Tx, account: AccountId, bytes: i64) -> Result<i64> {
    tx.one(
        "UPDATE accounts SET unproven_bytes = unproven_bytes + ?2 WHERE id = ?1 \
         RETURNING unproven_bytes",
        values![&account, bytes],
        |row| row.get(0),
    )
}
