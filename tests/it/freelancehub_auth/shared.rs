//! Routes that FreelanceOS and FreelanceHub Auth share. A failure before the body tells which one
//! is meant has a format that satisfies both.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::registration;
use crate::support::{Answer, Options, TestApp, spawn_app, spawn_app_with};

#[track_caller]
fn satisfies_both(answer: &Answer, status: u16) -> &str {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    let message = answer.body["message"].as_str().unwrap();
    let wanted = json!({
        "success": false, "error": message, "statusCode": status, "message": message,
    });
    assert_eq!(answer.body, wanted);
    let keys: Vec<_> = answer.body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["success", "error", "statusCode", "message"]);
    message
}

async fn send(app: &TestApp, path: &str, kind: &str, body: &str) -> Answer {
    let request = app.request(Method::POST, path).header(CONTENT_TYPE, kind);
    app.send(request.body(body.to_owned())).await
}

#[tokio::test]
async fn failures_before_the_body_is_parsed_satisfy_both_documents() {
    let app = spawn_app().await;
    for path in ["/auth/register", "/auth/login"] {
        for body in ["{", "", "[]", "\"role\"", "{\"role\": }"] {
            satisfies_both(&send(&app, path, "application/json", body).await, 400);
        }
        satisfies_both(&send(&app, path, "text/plain", "{\"role\": \"client\"}").await, 415);
        satisfies_both(&send(&app, path, "application/json", &" ".repeat(1 << 21)).await, 413);
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            satisfies_both(&app.send(app.request(method, path)).await, 405);
        }
    }
}

#[tokio::test]
async fn a_registration_over_the_limit_satisfies_both_documents() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    for email in ["a", "b", "c"] {
        app.post("/auth/register", registration(&format!("{email}@example.com"))).await.bare(201);
    }
    for body in [registration("d@example.com"), json!({"email": "e@example.com"})] {
        satisfies_both(&app.post("/auth/register", body).await, 429);
    }
}

#[tokio::test]
async fn failures_after_the_body_is_parsed_have_the_format_of_its_document() {
    let before = spawn_app().await;
    before.register("first@example.com").await;
    let options =
        Options { open_registration: Some(false), home: before.home(), ..Options::default() };
    let app = spawn_app_with(options).await;
    let os = app.post("/auth/register", json!({"email": "user@example.com"})).await;
    assert_eq!(os.body.as_object().unwrap().keys().collect::<Vec<_>>(), ["success", "error"]);
    os.error(403);
    app.post("/auth/register", registration("john@example.com")).await.refusal(403);

    let app = spawn_app().await;
    let os: Value = app.post("/auth/register", json!({})).await.body;
    assert_eq!(os.as_object().unwrap().keys().collect::<Vec<_>>(), ["success", "error"]);
    app.post("/auth/register", json!({"role": ""})).await.refusal(400);
}
