//! First answers of requests that count once.

use jiff::{Timestamp, ToSpan};

use crate::{
    domain::{
        error::{Error, Result},
        id::AccountId,
        idempotency::RequestKey,
    },
    store::engine::{Tx, values},
};

/// How long the first answer is repeated.
const KEPT_HOURS: i64 = 24;

/// Returns the first answer to this request, if it was given within the last day. The same key with
/// another body is a conflict.
pub fn find(
    tx: &mut Tx,
    account: AccountId,
    request: &RequestKey,
    now: Timestamp,
) -> Result<Option<Vec<u8>>> {
    let found: Option<(Vec<u8>, Vec<u8>)> = tx.find(
        "SELECT body_hash, answer FROM request_answers \
         WHERE account_id = ?1 AND request_key = ?2 AND route = ?3 AND created_at > ?4",
        values![&account, &request.key, &request.route, oldest(now)?],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    match found {
        Some((hash, answer)) if hash == request.body_hash => Ok(Some(answer)),
        Some(_) => Err(Error::conflict("error-key-used")),
        None => Ok(None),
    }
}

/// Stores the first answer to a request.
pub fn create(
    tx: &mut Tx,
    account: AccountId,
    request: &RequestKey,
    answer: &[u8],
    now: Timestamp,
) -> Result<()> {
    tx.change(
        "INSERT INTO request_answers (account_id, request_key, route, body_hash, answer, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (account_id, request_key, route) DO UPDATE SET \
         body_hash = excluded.body_hash, answer = excluded.answer, created_at = excluded.created_at",
        values![&account, &request.key, &request.route, &request.body_hash[..], answer, now],
    )
}

/// Deletes all answers of an account.
pub fn delete_all(tx: &mut Tx, account: AccountId) -> Result<()> {
    tx.change("DELETE FROM request_answers WHERE account_id = ?1", values![&account])
}

/// Returns the instant before which answers are too old to repeat.
pub(in crate::store) fn oldest(now: Timestamp) -> Result<Timestamp> {
    now.checked_sub(KEPT_HOURS.hours()).map_err(Error::internal)
}
