//! How accounts are told of what happened, and how they write to clients.

use jiff::Timestamp;

use crate::{
    domain::{error::Result, id::AccountId, mail_settings::MailSettings},
    store::{
        engine::{Tx, json, values},
        row::record,
    },
};

record! {
    mail_settings, known: &(AccountId, MailSettings, Timestamp) {
        account_id = &known.0,
        muted = json(&known.1.notifications),
        sender_name = known.1.sender_name.as_ref(),
        signature = known.1.signature.as_ref(),
        updated_at = known.2,
    } => (account_id, MailSettings { notifications: muted, sender_name, signature }, updated_at)
}

/// Returns the settings of an account, even if never changed.
pub fn find(tx: &mut Tx, account: AccountId) -> Result<MailSettings> {
    let found = tx.find(select("WHERE account_id = ?1"), values![&account], read)?;
    Ok(found.map(|(_, settings, _)| settings).unwrap_or_default())
}

/// Saves the settings of an account.
pub fn set(tx: &mut Tx, account: AccountId, settings: &MailSettings, now: Timestamp) -> Result<()> {
    tx.upsert(row(&(account, settings.clone(), now)))
}
