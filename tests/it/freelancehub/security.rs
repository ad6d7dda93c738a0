//! What keeps others out of an account: passwords that are refused, and what its owner is told.

use freelanceos::app::environment::Clock;
use reqwest::StatusCode;
use serde_json::json;

use super::{
    HUB_PASSWORD, passkey, sign_up,
    two_factor::{enable, verify_setup},
};
use crate::support::{Options, TestApp, spawn_app, spawn_app_with, webauthn::Authenticator};

/// The subjects of all mails to an address, but for those that carry codes.
async fn told(app: &TestApp, email: &str) -> Vec<String> {
    let mails = app.mails().await;
    let notices = mails.iter().filter(|mail| mail.to() == email);
    let subjects = notices.map(|mail| mail.header("Subject"));
    subjects.filter(|subject| !subject.starts_with(['V', 'R'])).collect()
}

#[tokio::test]
async fn passwords_that_are_tried_first_are_refused_where_the_setting_says_so() {
    let app = spawn_app_with(Options { refuse_common_passwords: true, ..Options::default() }).await;
    for password in ["password123", "Password123", "qwertyuiop", "aaaaaaaaaa", "a@example.com"] {
        let body = json!({
            "email": "a@example.com", "password": password, "firstName": "A", "lastName": "B",
        });
        let answer = app.post("/auth/register", body).await;
        let said = "password is among the passwords that are tried first: choose another";
        assert_eq!(answer.error(400), said, "{password}");
    }
    // As long as a character is missing, that is what is told.
    let hub = |password: &str| {
        json!({
            "email": "ada.byron@example.com", "username": "Ada-Byron-1815", "firstName": "Ada",
            "lastName": "Byron", "primaryRole": "freelancer", "password": password,
        })
    };
    for (password, said) in [
        ("password123", "Password must contain at least one uppercase letter"),
        ("P@ssw0rd", "Password is among the passwords that are tried first"),
        ("Ada-Byron-1815", "Password is among the passwords that are tried first"),
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
    // Which did not cost the code.
    app.hub_post("/auth/reset-password", reset("Another1!pass")).await.bare(200);
    assert_eq!(user.get("/auth/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn changes_of_how_one_signs_in_are_told_to_a_proven_address() {
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

    // Whoever registers somebody else's address has nothing sent there.
    let stranger = app.register("b@example.com").await;
    passkey::register(&stranger, &Authenticator::new()).await.bare(200);
    assert!(told(&app, "b@example.com").await.is_empty());
}

#[tokio::test]
async fn who_proves_an_address_by_a_reset_is_rid_of_passkeys_made_before() {
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

    // A proven owner who only forgot a password keeps them.
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
