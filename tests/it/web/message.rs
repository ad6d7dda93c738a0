//! `/messages`.

use serde_json::json;

use super::browser::Browser;
use crate::support::{TestApp, User, spawn_app};

/// A freelancer with a public profile who got this message.
async fn written_to<'a>(app: &'a TestApp, messages: &[&str]) -> User<'a> {
    let user = app.register("obi@example.com").await;
    user.hub_put("/freelancer/profile", json!({"username": "obi"})).await.bare(200);
    for text in messages {
        let body = json!({"name": "Eve <b>", "email": "eve+x@example.com", "message": text});
        app.hub_post("/public/freelancers/obi/messages", body).await.bare(201);
    }
    user
}

#[tokio::test]
async fn a_message_is_read_answered_marked_unread_and_deleted() {
    let app = spawn_app().await;
    let user = written_to(&app, &["Hello <script>\nAre you free? & when"]).await;
    let browser = Browser::of(&user);
    let list = browser.open("/messages").await.expect(200);
    list.says("Messages 1 unread").says("Eve <b> New").says("13:00");

    let one = list.link("/messages/msg_");
    let shown = browser.open(&one).await.expect(200);
    shown.says("Hello <script> Are you free? & when").hides("Messages 1 unread");
    let reply = shown.link("mailto:eve%2Bx@example.com?subject=");
    assert!(reply.contains("%3E%20Are%20you%20free%3F%20%26%20when"), "{reply}");
    browser.open("/messages").await.hides("Eve <b> New").hides("Messages 1 unread");

    let back = browser.send(&shown, &format!("{one}/unread"), &[]).await;
    back.says("marked as unread").says("Messages 1 unread").says("New");
    let gone = browser.send(&shown, &format!("{one}/delete"), &[]).await;
    gone.says("Message deleted.").says("No messages yet");
    assert_eq!(gone.link("/profile"), "/profile");
    browser.open(&one).await.expect(404);
}

#[tokio::test]
async fn a_message_of_another_account_is_not_found() {
    let app = spawn_app().await;
    let user = written_to(&app, &["One", "Two", "Three"]).await;
    let browser = Browser::of(&user);
    let list = browser.open("/messages").await.expect(200);
    let one = list.says("Three").link("/messages/msg_");
    let eve = app.register("eve@example.com").await;
    let others = Browser::of(&eve);
    others.open(&one).await.expect(404);
    let token = others.open("/clients/new").await.value("_token").unwrap();
    others.post(&format!("{one}/delete"), &[("_token", &token)]).await.expect(404);
    browser.open(&one).await.expect(200);
    browser.open("/messages?page=2").await.says("No older messages");
}
