//! The series of invoice numbers.

use crate::{
    domain::{
        error::Result,
        id::AccountId,
        invoice_series::{DEFAULT_PREFIX, InvoiceSeries, number},
    },
    store::engine::{Tx, values},
};

/// Draws the next number of an account's year. Must run in the same transaction as its use, so that
/// no number is lost or used twice. A new year takes the prefix from the account's defaults.
pub fn draw(tx: &mut Tx, account: AccountId, year: i16) -> Result<String> {
    let (prefix, drawn): (String, i64) = tx.one(
        "INSERT INTO invoice_series (account_id, year, next_number, prefix) VALUES (?1, ?2, 2, \
         coalesce((SELECT prefix FROM invoice_defaults WHERE account_id = ?1), ?3)) \
         ON CONFLICT (account_id, year) \
         DO UPDATE SET next_number = invoice_series.next_number + 1 \
         RETURNING prefix, next_number - 1",
        values![&account, i64::from(year), DEFAULT_PREFIX],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(number(&prefix, year, drawn))
}

/// Returns the series of a year; `None` if nothing was used or chosen yet.
pub fn find(tx: &mut Tx, account: AccountId, year: i16) -> Result<Option<InvoiceSeries>> {
    tx.find(
        "SELECT prefix, first_number, next_number FROM invoice_series \
         WHERE account_id = ?1 AND year = ?2",
        values![&account, i64::from(year)],
        |row| {
            Ok(InvoiceSeries { year, prefix: row.get(0)?, first: row.get(1)?, next: row.get(2)? })
        },
    )
}

/// Saves the start of a series.
pub fn set(tx: &mut Tx, account: AccountId, series: &InvoiceSeries) -> Result<()> {
    tx.change(
        "INSERT INTO invoice_series (account_id, year, next_number, prefix, first_number) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (account_id, year) DO UPDATE SET \
         next_number = excluded.next_number, prefix = excluded.prefix, \
         first_number = excluded.first_number",
        values![&account, i64::from(series.year), series.next, &series.prefix, series.first],
    )
}
