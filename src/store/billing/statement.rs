//! The entries that changed a client's balance.

use jiff::tz::TimeZone;

use crate::{
    domain::{
        error::Result,
        id::{AccountId, ClientId},
        money::Money,
        payment::{LedgerKind, PaidAt},
        statement::{EntryKind, Posting},
    },
    store::engine::{Tx, values},
};

/// The condition for invoices that the client has received. These include voided ones, but not
/// cancelled drafts.
macro_rules! is_billed {
    () => {
        "status IN ('sent', 'paid', 'cancelled') AND (status <> 'cancelled' OR amount_credited > 0)"
    };
}

/// Returns what a client owes, by currency; negative if too much was paid. Equals the sum of the
/// postings.
pub fn balances(tx: &mut Tx, account: AccountId, client: ClientId) -> Result<Vec<Money>> {
    let sums = tx.list(
        concat!(
            "SELECT currency, CAST(sum(amount - amount_credited - amount_paid) AS BIGINT) \
             FROM invoices WHERE account_id = ?1 AND client_id = ?2 AND ",
            is_billed!(),
            " GROUP BY currency ORDER BY currency"
        ),
        values![&account, &client],
        |row| Ok(Money::new(row.get(1)?, row.get(0)?)),
    )?;
    Ok(sums.into_iter().filter(|sum| sum.minor != 0).collect())
}

/// Returns all credit notes, payments and received invoices of a client, in no particular order.
/// The days of payments are in a timezone.
pub fn postings(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    zone: &TimeZone,
) -> Result<Vec<Posting>> {
    let of_client = values![&account, &client];
    let mut found = tx.list(
        concat!(
            "SELECT id, number, issue_date, currency, amount FROM invoices \
             WHERE account_id = ?1 AND client_id = ?2 AND ",
            is_billed!()
        ),
        of_client,
        |row| {
            Ok(Posting {
                day: row.get(2)?,
                kind: EntryKind::Invoice,
                id: row.get(0)?,
                invoice: row.get(0)?,
                number: row.get(1)?,
                currency: row.get(3)?,
                amount: row.get(4)?,
            })
        },
    )?;
    found.extend(tx.list(
        "SELECT id, invoice_id, number, issue_date, currency, amount FROM credit_notes \
         WHERE account_id = ?1 AND client_id = ?2",
        of_client,
        |row| {
            Ok(Posting {
                day: row.get(3)?,
                kind: EntryKind::CreditNote,
                id: row.get(0)?,
                invoice: row.get(1)?,
                number: row.get(2)?,
                currency: row.get(4)?,
                amount: -row.get::<i64>(5)?,
            })
        },
    )?);
    found.extend(tx.list(
        "SELECT p.id, p.invoice_id, i.number, p.kind, p.paid_at, p.paid_on, p.currency, p.amount \
         FROM payments p JOIN invoices i ON i.id = p.invoice_id \
         WHERE p.account_id = ?1 AND p.client_id = ?2",
        of_client,
        |row| {
            let paid = PaidAt { at: row.get(4)?, on: row.get(5)? };
            Ok(Posting {
                day: paid.day(zone),
                kind: row.get::<LedgerKind>(3)?.into(),
                id: row.get(0)?,
                invoice: row.get(1)?,
                number: row.get(2)?,
                currency: row.get(6)?,
                amount: -row.get::<i64>(7)?,
            })
        },
    )?);
    Ok(found)
}
