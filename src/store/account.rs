//! Accounts.

use jiff::Timestamp;

use super::engine::{Row, Tx, values};
use crate::domain::{
    account::Account,
    error::{Error, Result},
    id::AccountId,
    text,
};

/// The columns [`read`] expects, in order.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, email, first_name, last_name, currency, timezone, avatar, disabled_at, \
             last_login_at, created_at, updated_at FROM accounts ",
            $tail
        )
    };
}

fn read(row: &dyn Row) -> Result<Account> {
    Ok(Account {
        id: row.get(0)?,
        email: row.get(1)?,
        first_name: row.get(2)?,
        last_name: row.get(3)?,
        currency: row.get(4)?,
        zone: row.get(5)?,
        avatar: row.get(6)?,
        disabled_at: row.get(7)?,
        last_login_at: row.get(8)?,
        created_at: row.get(9)?,
        updated_at: row.get(10)?,
    })
}

/// Adds an account. An e-mail that exists already is a conflict.
pub fn create(tx: &mut Tx, account: &Account, password_hash: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO accounts (id, email, email_key, password_hash, first_name, last_name, \
         currency, timezone, avatar, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        values![
            &account.id,
            &account.email,
            text::fold(&account.email),
            password_hash,
            &account.first_name,
            &account.last_name,
            account.currency,
            account.zone.name(),
            account.avatar.as_ref(),
            account.created_at,
            account.updated_at,
        ],
    )?;
    Ok(())
}

/// The account of that id.
pub fn find(tx: &mut Tx, id: AccountId) -> Result<Account> {
    tx.find(select!("WHERE id = ?1"), values![&id], read)?.ok_or_else(|| Error::not_found("User"))
}

/// The account of that e-mail, in any case, and its password hash.
pub fn find_by_email(tx: &mut Tx, email: &str) -> Result<Option<(Account, String)>> {
    let key = text::fold(email.trim());
    let Some(account) = tx.find(select!("WHERE email_key = ?1"), values![&key], read)? else {
        return Ok(None);
    };
    let hash =
        tx.one("SELECT password_hash FROM accounts WHERE id = ?1", values![&account.id], |row| {
            row.get(0)
        })?;
    Ok(Some((account, hash)))
}

/// Every account, oldest first.
pub fn list(tx: &mut Tx) -> Result<Vec<Account>> {
    tx.list(select!("ORDER BY id"), values![], read)
}

/// Writes back what an owner or admin may change.
pub fn update(tx: &mut Tx, account: &Account) -> Result<()> {
    tx.execute(
        "UPDATE accounts SET first_name = ?2, last_name = ?3, currency = ?4, timezone = ?5, \
         disabled_at = ?6, updated_at = ?7 WHERE id = ?1",
        values![
            &account.id,
            &account.first_name,
            &account.last_name,
            account.currency,
            account.zone.name(),
            account.disabled_at,
            account.updated_at,
        ],
    )?;
    Ok(())
}

/// Sets another password.
pub fn set_password(tx: &mut Tx, id: AccountId, hash: &str, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE accounts SET password_hash = ?2, updated_at = ?3 WHERE id = ?1",
        values![&id, hash, now],
    )?;
    Ok(())
}

/// Remembers a sign-in.
pub fn touch_login(tx: &mut Tx, id: AccountId, now: Timestamp) -> Result<()> {
    tx.execute("UPDATE accounts SET last_login_at = ?2 WHERE id = ?1", values![&id, now])?;
    Ok(())
}
