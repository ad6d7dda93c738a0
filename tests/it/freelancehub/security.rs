//! Account protection: common passwords, and security notifications.

use freelanceos::app::environment::Clock;
use reqwest::StatusCode;
use serde_json::json;

use super::{
    HUB_PASSWORD, passkey, sign_up,
    two_factor::{enable, verify_setup},
};
use crate::support::{Options, TestApp, spawn_app, spawn_app_with, webauthn::Authenticator};

/// The subjects of all emails to an address, except those with codes.
async fn told(app: &TestApp, email: &str) -> Vec<String> {
    let mails = app.mails().await;
    let notices = mails.iter().filter(|mail| mail.to() == email);
    let subjects = notices.map(|mail| mail.header("Subject"));
    subjects.filter(|subject| !subject.starts_with(['V', 'R'])).collect()
}

#[tokio::test]
async fn common_passwords_are_refused_if_the_setting_says_so() {
    let app = spawn_app_with(Options { refuse_common_passwords: true, ..Options::default() }).await;
    for password in ["password123", "Password123", "qwertyuiop", "aaaaaaaaaa", "a@example.com"] {
        let body = json!({
            "email": "a@example.com", "password": password, "firstName": "A", "lastName": "B",
        });
        let answer = app.post("/auth/register", body).await;
        let said = "password is too common: choose another";
        assert_eq!(answer.error(400), said, "{password}");
    }
    // A missing character class is reported first.
    let hub = |password: &str| {
        json!({
            "email": "ada.byron@example.com", "username": "Ada-Byron-1815", "firstName": "Ada",
            "lastName": "Byron", "primaryRole": "freelancer", "password": password,
        })
    };
    for (password, said) in [
        ("password123", "Password must contain at least one uppercase letter"),
        ("P@ssw0rd", "Password is too common"),
        ("Ada-Byron-1815", "Password is too common"),
    ] {
        let answer = app.hub_post("/auth/register", hub(password)).await;
        let message = answer.refusal(400)[0].as_str().unwrap().to_owned();
        assert!(message.starts_with(said), "{password}: {message}");
    }
    let user = app.register("b@example.com").await;
    app.hub_post("/auth/forgot-password", json!({"email": "b@example.com"})).await.bare(200);
    let otp = app.code_of("b@example.com").await;
    let reset =
        |password: &str| json!({"email": "b@example.com", "otp": otp, "newPassword": password});
    let refused = app.hub_post("/auth/reset-password", reset("P@ssw0rd")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    // The refusal did not use up the code.
    app.hub_post("/auth/reset-password", reset("Another1!pass")).await.bare(200);
    assert_eq!(user.get("/auth/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn changes_of_sign_in_methods_are_reported_to_a_verified_address() {
    let app = spawn_app().await;
    let user = sign_up(&app, "a@example.com", "ada", "freelancer").await;
    passkey::register(&user, &Authenticator::new()).await.bare(200);
    let passkeys = user.hub_get("/auth/passkeys").await;
    let id = passkeys.bare(200)[0]["id"].as_str().unwrap().to_owned();
    user.hub_delete(&format!("/auth/passkeys/{id}")).await.bare(200);
    let (authenticator, backup_codes) = enable(&user).await;
    verify_setup(&user, &authenticator.code(app.clock.now(), 0)).await.bare(200);
    let disabling = json!({"password": HUB_PASSWORD, "totpCode": backup_codes[0]});
    user.hub_post("/auth/2fa/disable", disabling).await.bare(200);
    app.hub_post("/auth/forgot-password", json!({"email": "a@example.com"})).await.bare(200);
    let otp = app.code_of("a@example.com").await;
    let reset = json!({"email": "a@example.com", "otp": otp, "newPassword": "Another1!pass"});
    app.hub_post("/auth/reset-password", reset).await.bare(200);
    let expected = [
        "A passkey was added to your account",
        "A passkey was deleted from your account",
        "Two-factor sign-in was turned on",
        "Two-factor sign-in was turned off",
        "Your password was changed",
    ];
    assert_eq!(told(&app, "a@example.com").await, expected);

    // An unverified address gets no such emails, since it may be someone else's.
    let stranger = app.register("b@example.com").await;
    passkey::register(&stranger, &Authenticator::new()).await.bare(200);
    assert!(told(&app, "b@example.com").await.is_empty());
}

#[tokio::test]
async fn verifying_an_address_by_a_reset_removes_earlier_passkeys() {
    let app = spawn_app().await;
    let somebody = app.register("victim@example.com").await;
    let mut authenticator = Authenticator::new();
    passkey::register(&somebody, &authenticator).await.bare(200);
    app.hub_post("/auth/forgot-password", json!({"email": "victim@example.com"})).await.bare(200);
    let otp = app.code_of("victim@example.com").await;
    let reset = json!({"email": "victim@example.com", "otp": otp, "newPassword": "Another1!pass"});
    app.hub_post("/auth/reset-password", reset).await.bare(200);
    authenticator.counter += 1;
    let answer = passkey::sign_in(&app, "victim@example.com", &authenticator).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);

    // An owner with a verified address who forgot the password keeps them.
    let owner = sign_up(&app, "owner@example.com", "owner", "freelancer").await;
    let mut authenticator = Authenticator::new();
    passkey::register(&owner, &authenticator).await.bare(200);
    app.hub_post("/auth/forgot-password", json!({"email": "owner@example.com"})).await.bare(200);
    let otp = app.code_of("owner@example.com").await;
    let reset = json!({"email": "owner@example.com", "otp": otp, "newPassword": "Another1!pass"});
    app.hub_post("/auth/reset-password", reset).await.bare(200);
    authenticator.counter += 1;
    passkey::sign_in(&app, "owner@example.com", &authenticator).await.bare(200);
}
