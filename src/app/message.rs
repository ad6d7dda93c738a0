//! Messages to freelancers.

use super::{App, activity::Told, limit::Limit, profile, quota::MESSAGES_MAX};
use crate::{
    domain::{
        activity::ActivityKind,
        error::{Error, Result},
        id::MessageId,
        message::{Message, MessageChange, NewMessage},
        page::{Listing, Page},
        session::Claims,
    },
    mail::compose,
    store,
};

impl App {
    /// Sends a message to the freelancer of that username, who is told by mail.
    pub async fn send_message(&self, username: String, new: NewMessage) -> Result<()> {
        let (now, id) = (self.now(), self.new_id());
        let entry = self.new_entry(now);
        let asked = username.clone();
        let account = self.store.read(move |tx| profile::freelancer(tx, &asked)).await?;
        self.count_email(Limit::MessagesTo, &account.email).await?;
        let mail = compose::message_received(
            &account.email,
            &account.first_name,
            &new.name,
            &new.email,
            &new.content,
        )?;
        let news = "Somebody wrote to you through your public profile.";
        let letter = self.tell_owner(&account, &mail, news, "/messages").await?;
        let is_limited = self.is_limited(&account);
        self.store
            .write(move |tx| {
                // Meanwhile the account may have been locked, or another have taken the name.
                if profile::freelancer(tx, &username)?.id != account.id {
                    return Err(Error::not_found("Freelancer"));
                }
                if is_limited && store::message::count(tx, account.id)? >= MESSAGES_MAX {
                    return Err(Error::forbidden("This freelancer takes no more messages for now"));
                }
                let message = Message {
                    id,
                    account: account.id,
                    name: new.name.clone(),
                    email: new.email.clone(),
                    content: new.content.clone(),
                    read_at: None,
                    created_at: now,
                };
                store::message::create(tx, &message)?;
                let told = Told {
                    kind: ActivityKind::MessageReceived,
                    subject: &message.name,
                    amount: None,
                    client: None,
                    entity: id.to_string(),
                };
                entry.write(tx, account.id, told)?;
                letter.iter().try_for_each(|letter| store::outbox::create(tx, letter))
            })
            .await?;
        self.wake_mail();
        Ok(())
    }

    /// A page of the messages to the caller, newest first.
    pub async fn list_messages(&self, claims: Claims, page: Page) -> Result<Listing<Message>> {
        self.read(claims, move |tx, actor| {
            actor.must_be_freelancer()?;
            store::message::list(tx, actor.account, page)
        })
        .await
    }

    /// A message to the caller.
    pub async fn message(&self, claims: Claims, id: MessageId) -> Result<Message> {
        self.read(claims, move |tx, actor| {
            actor.must_be_freelancer()?;
            store::message::find(tx, actor.account, id)
        })
        .await
    }

    /// Marks a message as read or unread.
    pub async fn update_message(
        &self,
        claims: Claims,
        id: MessageId,
        change: MessageChange,
    ) -> Result<()> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            actor.must_be_freelancer()?;
            let message = store::message::find(tx, actor.account, id)?;
            if message.read_at.is_some() == change.read {
                return Ok(());
            }
            store::message::set_read(tx, &message, change.read.then_some(now))
        })
        .await
    }

    /// Removes a message.
    pub async fn delete_message(&self, claims: Claims, id: MessageId) -> Result<()> {
        self.write(claims, move |tx, actor| {
            actor.must_be_freelancer()?;
            let message = store::message::find(tx, actor.account, id)?;
            store::activity::delete_of_message(tx, actor.account, id)?;
            store::message::delete(tx, &message)
        })
        .await
    }
}
