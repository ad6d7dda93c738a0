//! Sign-ins that need a second factor.

use futures_util::join;
use jiff::SignedDuration;
use serde_json::json;

use super::two_factor::{Guarded, STEP, asks_for_code, credentials};
use crate::support::{Options, PASSWORD, spawn_app, spawn_app_with};

#[tokio::test]
async fn both_logins_ask_for_the_code_once_the_password_is_right() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    for code in [None, Some(guarded.wrong_code())] {
        let code = code.as_deref();
        asks_for_code(&guarded.login(code).await);
        let shared = app.post("/auth/login", credentials("user@example.com", code)).await;
        assert_eq!(shared.error(401), "Invalid email or password");
        assert_eq!(shared.body["twoFactorRequired"], true);
    }
    let code = guarded.code(0);
    for code in [None, Some(code.as_str())] {
        let mut body = credentials("user@example.com", code);
        body["password"] = "WrongPass123!".into();
        let hub = app.hub_post("/auth/login", body.clone()).await;
        assert_eq!(hub.refusal(401), "Invalid credentials or email not verified");
        assert!(hub.body.get("twoFactorRequired").is_none());
        let shared = app.post("/auth/login", body).await;
        assert_eq!(shared.error(401), "Invalid email or password");
        assert!(shared.body.get("twoFactorRequired").is_none());
    }
    // The wrong password did not use it up.
    let spaced = format!(" {} {}", &code[..3], &code[3..]);
    let signed_in = guarded.login(Some(&spaced)).await;
    assert!(signed_in.bare(200)["tokens"]["accessToken"].is_string());
    app.clock.advance(STEP);
    let body = credentials("user@example.com", Some(&guarded.code(0)));
    let shared = app.post("/auth/login", body).await;
    assert!(shared.data(200)["token"].is_string());
}

#[tokio::test]
async fn a_code_is_good_one_step_either_side_and_refused_at_two() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    app.clock.advance(STEP * 10);
    for steps in [-2, 2] {
        asks_for_code(&guarded.login(Some(&guarded.code(steps))).await);
    }
    for steps in [-1, 0, 1] {
        guarded.login(Some(&guarded.code(steps))).await.bare(200);
    }
    // To the second: a step begins at :00 and :30.
    app.clock.set("2026-03-18T13:00:29Z");
    let code = guarded.code(0);
    app.clock.set("2026-03-18T13:01:00Z");
    asks_for_code(&guarded.login(Some(&code)).await);
    app.clock.set("2026-03-18T13:00:59Z");
    guarded.login(Some(&code)).await.bare(200);
}

#[tokio::test]
async fn a_code_is_good_once_and_none_before_it_afterwards() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    // The code that turned it on was of the step before.
    asks_for_code(&guarded.login(Some(&guarded.code(-1))).await);
    let (before, code) = (guarded.code(0), guarded.code(1));
    guarded.login(Some(&code)).await.bare(200);
    asks_for_code(&guarded.login(Some(&code)).await);
    asks_for_code(&guarded.login(Some(&before)).await);
    let body = credentials("user@example.com", Some(&code));
    assert_eq!(app.post("/auth/login", body).await.body["twoFactorRequired"], true);
    assert_eq!(
        guarded.disable(PASSWORD, &code).await.refusal(401),
        "Invalid password or two-factor code"
    );
    app.clock.advance(STEP);
    guarded.login(Some(&guarded.code(1))).await.bare(200);
}

#[tokio::test]
async fn of_two_sign_ins_at_once_with_one_code_one_succeeds() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    for code in [guarded.code(0), guarded.backup_codes[0].clone()] {
        let (one, two) = join!(guarded.login(Some(&code)), guarded.login(Some(&code)));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{code}");
    }
    assert_eq!(guarded.status().await["backupCodesLeft"], 4);
}

#[tokio::test]
async fn backup_codes_are_good_once_each_however_they_are_typed() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    for (n, code) in guarded.backup_codes.iter().enumerate() {
        let typed = format!("{} - {}", code[..4].to_uppercase(), &code[4..]);
        guarded.login(Some(&typed)).await.bare(200);
        asks_for_code(&guarded.login(Some(code)).await);
        let left = json!({"enabled": true, "backupCodesLeft": 4 - n});
        assert_eq!(guarded.status().await, left);
    }
    asks_for_code(&guarded.login(Some("a1b2c3d4")).await);
    guarded.login(Some(&guarded.code(0))).await.bare(200);
}

#[tokio::test]
async fn a_hundred_wrong_tries_in_an_hour_are_enough() {
    let app =
        spawn_app_with(Options { rate_limit: true, trust_proxy: true, ..Options::default() }).await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    let wrong = guarded.wrong_code();
    for _ in 0..50 {
        guarded.disable(PASSWORD, &wrong).await.refusal(401);
        guarded.disable("WrongPass123!", &wrong).await.refusal(401);
    }
    let code = guarded.code(0);
    let refused = guarded.disable(PASSWORD, &code).await;
    assert_eq!(refused.refusal(429), "Too many requests, please try again later");
    assert_eq!(refused.headers["retry-after"], "3600");
    guarded.login(Some(&code)).await.refusal(429);
    app.clock.advance(SignedDuration::from_hours(1));
    guarded.login(Some(&guarded.code(0))).await.bare(200);
    guarded.disable(PASSWORD, &guarded.code(1)).await.bare(200);
}

#[tokio::test]
async fn a_mailed_code_does_not_sign_in_without_the_second_factor() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    app.post("/auth/resend-otp", json!({"email": "user@example.com"})).await.bare(200);
    let otp = app.code_of("user@example.com").await;
    let verify = async |code: Option<String>| {
        let mut body = json!({"email": "user@example.com", "otp": otp});
        if let Some(code) = code {
            body["totpCode"] = code.into();
        }
        app.post("/auth/verify-otp", body).await
    };
    for (code, message) in [
        (None, "A two-factor code is required"),
        (Some(guarded.wrong_code()), "Invalid two-factor code"),
    ] {
        let refused = verify(code).await;
        assert_eq!(refused.refusal(401), message);
        assert_eq!(refused.body["twoFactorRequired"], true);
        assert!(refused.body.get("access_token").is_none());
        let me = guarded.user.hub_get("/auth/me").await;
        assert_eq!(me.bare(200)["isEmailVerified"], false);
    }
    let code = guarded.code(0);
    let verified = verify(Some(code.clone())).await;
    assert!(verified.bare(200)["access_token"].is_string(), "{}", verified.body);
    assert_eq!(guarded.user.hub_get("/auth/me").await.bare(200)["isEmailVerified"], true);
    asks_for_code(&guarded.login(Some(&code)).await);
}

#[tokio::test]
async fn two_accounts_have_nothing_in_common() {
    let app = spawn_app().await;
    let one = Guarded::new(&app, "one@example.com").await;
    let two = Guarded::new(&app, "two@example.com").await;
    let third = app.register("three@example.com").await;
    assert_ne!(one.authenticator.secret, two.authenticator.secret);
    asks_for_code(&one.login(Some(&two.code(0))).await);
    asks_for_code(&one.login(Some(&two.backup_codes[0])).await);
    one.disable(PASSWORD, &two.code(0)).await.refusal(401);
    // What was tried on the one is not used up on the other.
    two.login(Some(&two.code(0))).await.bare(200);
    two.login(Some(&two.backup_codes[0])).await.bare(200);
    two.disable(PASSWORD, &two.code(1)).await.bare(200);
    assert_eq!(one.status().await, json!({"enabled": true, "backupCodesLeft": 5}));
    asks_for_code(&one.login(None).await);
    one.login(Some(&one.code(0))).await.bare(200);
    let status = third.hub_get("/auth/2fa").await;
    assert_eq!(*status.bare(200), json!({"enabled": false, "backupCodesLeft": 0}));
}
