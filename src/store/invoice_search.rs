//! Invoices of a project, and those that a search finds. Other lists have an index and a total
//! of their own; here the entries of one of four indexes are read in its order and passed over
//! where they do not fit.

use jiff::civil::Date;

use super::{
    client::like_pattern,
    engine::{Tx, Value, values},
    invoice::{read, select},
};
use crate::domain::{
    error::Result,
    id::AccountId,
    invoice::{Invoice, InvoiceFilter, InvoiceStatus},
};

/// What every statement leaves out, each condition unless its parameter is null. (PostgreSQL
/// learns a parameter's type where it stands first.)
macro_rules! fitting {
    () => {
        "AND (client_id = ?2 OR ?2 IS NULL) AND (project_id = ?3 OR ?3 IS NULL) \
         AND (status = ?4 OR ?4 IS NULL) AND (NOT due_date < ?5 OR ?5 IS NULL) \
         AND (due_date < ?6 OR ?6 IS NULL) \
         AND (number_key LIKE ?7 ESCAPE '\\' OR ?7 IS NULL OR EXISTS (SELECT 1 FROM clients \
         WHERE clients.id = invoices.client_id AND search_key LIKE ?7 ESCAPE '\\')) "
    };
}

/// The statement that reads a page of what one index leads to, and the one that counts it all.
macro_rules! both {
    ($which:literal, $order:literal) => {
        (
            select!($which, fitting!(), "ORDER BY ", $order, " LIMIT ?8 OFFSET ?9"),
            concat!("SELECT count(*) FROM invoices WHERE account_id = ?1 ", $which, fitting!()),
        )
    };
}

/// A page of the invoices that the filter finds, and how many it finds in all.
pub fn page_and_total(
    tx: &mut Tx,
    account: AccountId,
    filter: &InvoiceFilter,
    today: Date,
) -> Result<(Vec<Invoice>, u64)> {
    let (page, total) = match (filter.status, filter.project_id) {
        (Some(InvoiceStatus::Overdue), _) => {
            both!("AND status = 'sent' AND due_date < ?6 ", "due_date DESC, id DESC")
        }
        (Some(InvoiceStatus::Cancelled), _) => both!("AND status = 'cancelled' ", "id DESC"),
        (_, Some(_)) => both!("AND project_id = ?3 AND status <> 'cancelled' ", "id DESC"),
        (_, None) => both!("AND status <> 'cancelled' ", "id DESC"),
    };
    let (status, due_from, due_before) = match filter.status {
        None => (None, None, None),
        Some(InvoiceStatus::Overdue) => (Some(InvoiceStatus::Sent), None, Some(today)),
        Some(InvoiceStatus::Sent) => (Some(InvoiceStatus::Sent), Some(today), None),
        Some(status) => (Some(status), None, None),
    };
    let mut parameters = values![
        &account,
        filter.client_id.as_ref(),
        filter.project_id.as_ref(),
        status.map(InvoiceStatus::as_str),
        due_from,
        due_before,
        filter.search.as_deref().map(like_pattern),
    ]
    .to_vec();
    let total: i64 = tx.one(total, &parameters, |row| row.get(0))?;
    parameters.extend([Value::from(filter.page.limit()), Value::from(filter.page.offset())]);
    Ok((tx.list(page, &parameters, read)?, total.unsigned_abs()))
}
