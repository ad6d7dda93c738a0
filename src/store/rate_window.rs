//! Windows of limits that a restart must not lift.

use jiff::Timestamp;

use super::engine::{Tx, values};
use crate::domain::error::Result;

/// How often one subject has used one limit.
#[derive(Debug, Clone)]
pub struct RateWindow {
    pub name: String,
    /// Keyed hash of an address or e-mail.
    pub subject: Vec<u8>,
    pub resets_at: Timestamp,
    pub used: i64,
}

/// Keeps a window as it is now. Of two writes that overtake each other the larger count stays.
pub fn set(tx: &mut Tx, name: &str, subject: &[u8], resets_at: Timestamp, used: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO rate_windows (name, subject, resets_at, used) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (name, subject) DO UPDATE SET \
         used = CASE WHEN rate_windows.resets_at = excluded.resets_at \
         AND rate_windows.used > excluded.used THEN rate_windows.used ELSE excluded.used END, \
         resets_at = excluded.resets_at",
        values![name, subject, resets_at, used],
    )?;
    Ok(())
}

/// Windows that have not ended, those that end last first, up to `most`.
pub fn list(tx: &mut Tx, now: Timestamp, most: i64) -> Result<Vec<RateWindow>> {
    tx.list(
        "SELECT name, subject, resets_at, used FROM rate_windows WHERE resets_at > ?1 \
         ORDER BY resets_at DESC LIMIT ?2",
        values![now, most],
        |row| {
            Ok(RateWindow {
                name: row.get(0)?,
                subject: row.get(1)?,
                resets_at: row.get(2)?,
                used: row.get(3)?,
            })
        },
    )
}

/// Forgets a window.
pub fn delete(tx: &mut Tx, name: &str, subject: &[u8]) -> Result<()> {
    tx.execute(
        "DELETE FROM rate_windows WHERE name = ?1 AND subject = ?2",
        values![name, subject],
    )?;
    Ok(())
}

/// Forgets up to `most` windows that have ended; answers how many.
pub fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64> {
    tx.execute(
        "DELETE FROM rate_windows WHERE (name, subject) IN \
         (SELECT name, subject FROM rate_windows WHERE resets_at <= ?1 \
         ORDER BY resets_at LIMIT ?2)",
        values![now, most],
    )
}
