//! Messages: the contact form of a public profile, and the freelancer's inbox.

use freelanceos::store::{doctor, engine::Tx};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::freelancer::{actions, change_rows, freelancer, shown};
use crate::store::rollup::assert_rollups;
use crate::support::{Options, TestApp, User, spawn_app, spawn_app_with};

const PATH: &str = "/freelancer/messages";

async fn send(app: &TestApp, username: &str, name: &str, message: &str) {
    let body = json!({"name": name, "email": "client@example.com", "message": message});
    let sent = app.hub_post(&format!("/public/freelancers/{username}/messages"), body).await;
    let said = r#"{"success":true,"message":"Message sent successfully"}"#;
    assert_eq!(sent.bare(201).to_string(), said);
}

/// Names of senders and whether their message was read, newest first.
async fn listed(user: &User<'_>) -> Vec<(String, bool)> {
    let answer = user.hub_get(PATH).await;
    let messages = answer.bare(200).as_array().unwrap();
    let one = |m: &Value| (m["name"].as_str().unwrap().to_owned(), m["read"] == true);
    messages.iter().map(one).collect()
}

async fn first_id(user: &User<'_>) -> String {
    user.hub_get(PATH).await.bare(200)[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_message_reaches_its_freelancer_and_the_activity() {
    let app = spawn_app().await;
    let user = freelancer(&app, "johndoe").await;
    let text = "ආයුබෝවන්,\n\n<i>ව්‍යාපෘතිය</i> ගැන ප්‍රශ්න කිහිපයක්.\n";
    // Usernames are matched regardless of case.
    send(&app, "JohnDoe", "නිමල් පෙරේරා", text).await;
    let answer = user.hub_get(PATH).await;
    insta::assert_snapshot!(shown(answer.bare(200)), @r#"
    [
      {
        "id": "msg_…",
        "name": "නිමල් පෙරේරා",
        "email": "client@example.com",
        "message": "ආයුබෝවන්,\n\n<i>ව්‍යාපෘතිය</i> ගැන ප්‍රශ්න කිහිපයක්.\n",
        "read": false,
        "createdAt": "2026-03-18T12:00:00Z"
      }
    ]
    "#);
    assert_eq!(answer.headers["x-total-count"], "1");
    let activity = user.get("/dashboard/activity").await;
    let entry = &activity.data(200)[0];
    assert_eq!(
        (&entry["type"], &entry["message"]),
        (&json!("message_received"), &json!("නිමල් පෙරේරා sent a message"))
    );
    assert_eq!(entry["entityId"], answer.bare(200)[0]["id"]);
    assert_eq!(actions(&user.hub_get("/freelancer/activity").await), ["Message from නිමල් පෙරේරා"]);
}

#[tokio::test]
async fn the_freelancer_is_notified_by_email_and_can_reply_to_the_sender() {
    let app = spawn_app().await;
    freelancer(&app, "johndoe").await;
    send(&app, "johndoe", "නිමල් පෙරේරා", "ආයුබෝවන්,\nHow much is it?").await;
    let mails = app.mails().await;
    let [mail] = &mails[..] else { panic!("{} mails", mails.len()) };
    assert_eq!(mail.to(), "johndoe@example.com");
    assert!(mail.header("Reply-To").contains("client@example.com"));
    assert!(mail.text.contains("ආයුබෝවන්,\nHow much is it?"), "{}", mail.text);
}

#[tokio::test]
async fn an_unverified_freelancer_is_notified_of_at_most_twenty_messages_a_day() {
    let app =
        spawn_app_with(Options { rate_limit: true, trust_proxy: true, ..Options::default() }).await;
    freelancer(&app, "ada").await;
    change_rows(&app, "UPDATE accounts SET email_verified_at = NULL");
    for n in 0..25 {
        let body =
            json!({"name": "Eve", "email": "eve@example.com", "message": "Buy casino.example"});
        let request = app.hub(Method::POST, "/public/freelancers/ada/messages");
        let request = request.header("X-Forwarded-For", format!("203.0.113.{n}")).json(&body);
        app.send(request).await.bare(201);
    }
    while app.deliver_mail().await.due > 0 {}
    let mails = app.mails().await;
    assert_eq!(mails.len(), 20);
    for mail in mails {
        assert_eq!(mail.to(), "ada@example.com");
        assert!(mail.text.contains("You have a new message"), "{}", mail.text);
        assert!(!mail.raw.contains("casino") && !mail.text.contains("casino"), "{}", mail.raw);
    }
}

#[tokio::test]
async fn messages_are_paged_newest_first_with_their_total() {
    let app = spawn_app().await;
    let user = freelancer(&app, "johndoe").await;
    for n in 0..12 {
        send(&app, "johndoe", &format!("Sender {n}"), "Hello").await;
        app.clock.advance(SignedDuration::from_secs(1));
    }
    let names = |answer: &crate::support::Answer| -> Vec<String> {
        assert_eq!(answer.headers["x-total-count"], "12");
        let messages = answer.bare(200).as_array().unwrap().iter();
        messages.map(|m| m["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&user.hub_get(PATH).await).len(), 10);
    let page = user.hub_get(&format!("{PATH}?limit=5&page=3")).await;
    assert_eq!(names(&page), ["Sender 1", "Sender 0"]);
    assert_eq!(names(&user.hub_get(&format!("{PATH}?page=9")).await), Vec::<String>::new());
    for (query, said) in [
        ("limit=0", "Limit must be a whole number from 1 to 100"),
        ("limit=101", "Limit must be a whole number from 1 to 100"),
        ("page=0", "Page must be a whole number from 1 to 1000000"),
        ("page=x", "Page must be a whole number from 1 to 1000000"),
    ] {
        let refused = user.hub_get(&format!("{PATH}?{query}")).await;
        refused.refusal(400);
        assert_eq!(refused.body["details"], json!([said]), "{query}");
    }
}

#[tokio::test]
async fn a_message_can_be_marked_read_or_unread_and_deleted() {
    let app = spawn_app().await;
    let user = freelancer(&app, "johndoe").await;
    send(&app, "johndoe", "One", "Hello").await;
    send(&app, "johndoe", "Two", "Hello").await;
    let path = format!("{PATH}/{}", first_id(&user).await);
    for read in [true, true, false, false, true] {
        let changed = user.hub_put(&path, json!({"read": read})).await;
        let said = r#"{"success":true,"message":"Message updated successfully"}"#;
        assert_eq!(changed.bare(200).to_string(), said);
        assert_eq!(listed(&user).await, [("Two".to_owned(), read), ("One".to_owned(), false)]);
        assert_rollups(app.database());
    }
    for (body, said) in [
        (json!({}), "Read is required"),
        (json!({"read": null}), "Read is required"),
        (json!({"read": "yes"}), "Read must be true or false"),
    ] {
        let refused = user.hub_put(&path, body).await;
        refused.refusal(400);
        assert_eq!(refused.body["details"], json!([said]));
    }
    let said = r#"{"success":true,"message":"Message deleted successfully"}"#;
    assert_eq!(user.hub_delete(&path).await.bare(200).to_string(), said);
    assert_eq!(listed(&user).await, [("One".to_owned(), false)]);
    assert_rollups(app.database());
    user.hub_delete(&path).await.refusal(404);
    assert_eq!(user.hub_put(&path, json!({"read": true})).await.refusal(404), "Message not found");
    let unread = format!("{PATH}/{}", first_id(&user).await);
    app.send(user.hub(Method::PATCH, &unread).json(&json!({"read": true}))).await.bare(200);
    user.hub_delete(&unread).await.bare(200);
    assert_rollups(app.database());
}

#[tokio::test]
async fn a_message_of_another_account_is_not_found() {
    let app = spawn_app().await;
    let (one, two) = (freelancer(&app, "one").await, freelancer(&app, "two").await);
    send(&app, "one", "To one", "Hello").await;
    send(&app, "two", "To two", "Hello").await;
    let (of_one, of_two) = (first_id(&one).await, first_id(&two).await);
    for (user, id) in [(&one, &of_two), (&two, &of_one)] {
        let path = format!("{PATH}/{id}");
        user.hub_put(&path, json!({"read": true})).await.refusal(404);
        user.hub_delete(&path).await.refusal(404);
    }
    assert_eq!(listed(&one).await, [("To one".to_owned(), false)]);
    assert_eq!(listed(&two).await, [("To two".to_owned(), false)]);
}

#[tokio::test]
async fn all_invalid_fields_of_a_message_are_reported_at_once() {
    let app = spawn_app().await;
    freelancer(&app, "johndoe").await;
    let path = "/public/freelancers/johndoe/messages";
    let body = json!({"name": "a\nb", "email": "nobody", "message": " \n "});
    let refused = app.hub_post(path, body).await;
    refused.refusal(400);
    let said = json!([
        "Name must be one line without control characters",
        "Email must be a valid email address",
        "Message must not be empty",
    ]);
    assert_eq!(refused.body["details"], said);
    let long = json!({"name": "A", "email": "a@example.com", "message": "x".repeat(10_001)});
    let refused = app.hub_post(path, long).await;
    let said = json!(["Message must be at most 10000 characters long"]);
    assert_eq!(
        (refused.refusal(400), &refused.body["details"]),
        (&json!("Validation failed"), &said)
    );
}

#[tokio::test]
async fn only_active_freelancers_get_messages() {
    let app = spawn_app().await;
    for name in ["client", "pending", "locked"] {
        freelancer(&app, name).await;
    }
    change_rows(&app, "UPDATE accounts SET role = 'client' WHERE username = 'client'");
    change_rows(&app, "UPDATE accounts SET activated_at = NULL WHERE username = 'pending'");
    app.app.set_disabled("locked@example.com".to_owned(), true).await.unwrap();
    let body = json!({"name": "A", "email": "a@example.com", "message": "Hello"});
    for name in ["client", "pending", "locked", "nobody", "no%20body", "%25"] {
        let path = format!("/public/freelancers/{name}/messages");
        let refused = app.hub_post(&path, body.clone()).await;
        assert_eq!(refused.refusal(404), "Freelancer not found", "{name}");
    }
    assert_rollups(app.database());
}

#[tokio::test]
async fn a_freelancer_gets_at_most_a_hundred_messages_a_day_from_all_senders() {
    let options = Options { rate_limit: true, trust_proxy: true, ..Options::default() };
    let app = spawn_app_with(options).await;
    freelancer(&app, "one").await;
    freelancer(&app, "two").await;
    let send = async |username: &str, from: u32| {
        let body = json!({"name": "A", "email": "a@example.com", "message": "Hello"});
        let request = app.hub(Method::POST, &format!("/public/freelancers/{username}/messages"));
        let request = request.header("X-Forwarded-For", format!("203.0.113.{from}"));
        app.send(request.json(&body)).await
    };
    for n in 0..100 {
        send("one", n).await.bare(201);
    }
    send("ONE", 101).await.refusal(429);
    send("two", 101).await.bare(201);
    // One address can send five an hour.
    for _ in 0..3 {
        send("two", 101).await.bare(201);
    }
    send("two", 101).await.refusal(429);
    app.clock.advance(SignedDuration::from_hours(24));
    send("one", 1).await.bare(201);
}

#[tokio::test]
async fn doctor_finds_totals_that_do_not_match_the_rows() {
    let app = spawn_app().await;
    let user = freelancer(&app, "johndoe").await;
    send(&app, "johndoe", "One", "Hello").await;
    user.project(&user.client("C").await, "P").await;
    super::freelancer::visit(&app, "/public/freelancers/johndoe").await.bare(200);
    let findings =
        || app.database().peek(|connection| doctor::rollups(&mut Tx::new(connection))).unwrap();
    assert_eq!(findings(), Vec::<String>::new());
    let lists = [
        "messages",
        "messages:unread",
        "profile_views",
        "activity:feed",
        "activity:notices",
        "clients:with-project",
    ];
    for list in lists {
        let change =
            |by| format!("UPDATE list_totals SET entries = entries + {by} WHERE list = '{list}'");
        change_rows(&app, &change(1));
        let found = findings();
        assert_eq!(found.len(), 1, "{list}: {found:?}");
        assert!(found[0].contains(&format!(" {list}: rows say ")), "{found:?}");
        change_rows(&app, &change(-1));
    }
    assert_eq!(findings(), Vec::<String>::new());
}
