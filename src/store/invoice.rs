//! Invoices and their lines.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{
    client, dashboard,
    engine::{Row, Tx, values},
    list_total, milestone,
    tens::tens,
};
use crate::domain::{
    client::Client,
    error::{Error, Result},
    exchange_rate::Rates,
    id::{AccountId, ClientId, InvoiceId},
    invoice::{Invoice, InvoiceStatus, Item, Line, Party, Seller, Totals},
    text,
};

/// The columns [`read`] expects, in order.
macro_rules! select {
    ($($tail:expr),+) => {
        concat!(
            "SELECT id, account_id, client_id, project_id, number, currency, amount, subtotal, \
             tax_rate, tax_amount, status, issue_date, due_date, paid_at, payment_link, notes, \
             buyer, created_at, updated_at FROM invoices WHERE account_id = ?1 ",
            $($tail),+
        )
    };
}

pub(super) use select;

pub(super) fn read(row: &dyn Row) -> Result<Invoice> {
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

pub(super) fn by_status(status: InvoiceStatus) -> String {
    format!("invoices:status:{}", status.as_str())
}

pub(super) fn by_client(client: ClientId) -> String {
    format!("invoices:client:{client}")
}

/// Adds an invoice with its lines.
pub fn create(tx: &mut Tx, invoice: &Invoice) -> Result<()> {
    tx.change(
        "INSERT INTO invoices (id, account_id, client_id, project_id, number, currency, amount, \
         subtotal, tax_rate, tax_amount, status, issue_date, due_date, notes, created_at, \
         updated_at, number_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
         ?13, ?14, ?15, ?16, ?17)",
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
            text::search_key(&invoice.number),
        ],
    )?;
    create_items(tx, invoice)?;
    tally(tx, invoice, 1)
}

fn create_items(tx: &mut Tx, invoice: &Invoice) -> Result<()> {
    for (position, item) in (0_i64..).zip(&invoice.items) {
        tx.change(
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
        |row| read_item(row, 0),
    )
}

/// The lines of several invoices, in order.
pub(super) fn items_of(
    tx: &mut Tx,
    invoices: &[InvoiceId],
) -> Result<HashMap<InvoiceId, Vec<Item>>> {
    let mut found: HashMap<_, Vec<(i64, Item)>> = HashMap::with_capacity(invoices.len());
    for [a, b, c, d, e, f, g, h, i, j] in tens(invoices) {
        let rows = tx.list(
            "SELECT invoice_id, position, id, description, quantity, rate, amount \
             FROM invoice_items WHERE invoice_id IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            values![&a, &b, &c, &d, &e, &f, &g, &h, &i, &j],
            |row| Ok((row.get(0)?, row.get(1)?, read_item(row, 2)?)),
        )?;
        for (invoice, position, item) in rows {
            found.entry(invoice).or_default().push((position, item));
        }
    }
    let in_order = |(invoice, mut items): (InvoiceId, Vec<(i64, Item)>)| {
        items.sort_by_key(|(position, _)| *position);
        (invoice, items.into_iter().map(|(_, item)| item).collect())
    };
    Ok(found.into_iter().map(in_order).collect())
}

/// Reads `id, description, quantity, rate, amount` from the given column on.
fn read_item(row: &dyn Row, column: usize) -> Result<Item> {
    let line = Line {
        description: row.get(column + 1)?,
        quantity: row.get(column + 2)?,
        rate: row.get(column + 3)?,
    };
    Ok(Item { id: row.get(column)?, line, amount: row.get(column + 4)? })
}

/// The client with the bill-to details of the day the invoice was sent.
pub(super) fn as_billed(mut client: Client, buyer: Option<&Party>) -> Client {
    if let Some(buyer) = buyer.cloned() {
        client.details.name = buyer.name;
        client.details.email = buyer.email;
        client.details.company = buyer.company;
        client.details.phone = buyer.phone;
        client.details.country = buyer.country;
    }
    client
}

/// Writes back a change; `before` is the invoice as it was. Lines are written anew where they
/// differ.
pub fn update(tx: &mut Tx, before: &Invoice, invoice: &Invoice) -> Result<()> {
    tally(tx, before, -1)?;
    tx.change(
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
        tx.change("DELETE FROM invoice_items WHERE invoice_id = ?1", values![&invoice.id])?;
        create_items(tx, invoice)?;
    }
    if invoice.status == InvoiceStatus::Cancelled {
        milestone::release(tx, invoice.id)?;
    }
    tally(tx, invoice, 1)
}

/// Freezes both parties as they are at this moment.
pub fn freeze_parties(
    tx: &mut Tx,
    id: InvoiceId,
    seller: &Seller,
    buyer: &Party,
    now: Timestamp,
) -> Result<()> {
    let seller = serde_json::to_string(seller).map_err(Error::internal)?;
    let buyer = serde_json::to_string(buyer).map_err(Error::internal)?;
    tx.change(
        "UPDATE invoices SET sent_at = ?2, seller = ?3, buyer = ?4 WHERE id = ?1",
        values![&id, now, seller, buyer],
    )
}

/// The seller as frozen when the invoice was sent; none of a draft.
pub fn find_seller(tx: &mut Tx, account: AccountId, id: InvoiceId) -> Result<Option<Seller>> {
    tx.one(
        "SELECT seller FROM invoices WHERE account_id = ?1 AND id = ?2",
        values![&account, &id],
        |row| row.get(0),
    )
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
