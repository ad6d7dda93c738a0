//! Messages: sent through the public profile, read by the freelancer.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    account::DoneBody,
    error::{Changing, Failed, Listing, Removing, Writing},
};
use crate::{
    app::{
        App,
        message::{delete_message, list_messages, update_message},
    },
    domain::{
        id::MessageId,
        message::{Message, MessageChange, MessageFilter, NewMessage},
    },
    http::{
        answer::{Bare, Listed},
        bearer::Bearer,
        body::Body,
        query::Query,
        schema::{Instant, Text, bodies, schema},
    },
};

schema! {
    /// A message to a freelancer.
    struct MessageBody "Message" of message: Message {
        id "id": Text<MessageId> = Text(message.id),
        name "name": String = message.name,
        email "email": String = message.email,
        message "message": String = message.content,
        read "read": bool = message.read_at.is_some(),
        created_at "createdAt": Instant = Instant(message.created_at),
    }
}

bodies! {
    /// Whether a message counts as read.
    MessageChangeInput "MessageChange" = MessageChange, example r#"{"read": true}"#;

    /// A message to a freelancer.
    MessageInput "NewMessage" = NewMessage, example r#"{
        "name": "Client Name",
        "email": "client@example.com",
        "message": "Hi John, I have some questions about the project timeline."
    }"#;
}

/// The routes of the caller's messages.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/freelancer/messages", tag = "Tag::Messages")]
impl Routes {
    /// List the messages, newest first
    ///
    /// Messages from visitors of the public profile. `X-Total-Count` is their number.
    #[oai(path = "/", method = "get", operation_id = "listMessages")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<MessageFilter>,
    ) -> Result<Listed<MessageBody>, Failed<Listing>> {
        let MessageFilter { page } = self.0.admit_freelancer(bearer.0, filter.read()).await?;
        Ok(Listed::new(self.0.query(bearer.0, move |work| list_messages(work, page)).await?))
    }

    /// Mark a message as read or unread
    ///
    /// The dashboard counts unread messages.
    #[oai(path = "/:id", method = "put", method = "patch")]
    async fn update(
        &self,
        body: Body<MessageChangeInput>,
        bearer: Bearer,
        id: Path<MessageId>,
    ) -> Result<Bare<DoneBody>, Failed<Changing>> {
        let change = self.0.admit_freelancer(bearer.0, body.read()).await?;
        self.0.run(bearer.0, move |work| update_message(work, id.0, change)).await?;
        Ok(Bare::new("Message updated successfully"))
    }

    /// Delete a message
    ///
    /// Its activity entry is deleted too.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteMessage")]
    async fn delete(
        &self,
        bearer: Bearer,
        id: Path<MessageId>,
    ) -> Result<Bare<DoneBody>, Failed<Removing>> {
        self.0.run(bearer.0, move |work| delete_message(work, id.0)).await?;
        Ok(Bare::new("Message deleted successfully"))
    }
}

/// The contact form of public profiles.
pub struct PublicRoutes(pub Arc<App>);

#[OpenApi(prefix_path = "/public/freelancers", tag = "Tag::Public")]
impl PublicRoutes {
    /// Write to a freelancer
    ///
    /// No sign-in required. At most 5 an hour from one address.
    #[oai(path = "/:username/messages", method = "post", operation_id = "sendMessage")]
    async fn create(
        &self,
        body: Body<MessageInput>,
        username: Path<String>,
    ) -> Result<Bare<DoneBody, 201>, Failed<Writing>> {
        self.0.send_message(username.0, body.read()?).await?;
        Ok(Bare::new("Message sent successfully"))
    }
}
