//! `forgot-password`, `reset-password` and `change-password` under `/api/v1`.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{HUB_PASSWORD, verified, wrong};
use crate::support::{PASSWORD, TestApp, User, spawn_app};

async fn login(app: &TestApp, email: &str, password: &str) -> u16 {
    let body = json!({"email": email, "password": password});
    app.post("/auth/login", body).await.status.as_u16()
}

/// A user of FreelanceHub Auth, whose account is activated after its creation.
async fn auth_user<'a>(app: &'a TestApp, email: &str) -> User<'a> {
    let answer = verified(app, email).await.bare(200).clone();
    let token = answer["access_token"].as_str().unwrap().to_owned();
    User { app, token, id: String::new() }
}

async fn reset(app: &TestApp, email: &str, otp: &str, password: &str) -> (u16, Value) {
    let body = json!({"email": email, "otp": otp, "newPassword": password});
    let answer = app.post("/auth/reset-password", body).await;
    (answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn a_forgotten_password_is_reset_with_a_mailed_code_in_the_format_of_this_document() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let asked = app.post("/auth/forgot-password", json!({"email": "User@Example.com"})).await;
    let unknown = app.post("/auth/forgot-password", json!({"email": "no@example.com"})).await;
    assert_eq!(asked.bare(200), unknown.bare(200));
    assert_eq!(asked.body["expiresIn"], 300);
    let code = app.code_of("user@example.com").await;
    let (status, body) = reset(&app, "user@example.com", &wrong(&code), "abcdefgh").await;
    assert_eq!((status, &body["message"]), (400, &json!("Invalid or expired OTP")));
    assert_eq!(body["error"], "Bad Request");
    let (status, body) = reset(&app, "user@example.com", &code, "short").await;
    assert_eq!(status, 400);
    assert!(body["message"][0].as_str().unwrap().starts_with("newPassword "), "{body}");
    // FreelanceOS created the account and requires only eight characters.
    let (status, body) = reset(&app, "user@example.com", &code, "abcdefgh").await;
    assert_eq!((status, &body["success"]), (200, &json!(true)), "{body}");
    user.get("/auth/me").await.error(401);
    assert_eq!(login(&app, "user@example.com", PASSWORD).await, 401);
    assert_eq!(login(&app, "user@example.com", "abcdefgh").await, 200);
}

#[tokio::test]
async fn accounts_of_the_other_apis_keep_their_documented_password_rules() {
    let app = spawn_app().await;
    for (email, delay) in [("john@example.com", 0), ("jane@example.com", 60)] {
        app.clock.advance(SignedDuration::from_secs(delay));
        let user = auth_user(&app, email).await;
        let change = json!({"currentPassword": HUB_PASSWORD, "newPassword": "abcdefgh"});
        let refused = user.post("/auth/change-password", change).await;
        let message = refused.refusal(400)[0].as_str().unwrap().to_owned();
        assert!(message.starts_with("newPassword must contain "), "{message}");
        app.post("/auth/forgot-password", json!({"email": email})).await.bare(200);
        let code = app.code_of(email).await;
        assert_eq!(reset(&app, email, &code, "abcdefgh").await.0, 400);
        // This document's rule, in which upper case is optional, or FreelanceHub's.
        assert_eq!(reset(&app, email, &code, "securepass1!").await.0, 200);
        assert_eq!(login(&app, email, "securepass1!").await, 200);
    }
}

#[tokio::test]
async fn change_password_requires_the_current_one_and_ends_other_sessions() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let body = json!({"email": "user@example.com", "password": PASSWORD});
    let other = app.post("/auth/login", body).await.body["data"]["token"].clone();
    let other = User { app: &app, token: other.as_str().unwrap().to_owned(), id: String::new() };
    let body = |current: &str, new: &str| json!({"currentPassword": current, "newPassword": new});
    app.post("/auth/change-password", body(PASSWORD, "abcdefgh")).await.refusal(401);
    let refused = user.post("/auth/change-password", body("wrong", "abcdefgh")).await;
    assert_eq!(
        *refused.refusal(400),
        json!(["currentPassword is not the password of this account"])
    );
    let refused = user.post("/auth/change-password", json!({})).await;
    let both = json!(["currentPassword should not be empty", "newPassword should not be empty"]);
    assert_eq!(*refused.refusal(400), both);
    other.get("/auth/me").await.data(200);
    user.post("/auth/change-password", body(PASSWORD, "abcdefgh")).await.bare(200);
    user.get("/auth/me").await.data(200);
    other.get("/auth/me").await.error(401);
    assert_eq!(login(&app, "user@example.com", "abcdefgh").await, 200);

    // FreelanceHub has this route too, in its own format.
    let refused = user.hub_post("/auth/change-password", body("wrong", "ijklmnop")).await;
    assert_eq!(*refused.refusal(400), "Validation failed");
    user.hub_post("/auth/change-password", body("abcdefgh", "ijklmnop")).await.bare(200);
    assert_eq!(login(&app, "user@example.com", "ijklmnop").await, 200);
}

#[tokio::test]
async fn undocumented_fields_that_front_ends_read_are_present() {
    let app = spawn_app().await;
    let user = auth_user(&app, "john@example.com").await;
    let body = json!({"email": "john@example.com", "password": HUB_PASSWORD});
    let login = app.post("/auth/login", body.clone()).await.body;
    let refreshed =
        app.post("/auth/refresh", json!({"refreshToken": login["refresh_token"]})).await;
    assert_eq!(refreshed.bare(200)["access_token"], refreshed.body["accessToken"]);
    let hub = app.hub_post("/auth/login", body).await.bare(200).clone();
    for field in ["accessToken", "refreshToken", "expiresIn"] {
        assert_eq!(hub[field], hub["tokens"][field], "{field}");
        assert!(!hub[field].is_null());
    }
    let setup = user.hub_post("/auth/2fa/enable", json!({})).await.bare(200).clone();
    let secret = setup["secret"].as_str().unwrap();
    let scanned =
        crate::support::authenticator::Authenticator::scan(setup["qrCode"].as_str().unwrap());
    assert_eq!(scanned.parameters["secret"], secret);
    user.hub_put("/freelancer/profile", json!({"title": "Builder", "bio": "Builds"}))
        .await
        .bare(200);
    let dashboard = user.hub_get("/freelancer/dashboard").await.bare(200).clone();
    let profile = user.hub_get("/freelancer/profile").await.bare(200).clone();
    assert_eq!(dashboard["stats"]["profileCompletion"], profile["profileCompletion"]);
    assert_eq!(dashboard["stats"]["profileCompletion"], 20);

    let me = user.get("/auth/me").await.data(200).clone();
    assert_eq!((&me["role"], &me["emailVerified"]), (&json!("freelancer"), &json!(true)));
    let is_free = async |name: &str| {
        let url = format!("/auth/check-username?username={name}");
        app.send(app.hub(reqwest::Method::GET, &url)).await
    };
    assert_eq!(*is_free("John_Doe").await.bare(200), json!({"available": true}));
    user.hub_put("/freelancer/profile", json!({"username": "john_doe"})).await.bare(200);
    assert_eq!(*is_free("John_Doe").await.bare(200), json!({"available": false}));
    is_free("j").await.refusal(400);
}
