//! Refresh, logout, and the list of devices.

use reqwest::Method;
use serde_json::{Value, json};

use super::{HUB_PASSWORD, sign_up};
use crate::support::{Answer, TestApp, User, spawn_app};

const EMAIL: &str = "john.doe@example.com";

async fn login(app: &TestApp, agent: &str) -> Value {
    let body = json!({"email": EMAIL, "password": HUB_PASSWORD});
    let request = app.hub(Method::POST, "/auth/login").header("User-Agent", agent).json(&body);
    app.send(request).await.bare(200)["tokens"].clone()
}

async fn me(app: &TestApp, tokens: &Value) -> u16 {
    let token = tokens["accessToken"].as_str().unwrap();
    app.send(app.hub(Method::GET, "/auth/me").bearer_auth(token)).await.status.as_u16()
}

async fn refresh(app: &TestApp, tokens: &Value) -> Answer {
    app.hub_post("/auth/refresh", json!({"refreshToken": tokens["refreshToken"]})).await
}

async fn logout(app: &TestApp, tokens: &Value, refresh: Value) -> Answer {
    let token = tokens["accessToken"].as_str().unwrap();
    let request = app.hub(Method::POST, "/auth/logout").bearer_auth(token);
    app.send(request.json(&json!({"refreshToken": refresh}))).await
}

#[tokio::test]
async fn refresh_and_logout_match_the_document() {
    let app = spawn_app().await;
    sign_up(&app, EMAIL, "johndoe123", "freelancer").await;
    let tokens = login(&app, "one").await;
    let refreshed = refresh(&app, &tokens).await;
    assert_eq!(refreshed.bare(200)["expiresIn"], 3600);
    assert_eq!(me(&app, refreshed.bare(200)).await, 200);
    let answer = logout(&app, &tokens, tokens["refreshToken"].clone()).await;
    assert_eq!(*answer.bare(200), json!({"success": true, "message": "Logged out successfully"}));
    assert_eq!(me(&app, &tokens).await, 401);
    assert_eq!(me(&app, refreshed.bare(200)).await, 401);
    assert_eq!(
        refresh(&app, &tokens).await.body,
        json!({"statusCode": 401, "message": "Invalid refresh token", "error": "Unauthorized"})
    );
    assert_eq!(logout(&app, &tokens, Value::Null).await.status, 401);
}

#[tokio::test]
async fn logout_with_another_sessions_refresh_token_is_400_and_ends_neither() {
    let app = spawn_app().await;
    sign_up(&app, EMAIL, "johndoe123", "freelancer").await;
    let (one, other) = (login(&app, "one").await, login(&app, "other").await);
    for token in [other["refreshToken"].clone(), json!("nonsense"), one["accessToken"].clone()] {
        let answer = logout(&app, &one, token).await;
        assert_eq!(answer.body["details"], json!(["Refresh token does not exist"]));
    }
    assert_eq!((me(&app, &one).await, me(&app, &other).await), (200, 200));
    logout(&app, &one, Value::Null).await.bare(200);
    assert_eq!((me(&app, &one).await, me(&app, &other).await), (401, 200));
}

#[tokio::test]
async fn logout_needs_no_body() {
    let app = spawn_app().await;
    let user = sign_up(&app, EMAIL, "johndoe123", "freelancer").await;
    app.send(user.hub(Method::POST, "/auth/logout")).await.bare(200);
    user.hub_get("/auth/me").await.refusal(401);
}

#[tokio::test]
async fn logout_all_ends_every_session_of_the_account_and_of_no_other() {
    let app = spawn_app().await;
    let user = sign_up(&app, EMAIL, "johndoe123", "freelancer").await;
    let other = app.register("other@example.com").await;
    let (one, two) = (login(&app, "one").await, login(&app, "two").await);
    app.send(user.hub(Method::POST, "/auth/logout-all")).await.bare(200);
    for tokens in [&one, &two] {
        assert_eq!(me(&app, tokens).await, 401);
        refresh(&app, tokens).await.refusal(401);
    }
    user.hub_get("/auth/me").await.refusal(401);
    other.get("/auth/me").await.data(200);
}

async fn sessions(user: &User<'_>) -> Vec<Value> {
    user.hub_get("/auth/sessions").await.bare(200).as_array().unwrap().clone()
}

#[tokio::test]
async fn sessions_are_listed_newest_first_and_ended_one_by_one() {
    let app = spawn_app().await;
    let user = sign_up(&app, EMAIL, "johndoe123", "freelancer").await;
    app.clock.advance(jiff::SignedDuration::from_mins(1));
    let phone = login(&app, "Phone").await;
    app.clock.advance(jiff::SignedDuration::from_mins(1));
    refresh(&app, &phone).await.bare(200);
    let listed = sessions(&user).await;
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0]["userAgent"], &listed[0]["current"]), (&json!("Phone"), &json!(false)));
    assert_eq!(listed[0]["createdAt"], "2026-03-18T12:01:00Z");
    assert_eq!(listed[0]["lastUsedAt"], "2026-03-18T12:02:00Z");
    assert_eq!((&listed[1]["userAgent"], &listed[1]["current"]), (&Value::Null, &json!(true)));
    let path = format!("/auth/sessions/{}", listed[0]["id"].as_str().unwrap());
    // Another account can neither end it nor find out that it exists.
    let other = app.register("other@example.com").await;
    assert_eq!(*other.hub_delete(&path).await.refusal(404), "Session not found");
    user.hub_delete(&path).await.bare(200);
    assert_eq!(me(&app, &phone).await, 401);
    assert_eq!(sessions(&user).await.len(), 1);
    user.hub_delete(&path).await.refusal(404);
    user.hub_delete("/auth/sessions/any").await.refusal(404);
}
