//! A POST with an Idempotency-Key counts once.

use jiff::SignedDuration;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{PASSWORD, User, document::document, spawn_app};

const CONFLICT: &str = "This Idempotency-Key was used with another request body; use a new key";

fn post(user: &User<'_>, path: &str, key: &str, body: &Value) -> RequestBuilder {
    user.request(Method::POST, path).header("Idempotency-Key", key).json(body)
}

fn new_client(name: &str) -> Value {
    json!({"name": name, "email": "c@example.com", "company": "Ünïcödé & <b>"})
}

async fn total(user: &User<'_>, path: &str) -> u64 {
    user.get(path).await.body["total"].as_u64().unwrap()
}

/// Status and exact bytes.
async fn exact(request: RequestBuilder) -> (u16, Vec<u8>) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_response_byte_for_byte() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let first = exact(post(&user, "/clients", "key", &new_client("A"))).await;
    assert_eq!(first.0, 201);
    app.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(exact(post(&user, "/clients", "key", &new_client("A"))).await, first);
    assert_eq!(total(&user, "/clients").await, 1);
}

#[tokio::test]
async fn every_post_that_needs_a_token_counts_once() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let project = user.project(&client, "Project").await;
    let mut tried = 0;
    for operation in &document(&app).await.operations {
        if operation.method != Method::POST || !operation.needs_token() {
            continue;
        }
        let mut body = document(&app).await.example(operation);
        for (field, id) in [("clientId", &client), ("projectId", &project)] {
            if body.get(field).is_some() {
                body[field] = id.as_str().into();
            }
        }
        let id = user.one_for(operation.noun(), &operation.path, &client, &project).await;
        let path = operation.path_of(&id);
        let first = exact(post(&user, &path, "key", &body)).await;
        assert!(first.0 < 300, "{} {first:?}", operation.name());
        let before = total(&user, &format!("/{}", operation.noun())).await;
        app.clock.advance(SignedDuration::from_secs(1));
        assert_eq!(exact(post(&user, &path, "key", &body)).await, first, "{}", operation.name());
        assert_eq!(total(&user, &format!("/{}", operation.noun())).await, before);
        tried += 1;
    }
    assert_eq!(tried, 23);
}

#[tokio::test]
async fn the_same_key_with_another_body_is_409() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    app.send(post(&user, "/clients", "key", &new_client("A"))).await.data(201);
    let other = app.send(post(&user, "/clients", "key", &new_client("B"))).await;
    assert_eq!(other.error(409), CONFLICT);
    // The raw bytes are compared: the same object spelled differently is another body.
    let request = user.request(Method::POST, "/clients").header("Idempotency-Key", "key");
    let spaced = serde_json::to_string_pretty(&new_client("A")).unwrap();
    let answer = app.send(request.header("Content-Type", "application/json").body(spaced)).await;
    assert_eq!(answer.error(409), CONFLICT);
    assert_eq!(total(&user, "/clients").await, 1);
}

#[tokio::test]
async fn the_same_key_for_another_account_or_route_is_a_different_key() {
    let app = spawn_app().await;
    let one = app.register("one@example.com").await;
    let two = app.register("two@example.com").await;
    let first = exact(post(&one, "/clients", "key", &new_client("A"))).await;
    let second = exact(post(&two, "/clients", "key", &new_client("A"))).await;
    assert_eq!((first.0, second.0), (201, 201));
    assert_ne!(first.1, second.1);
    let client = one.client("Client").await;
    let body = json!({"clientId": client, "name": "P", "title": "P"});
    app.send(post(&one, "/projects", "key", &body)).await.data(201);
    app.send(post(&one, "/proposals", "key", &body)).await.data(201);
    for id in [one.proposal(&client, "A").await, one.proposal(&client, "B").await] {
        let answer =
            app.send(post(&one, &format!("/proposals/{id}/send"), "key", &json!({}))).await;
        assert_eq!(answer.data(200)["id"], id.as_str());
    }
}

#[tokio::test]
async fn of_two_concurrent_requests_the_second_gets_the_response_of_the_first() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let body = new_client("A");
    let requests = (0..8).map(|_| exact(post(&user, "/clients", "key", &body)));
    let answers = futures_util::future::join_all(requests).await;
    assert_eq!(answers[0].0, 201);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(total(&user, "/clients").await, 1);
}

#[tokio::test]
async fn a_key_is_remembered_for_24_hours() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let first = exact(post(&user, "/clients", "key", &new_client("A"))).await;
    app.clock.set("2026-03-19T11:59:59Z");
    // Cleaning up only deletes expired keys.
    app.app.sweep().await.unwrap();
    assert_eq!(exact(post(&user, "/clients", "key", &new_client("A"))).await, first);
    app.clock.advance(SignedDuration::from_secs(1));
    app.send(post(&user, "/clients", "key", &new_client("B"))).await.data(201);
    app.send(post(&user, "/clients", "key", &new_client("A"))).await.error(409);
    assert_eq!(total(&user, "/clients").await, 2);
}

#[tokio::test]
async fn only_successful_responses_are_kept() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    app.send(post(&user, "/clients", "key", &json!({"name": "A"}))).await.error(400);
    app.send(post(&user, "/clients", "key", &new_client("A"))).await.data(201);

    let client = user.client("Client").await;
    let project = json!({"clientId": "client_1", "name": "P"});
    app.send(post(&user, "/projects", "key", &project)).await.error(400);
    let project = json!({"clientId": client, "name": "P"});
    app.send(post(&user, "/projects", "key", &project)).await.data(201);

    let proposal = user.proposal(&client, "A").await;
    let path = format!("/proposals/{proposal}/send");
    app.send(post(&user, "/proposals/none/send", "key", &json!({}))).await.error(404);
    user.put(&format!("/proposals/{proposal}"), json!({"status": "accepted"})).await.data(200);
    app.send(post(&user, &path, "key", &json!({}))).await.error(409);
    app.send(post(&user, &path, "key", &json!({"other": 1}))).await.error(409);
    assert_ne!(app.send(post(&user, &path, "key", &json!({"x": 1}))).await.error(409), CONFLICT);
}

#[tokio::test]
async fn a_key_is_1_to_255_visible_ascii_characters() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (longest, too_long) = ("k".repeat(255), "k".repeat(256));
    for (n, key) in ["!", "~", "a-b_c:d", longest.as_str()].iter().enumerate() {
        app.send(post(&user, "/clients", key, &new_client(&n.to_string()))).await.data(201);
    }
    for key in ["", "two words", "é", "tab\there", too_long.as_str()] {
        let answer = app.send(post(&user, "/clients", key, &new_client("A"))).await;
        assert_eq!(
            answer.error(400),
            "Idempotency-Key must be 1 to 255 visible ASCII characters",
            "{key}"
        );
    }
    assert_eq!(total(&user, "/clients").await, 4);
}

#[tokio::test]
async fn a_key_is_ignored_on_auth_routes_and_by_other_methods() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let send = |path: &str, body: Value| {
        app.send(app.request(Method::POST, path).header("Idempotency-Key", "key").json(&body))
    };
    let new =
        |email| json!({"email": email, "password": PASSWORD, "firstName": "A", "lastName": "B"});
    send("/auth/register", new("a@example.com")).await.data(201);
    send("/auth/register", new("b@example.com")).await.data(201);
    send("/auth/register", new("b@example.com")).await.error(409);
    let login = json!({"email": "a@example.com", "password": PASSWORD});
    app.clock.advance(SignedDuration::from_secs(1));
    let first = send("/auth/login", login.clone()).await.data(200)["token"].clone();
    assert_ne!(send("/auth/login", login).await.data(200)["token"], first);

    let client = user.client("Client").await;
    for (key, name) in [("key", "A"), ("key", "B"), ("not a key", "C")] {
        let request = user.request(Method::PUT, &format!("/clients/{client}"));
        let answer =
            app.send(request.header("Idempotency-Key", key).json(&json!({"name": name}))).await;
        assert_eq!(answer.data(200)["name"], name);
    }
}
