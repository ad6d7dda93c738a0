//! Tokens and the end of sessions on all three APIs at once.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{HUB_PASSWORD, verified, wrong};
use crate::support::{Answer, TestApp, spawn_app};

const EMAIL: &str = "john@example.com";

/// All tokens from a sign-in through the shared login.
struct Tokens {
    os: String,
    access: String,
    refresh: String,
}

async fn login(app: &TestApp) -> Tokens {
    let answer = app.post("/auth/login", json!({"email": EMAIL, "password": HUB_PASSWORD})).await;
    let body = answer.bare(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Tokens {
        os: text(&body["data"]["token"]),
        access: text(&body["access_token"]),
        refresh: text(&body["refresh_token"]),
    }
}

async fn statuses(app: &TestApp, tokens: &Tokens) -> Vec<u16> {
    let mut statuses = Vec::new();
    for token in [&tokens.os, &tokens.access] {
        for request in [
            app.request(Method::GET, "/auth/me"),
            app.request(Method::GET, "/auth/profile"),
            app.hub(Method::GET, "/auth/me"),
        ] {
            statuses.push(app.send(request.bearer_auth(token)).await.status.as_u16());
        }
    }
    let body = json!({"refreshToken": tokens.refresh});
    statuses.push(app.post("/auth/refresh", body.clone()).await.status.as_u16());
    statuses.push(app.hub_post("/auth/refresh", body).await.status.as_u16());
    statuses
}

async fn logout(app: &TestApp, token: &str) -> Answer {
    app.send(app.request(Method::POST, "/auth/logout").bearer_auth(token)).await
}

#[tokio::test]
async fn each_token_lives_as_long_as_documented() {
    let app = spawn_app().await;
    verified(&app, EMAIL).await.bare(200);
    let tokens = login(&app).await;
    assert_eq!(statuses(&app, &tokens).await, [200; 8]);
    app.clock.advance(SignedDuration::from_secs(30 * 60));
    assert_eq!(statuses(&app, &tokens).await, [200, 200, 200, 401, 401, 401, 200, 200]);
    app.clock.advance(SignedDuration::from_secs(7 * 86_400 - 30 * 60));
    assert_eq!(statuses(&app, &tokens).await, [401; 8]);
}

#[tokio::test]
async fn a_refresh_token_gives_each_api_its_own_lifetime() {
    let app = spawn_app().await;
    verified(&app, EMAIL).await.bare(200);
    let body = json!({"refreshToken": login(&app).await.refresh});
    let auth = app.post("/auth/refresh", body.clone()).await;
    let hub = app.hub_post("/auth/refresh", body).await;
    assert_eq!(hub.bare(200)["expiresIn"], 3600);
    let me = async |answer: &Answer| {
        let token = answer.body["accessToken"].as_str().unwrap();
        app.send(app.hub(Method::GET, "/auth/me").bearer_auth(token)).await.status.as_u16()
    };
    app.clock.advance(SignedDuration::from_secs(1799));
    assert_eq!((me(&auth).await, me(&hub).await), (200, 200));
    app.clock.advance(SignedDuration::from_secs(1));
    assert_eq!((me(&auth).await, me(&hub).await), (401, 200));
    app.clock.advance(SignedDuration::from_secs(1800));
    assert_eq!((me(&auth).await, me(&hub).await), (401, 401));
}

#[tokio::test]
async fn every_token_is_unique_even_within_a_second() {
    let app = spawn_app().await;
    verified(&app, EMAIL).await.bare(200);
    let first = login(&app).await;
    let body = json!({"refreshToken": first.refresh});
    let mut tokens = vec![first.access, first.os, first.refresh];
    for _ in 0..2 {
        let refreshed = app.post("/auth/refresh", body.clone()).await;
        tokens.push(refreshed.bare(200)["accessToken"].as_str().unwrap().to_owned());
    }
    let distinct: std::collections::HashSet<&String> = tokens.iter().collect();
    assert_eq!(distinct.len(), tokens.len());
}

#[tokio::test]
async fn each_token_works_only_for_its_own_purpose() {
    let app = spawn_app().await;
    verified(&app, EMAIL).await.bare(200);
    let tokens = login(&app).await;
    let as_access =
        app.send(app.request(Method::GET, "/auth/profile").bearer_auth(&tokens.refresh)).await;
    assert_eq!(*as_access.refusal(401), "Invalid or expired token");
    for token in [&tokens.access, &tokens.os, "", "a.b.c"] {
        let answer = app.post("/auth/refresh", json!({"refreshToken": token})).await;
        assert_eq!(*answer.refusal(401), "Invalid refresh token");
    }
    let missing = app.post("/auth/refresh", json!({})).await;
    assert_eq!(*missing.refusal(400), json!(["refreshToken should not be empty"]));
}

#[tokio::test]
async fn logout_ends_all_tokens_of_its_session_on_all_apis_and_no_others() {
    let app = spawn_app().await;
    verified(&app, EMAIL).await.bare(200);
    let (one, other) = (login(&app).await, login(&app).await);
    assert_eq!(
        *logout(&app, &one.access).await.bare(200),
        json!({"message": "Logged out successfully"})
    );
    assert_eq!(statuses(&app, &one).await, [401; 8]);
    assert_eq!(statuses(&app, &other).await, [200; 8]);
    // An expired token still identifies its session.
    app.clock.advance(SignedDuration::from_secs(3600));
    logout(&app, &other.access).await.bare(200);
    assert_eq!(statuses(&app, &other).await, [401; 8]);
}

#[tokio::test]
async fn logout_without_a_valid_token_is_200_too() {
    let app = spawn_app().await;
    for token in [None, Some("nonsense")] {
        let request = app.request(Method::POST, "/auth/logout");
        let request =
            token.map_or(request.try_clone().unwrap(), |token| request.bearer_auth(token));
        let answer = app.send(request).await;
        assert_eq!(*answer.bare(200), json!({"message": "Logged out successfully"}));
    }
}

#[tokio::test]
async fn a_password_reset_ends_every_session_and_verifies_the_email() {
    let app = spawn_app().await;
    verified(&app, EMAIL).await.bare(200);
    let (one, other) = (login(&app).await, login(&app).await);
    app.hub_post("/auth/forgot-password", json!({"email": EMAIL})).await.bare(200);
    let otp = app.code_of(EMAIL).await;
    let reset = |otp: &str| json!({"email": EMAIL, "otp": otp, "newPassword": "Another1!pass"});
    let refused = app.hub_post("/auth/reset-password", reset(&wrong(&otp))).await;
    assert_eq!(*refused.refusal(400), "Invalid or expired OTP");
    assert_eq!(statuses(&app, &one).await, [200; 8]);
    app.hub_post("/auth/reset-password", reset(&otp)).await.bare(200);
    assert_eq!(statuses(&app, &one).await, [401; 8]);
    assert_eq!(statuses(&app, &other).await, [401; 8]);
    app.hub_post("/auth/reset-password", reset(&otp)).await.refusal(400);
    let old = json!({"email": EMAIL, "password": HUB_PASSWORD});
    app.hub_post("/auth/login", old).await.refusal(401);
    let new = json!({"email": EMAIL, "password": "Another1!pass"});
    app.hub_post("/auth/login", new).await.bare(200);
}

#[tokio::test]
async fn a_locked_account_is_signed_out_everywhere_at_once() {
    let app = spawn_app().await;
    verified(&app, EMAIL).await.bare(200);
    let tokens = login(&app).await;
    app.app.set_disabled(EMAIL.to_owned(), true).await.unwrap();
    assert_eq!(statuses(&app, &tokens).await, [401; 8]);
    let credentials = json!({"email": EMAIL, "password": HUB_PASSWORD});
    assert_eq!(app.post("/auth/login", credentials).await.error(401), "Invalid email or password");
    app.hub_post("/auth/forgot-password", json!({"email": EMAIL})).await.bare(200);
    assert_eq!(app.mails().await.len(), 1, "a locked account gets no code");
}
