//! How the account is told of what happened, and how it writes to clients.

use super::{Column, Columns, Fields, Kind, columns, fields, select};
use crate::{
    domain::{error::Result, id::AccountId},
    store::engine::{Tx, values},
};

const MAIL_SETTINGS: Columns =
    columns! { muted: Kind::Parts, sender_name, signature, updated_at: Kind::Instant };

/// Returns the mail settings, if ever set.
pub fn mail_settings(tx: &mut Tx, account: AccountId) -> Result<Option<Fields>> {
    let sql = select("account_id", MAIL_SETTINGS, "mail_settings t WHERE t.account_id = ?1");
    tx.find(sql, values![&account], |row| fields(row, MAIL_SETTINGS))
}
