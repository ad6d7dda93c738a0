//! Limit windows shared by all servers, which survive a restart.

use jiff::Timestamp;

use crate::{
    domain::error::Result,
    store::engine::{Tx, values},
};

/// The maximum difference between the clocks of several servers, in seconds.
const SKEW: i64 = 60;

/// The uses of one limit by one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateWindow {
    pub resets_at: Timestamp,
    pub used: i64,
}

/// Counts a use of a limit by a subject (the keyed hash of an address or email), across all
/// servers. A window that has ended restarts, until `end`. So does one whose uses were all taken
/// back, and one that ends much later, since the clock was ahead when it began.
pub fn count(
    tx: &mut Tx,
    name: &str,
    subject: &[u8],
    now: Timestamp,
    end: Timestamp,
) -> Result<RateWindow> {
    tx.one(
        "INSERT INTO rate_windows (name, subject, resets_at, used) VALUES (?1, ?2, ?4, 1) \
         ON CONFLICT (name, subject) DO UPDATE SET \
         used = CASE WHEN rate_windows.resets_at <= ?3 OR rate_windows.resets_at > ?5 \
         OR rate_windows.used = 0 THEN 1 ELSE rate_windows.used + 1 END, \
         resets_at = CASE WHEN rate_windows.resets_at <= ?3 OR rate_windows.resets_at > ?5 \
         OR rate_windows.used = 0 THEN excluded.resets_at ELSE rate_windows.resets_at END \
         RETURNING resets_at, used",
        values![name, subject, now, end, end.as_second().saturating_add(SKEW)],
        |row| Ok(RateWindow { resets_at: row.get(0)?, used: row.get(1)? }),
    )
}

/// Takes back a use counted in this window.
pub fn give_back(tx: &mut Tx, name: &str, subject: &[u8], window: RateWindow) -> Result<()> {
    tx.change(
        "UPDATE rate_windows SET used = used - 1 \
         WHERE name = ?1 AND subject = ?2 AND resets_at = ?3 AND used > 0",
        values![name, subject, window.resets_at],
    )
}

/// Deletes a window.
pub fn delete(tx: &mut Tx, name: &str, subject: &[u8]) -> Result<()> {
    tx.change("DELETE FROM rate_windows WHERE name = ?1 AND subject = ?2", values![name, subject])
}
