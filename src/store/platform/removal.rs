//! Deleted accounts: their rows go in small steps, those that name others first.

use jiff::Timestamp;

use crate::{
    domain::{
        error::Result,
        id::{AccountId, ClientId, InvoiceId, ProjectId},
    },
    store::{
        engine::{Tx, values},
        transfer::tables,
    },
};

/// Rows that one step removes at most.
const STEP: i64 = 500;
/// Invoices that one step removes: each takes its lines, payments and PDF with it.
const INVOICES: i64 = 20;
/// Clients or projects that one step removes: for each, all that might name it is looked at.
const PARENTS: i64 = 1;

/// Tables whose rows others name: these go last, each row together with what names it.
const NAMED: &[&str] = &["payments", "invoices", "projects", "clients"];

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
    for table in tables()?.iter().rev().filter(|table| !NAMED.contains(&&*table.name)) {
        if let Some(sql) = &table.remove_some
            && tx.execute(sql, values![&account, STEP])? > 0
        {
            return Ok(true);
        }
    }
    let more = remove_invoices(tx, account)?
        || remove_projects(tx, account)?
        || remove_clients(tx, account)?;
    if more {
        return Ok(true);
    }
    tx.change("DELETE FROM accounts WHERE id = ?1 AND deleted_at IS NOT NULL", values![&account])?;
    Ok(false)
}

fn remove_invoices(tx: &mut Tx, account: AccountId) -> Result<bool> {
    let invoices: Vec<InvoiceId> = tx.list(
        "SELECT id FROM invoices WHERE account_id = ?1 LIMIT ?2",
        values![&account, INVOICES],
        |row| row.get(0),
    )?;
    for id in &invoices {
        tx.change("DELETE FROM invoice_items WHERE invoice_id = ?1", values![id])?;
        tx.change("DELETE FROM invoice_files WHERE invoice_id = ?1", values![id])?;
        tx.change("DELETE FROM payments WHERE invoice_id = ?1", values![id])?;
        tx.change("DELETE FROM invoices WHERE id = ?1", values![id])?;
    }
    Ok(!invoices.is_empty())
}

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

fn remove_projects(tx: &mut Tx, account: AccountId) -> Result<bool> {
    let projects: Vec<ProjectId> =
        tx.list(some_of!("projects"), values![&account, PARENTS], |row| row.get(0))?;
    for id in &projects {
        tx.change("DELETE FROM projects WHERE id = ?1", values![id])?;
    }
    Ok(!projects.is_empty())
}

fn remove_clients(tx: &mut Tx, account: AccountId) -> Result<bool> {
    let clients: Vec<ClientId> =
        tx.list(some_of!("clients"), values![&account, PARENTS], |row| row.get(0))?;
    for id in &clients {
        tx.change("DELETE FROM client_totals WHERE client_id = ?1", values![id])?;
        tx.change("DELETE FROM clients WHERE id = ?1", values![id])?;
    }
    Ok(!clients.is_empty())
}
