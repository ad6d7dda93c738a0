//! Signing in with a second factor.

use freelanceos::app::environment::Clock;
use futures_util::join;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use super::two_factor::{Guarded, STEP, asks_for_code, credentials};
use crate::support::{Options, PASSWORD, spawn_app, spawn_app_with};

#[tokio::test]
async fn both_logins_require_the_code_once_the_password_is_right() {
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
    // The wrong password did not use up the code.
    let spaced = format!(" {} {}", &code[..3], &code[3..]);
    let signed_in = guarded.login(Some(&spaced)).await;
    assert!(signed_in.bare(200)["tokens"]["accessToken"].is_string());
    app.clock.advance(STEP);
    let body = credentials("user@example.com", Some(&guarded.code(0)));
    let shared = app.post("/auth/login", body).await;
    assert!(shared.data(200)["token"].is_string());
}

#[tokio::test]
async fn a_code_is_accepted_one_step_early_or_late_and_refused_at_two() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    app.clock.advance(STEP * 10);
    for steps in [-2, 2] {
        asks_for_code(&guarded.login(Some(&guarded.code(steps))).await);
    }
    for steps in [-1, 0, 1] {
        guarded.login(Some(&guarded.code(steps))).await.bare(200);
    }
    // At the exact second: a step begins at :00 and :30.
    app.clock.set("2026-03-18T13:00:29Z");
    let code = guarded.code(0);
    app.clock.set("2026-03-18T13:01:00Z");
    asks_for_code(&guarded.login(Some(&code)).await);
    app.clock.set("2026-03-18T13:00:59Z");
    guarded.login(Some(&code)).await.bare(200);
}

#[tokio::test]
async fn a_code_works_once_and_no_earlier_one_afterwards() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    // The code that turned it on is from the previous step.
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
async fn of_two_concurrent_sign_ins_with_one_code_one_succeeds() {
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
async fn backup_codes_work_once_each_however_they_are_typed() {
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
async fn twenty_wrong_codes_an_hour_from_any_address_block_the_next_and_notify_the_owner() {
    let app =
        spawn_app_with(Options { rate_limit: true, trust_proxy: true, ..Options::default() }).await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    // Notifications need a verified address. Verifying it without the account's own token would
    // turn the second factor off.
    app.hub_post(
        "/auth/send-email-otp",
        json!({"email": "user@example.com", "type": "verification"}),
    )
    .await
    .bare(200);
    let otp = app.code_of("user@example.com").await;
    let body = json!({"email": "user@example.com", "otp": otp});
    guarded.user.hub_post("/auth/verify-email-otp", body).await.bare(200);
    let login = async |n: u8, code: &str| {
        let body = credentials("user@example.com", Some(code));
        let request = app.hub(Method::POST, "/auth/login");
        app.send(request.header("X-Forwarded-For", format!("198.51.{n}.1")).json(&body)).await
    };
    let told = async || {
        let mails = app.mails().await;
        mails.iter().filter(|mail| mail.header("subject").contains("wrong two-factor code")).count()
    };
    // A wrong password does not reveal whether the code was right, and counts towards another
    // limit.
    let mut wrong_password = credentials("user@example.com", Some(&guarded.wrong_code()));
    wrong_password["password"] = "WrongPass123!".into();
    app.hub_post("/auth/login", wrong_password).await.refusal(401);
    assert_eq!(told().await, 0);
    for n in 0..20 {
        asks_for_code(&login(n, &guarded.wrong_code()).await);
        assert_eq!(told().await, 1, "after {n} others");
    }
    let refused = login(100, &guarded.code(0)).await;
    assert_eq!(refused.refusal(429), "Too many requests, please try again later");
    assert_eq!(refused.headers["x-ratelimit-limit"], "20");
    // Attempts of a signed-in user have their own limit.
    for _ in 0..20 {
        guarded.disable(PASSWORD, &guarded.wrong_code()).await.refusal(401);
    }
    guarded.disable(PASSWORD, &guarded.code(0)).await.refusal(429);
    assert_eq!(told().await, 1);
    app.clock.advance(SignedDuration::from_hours(1));
    asks_for_code(&login(101, &guarded.wrong_code()).await);
    assert_eq!(told().await, 2);
    login(102, &guarded.code(0)).await.bare(200);
    guarded.disable(PASSWORD, &guarded.code(1)).await.bare(200);
}

#[tokio::test]
async fn a_code_from_a_device_with_a_wrong_clock_is_refused_with_a_hint() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (authenticator, _) = super::two_factor::enable(&user).await;
    for (steps, said) in [(-10, "about 5 minutes behind"), (16, "about 8 minutes ahead of")] {
        let code = authenticator.code(app.clock.now(), steps);
        let refused = super::two_factor::verify_setup(&user, &code).await;
        let said_so = refused.refusal(400).as_str().unwrap();
        assert!(said_so.contains(said), "{said_so}");
    }
    let far = authenticator.code(app.clock.now(), 100);
    let refused = super::two_factor::verify_setup(&user, &far).await;
    assert!(!refused.refusal(400).as_str().unwrap().contains("clock"));
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
        guarded.user.post("/auth/verify-otp", body).await
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
async fn codes_work_only_for_their_own_account() {
    let app = spawn_app().await;
    let one = Guarded::new(&app, "one@example.com").await;
    let two = Guarded::new(&app, "two@example.com").await;
    let third = app.register("three@example.com").await;
    assert_ne!(one.authenticator.secret, two.authenticator.secret);
    asks_for_code(&one.login(Some(&two.code(0))).await);
    asks_for_code(&one.login(Some(&two.backup_codes[0])).await);
    one.disable(PASSWORD, &two.code(0)).await.refusal(401);
    // The attempts on one account did not use up the codes of the other.
    two.login(Some(&two.code(0))).await.bare(200);
    two.login(Some(&two.backup_codes[0])).await.bare(200);
    two.disable(PASSWORD, &two.code(1)).await.bare(200);
    assert_eq!(one.status().await, json!({"enabled": true, "backupCodesLeft": 5}));
    asks_for_code(&one.login(None).await);
    one.login(Some(&one.code(0))).await.bare(200);
    let status = third.hub_get("/auth/2fa").await;
    assert_eq!(*status.bare(200), json!({"enabled": false, "backupCodesLeft": 0}));
}
