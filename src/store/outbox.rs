//! Mail to be delivered.

use super::engine::{Tx, values};
use crate::domain::{error::Result, mail::Letter};

/// Adds a letter.
pub fn create(tx: &mut Tx, letter: &Letter) -> Result<()> {
    tx.execute(
        "INSERT INTO outbox (id, account_id, kind, recipient, subject, sealed, tries, due_at, \
         created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        values![
            &letter.id,
            letter.account.as_ref(),
            letter.kind.as_str(),
            &letter.to,
            &letter.subject,
            letter.sealed.as_deref(),
            letter.tries,
            letter.due_at,
            letter.created_at,
        ],
    )?;
    Ok(())
}
