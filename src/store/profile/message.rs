//! Messages to freelancers.

use jiff::Timestamp;

use crate::{
    domain::{
        error::Result,
        id::{AccountId, MessageId},
        message::Message,
        page::{Listing, Page},
    },
    store::{
        engine::{Tx, values},
        list_total,
        lister::Lister,
        row::record,
    },
};

const LIST: Lister = Lister::new("messages", COLUMNS);
const UNREAD: &str = "messages:unread";

record! {
    messages, message: &Message {
        id = &message.id,
        read_at = message.read_at,
        @once {
            account_id = &message.account,
            name = &message.name,
            email = &message.email,
            content = &message.content,
            created_at = message.created_at,
        }
    } => Message { account: account_id, id, name, email, content, read_at, created_at }
}

/// Adds a message.
pub fn create(tx: &mut Tx, message: &Message) -> Result<()> {
    tx.insert(row(message))?;
    tally(tx, message, 1)
}

/// Returns how many messages an account has.
pub fn count(tx: &mut Tx, account: AccountId) -> Result<u64> {
    LIST.of(&account).count(tx)
}

/// Finds a message of an account.
pub fn find(tx: &mut Tx, account: AccountId, id: MessageId) -> Result<Message> {
    LIST.of(&account).find(tx, "error-message-not-found", &id, read)
}

/// Lists a page of messages, newest first.
pub fn list(tx: &mut Tx, account: AccountId, page: Page) -> Result<Listing<Message>> {
    LIST.of(&account).page(tx, page, read)
}

/// Counts unread messages.
pub fn count_unread(tx: &mut Tx, account: AccountId) -> Result<u64> {
    list_total::find(tx, account, UNREAD)
}

/// Saves whether a message is read; `before` is the message before the change.
pub fn set_read(tx: &mut Tx, before: &Message, read_at: Option<Timestamp>) -> Result<()> {
    let message = Message { read_at, ..before.clone() };
    tally(tx, before, -1)?;
    tx.update(row(&message))?;
    tally(tx, &message, 1)
}

/// Removes a message.
pub fn delete(tx: &mut Tx, message: &Message) -> Result<()> {
    tx.change("DELETE FROM messages WHERE id = ?1", values![&message.id])?;
    tally(tx, message, -1)
}

fn tally(tx: &mut Tx, message: &Message, by: i64) -> Result<()> {
    LIST.tally(tx, message.account, &[], by)?;
    if message.read_at.is_none() {
        list_total::bump(tx, message.account, &[UNREAD], by)?;
    }
    Ok(())
}
