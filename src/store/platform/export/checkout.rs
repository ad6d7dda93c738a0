//! Payment providers without their keys, and checkouts.

use super::{Column, Columns, Fields, Kind, Section, columns, fields, id, select};
use crate::{
    domain::{
        error::Result,
        id::{AccountId, CheckoutKind, InvoiceKind},
    },
    store::engine::{Tx, values},
};

/// Clients' attempts to pay online, and what providers received.
pub const CHECKOUTS: Section = Section::by_id(
    "checkouts t JOIN invoices i ON i.id = t.invoice_id WHERE t.account_id = ?1",
    columns! {
        id: id::<CheckoutKind>(), invoice_id: id::<InvoiceKind>(), invoice_number => "i.number",
        provider, reference, currency, amount: Kind::Money("currency"), state, reason,
        received_currency, received_amount: Kind::Money("received_currency"),
        fee_currency, fee: Kind::Money("fee_currency"), method, receipt,
        created_at: Kind::Instant, settled_at: Kind::Instant,
    },
    200,
);

const PROVIDERS: Columns = columns! {
    provider, created_at: Kind::Instant, updated_at: Kind::Instant,
};

/// Returns the connected payment providers.
pub fn providers(tx: &mut Tx, account: AccountId) -> Result<Vec<Fields>> {
    let rows = "payment_providers t WHERE t.account_id = ?1 ORDER BY t.provider";
    tx.list(select("provider", PROVIDERS, rows), values![&account], |row| fields(row, PROVIDERS))
}
