//! Sessions.

use jiff::Timestamp;

use crate::{
    domain::{
        error::{Error, Result},
        id::{AccountId, SessionId},
        session::{Actor, Claims, Device, IDLE_LIFE, Session},
    },
    store::{
        engine::{Row, Tx, values},
        row::row,
    },
};

fn read(row: &dyn Row) -> Result<Session> {
    Ok(Session {
        id: row.get(0)?,
        account: row.get(1)?,
        device: Device {
            user_agent: row.get(2)?,
            is_browser: row.get::<Option<i64>>(6)?.is_some(),
        },
        created_at: row.get(3)?,
        last_used_at: row.get(4)?,
        expires_at: row.get(5)?,
    })
}

/// Adds a session, with the keyed hash of its refresh token.
pub fn create(tx: &mut Tx, session: &Session, refresh_hash: &[u8]) -> Result<()> {
    tx.insert(row!(sessions {
        id: &session.id,
        account_id: &session.account,
        user_agent: session.device.user_agent.as_ref(),
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
        refresh_hash: refresh_hash,
        idle_life: session.device.is_browser.then_some(IDLE_LIFE.as_secs())
    }))
}

/// Returns the caller of a verified token, if its session is valid and its account is not locked.
pub fn find_actor(tx: &mut Tx, claims: Claims, now: Timestamp) -> Result<Option<Actor>> {
    tx.find(
        "SELECT a.role, a.currency, a.timezone, a.email_verified_at, a.owner FROM sessions s \
         JOIN accounts a ON a.id = s.account_id \
         WHERE s.id = ?1 AND s.account_id = ?2 AND s.revoked_at IS NULL AND a.disabled_at IS NULL \
         AND (s.idle_life IS NULL OR s.last_used_at + s.idle_life > ?3)",
        values![&claims.session, &claims.account, now],
        |row| {
            let (verified, owner): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
            Ok(Actor {
                account: claims.account,
                is_proven: verified.or(owner).is_some(),
                role: row.get(0)?,
                currency: row.get(1)?,
                zone: row.get(2)?,
            })
        },
    )
}

/// Like [`find_actor`], for routes that require a sign-in.
///
/// # Errors
///
/// Unauthenticated if the session has ended.
pub fn actor(tx: &mut Tx, claims: Claims, now: Timestamp) -> Result<Actor> {
    find_actor(tx, claims, now)?.ok_or_else(|| Error::unauthenticated("error-signed-out"))
}

/// Lists the valid sessions of an account, newest first.
pub fn list(tx: &mut Tx, account: AccountId, now: Timestamp) -> Result<Vec<Session>> {
    tx.list(
        "SELECT id, account_id, user_agent, created_at, last_used_at, expires_at, \
         idle_life FROM sessions \
         WHERE account_id = ?1 AND revoked_at IS NULL AND expires_at > ?2 \
         AND (idle_life IS NULL OR last_used_at + idle_life > ?2) ORDER BY id DESC",
        values![&account, now],
        read,
    )
}

/// Returns when a session of an account was last used, and whether it belongs to a browser.
pub fn last_used(tx: &mut Tx, claims: Claims) -> Result<(Timestamp, bool)> {
    tx.find(
        "SELECT last_used_at, idle_life FROM sessions WHERE id = ?1 AND account_id = ?2",
        values![&claims.session, &claims.account],
        |row| Ok((row.get(0)?, row.get::<Option<i64>>(1)?.is_some())),
    )?
    .ok_or_else(|| Error::not_found("error-session-not-found"))
}

/// Records that a browser used its session.
pub fn touch(tx: &mut Tx, claims: Claims, now: Timestamp) -> Result<()> {
    tx.change(
        "UPDATE sessions SET last_used_at = ?3, idle_life = ?4 WHERE id = ?1 AND account_id = ?2",
        values![&claims.session, &claims.account, now, IDLE_LIFE.as_secs()],
    )
}

/// Records the use of a session, if this is its refresh token and both session and account are
/// valid; returns whether it did.
pub fn refresh(tx: &mut Tx, claims: Claims, refresh_hash: &[u8], now: Timestamp) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE sessions SET last_used_at = ?4 \
         WHERE id = ?1 AND account_id = ?2 AND refresh_hash = ?3 AND revoked_at IS NULL \
         AND (idle_life IS NULL OR last_used_at + idle_life > ?4) \
         AND EXISTS (SELECT 1 FROM accounts WHERE accounts.id = ?2 AND disabled_at IS NULL)",
        values![&claims.session, &claims.account, refresh_hash, now],
    )?;
    Ok(changed > 0)
}

/// Ends one session of an account; returns whether it was valid.
pub fn revoke(tx: &mut Tx, account: AccountId, id: SessionId, now: Timestamp) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE sessions SET revoked_at = ?3 \
         WHERE id = ?1 AND account_id = ?2 AND revoked_at IS NULL",
        values![&id, &account, now],
    )?;
    Ok(changed > 0)
}

/// Ends all sessions of an account and returns how many were valid.
pub fn revoke_all(tx: &mut Tx, account: AccountId, now: Timestamp) -> Result<u64> {
    tx.execute(
        "UPDATE sessions SET revoked_at = ?2 \
         WHERE account_id = ?1 AND revoked_at IS NULL AND expires_at > ?2",
        values![&account, now],
    )
}

/// Ends all sessions of an account but one.
pub fn revoke_others(
    tx: &mut Tx,
    account: AccountId,
    kept: SessionId,
    now: Timestamp,
) -> Result<()> {
    tx.change(
        "UPDATE sessions SET revoked_at = ?3 \
         WHERE account_id = ?1 AND id <> ?2 AND revoked_at IS NULL",
        values![&account, &kept, now],
    )
}
