//! Mailed one-time passwords and link tokens.

use jiff::Timestamp;

use crate::{
    domain::{
        code::{Purpose, WRONG_TRIES_MAX},
        error::Result,
        id::AccountId,
    },
    store::engine::{Tx, values},
};

/// Stores a code, replacing the previous one.
pub fn replace(
    tx: &mut Tx,
    account: AccountId,
    purpose: Purpose,
    code_hash: &[u8],
    expires_at: Timestamp,
) -> Result<()> {
    tx.change(
        "INSERT INTO email_codes (account_id, purpose, code_hash, wrong_tries, expires_at) \
         VALUES (?1, ?2, ?3, 0, ?4) ON CONFLICT (account_id, purpose) DO UPDATE SET \
         code_hash = excluded.code_hash, wrong_tries = 0, expires_at = excluded.expires_at",
        values![&account, purpose.as_str(), code_hash, expires_at],
    )
}

/// Returns the keyed hash of a code that may still be tried.
pub fn find(
    tx: &mut Tx,
    account: AccountId,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Vec<u8>>> {
    tx.find(
        "SELECT code_hash FROM email_codes \
         WHERE account_id = ?1 AND purpose = ?2 AND expires_at > ?3 AND wrong_tries < ?4",
        values![&account, purpose.as_str(), now, WRONG_TRIES_MAX],
        |row| row.get(0),
    )
}

/// Counts a wrong try.
pub fn count_wrong(tx: &mut Tx, account: AccountId, purpose: Purpose) -> Result<()> {
    tx.change(
        "UPDATE email_codes SET wrong_tries = wrong_tries + 1 \
         WHERE account_id = ?1 AND purpose = ?2",
        values![&account, purpose.as_str()],
    )
}

/// Deletes the code for a purpose.
pub fn delete(tx: &mut Tx, account: AccountId, purpose: Purpose) -> Result<()> {
    tx.change(
        "DELETE FROM email_codes WHERE account_id = ?1 AND purpose = ?2",
        values![&account, purpose.as_str()],
    )
}

/// Deletes all codes of an account.
pub fn delete_all(tx: &mut Tx, account: AccountId) -> Result<()> {
    tx.change("DELETE FROM email_codes WHERE account_id = ?1", values![&account])
}
