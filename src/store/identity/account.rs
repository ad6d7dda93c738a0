//! Accounts.

use jiff::Timestamp;

use crate::{
    domain::{
        account::{Account, Coordinates, Location},
        code::Purpose,
        error::{Error, Result},
        id::AccountId,
        text,
    },
    store::{
        code,
        engine::{Tx, values},
        row::{record, row},
    },
};

record! {
    accounts, stored: &(Account, String) {
        id = &stored.0.id,
        first_name = &stored.0.first_name,
        last_name = &stored.0.last_name,
        currency = stored.0.currency,
        timezone = stored.0.zone.name(),
        date_format = stored.0.date_format.as_str(),
        avatar = stored.0.avatar.as_ref(),
        username = stored.0.username.as_ref(),
        phone = stored.0.phone.as_ref(),
        country = stored.0.location.as_ref().map(|place| &place.country),
        city = stored.0.location.as_ref().and_then(|place| place.city.as_ref()),
        longitude = coordinates(&stored.0).map(|point| point.longitude),
        latitude = coordinates(&stored.0).map(|point| point.latitude),
        activated_at = stored.0.activated_at,
        email_verified_at = stored.0.email_verified_at,
        disabled_at = stored.0.disabled_at,
        updated_at = stored.0.updated_at,
        @write { username_key = stored.0.username.as_deref().map(text::fold), }
        @once {
            email = &stored.0.email,
            password_hash = &stored.1,
            role = stored.0.role.as_str(),
            date_of_birth = stored.0.date_of_birth,
            owner = stored.0.is_owner.then_some(1_i64),
            made_by = stored.0.made_by.as_str(),
            created_at = stored.0.created_at,
        }
        @write once { email_key = text::email_key(&stored.0.email), }
        @read { last_login_at = "last_login_at", }
    } => (
        Account {
            zone: timezone,
            location: Option::map(country, |country| {
                let point = Option::zip(longitude, latitude);
                let point = point.map(|(longitude, latitude)| Coordinates { longitude, latitude });
                Location { country, city, coordinates: point }
            }),
            is_owner: Option::<i64>::is_some(&owner),
            id, email, first_name, last_name, currency, date_format, avatar, role, username, phone,
            date_of_birth, activated_at, email_verified_at, disabled_at, made_by, last_login_at,
            created_at, updated_at,
        },
        password_hash,
    )
}

fn coordinates(account: &Account) -> Option<Coordinates> {
    account.location.as_ref().and_then(|place| place.coordinates)
}

/// Adds an account. An existing email or username is a conflict.
pub fn create(tx: &mut Tx, account: &Account, password_hash: &str) -> Result<()> {
    tx.insert(row(&(account.clone(), password_hash.to_owned())))
}

/// Finds the account with this id.
pub fn find(tx: &mut Tx, id: AccountId) -> Result<Account> {
    find_with_hash(tx, id).map(|(account, _)| account)
}

/// Finds the account with this id and its password hash.
pub fn find_with_hash(tx: &mut Tx, id: AccountId) -> Result<(Account, String)> {
    tx.find(select("WHERE id = ?1"), values![&id], read)?
        .ok_or_else(|| Error::not_found("error-user-not-found"))
}

/// Finds the account with this email, case-insensitive, and its password hash.
pub fn find_by_email(tx: &mut Tx, email: &str) -> Result<Option<(Account, String)>> {
    // No account's email contains a NUL, and PostgreSQL rejects it in text.
    if email.contains('\0') {
        return Ok(None);
    }
    let key = text::email_key(email);
    let mut find = |key: &String| {
        tx.find(select("WHERE email_key = ?1 AND deleted_at IS NULL"), values![key], read)
    };
    // Before version 4, the two spellings of a domain had different keys.
    let former = text::fold(email.trim());
    match find(&key)? {
        None if former != key => find(&former),
        found => Ok(found),
    }
}

/// Finds the account with this username, case-insensitive.
pub fn find_by_username(tx: &mut Tx, username: &str) -> Result<Option<Account>> {
    let key = text::fold(username.trim());
    if key.contains('\0') {
        return Ok(None);
    }
    let found = tx.find(select("WHERE username_key = ?1"), values![&key], read)?;
    Ok(found.map(|(account, _)| account))
}

/// Whether there is any account, verified or not.
pub fn any(tx: &mut Tx) -> Result<bool> {
    // Every id is greater, so the index is read from its start.
    let first: Option<AccountId> = tx.find(
        "SELECT id FROM accounts WHERE id > ?1 AND deleted_at IS NULL ORDER BY id LIMIT 1",
        values![&AccountId::NIL],
        |row| row.get(0),
    )?;
    Ok(first.is_some())
}

/// Returns the account of the server's owner.
pub fn find_owner(tx: &mut Tx) -> Result<Option<AccountId>> {
    tx.find("SELECT id FROM accounts WHERE owner = 1", values![], |row| row.get(0))
}

/// Makes an account the owner's, replacing the previous one.
pub fn set_owner(tx: &mut Tx, id: AccountId) -> Result<()> {
    tx.change("UPDATE accounts SET owner = NULL WHERE owner = 1", values![])?;
    tx.change("UPDATE accounts SET owner = 1 WHERE id = ?1", values![&id])
}

/// Lists all accounts, oldest first.
pub fn list(tx: &mut Tx) -> Result<Vec<Account>> {
    tx.list(select("WHERE deleted_at IS NULL ORDER BY id"), values![], |row| Ok(read(row)?.0))
}

/// Saves what an owner or admin may change.
pub fn update(tx: &mut Tx, account: &Account) -> Result<()> {
    tx.update(row(&(account.clone(), String::new())))
}

/// Sets a new password. Codes emailed for a password reset become invalid.
pub fn set_password(tx: &mut Tx, id: AccountId, hash: &str, now: Timestamp) -> Result<()> {
    tx.update(row!(accounts { id: &id, password_hash: hash, updated_at: now }))?;
    code::delete(tx, id, Purpose::PasswordReset)
}

/// Stores another hash of the same password.
pub fn renew_hash(tx: &mut Tx, id: AccountId, hash: &str) -> Result<()> {
    tx.update(row!(accounts { id: &id, password_hash: hash }))
}

/// Records a sign-in.
pub fn touch_login(tx: &mut Tx, id: AccountId, now: Timestamp) -> Result<()> {
    tx.update(row!(accounts { id: &id, last_login_at: now }))
}

/// Deletes up to `most` unverified accounts created before an instant, so that their email can be
/// registered again; returns how many. Accounts with an unused code stay.
pub fn delete_pending(
    tx: &mut Tx,
    made_before: Timestamp,
    now: Timestamp,
    most: i64,
) -> Result<u64> {
    let pending: Vec<AccountId> = tx.list(
        "SELECT id FROM accounts WHERE activated_at IS NULL AND created_at < ?1 \
         AND NOT EXISTS (SELECT 1 FROM email_codes \
         WHERE email_codes.account_id = accounts.id AND expires_at > ?2 AND purpose <> ?4) \
         ORDER BY created_at LIMIT ?3",
        values![made_before, now, most, Purpose::Removal.as_str()],
        |row| row.get(0),
    )?;
    pending.iter().try_for_each(|id| delete(tx, *id))?;
    Ok(pending.len() as u64)
}

/// Deletes an account that nobody could use yet.
pub fn delete(tx: &mut Tx, id: AccountId) -> Result<()> {
    code::delete_all(tx, id)?;
    tx.change("UPDATE jobs SET account_id = NULL WHERE account_id = ?1", values![&id])?;
    tx.change("UPDATE mails SET account_id = NULL WHERE account_id = ?1", values![&id])?;
    tx.change("DELETE FROM accounts WHERE id = ?1 AND activated_at IS NULL", values![&id])
}
