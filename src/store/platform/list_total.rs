//! The length of each list, updated by the write that adds or removes entries. Counting would cost
//! more with each entry; this costs the same for a thousand invoices and for a million
//! (`docs/growth.svg`, `cargo bench --bench load -- --growth`).

use crate::{
    domain::{error::Result, id::AccountId},
    store::engine::{Tx, values},
};

/// Adds to (or subtracts from) the totals of these lists, each named once.
pub fn bump(tx: &mut Tx, account: AccountId, lists: &[impl AsRef<str>], by: i64) -> Result<()> {
    lists.iter().try_for_each(|list| {
        tx.change(
            "INSERT INTO list_totals (account_id, list, entries) VALUES (?1, ?2, ?3) \
             ON CONFLICT (account_id, list) \
             DO UPDATE SET entries = list_totals.entries + excluded.entries",
            values![&account, list.as_ref(), by],
        )
    })
}

/// Returns the total of a list.
pub fn find(tx: &mut Tx, account: AccountId, list: &str) -> Result<u64> {
    let total: Option<i64> = tx.find(
        "SELECT entries FROM list_totals WHERE account_id = ?1 AND list = ?2",
        values![&account, list],
        |row| row.get(0),
    )?;
    Ok(total.unwrap_or(0).max(0).unsigned_abs())
}
