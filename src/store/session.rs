//! Sessions.

use jiff::Timestamp;

use super::engine::{Tx, values};
use crate::domain::{
    error::{Error, Result},
    id::AccountId,
    session::{Actor, Claims, Session},
};

/// Adds a session.
pub fn create(tx: &mut Tx, session: &Session) -> Result<()> {
    tx.execute(
        "INSERT INTO sessions (id, account_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
        values![&session.id, &session.account, session.created_at, session.expires_at],
    )?;
    Ok(())
}

/// Who a verified token speaks for, if its session still stands and its account is not locked.
pub fn actor(tx: &mut Tx, claims: Claims) -> Result<Actor> {
    tx.find(
        "SELECT a.currency, a.timezone FROM sessions s JOIN accounts a ON a.id = s.account_id \
         WHERE s.id = ?1 AND s.account_id = ?2 AND s.revoked_at IS NULL AND a.disabled_at IS NULL",
        values![&claims.session, &claims.account],
        |row| Ok(Actor { account: claims.account, currency: row.get(0)?, zone: row.get(1)? }),
    )?
    .ok_or_else(|| Error::unauthenticated("You were signed out, please log in again"))
}

/// Ends every session of an account and answers how many stood.
pub fn revoke_all(tx: &mut Tx, account: AccountId, now: Timestamp) -> Result<u64> {
    tx.execute(
        "UPDATE sessions SET revoked_at = ?2 \
         WHERE account_id = ?1 AND revoked_at IS NULL AND expires_at > ?2",
        values![&account, now],
    )
}

/// Forgets up to `most` sessions whose tokens have all expired; answers how many.
pub fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64> {
    tx.execute(
        "DELETE FROM sessions WHERE id IN \
         (SELECT id FROM sessions WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
        values![now, most],
    )
}
