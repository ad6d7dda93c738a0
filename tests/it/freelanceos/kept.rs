//! Answers that are given again: never when anything of them may have changed, and never at all
//! where only another machine would know.

use freelanceos::app::session::AccessLife;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{TestApp, spawn_app};

/// Whether answers are kept: a server's database may change without a word.
fn keeps(app: &TestApp) -> bool {
    app.database().file().is_some()
}

/// Whether `asking` was answered with what was kept.
async fn is_given_again<T>(app: &TestApp, asking: impl Future<Output = T>) -> (bool, T) {
    let before = app.gate.kept.given_again();
    let answer = asking.await;
    (app.gate.kept.given_again() > before, answer)
}

#[tokio::test]
async fn an_answer_is_given_again_until_something_is_written() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("First").await;
    let paths =
        ["/clients", "/clients?search=fir", "/invoices", "/dashboard/stats", "/dashboard/activity"]
            .map(str::to_owned)
            .into_iter()
            .chain([format!("/clients/{client}")]);
    for path in paths {
        let first = user.get(&path).await;
        let (again, second) = is_given_again(&app, user.get(&path)).await;
        assert_eq!(again, keeps(&app), "{path}");
        assert_eq!((first.data(200), &first.body), (second.data(200), &second.body), "{path}");
        for header in ["content-type", "content-length", "cache-control", "x-frame-options"] {
            assert_eq!(first.headers[header], second.headers[header], "{path}: {header}");
        }
        assert_ne!(first.headers["x-request-id"], second.headers["x-request-id"], "{path}");
    }
    user.client("Second").await;
    let (again, listed) = is_given_again(&app, user.get("/clients")).await;
    assert!(!again);
    assert_eq!(listed.body["total"], 2);
}

#[tokio::test]
async fn what_another_process_writes_is_seen_by_the_next_request() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    user.client("First").await;
    for _ in 0..2 {
        assert_eq!(user.get("/clients").await.body["total"], 1);
    }
    // A connection of its own is what another process has.
    let change = |sql: &'static str| {
        app.database().change(|connection| connection.execute(sql, &[]).map(drop)).unwrap();
    };
    change("UPDATE clients SET name = 'Renamed'");
    assert_eq!(user.get("/clients").await.data(200)[0]["name"], "Renamed");
    change("UPDATE sessions SET revoked_at = 1");
    assert_eq!(user.get("/clients").await.error(401), "You were signed out, please log in again");
}

#[tokio::test]
async fn an_invoice_becomes_overdue_at_midnight_though_nothing_is_written() {
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
async fn a_token_ends_on_time_though_its_answer_was_kept() {
    let app = spawn_app().await;
    let mut user = app.register("a@example.com").await;
    user.token = app.app.access_token(user.claims(), AccessLife::Configured).unwrap();
    app.clock.advance(SignedDuration::from_mins(14));
    user.get("/clients").await.data(200);
    let (again, _) = is_given_again(&app, user.get("/clients")).await;
    assert_eq!(again, keeps(&app));
    // Half an hour after it was made; the quarter of an hour before is the last it is kept in.
    app.clock.advance(SignedDuration::from_secs(16 * 60 - 1));
    user.get("/clients").await.data(200);
    let (again, _) = is_given_again(&app, user.get("/clients")).await;
    assert!(!again, "kept past the end of its token");
    app.clock.advance(SignedDuration::from_secs(1));
    user.get("/clients").await.error(401);
}

#[tokio::test]
async fn each_account_gets_its_own_answer_and_each_query_another() {
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

#[tokio::test]
async fn failures_and_what_signs_in_are_never_given_again() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    for path in ["/clients/client_01h00000000000000000000000", "/clients?page=x", "/auth/me"] {
        for _ in 0..2 {
            let (again, _) = is_given_again(&app, user.get(path)).await;
            assert!(!again, "{path}");
        }
    }
}
