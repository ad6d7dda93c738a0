//! Passkeys, and the challenges that wait for an authenticator's answer.

use jiff::Timestamp;

use crate::{
    domain::{
        account::Account,
        error::Result,
        id::{AccountId, PasskeyId},
        passkey::{Ceremony, Identifier, Passkey},
    },
    store::{
        account,
        engine::{Tx, values},
        row::{record, row},
    },
};

record! {
    passkeys, passkey: &Passkey {
        id = &passkey.id,
        account_id = &passkey.account,
        name = &passkey.name,
        credential_id = &passkey.credential_id[..],
        credential = &passkey.credential,
        created_at = passkey.created_at,
        last_used_at = passkey.last_used_at,
    } => Passkey {
        account: account_id,
        id, name, credential_id, credential, created_at, last_used_at,
    }
}

/// Adds a passkey. A credential already registered, by any account, is a conflict.
pub fn create(tx: &mut Tx, passkey: &Passkey) -> Result<()> {
    tx.insert(row(passkey))
}

/// Lists the passkeys of an account, newest first.
pub fn list(tx: &mut Tx, account: AccountId) -> Result<Vec<Passkey>> {
    let sql = select("WHERE account_id = ?1 ORDER BY id DESC");
    tx.list(sql, values![&account], read)
}

/// Finds an account's passkey by the authenticator's id for it.
pub fn find_by_credential(
    tx: &mut Tx,
    account: AccountId,
    credential_id: &[u8],
) -> Result<Option<Passkey>> {
    let sql = select("WHERE account_id = ?1 AND credential_id = ?2");
    tx.find(sql, values![&account, credential_id], read)
}

/// Finds the account that may sign in with this name, and its passkeys. The database gets the same
/// queries in every case, so that timing reveals nothing.
pub fn find_for_login(
    tx: &mut Tx,
    identifier: &Identifier,
) -> Result<(Option<Account>, Vec<Passkey>)> {
    let found = match identifier {
        Identifier::Email(email) => account::find_by_email(tx, email)?.map(|(account, _)| account),
        Identifier::Username(username) => account::find_by_username(tx, username)?,
    };
    let active = found.as_ref().filter(|account| account.is_active());
    let passkeys = list(tx, active.map_or(AccountId::NIL, |account| account.id))?;
    Ok((found, passkeys))
}

/// Records the use of a passkey and its authenticator's data.
pub fn touch(tx: &mut Tx, id: PasskeyId, credential: &str, now: Timestamp) -> Result<()> {
    tx.update(row!(passkeys { id: &id, credential: credential, last_used_at: now }))
}

/// Deletes a passkey of an account; returns whether it existed.
pub fn delete(tx: &mut Tx, account: AccountId, id: PasskeyId) -> Result<bool> {
    let deleted = tx.execute(
        "DELETE FROM passkeys WHERE id = ?1 AND account_id = ?2",
        values![&id, &account],
    )?;
    Ok(deleted > 0)
}

/// Deletes all passkeys of an account.
pub fn delete_all(tx: &mut Tx, account: AccountId) -> Result<()> {
    tx.change("DELETE FROM passkeys WHERE account_id = ?1", values![&account])
}

/// Stores a challenge. One without an account can never succeed.
pub fn create_challenge(
    tx: &mut Tx,
    hash: &[u8],
    ceremony: Ceremony,
    account: Option<AccountId>,
    state: &str,
    expires_at: Timestamp,
) -> Result<()> {
    tx.insert(row!(passkey_challenges {
        challenge_hash: hash,
        purpose: ceremony.as_str(),
        account_id: account.as_ref(),
        state: state,
        expires_at: expires_at
    }))
}

/// Returns the account of a challenge, if any, and the state of its ceremony. The challenge is used
/// up.
pub fn take_challenge(
    tx: &mut Tx,
    hash: &[u8],
    ceremony: Ceremony,
    now: Timestamp,
) -> Result<Option<(Option<AccountId>, String)>> {
    tx.find(
        "DELETE FROM passkey_challenges \
         WHERE challenge_hash = ?1 AND purpose = ?2 AND expires_at > ?3 \
         RETURNING account_id, state",
        values![hash, ceremony.as_str(), now],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Returns the state of a ceremony of this account and uses it up. Those of other accounts stay.
pub fn take_own_challenge(
    tx: &mut Tx,
    hash: &[u8],
    ceremony: Ceremony,
    account: AccountId,
    now: Timestamp,
) -> Result<Option<String>> {
    tx.find(
        "DELETE FROM passkey_challenges \
         WHERE challenge_hash = ?1 AND purpose = ?2 AND account_id = ?3 AND expires_at > ?4 \
         RETURNING state",
        values![hash, ceremony.as_str(), &account, now],
        |row| row.get(0),
    )
}

/// Deletes all but the newest challenges of an account.
pub fn keep_newest_challenges(
    tx: &mut Tx,
    ceremony: Ceremony,
    account: AccountId,
    most: i64,
) -> Result<()> {
    tx.change(
        "DELETE FROM passkey_challenges WHERE account_id = ?1 AND purpose = ?2 \
         AND challenge_hash NOT IN (SELECT challenge_hash FROM passkey_challenges \
         WHERE account_id = ?1 AND purpose = ?2 ORDER BY expires_at DESC LIMIT ?3)",
        values![&account, ceremony.as_str(), most],
    )
}
