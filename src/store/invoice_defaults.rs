//! What new invoices begin with.

use jiff::Timestamp;

use super::engine::{Tx, values};
use crate::domain::{error::Result, id::AccountId};

/// Keeps how an account is paid; the rest begins as it does for everybody.
pub fn create_with_instructions(
    tx: &mut Tx,
    account: AccountId,
    payment_instructions: &str,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO invoice_defaults (account_id, prefix, due_days, tax_rate, \
         payment_instructions, updated_at) VALUES (?1, 'INV', 30, '0', ?2, ?3)",
        values![&account, payment_instructions, now],
    )?;
    Ok(())
}
