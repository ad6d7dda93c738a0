//! Removes rows in small steps: expired ones, and those of deleted accounts, starting with the rows
//! that reference others.

use jiff::Timestamp;

use crate::{
    domain::{
        error::Result,
        id::{AccountId, Id},
    },
    store::{
        engine::{Tx, values},
        request_answer,
        transfer::tables,
    },
};

/// The maximum number of rows that one step removes.
const STEP: i64 = 500;

/// Removes rows whose instant in a column has passed, earliest first.
macro_rules! until {
    ($table:literal, $key:literal, $column:literal) => {
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
            $column,
            " <= ?1 ORDER BY ",
            $column,
            " LIMIT ?2)"
        )
    };
}

/// Deletes expired sessions, codes, challenges, limit windows and answers, up to `most` of each;
/// returns the highest count.
pub fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64> {
    let answers = request_answer::oldest(now)?;
    let mut deleted = 0;
    for (sql, until) in [
        (until!("sessions", "id", "expires_at"), now),
        (until!("email_codes", "account_id, purpose", "expires_at"), now),
        (until!("passkey_challenges", "challenge_hash", "expires_at"), now),
        (until!("rate_windows", "name, subject", "resets_at"), now),
        (until!("request_answers", "account_id, request_key, route", "created_at"), answers),
    ] {
        deleted = deleted.max(tx.execute(sql, values![until, most])?);
    }
    Ok(deleted)
}

/// Tables that others reference. They are cleared last, each row with the rows that reference it.
const NAMED: &[&str] = &["credit_notes", "payments", "invoices", "projects", "clients"];

/// Some rows of an account, listed ones first. Deleted ones have their own index.
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

/// Rows referenced by those removed before: how to find some, how many one step removes, and how to
/// remove each with its dependent rows.
const PARENTS: &[(&str, i64, &[&str])] = &[
    (
        "SELECT id FROM invoices WHERE account_id = ?1 LIMIT ?2",
        20,
        &[
            "DELETE FROM invoice_items WHERE invoice_id = ?1",
            "DELETE FROM invoice_files WHERE invoice_id = ?1",
            "DELETE FROM payments WHERE invoice_id = ?1",
            "DELETE FROM credit_note_files WHERE credit_note_id IN \
             (SELECT id FROM credit_notes WHERE invoice_id = ?1)",
            "DELETE FROM credit_notes WHERE invoice_id = ?1",
            "DELETE FROM invoices WHERE id = ?1",
        ],
    ),
    // Deleting such a row checks everything that might reference it.
    (some_of!("projects"), 1, &["DELETE FROM projects WHERE id = ?1"]),
    (
        some_of!("clients"),
        1,
        &["DELETE FROM client_totals WHERE client_id = ?1", "DELETE FROM clients WHERE id = ?1"],
    ),
];

/// Removes everything that identifies an account or lets someone use it, so that its email and
/// username can be registered again.
pub fn mark(tx: &mut Tx, id: AccountId, now: Timestamp) -> Result<()> {
    tx.change(
        "UPDATE accounts SET deleted_at = ?2, disabled_at = ?2, updated_at = ?2, email = '', \
         email_key = ?3, password_hash = '', first_name = '', last_name = '', avatar = NULL, \
         username = NULL, username_key = NULL, phone = NULL, country = NULL, city = NULL, \
         longitude = NULL, latitude = NULL, date_of_birth = NULL, owner = NULL WHERE id = ?1",
        // No email contains a space.
        values![&id, now, format!("deleted {id}")],
    )
}

/// Returns the next account to remove.
pub fn next(tx: &mut Tx) -> Result<Option<AccountId>> {
    tx.find(
        "SELECT id FROM accounts WHERE deleted_at >= 0 ORDER BY deleted_at LIMIT 1",
        values![],
        |row| row.get(0),
    )
}

/// Removes some rows of a deleted account; returns whether there may be more.
pub fn step(tx: &mut Tx, account: AccountId) -> Result<bool> {
    for table in tables()?.iter().rev().filter(|table| !NAMED.contains(&&*table.name)) {
        if let Some(sql) = &table.remove_some
            && tx.execute(sql, values![&account, STEP])? > 0
        {
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
