//! `/messages`: messages from visitors of the public profile.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::message::{delete_message, find_message, list_messages, update_message},
    domain::{
        error::Result,
        message::{Message, MessageChange},
        page::{Listing, Page},
    },
    locale::t,
    web::{
        days::Days,
        fields::Fields,
        mailto::mailto,
        page::answer,
        pager::{self, Pager},
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// The number of characters that a reply quotes; some email programs refuse longer links.
const QUOTE_MAX: usize = 1200;

#[derive(Template)]
#[template(path = "pages/message/list.html")]
struct List {
    shell: Shell,
    days: Days,
    messages: Listing<Message>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "pages/message/show.html")]
struct Show {
    shell: Shell,
    days: Days,
    /// The link that starts a reply.
    reply: String,
    message: Message,
}

/// Lists the messages, newest first.
pub async fn list(visit: Visit) -> Result<Response> {
    let page = Page::of(&pager::sized(&visit.query()))?;
    let messages = visit.read(move |work| list_messages(work, page)).await?;
    let pager = Pager::new(&visit.request, &messages);
    let shell = visit.shell(Section::Messages);
    Ok(answer(StatusCode::OK, &List { shell, days: Days::of(&visit)?, messages, pager }))
}

/// Shows a message and marks it as read.
pub async fn show(visit: Visit) -> Result<Response> {
    let message = visit.find(find_message).await?;
    let mut shell = visit.shell(Section::Messages);
    if message.read_at.is_none() {
        visit.act(|work, id| update_message(work, id, MessageChange { read: true })).await?;
        shell.unread = shell.unread.saturating_sub(1);
    }
    let days = Days::of(&visit)?;
    let reply = reply(&message, &days, &visit.frame.account.name());
    Ok(answer(StatusCode::OK, &Show { shell, days, reply, message }))
}

fn reply(message: &Message, days: &Days, sender: &str) -> String {
    let cut: String = message.content.chars().take(QUOTE_MAX).collect();
    let quoted: String = cut.lines().map(|line| format!("> {line}\n")).collect();
    let body = format!(
        "{}\n\n\n\n{sender}\n\n{}\n{quoted}",
        t("greeting").with("name", &message.name),
        t("message-reply-quote").with("date", days.on(&message.created_at))
    );
    mailto(&message.email, &t("message-reply-subject").with("name", sender).to_string(), &body)
}

/// Marks a message as unread.
pub async fn mark_unread(visit: Visit, _: Fields) -> Result<Response> {
    visit.act(|work, id| update_message(work, id, MessageChange { read: false })).await?;
    Ok(visit.done("/messages", t("message-unread")))
}

/// Deletes a message.
pub async fn delete(visit: Visit, _: Fields) -> Result<Response> {
    visit.act(delete_message).await?;
    Ok(visit.done("/messages", t("message-deleted")))
}
