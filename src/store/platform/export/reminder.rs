//! Reminders: how an account chases late clients, and the log of it.

use super::{Column, Columns, Fields, Kind, Section, columns, fields, id, select};
use crate::{
    domain::{
        error::Result,
        id::{AccountId, InvoiceKind, ReminderKind},
    },
    store::engine::{Tx, values},
};

/// What was sent to clients, and what was not.
pub const REMINDERS: Section = Section::by_id(
    "reminders t JOIN invoices i ON i.id = t.invoice_id WHERE t.account_id = ?1",
    columns! {
        id: id::<ReminderKind>(), invoice_id: id::<InvoiceKind>(), invoice_number => "i.number",
        step_days: Kind::Whole, state, reason, fee_invoice_id: id::<InvoiceKind>(),
        created_at: Kind::Instant,
    },
    500,
);

const SETTINGS: Columns = columns! {
    enabled: Kind::Flag, steps: Kind::Json, proposals: Kind::Flag, proposal_days: Kind::Whole,
    proposals_since: Kind::Instant, thank_you: Kind::Flag, updated_at: Kind::Instant,
};

/// Returns how clients are reminded, if ever chosen.
pub fn settings(tx: &mut Tx, account: AccountId) -> Result<Option<Fields>> {
    let sql = select("account_id", SETTINGS, "reminder_settings t WHERE t.account_id = ?1");
    tx.find(sql, values![&account], |row| fields(row, SETTINGS))
}
