//! Invoices, their lines and their numbers.

use jiff::{Timestamp, civil::Date};

use super::{
    client, dashboard,
    engine::{Row, Tx, values},
    list_total,
};
use crate::domain::{
    client::Client,
    error::{Error, Result},
    exchange_rate::Rates,
    id::{AccountId, ClientId, InvoiceId},
    invoice::{Invoice, InvoiceFilter, InvoiceStatus, Item, Line, Party, Totals},
    page::Listing,
};

/// The columns [`read`] expects, in order.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, account_id, client_id, project_id, number, currency, amount, subtotal, \
             tax_rate, tax_amount, status, issue_date, due_date, paid_at, payment_link, notes, \
             buyer, created_at, updated_at FROM invoices WHERE account_id = ?1 ",
            $tail
        )
    };
}

fn read(row: &dyn Row) -> Result<Invoice> {
    Ok(Invoice {
        id: row.get(0)?,
        account: row.get(1)?,
        client_id: row.get(2)?,
        client: None,
        project_id: row.get(3)?,
        number: row.get(4)?,
        currency: row.get(5)?,
        totals: Totals { amount: row.get(6)?, subtotal: row.get(7)?, tax: row.get(9)? },
        tax_rate: row.get(8)?,
        status: row.get(10)?,
        issue_date: row.get(11)?,
        due_date: row.get(12)?,
        paid_at: row.get(13)?,
        payment_link: row.get(14)?,
        items: Vec::new(),
        notes: row.get(15)?,
        buyer: row.get(16)?,
        created_at: row.get(17)?,
        updated_at: row.get(18)?,
    })
}

fn by_status(status: InvoiceStatus) -> String {
    format!("invoices:status:{}", status.as_str())
}

fn by_client(client: ClientId) -> String {
    format!("invoices:client:{client}")
}

/// Draws the next number of an account's year. The same transaction must use it, so that none
/// is lost or given twice.
pub fn next_number(tx: &mut Tx, account: AccountId, year: i16) -> Result<String> {
    let number: i64 = tx.one(
        "INSERT INTO invoice_series (account_id, year, next_number) VALUES (?1, ?2, 2) \
         ON CONFLICT (account_id, year) \
         DO UPDATE SET next_number = invoice_series.next_number + 1 \
         RETURNING next_number - 1",
        values![&account, i64::from(year)],
        |row| row.get(0),
    )?;
    Ok(format!("INV-{year}-{number:03}"))
}

/// Adds an invoice with its lines.
pub fn create(tx: &mut Tx, invoice: &Invoice) -> Result<()> {
    tx.execute(
        "INSERT INTO invoices (id, account_id, client_id, project_id, number, currency, amount, \
         subtotal, tax_rate, tax_amount, status, issue_date, due_date, notes, created_at, \
         updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        values![
            &invoice.id,
            &invoice.account,
            &invoice.client_id,
            invoice.project_id.as_ref(),
            &invoice.number,
            invoice.currency,
            invoice.totals.amount,
            invoice.totals.subtotal,
            invoice.tax_rate,
            invoice.totals.tax,
            invoice.status.as_str(),
            invoice.issue_date,
            invoice.due_date,
            invoice.notes.as_ref(),
            invoice.created_at,
            invoice.updated_at,
        ],
    )?;
    create_items(tx, invoice)?;
    tally(tx, invoice, 1)
}

fn create_items(tx: &mut Tx, invoice: &Invoice) -> Result<()> {
    for (position, item) in (0_i64..).zip(&invoice.items) {
        tx.execute(
            "INSERT INTO invoice_items (invoice_id, position, id, description, quantity, rate, \
             amount) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            values![
                &invoice.id,
                position,
                &item.id,
                &item.line.description,
                item.line.quantity,
                item.line.rate,
                item.amount,
            ],
        )?;
    }
    Ok(())
}

/// An invoice with its client and lines.
pub fn find(tx: &mut Tx, account: AccountId, id: InvoiceId, rates: &Rates) -> Result<Invoice> {
    let mut invoice = tx
        .find(select!("AND id = ?2"), values![&account, &id], read)?
        .ok_or_else(|| Error::not_found("Invoice"))?;
    invoice.items = items(tx, id)?;
    let client = client::find_any(tx, account, invoice.client_id, rates)?;
    invoice.client = Some(as_billed(client, invoice.buyer.as_ref()));
    Ok(invoice)
}

fn items(tx: &mut Tx, invoice: InvoiceId) -> Result<Vec<Item>> {
    tx.list(
        "SELECT id, description, quantity, rate, amount FROM invoice_items \
         WHERE invoice_id = ?1 ORDER BY position",
        values![&invoice],
        |row| {
            let line = Line { description: row.get(1)?, quantity: row.get(2)?, rate: row.get(3)? };
            Ok(Item { id: row.get(0)?, line, amount: row.get(4)? })
        },
    )
}

/// The client with the bill-to details of the day the invoice was sent.
fn as_billed(mut client: Client, buyer: Option<&Party>) -> Client {
    if let Some(buyer) = buyer.cloned() {
        client.details.name = buyer.name;
        client.details.email = buyer.email;
        client.details.company = buyer.company;
        client.details.phone = buyer.phone;
        client.details.country = buyer.country;
    }
    client
}

/// A page of invoices with their clients and lines, newest first; overdue ones by due date,
/// the latest first.
pub fn list(
    tx: &mut Tx,
    account: AccountId,
    filter: &InvoiceFilter,
    today: Date,
    rates: &Rates,
) -> Result<Listing<Invoice>> {
    let mut entries = match filter.client_id {
        None => page_of_all(tx, account, filter, today)?,
        Some(client) => page_of_client(tx, account, client, filter, today)?,
    };
    let total = total(tx, account, filter, today)?;
    let clients =
        client::find_all(tx, account, entries.iter().map(|invoice| invoice.client_id), rates)?;
    for invoice in &mut entries {
        invoice.items = items(tx, invoice.id)?;
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

/// Writes back a change; `before` is the invoice as it was. Lines are written anew where they
/// differ.
pub fn update(tx: &mut Tx, before: &Invoice, invoice: &Invoice) -> Result<()> {
    tally(tx, before, -1)?;
    tx.execute(
        "UPDATE invoices SET client_id = ?2, project_id = ?3, currency = ?4, amount = ?5, \
         subtotal = ?6, tax_rate = ?7, tax_amount = ?8, status = ?9, issue_date = ?10, \
         due_date = ?11, paid_at = ?12, payment_link = ?13, notes = ?14, updated_at = ?15 \
         WHERE id = ?1",
        values![
            &invoice.id,
            &invoice.client_id,
            invoice.project_id.as_ref(),
            invoice.currency,
            invoice.totals.amount,
            invoice.totals.subtotal,
            invoice.tax_rate,
            invoice.totals.tax,
            invoice.status.as_str(),
            invoice.issue_date,
            invoice.due_date,
            invoice.paid_at,
            invoice.payment_link.as_ref(),
            invoice.notes.as_ref(),
            invoice.updated_at,
        ],
    )?;
    if before.items != invoice.items {
        tx.execute("DELETE FROM invoice_items WHERE invoice_id = ?1", values![&invoice.id])?;
        create_items(tx, invoice)?;
    }
    tally(tx, invoice, 1)
}

/// Freezes both parties as they are at this moment.
pub fn freeze_parties(
    tx: &mut Tx,
    id: InvoiceId,
    seller: &Party,
    buyer: &Party,
    now: Timestamp,
) -> Result<()> {
    let json = |party| serde_json::to_string(party).map_err(Error::internal);
    tx.execute(
        "UPDATE invoices SET sent_at = ?2, seller = ?3, buyer = ?4 WHERE id = ?1",
        values![&id, now, json(seller)?, json(buyer)?],
    )?;
    Ok(())
}

/// Keeps the totals of the lists and of what is open.
fn tally(tx: &mut Tx, invoice: &Invoice, by: i64) -> Result<()> {
    let account = invoice.account;
    match invoice.status {
        InvoiceStatus::Sent => {
            dashboard::bump_open(tx, account, invoice.due_date, invoice.amount(), by)?;
        }
        status => list_total::bump(tx, account, &by_status(status), by)?,
    }
    if invoice.status != InvoiceStatus::Cancelled {
        list_total::bump(tx, account, "invoices", by)?;
        list_total::bump(tx, account, &by_client(invoice.client_id), by)?;
    }
    Ok(())
}
