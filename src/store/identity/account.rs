//! Accounts.

use jiff::Timestamp;
use rust_decimal::Decimal;

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
        engine::{Row, Tx, values},
        row::row,
    },
};

/// The columns that [`read`] expects, in order.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, email, first_name, last_name, currency, timezone, avatar, role, username, \
             phone, country, city, longitude, latitude, date_of_birth, activated_at, \
             email_verified_at, disabled_at, last_login_at, created_at, updated_at, \
             date_format, password_hash, owner, made_by FROM accounts ",
            $tail
        )
    };
}

fn read(row: &dyn Row) -> Result<Account> {
    let country: Option<String> = row.get(10)?;
    let point: (Option<Decimal>, Option<Decimal>) = (row.get(12)?, row.get(13)?);
    let coordinates =
        point.0.zip(point.1).map(|(longitude, latitude)| Coordinates { longitude, latitude });
    let city = row.get(11)?;
    Ok(Account {
        id: row.get(0)?,
        email: row.get(1)?,
        first_name: row.get(2)?,
        last_name: row.get(3)?,
        currency: row.get(4)?,
        zone: row.get(5)?,
        avatar: row.get(6)?,
        role: row.get(7)?,
        username: row.get(8)?,
        phone: row.get(9)?,
        location: country.map(|country| Location { country, city, coordinates }),
        date_of_birth: row.get(14)?,
        activated_at: row.get(15)?,
        email_verified_at: row.get(16)?,
        disabled_at: row.get(17)?,
        last_login_at: row.get(18)?,
        created_at: row.get(19)?,
        updated_at: row.get(20)?,
        date_format: row.get(21)?,
        is_owner: row.get::<Option<i64>>(23)?.is_some(),
        made_by: row.get(24)?,
    })
}

fn read_with_hash(row: &dyn Row) -> Result<(Account, String)> {
    Ok((read(row)?, row.get(22)?))
}

/// Adds an account. An existing email or username is a conflict.
pub fn create(tx: &mut Tx, account: &Account, password_hash: &str) -> Result<()> {
    tx.insert(row!(accounts {
        id: &account.id,
        email: &account.email,
        email_key: text::email_key(&account.email),
        password_hash: password_hash,
        first_name: &account.first_name,
        last_name: &account.last_name,
        currency: account.currency,
        timezone: account.zone.name(),
        avatar: account.avatar.as_ref(),
        role: account.role.as_str(),
        username: account.username.as_ref(),
        username_key: account.username.as_deref().map(text::fold),
        phone: account.phone.as_ref(),
        country: account.location.as_ref().map(|place| &place.country),
        city: account.location.as_ref().and_then(|place| place.city.as_ref()),
        longitude: coordinates(account).map(|point| point.longitude),
        latitude: coordinates(account).map(|point| point.latitude),
        date_of_birth: account.date_of_birth,
        activated_at: account.activated_at,
        email_verified_at: account.email_verified_at,
        created_at: account.created_at,
        updated_at: account.updated_at,
        date_format: account.date_format.as_str(),
        owner: account.is_owner.then_some(1),
        made_by: account.made_by.as_str()
    }))
}

fn coordinates(account: &Account) -> Option<Coordinates> {
    account.location.as_ref().and_then(|place| place.coordinates)
}

/// Finds the account with this id.
pub fn find(tx: &mut Tx, id: AccountId) -> Result<Account> {
    find_with_hash(tx, id).map(|(account, _)| account)
}

/// Finds the account with this id and its password hash.
pub fn find_with_hash(tx: &mut Tx, id: AccountId) -> Result<(Account, String)> {
    tx.find(select!("WHERE id = ?1"), values![&id], read_with_hash)?
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
        let select = select!("WHERE email_key = ?1 AND deleted_at IS NULL");
        tx.find(select, values![key], read_with_hash)
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
    tx.find(select!("WHERE username_key = ?1"), values![&key], read)
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
    tx.list(select!("WHERE deleted_at IS NULL ORDER BY id"), values![], read)
}

/// Saves what an owner or admin may change.
pub fn update(tx: &mut Tx, account: &Account) -> Result<()> {
    tx.update(row!(accounts {
        id: &account.id,
        first_name: &account.first_name,
        last_name: &account.last_name,
        currency: account.currency,
        timezone: account.zone.name(),
        disabled_at: account.disabled_at,
        updated_at: account.updated_at,
        avatar: account.avatar.as_ref(),
        username: account.username.as_ref(),
        username_key: account.username.as_deref().map(text::fold),
        phone: account.phone.as_ref(),
        country: account.location.as_ref().map(|place| &place.country),
        city: account.location.as_ref().and_then(|place| place.city.as_ref()),
        longitude: coordinates(account).map(|point| point.longitude),
        latitude: coordinates(account).map(|point| point.latitude),
        activated_at: account.activated_at,
        email_verified_at: account.email_verified_at,
        date_format: account.date_format.as_str()
    }))
}

/// Sets a new password. Codes mailed for a password reset become invalid.
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
