//! The activity log.

use super::engine::{Row, Tx, values};
use crate::domain::{
    activity::Activity,
    error::Result,
    id::AccountId,
    money::{Currency, Money},
};

fn read(row: &dyn Row) -> Result<Activity> {
    let (minor, currency): (Option<i64>, Option<Currency>) = (row.get(4)?, row.get(5)?);
    Ok(Activity {
        id: row.get(0)?,
        account: row.get(1)?,
        kind: row.get(2)?,
        subject: row.get(3)?,
        amount: minor.zip(currency).map(|(minor, currency)| Money::new(minor, currency)),
        client_name: row.get(6)?,
        entity_id: row.get(7)?,
        at: row.get(8)?,
    })
}

/// Adds an entry.
pub fn create(tx: &mut Tx, activity: &Activity) -> Result<()> {
    tx.execute(
        "INSERT INTO activity (id, account_id, kind, subject, amount, currency, client_name, \
         entity_id, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        values![
            &activity.id,
            &activity.account,
            activity.kind.as_str(),
            &activity.subject,
            activity.amount.map(|amount| amount.minor),
            activity.amount.map(|amount| amount.currency),
            activity.client_name.as_ref(),
            activity.entity_id.as_ref(),
            activity.at,
        ],
    )?;
    Ok(())
}

/// The newest entries, newest first.
pub fn list(tx: &mut Tx, account: AccountId, limit: u32) -> Result<Vec<Activity>> {
    tx.list(
        "SELECT id, account_id, kind, subject, amount, currency, client_name, entity_id, at \
         FROM activity WHERE account_id = ?1 ORDER BY id DESC LIMIT ?2",
        values![&account, i64::from(limit)],
        read,
    )
}
