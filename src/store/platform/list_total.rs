//! The length of each list, updated by the write that adds or removes entries. Counting would cost
//! more with each entry; this costs the same for a thousand invoices and for a million
//! (`docs/growth.svg`, `cargo bench --bench load -- --growth`).

use crate::{
    domain::{error::Result, id::AccountId},
    store::engine::{Tx, values},
};

/// Adds to the totals of lists in one statement.
macro_rules! add {
    ($($rows:literal)+) => {
        concat!(
            "INSERT INTO list_totals (account_id, list, entries) VALUES ", $($rows,)+
            " ON CONFLICT (account_id, list) \
             DO UPDATE SET entries = list_totals.entries + excluded.entries"
        )
    };
}

/// Adds to (or subtracts from) the totals of these lists, each named once.
pub fn bump(tx: &mut Tx, account: AccountId, lists: &[impl AsRef<str>], by: i64) -> Result<()> {
    lists.chunks(3).try_for_each(|lists| {
        let list = |at: usize| lists[at].as_ref();
        match lists.len() {
            1 => tx.change(add!("(?1, ?3, ?2)"), values![&account, by, list(0)]),
            2 => tx.change(
                add!("(?1, ?3, ?2), " "(?1, ?4, ?2)"),
                values![&account, by, list(0), list(1)],
            ),
            _ => tx.change(
                add!("(?1, ?3, ?2), " "(?1, ?4, ?2), " "(?1, ?5, ?2)"),
                values![&account, by, list(0), list(1), list(2)],
            ),
        }
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
