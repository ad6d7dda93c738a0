//! The second factor of accounts.

use jiff::Timestamp;

use crate::{
    domain::{error::Result, id::AccountId, two_factor::Status},
    store::{
        engine::{Tx, values},
        row::row,
    },
};

/// A used step further ahead than this was used while the clock was ahead: codes are accepted from
/// one step on either side.
const STEPS_AHEAD: i64 = 4;

/// A stored seed.
#[derive(Debug, Clone)]
pub struct KeptSeed {
    pub sealed: Vec<u8>,
    /// Whether codes are required; until then it waits for confirmation.
    pub is_on: bool,
}

/// Stores a seed that waits for confirmation, and the keyed hashes of backup codes, replacing the
/// previous ones; changes nothing and returns false if the second factor is on.
pub fn replace(
    tx: &mut Tx,
    account: AccountId,
    sealed: &[u8],
    code_hashes: &[[u8; 32]],
) -> Result<bool> {
    let changed = tx.execute(
        "INSERT INTO two_factor (account_id, seed, last_step) VALUES (?1, ?2, 0) \
         ON CONFLICT (account_id) DO UPDATE SET seed = excluded.seed, last_step = 0 \
         WHERE two_factor.enabled_at IS NULL",
        values![&account, sealed],
    )?;
    if changed == 0 {
        return Ok(false);
    }
    delete_backup_codes(tx, account)?;
    for hash in code_hashes {
        tx.insert(row!(backup_codes { account_id: &account, code_hash: &hash[..] }))?;
    }
    Ok(true)
}

/// Returns the seed of an account, confirmed or not.
pub fn find(tx: &mut Tx, account: AccountId) -> Result<Option<KeptSeed>> {
    tx.find(
        "SELECT seed, enabled_at FROM two_factor WHERE account_id = ?1",
        values![&account],
        |row| {
            let enabled_at: Option<Timestamp> = row.get(1)?;
            Ok(KeptSeed { sealed: row.get(0)?, is_on: enabled_at.is_some() })
        },
    )
}

/// Returns whether an account requires a second factor, and its unused backup codes.
pub fn status(tx: &mut Tx, account: AccountId) -> Result<Status> {
    let is_on = find(tx, account)?.is_some_and(|kept| kept.is_on);
    let unused = tx.one(
        "SELECT count(*) FROM backup_codes WHERE account_id = ?1 AND used_at IS NULL",
        values![&account],
        |row| row.get(0),
    )?;
    Ok(Status { is_on, backup_codes_left: if is_on { unused } else { 0 } })
}

/// Lists the accounts that require a second factor.
pub fn list_accounts(tx: &mut Tx) -> Result<Vec<AccountId>> {
    tx.list("SELECT account_id FROM two_factor WHERE enabled_at IS NOT NULL", values![], |row| {
        row.get(0)
    })
}

/// Turns the second factor on with the code of a time step; returns whether it was off.
pub fn enable(tx: &mut Tx, account: AccountId, step: i64, now: Timestamp) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE two_factor SET enabled_at = ?3, last_step = ?2 \
         WHERE account_id = ?1 AND enabled_at IS NULL",
        values![&account, step, now],
    )?;
    Ok(changed > 0)
}

/// Uses up the code of a time step and those of all earlier steps. Returns whether it was unused. A
/// step far ahead was used while the clock was ahead, and must not lock its owner out until then.
pub fn use_step(tx: &mut Tx, account: AccountId, step: i64) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE two_factor SET last_step = ?2 \
         WHERE account_id = ?1 AND enabled_at IS NOT NULL \
         AND (last_step < ?2 OR last_step > ?3)",
        values![&account, step, step + STEPS_AHEAD],
    )?;
    Ok(changed > 0)
}

/// Uses up a backup code; returns whether it existed and was unused.
pub fn use_backup_code(
    tx: &mut Tx,
    account: AccountId,
    code_hash: &[u8],
    now: Timestamp,
) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE backup_codes SET used_at = ?3 \
         WHERE account_id = ?1 AND code_hash = ?2 AND used_at IS NULL",
        values![&account, code_hash, now],
    )?;
    Ok(changed > 0)
}

/// Turns the second factor off and deletes seed and codes; returns whether it was on.
pub fn delete(tx: &mut Tx, account: AccountId) -> Result<bool> {
    let deleted = tx.execute(
        "DELETE FROM two_factor WHERE account_id = ?1 AND enabled_at IS NOT NULL",
        values![&account],
    )?;
    if deleted > 0 {
        delete_backup_codes(tx, account)?;
    }
    Ok(deleted > 0)
}

/// Deletes seed and codes, also those of an unfinished setup.
pub fn delete_all(tx: &mut Tx, account: AccountId) -> Result<()> {
    tx.change("DELETE FROM two_factor WHERE account_id = ?1", values![&account])?;
    delete_backup_codes(tx, account)
}

fn delete_backup_codes(tx: &mut Tx, account: AccountId) -> Result<()> {
    tx.change("DELETE FROM backup_codes WHERE account_id = ?1", values![&account])
}
