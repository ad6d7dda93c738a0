//! Messages to freelancers.

use crate::{
    app::{
        App,
        event::Event,
        limit::Limit,
        profile,
        quota::MESSAGES_MAX,
        unit_of_work::{Who, Work},
    },
    domain::{
        error::{Error, Result},
        id::MessageId,
        message::{Message, MessageChange, NewMessage},
        page::{Listing, Page},
    },
    store,
};

impl App {
    /// Sends a message to the freelancer with this username and notifies them by mail.
    pub async fn send_message(&self, username: String, new: NewMessage) -> Result<()> {
        let asked = username.clone();
        let account = self.store.read(move |tx| profile::freelancer(tx, &asked)).await?;
        self.count_email(Limit::MessagesTo, &account.email).await?;
        let who = Who::System(account.id);
        self.run_always(who, move |work| receive_message(work, &username, &new)).await
    }
}

fn receive_message(work: &mut Work, username: &str, new: &NewMessage) -> Result<()> {
    // Another account may have taken the name meanwhile.
    let freelancer = profile::freelancer(work.tx, username)?;
    if freelancer.id != work.account {
        return Err(Error::not_found("error-freelancer-not-found"));
    }
    let is_limited = work.env.is_limited(&freelancer);
    if is_limited && store::message::count(work.tx, work.account)? >= MESSAGES_MAX {
        return Err(Error::forbidden("error-messages-refused"));
    }
    let message = Message {
        id: work.new_id(),
        account: work.account,
        name: new.name.clone(),
        email: new.email.clone(),
        content: new.content.clone(),
        read_at: None,
        created_at: work.now,
    };
    store::message::create(work.tx, &message)?;
    work.emit(Event::MessageReceived { message: &message, freelancer: &freelancer })
}

/// Returns a page of the caller's messages, newest first.
pub fn list_messages(work: &mut Work, page: Page) -> Result<Listing<Message>> {
    work.actor.must_be_freelancer()?;
    store::message::list(work.tx, work.account, page)
}

/// Returns a message to the caller.
pub fn find_message(work: &mut Work, id: MessageId) -> Result<Message> {
    work.actor.must_be_freelancer()?;
    store::message::find(work.tx, work.account, id)
}

/// Marks a message as read or unread.
pub fn update_message(work: &mut Work, id: MessageId, change: MessageChange) -> Result<()> {
    let message = find_message(work, id)?;
    if message.read_at.is_some() == change.read {
        return Ok(());
    }
    store::message::set_read(work.tx, &message, change.read.then_some(work.now))
}

/// Deletes a message.
pub fn delete_message(work: &mut Work, id: MessageId) -> Result<()> {
    let message = find_message(work, id)?;
    store::activity::delete_of_message(work.tx, work.account, id)?;
    store::message::delete(work.tx, &message)
}
