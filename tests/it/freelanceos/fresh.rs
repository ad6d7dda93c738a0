//! Responses are never stale, whether or not another process has written meanwhile.

use freelanceos::app::session::AccessLife;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::spawn_app;

#[tokio::test]
async fn the_next_request_sees_what_another_process_has_written() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    user.client("First").await;
    for _ in 0..2 {
        assert_eq!(user.get("/clients").await.body["total"], 1);
    }
    // Another process would also use a separate connection.
    let change = |sql: &'static str| {
        app.database().change(|connection| connection.execute(sql, &[]).map(drop)).unwrap();
    };
    change("UPDATE clients SET name = 'Renamed'");
    assert_eq!(user.get("/clients").await.data(200)[0]["name"], "Renamed");
    change("UPDATE sessions SET revoked_at = 1");
    assert_eq!(user.get("/clients").await.error(401), "You were signed out, please log in again");
}

#[tokio::test]
async fn an_invoice_becomes_overdue_at_midnight_without_any_write() {
    let app = spawn_app().await;
    // Lagos is an hour ahead of UTC.
    app.clock.set("2026-04-15T22:59:59Z");
    let user = app.register("a@example.com").await;
    let client = user.client("Client").await;
    let id = user.invoice(&client, json!(100), "2026-04-15").await;
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    let status = async || user.get("/invoices").await.data(200)[0]["status"].clone();
    assert_eq!((status().await, status().await), (json!("sent"), json!("sent")));
    app.clock.set("2026-04-15T23:00:00Z");
    assert_eq!(status().await, "overdue");
}

#[tokio::test]
async fn a_token_expires_on_time_even_right_after_a_response() {
    let app = spawn_app().await;
    let mut user = app.register("a@example.com").await;
    user.token = app.app.access_token(user.claims(), AccessLife::Configured).unwrap();
    // Half an hour after it was created.
    app.clock.advance(SignedDuration::from_secs(30 * 60 - 1));
    user.get("/clients").await.data(200);
    app.clock.advance(SignedDuration::from_secs(1));
    user.get("/clients").await.error(401);
}

#[tokio::test]
async fn each_account_and_each_query_gets_its_own_response() {
    let app = spawn_app().await;
    let (a, b) = (app.register("a@example.com").await, app.register("b@example.com").await);
    a.client("Of A").await;
    b.client("Of B").await;
    for _ in 0..2 {
        assert_eq!(a.get("/clients").await.data(200)[0]["name"], "Of A");
        assert_eq!(b.get("/clients").await.data(200)[0]["name"], "Of B");
        assert_eq!(a.get("/clients?search=b").await.body["total"], 0);
        app.send(app.request(reqwest::Method::GET, "/clients")).await.error(401);
    }
}
