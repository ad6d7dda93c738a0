//! A clock that was ahead and is corrected: nothing is lost, duplicated or blocked for the time it
//! was wrong.

use freelanceos::{
    app::invoice_send::remind_invoice,
    domain::{error::Kind, id::InvoiceId},
};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use crate::{
    freelancehub::two_factor::{Guarded, asks_for_code},
    support::{Options, START, User, spawn_app, spawn_app_with},
};

const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 400);

async fn client_names(user: &User<'_>) -> Vec<String> {
    let answer = user.get("/clients").await;
    let clients = answer.data(200).as_array().unwrap();
    clients.iter().map(|client| client["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn sessions_and_idempotency_keys_survive_a_clock_that_is_set_back() {
    let app = spawn_app().await;
    app.clock.advance(AHEAD);
    let user = app.register("a@example.com").await;
    let post = || {
        let body = json!({"name": "Once", "email": "c@example.com"});
        user.request(Method::POST, "/clients").header("Idempotency-Key", "key").json(&body)
    };
    let first = app.send(post()).await.data(201)["id"].clone();
    app.clock.set(START);
    assert_eq!(app.send(post()).await.data(201)["id"], first);
    assert!(!app.app.sweep().await.unwrap());
    assert_eq!(app.send(post()).await.data(201)["id"], first, "a sweep forgets nothing of it");
    app.post("/auth/login", json!({"email": "a@example.com", "password": "SecurePass123"}))
        .await
        .data(200);
}

#[tokio::test]
async fn the_newest_is_shown_first_also_after_a_restart() {
    let app = spawn_app().await;
    app.clock.advance(AHEAD);
    let user = app.register("a@example.com").await;
    user.client("First").await;
    app.clock.set(START);
    user.client("Second").await;
    assert_eq!(client_names(&user).await, ["Second", "First"]);

    // Another process takes over the database, at a time before most of its rows.
    let options = Options { home: app.home(), ..Options::default() };
    let later = spawn_app_with(options).await;
    let user = User { app: &later, token: user.token.clone(), id: user.id.clone() };
    user.client("Third").await;
    assert_eq!(client_names(&user).await, ["Third", "Second", "First"]);
    let log = user.get("/dashboard/activity").await;
    let said = log.data(200)[0].to_string();
    assert!(said.contains("Third"), "{said}");
}

#[tokio::test]
async fn invoice_numbers_have_no_gaps_or_duplicates() {
    let app = spawn_app().await;
    let ahead = "2027-01-02T12:00:00Z";
    app.clock.set(ahead);
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let mut numbers = Vec::new();
    for at in [ahead, "2026-12-31T12:00:00Z", START, ahead] {
        app.clock.set(at);
        let id = user.invoice(&client, json!(1), "2027-04-01").await;
        let invoice = user.get(&format!("/invoices/{id}")).await;
        numbers.push(invoice.data(200)["number"].as_str().unwrap().to_owned());
    }
    assert_eq!(numbers, ["INV-2027-001", "INV-2026-001", "INV-2026-002", "INV-2027-002"]);
}

#[tokio::test]
async fn mail_does_not_wait_for_the_wrong_time() {
    let app = spawn_app().await;
    app.clock.advance(AHEAD);
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    user.sent_invoice(&client, json!(100)).await;
    app.clock.set(START);
    // The worker finds nothing due, but an email scheduled further ahead than any pause.
    let round = app.deliver_mail().await;
    assert_eq!(round.next, Some(app.app.now()));
    assert_eq!(app.mails().await.len(), 1);
    assert_eq!(app.mails().await.len(), 1, "once");
}

#[tokio::test]
async fn a_reminder_may_follow_one_from_the_future_but_not_twice_a_day() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let claims = user.claims();
    let id = InvoiceId::parse(&id);
    let remind = async || app.app.run(claims, move |work| remind_invoice(work, id)).await;
    app.clock.advance(AHEAD);
    remind().await.unwrap();
    app.clock.advance(-SignedDuration::from_hours(1));
    assert_eq!(*remind().await.unwrap_err().kind(), Kind::Conflict);
    app.clock.set(START);
    remind().await.unwrap();
    assert_eq!(*remind().await.unwrap_err().kind(), Kind::Conflict);
}

#[tokio::test]
async fn a_two_factor_code_is_accepted_at_the_right_time_and_only_once() {
    let app = spawn_app().await;
    app.clock.advance(AHEAD);
    let guarded = Guarded::new(&app, "a@example.com").await;
    guarded.login(Some(&guarded.code(0))).await.bare(200);
    // A used code stays used if the clock moves back a little.
    let used = guarded.code(0);
    app.clock.advance(-SignedDuration::from_secs(30));
    asks_for_code(&guarded.login(Some(&used)).await);
    app.clock.set(START);
    let code = guarded.code(0);
    guarded.login(Some(&code)).await.bare(200);
    asks_for_code(&guarded.login(Some(&code)).await);
}

#[tokio::test]
async fn limits_last_no_longer_than_their_window() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    app.clock.advance(AHEAD);
    let login = async || {
        let body = json!({"email": "a@example.com", "password": "WrongPass123"});
        app.post("/auth/login", body).await.status.as_u16()
    };
    for _ in 0..5 {
        assert_eq!(login().await, 401);
    }
    assert_eq!(login().await, 429);
    app.clock.set(START);
    assert_eq!(login().await, 401);
}
