//! The numbers of invoices and credit notes.

use jiff::civil::Date;

use crate::{
    domain::{
        error::Result,
        id::AccountId,
        number_series::{DrawnNumber, NumberPattern, NumberSeries, Period, SeriesKind},
    },
    store::{
        engine::{Tx, values},
        invoice_defaults,
    },
};

/// Draws the next number of an account for a document of that day. Must run in the transaction that
/// uses the number, so that none is lost or used twice. Skips numbers that are already used,
/// possibly under an earlier pattern.
pub fn draw(tx: &mut Tx, account: AccountId, kind: SeriesKind, day: Date) -> Result<DrawnNumber> {
    let pattern = invoice_defaults::find_pattern(tx, account, kind)?;
    let period = pattern.period(day);
    loop {
        let drawn: i64 = tx.one(
            "INSERT INTO number_series (account_id, kind, period, next_number) \
             VALUES (?1, ?2, ?3, 2) ON CONFLICT (account_id, kind, period) \
             DO UPDATE SET next_number = number_series.next_number + 1 \
             RETURNING next_number - 1",
            values![&account, kind.as_str(), period.as_str()],
            |row| row.get(0),
        )?;
        let text = pattern.write(day, drawn);
        if !is_used(tx, account, kind, &text)? {
            return Ok(DrawnNumber { text, period });
        }
    }
}

/// Returns the next numbers for documents of that day.
pub fn find(
    tx: &mut Tx,
    account: AccountId,
    kind: SeriesKind,
    pattern: &NumberPattern,
    day: Date,
) -> Result<NumberSeries> {
    let period = pattern.period(day);
    let next = tx.find(
        "SELECT next_number FROM number_series \
         WHERE account_id = ?1 AND kind = ?2 AND period = ?3",
        values![&account, kind.as_str(), period.as_str()],
        |row| row.get(0),
    )?;
    let mut series = NumberSeries { pattern: pattern.clone(), day, next: next.unwrap_or(1) };
    while is_used(tx, account, kind, &series.next_number())? {
        series.next += 1;
    }
    Ok(series)
}

/// Whether a document of this kind has the number.
pub fn is_used(tx: &mut Tx, account: AccountId, kind: SeriesKind, number: &str) -> Result<bool> {
    let sql = match kind {
        SeriesKind::Invoice => "SELECT 1 FROM invoices WHERE account_id = ?1 AND number = ?2",
        SeriesKind::CreditNote => {
            "SELECT 1 FROM credit_notes WHERE account_id = ?1 AND number = ?2"
        }
    };
    Ok(tx.find(sql, values![&account, number], |row| row.get::<i64>(0))?.is_some())
}

/// Sets the next number of a period.
pub fn set(
    tx: &mut Tx,
    account: AccountId,
    kind: SeriesKind,
    period: &Period,
    next: i64,
) -> Result<()> {
    tx.change(
        "INSERT INTO number_series (account_id, kind, period, next_number) \
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account_id, kind, period) \
         DO UPDATE SET next_number = excluded.next_number",
        values![&account, kind.as_str(), period.as_str(), next],
    )
}
