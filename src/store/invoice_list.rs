//! Lists of invoices.

use jiff::civil::Date;

use super::{
    client, dashboard,
    engine::{Tx, values},
    invoice::{as_billed, by_client, by_status, items_of, read, select},
    invoice_search, list_total,
};
use crate::domain::{
    error::Result,
    exchange_rate::Rates,
    id::{AccountId, ClientId},
    invoice::{Invoice, InvoiceFilter, InvoiceStatus},
    page::Listing,
};

/// A page of invoices with their clients and lines, newest first; overdue ones by due date,
/// the latest first.
pub fn list(
    tx: &mut Tx,
    account: AccountId,
    filter: &InvoiceFilter,
    today: Date,
    rates: &Rates,
) -> Result<Listing<Invoice>> {
    let (mut entries, total) = if filter.project_id.is_some() || filter.search.is_some() {
        invoice_search::page_and_total(tx, account, filter, today)?
    } else {
        let entries = match filter.client_id {
            None => page_of_all(tx, account, filter, today)?,
            Some(client) => page_of_client(tx, account, client, filter, today)?,
        };
        (entries, total(tx, account, filter, today)?)
    };
    let clients =
        client::find_all(tx, account, entries.iter().map(|invoice| invoice.client_id), rates)?;
    let ids: Vec<_> = entries.iter().map(|invoice| invoice.id).collect();
    let mut items = items_of(tx, &ids)?;
    for invoice in &mut entries {
        invoice.items = items.remove(&invoice.id).unwrap_or_default();
        let client = clients.get(&invoice.client_id).cloned();
        invoice.client = client.map(|client| as_billed(client, invoice.buyer.as_ref()));
    }
    Ok(Listing { entries, total, page: filter.page })
}

// Pending invoices are read in the order of their ids, passing over what is overdue: `NOT <`
// where `>=` would have SQLite read all of them by due date and sort.

fn page_of_all(
    tx: &mut Tx,
    account: AccountId,
    filter: &InvoiceFilter,
    today: Date,
) -> Result<Vec<Invoice>> {
    let (limit, offset) = (filter.page.limit(), filter.page.offset());
    match filter.status {
        None => tx.list(
            select!("AND status <> 'cancelled' ORDER BY id DESC LIMIT ?2 OFFSET ?3"),
            values![&account, limit, offset],
            read,
        ),
        Some(InvoiceStatus::Sent) => tx.list(
            select!(
                "AND status = 'sent' AND NOT due_date < ?4 ORDER BY id DESC LIMIT ?2 OFFSET ?3"
            ),
            values![&account, limit, offset, today],
            read,
        ),
        Some(InvoiceStatus::Overdue) => tx.list(
            select!(
                "AND status = 'sent' AND due_date < ?4 \
                 ORDER BY due_date DESC, id DESC LIMIT ?2 OFFSET ?3"
            ),
            values![&account, limit, offset, today],
            read,
        ),
        Some(status) => tx.list(
            select!("AND status = ?4 ORDER BY id DESC LIMIT ?2 OFFSET ?3"),
            values![&account, limit, offset, status.as_str()],
            read,
        ),
    }
}

fn page_of_client(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    filter: &InvoiceFilter,
    today: Date,
) -> Result<Vec<Invoice>> {
    let (limit, offset) = (filter.page.limit(), filter.page.offset());
    match filter.status {
        None => tx.list(
            select!(
                "AND client_id = ?4 AND status <> 'cancelled' \
                 ORDER BY id DESC LIMIT ?2 OFFSET ?3"
            ),
            values![&account, limit, offset, &client],
            read,
        ),
        Some(InvoiceStatus::Sent) => tx.list(
            select!(
                "AND client_id = ?4 AND status = 'sent' AND NOT due_date < ?5 \
                 ORDER BY id DESC LIMIT ?2 OFFSET ?3"
            ),
            values![&account, limit, offset, &client, today],
            read,
        ),
        Some(InvoiceStatus::Overdue) => tx.list(
            select!(
                "AND client_id = ?4 AND status = 'sent' AND due_date < ?5 \
                 ORDER BY due_date DESC, id DESC LIMIT ?2 OFFSET ?3"
            ),
            values![&account, limit, offset, &client, today],
            read,
        ),
        Some(status) => tx.list(
            select!("AND client_id = ?4 AND status = ?5 ORDER BY id DESC LIMIT ?2 OFFSET ?3"),
            values![&account, limit, offset, &client, status.as_str()],
            read,
        ),
    }
}

/// How many invoices the filter finds: from rollups unless it names client and status.
fn total(tx: &mut Tx, account: AccountId, filter: &InvoiceFilter, today: Date) -> Result<u64> {
    let count: i64 = match (filter.client_id, filter.status) {
        (None, None) => return list_total::find(tx, account, "invoices"),
        (Some(client), None) => return list_total::find(tx, account, &by_client(client)),
        (None, Some(status @ (InvoiceStatus::Sent | InvoiceStatus::Overdue))) => {
            let overdue = status == InvoiceStatus::Overdue;
            let open = dashboard::open(tx, account, today)?;
            open.iter().filter(|sum| sum.overdue == overdue).map(|sum| sum.entries).sum()
        }
        (None, Some(status)) => return list_total::find(tx, account, &by_status(status)),
        (Some(client), Some(InvoiceStatus::Sent)) => tx.one(
            "SELECT count(*) FROM invoices WHERE account_id = ?1 AND client_id = ?2 \
             AND status = 'sent' AND due_date >= ?3",
            values![&account, &client, today],
            |row| row.get(0),
        )?,
        (Some(client), Some(InvoiceStatus::Overdue)) => tx.one(
            "SELECT count(*) FROM invoices WHERE account_id = ?1 AND client_id = ?2 \
             AND status = 'sent' AND due_date < ?3",
            values![&account, &client, today],
            |row| row.get(0),
        )?,
        (Some(client), Some(status)) => tx.one(
            "SELECT count(*) FROM invoices WHERE account_id = ?1 AND client_id = ?2 \
             AND status = ?3",
            values![&account, &client, status.as_str()],
            |row| row.get(0),
        )?,
    };
    Ok(count.unsigned_abs())
}
