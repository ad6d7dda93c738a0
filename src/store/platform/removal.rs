//! Rows that go in small steps: those that have expired, and those of deleted accounts, of which
//! those go first that name others.

use jiff::Timestamp;

use crate::{
    domain::{
        error::Result,
        id::{AccountId, Id},
    },
    store::{
        engine::{Tx, values},
        request_answer,
    },
};

/// Rows that one step removes at most.
const STEP: i64 = 500;

/// Removes some rows by their key: those of an account, or those whose instant in a column has
/// come, the earliest first.
macro_rules! rows {
    ($table:literal, $key:literal) => {
        rows!($table, $key, where "account_id = ?1")
    };
    ($table:literal, $key:literal, until $column:literal) => {
        rows!($table, $key, where $column, " <= ?1 ORDER BY ", $column)
    };
    ($table:literal, $key:literal, where $($condition:literal),+) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE (",
            $key,
            ") IN (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE ",
            $($condition,)+
            " LIMIT ?2)"
        )
    };
}

/// Forgets sessions, codes, challenges, windows of limits and answers that have expired, up to
/// `most` of each; answers how many at most went of one of them.
pub fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64> {
    let answers = request_answer::oldest(now)?;
    let mut deleted = 0;
    for (sql, until) in [
        (rows!("sessions", "id", until "expires_at"), now),
        (rows!("email_codes", "account_id, purpose", until "expires_at"), now),
        (rows!("passkey_challenges", "challenge_hash", until "expires_at"), now),
        (rows!("rate_windows", "name, subject", until "resets_at"), now),
        (rows!("request_answers", "account_id, request_key, route", until "created_at"), answers),
    ] {
        deleted = deleted.max(tx.execute(sql, values![until, most])?);
    }
    Ok(deleted)
}

/// What nothing else names by the time its turn comes, by table.
const FREE: &[&str] = &[
    rows!("sessions", "id"),
    rows!("jobs", "kind, subject"),
    rows!("mails", "id"),
    rows!("request_answers", "account_id, request_key, route"),
    rows!("email_codes", "account_id, purpose"),
    rows!("backup_codes", "account_id, code_hash"),
    rows!("two_factor", "account_id"),
    rows!("passkey_challenges", "challenge_hash"),
    rows!("passkeys", "id"),
    rows!("profile_visitors", "account_id, day, visitor"),
    rows!("profile_views", "account_id, day"),
    rows!("messages", "id"),
    rows!("portfolio_items", "id"),
    rows!("profiles", "account_id"),
    rows!("activity", "id"),
    rows!("exchange_rates", "account_id, from_currency, into_currency"),
    rows!("list_totals", "account_id, list"),
    rows!("open_totals", "account_id, span, due, currency"),
    rows!("timeline_totals", "account_id, measure, span, starts_at, currency, base_currency"),
    rows!("invoice_series", "account_id, year"),
    rows!("invoice_defaults", "account_id"),
    rows!("images", "id"),
    rows!("milestones", "id"),
    rows!("proposals", "id"),
];

/// Some rows of an account, those first that are listed. Deleted ones have an index of their own.
macro_rules! some_of {
    ($table:literal) => {
        concat!(
            "SELECT id FROM ",
            $table,
            " WHERE account_id = ?1 AND deleted_at IS NULL UNION ALL SELECT id FROM ",
            $table,
            " WHERE account_id = ?1 AND deleted_at IS NOT NULL LIMIT ?2"
        )
    };
}

/// What rows name that went before: how to find some, how many one step removes, and how each goes
/// with what belongs to it.
const PARENTS: &[(&str, i64, &[&str])] = &[
    (
        "SELECT id FROM invoices WHERE account_id = ?1 LIMIT ?2",
        20,
        &[
            "DELETE FROM invoice_items WHERE invoice_id = ?1",
            "DELETE FROM invoice_files WHERE invoice_id = ?1",
            "DELETE FROM payments WHERE invoice_id = ?1",
            "DELETE FROM invoices WHERE id = ?1",
        ],
    ),
    // For each, all that might name it is looked at.
    (some_of!("projects"), 1, &["DELETE FROM projects WHERE id = ?1"]),
    (
        some_of!("clients"),
        1,
        &["DELETE FROM client_totals WHERE client_id = ?1", "DELETE FROM clients WHERE id = ?1"],
    ),
];

/// Takes everything from an account by which it is known or could be used, so that its e-mail
/// and username can be registered anew.
pub fn mark(tx: &mut Tx, id: AccountId, now: Timestamp) -> Result<()> {
    tx.change(
        "UPDATE accounts SET deleted_at = ?2, disabled_at = ?2, updated_at = ?2, email = '', \
         email_key = ?3, password_hash = '', first_name = '', last_name = '', avatar = NULL, \
         username = NULL, username_key = NULL, phone = NULL, country = NULL, city = NULL, \
         longitude = NULL, latitude = NULL, date_of_birth = NULL, owner = NULL WHERE id = ?1",
        // No e-mail has a space in it.
        values![&id, now, format!("deleted {id}")],
    )
}

/// The account whose turn it is to be removed.
pub fn next(tx: &mut Tx) -> Result<Option<AccountId>> {
    tx.find(
        "SELECT id FROM accounts WHERE deleted_at >= 0 ORDER BY deleted_at LIMIT 1",
        values![],
        |row| row.get(0),
    )
}

/// Removes some rows of a deleted account; answers whether there may be more.
pub fn step(tx: &mut Tx, account: AccountId) -> Result<bool> {
    for sql in FREE.iter().copied() {
        if tx.execute(sql, values![&account, STEP])? > 0 {
            return Ok(true);
        }
    }
    for (some, most, deletions) in PARENTS.iter().copied() {
        let ids: Vec<Id<()>> = tx.list(some, values![&account, most], |row| row.get(0))?;
        for id in &ids {
            deletions.iter().try_for_each(|sql| tx.change(sql, values![id]))?;
        }
        if !ids.is_empty() {
            return Ok(true);
        }
    }
    tx.change("DELETE FROM accounts WHERE id = ?1 AND deleted_at IS NOT NULL", values![&account])?;
    Ok(false)
}
