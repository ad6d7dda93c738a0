//! Limits: 3 registrations an hour, 5 logins in 15 minutes, 20 wrong passwords per account and
//! hour.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::registration;
use crate::support::{Answer, Options, PASSWORD, TestApp, spawn_app_with};

async fn limited() -> TestApp {
    let options = Options { rate_limit: true, trust_proxy: true, ..Options::default() };
    spawn_app_with(options).await
}

async fn ask(app: &TestApp, path: &str, from: &str, body: &Value) -> Answer {
    let request = app.request(Method::POST, path).header("X-Forwarded-For", from);
    app.send(request.json(body)).await
}

#[tokio::test]
async fn the_fourth_registration_of_an_address_in_an_hour_is_429_in_both_documents() {
    let app = limited().await;
    ask(&app, "/auth/register", "203.0.113.1", &registration("a@example.com")).await.bare(201);
    ask(&app, "/auth/register", "203.0.113.1", &registration("a@example.com")).await.refusal(409);
    ask(&app, "/auth/register", "203.0.113.1", &json!({})).await.error(400);
    // Until the body is read, it is unknown which document is meant.
    let refused = ask(&app, "/auth/register", "203.0.113.1", &registration("b@example.com")).await;
    assert_eq!(refused.error(429), "Too many requests, please try again later");
    assert_eq!(refused.headers["x-ratelimit-limit"], "3");
    assert_eq!(refused.headers["x-ratelimit-remaining"], "0");
    assert_eq!(refused.headers["retry-after"], "3600");
    ask(&app, "/auth/register", "203.0.113.2", &registration("b@example.com")).await.bare(201);
    app.clock.advance(SignedDuration::from_secs(3600));
    ask(&app, "/auth/register", "203.0.113.1", &registration("c@example.com")).await.bare(201);
}

#[tokio::test]
async fn the_sixth_login_of_an_address_in_15_minutes_is_429_in_a_format_of_both_documents() {
    let app = limited().await;
    let body = json!({"email": "a@example.com", "password": PASSWORD});
    for _ in 0..5 {
        let answer = ask(&app, "/auth/login", "203.0.113.1", &body).await;
        answer.error(401);
        assert_eq!(answer.headers["x-ratelimit-limit"], "100");
    }
    let refused = ask(&app, "/auth/login", "203.0.113.1", &body).await;
    assert_eq!(refused.error(429), "Too many requests, please try again later");
    assert_eq!(refused.body["statusCode"], 429);
    assert_eq!(refused.headers["x-ratelimit-limit"], "5");
    assert_eq!(refused.headers["retry-after"], "900");
    // A trailing slash is the same route; other spellings are different routes.
    for path in ["/auth/login/", "/auth/login?x=1"] {
        ask(&app, path, "203.0.113.1", &body).await.error(429);
    }
    for path in ["/auth/%6Cogin", "/auth/login//", "/auth/login%2F", "/auth/Login"] {
        let request = app.request(Method::POST, path).json(&body).send().await.unwrap();
        assert_eq!(request.status(), 404, "{path}");
    }
    // FreelanceHub's login has its own limit.
    let hub = app.hub(Method::POST, "/auth/login").header("X-Forwarded-For", "203.0.113.1");
    app.send(hub.json(&body)).await.refusal(401);
}

/// Tries wrong passwords of an account at both logins in turn. Each attempt comes from `network`
/// with another number in place of the `*`.
async fn guess(app: &TestApp, email: &str, network: &str, times: u8) {
    for n in 0..times {
        let body = json!({"email": email, "password": "wrong"});
        let from = network.replace('*', &n.to_string());
        if n % 2 == 0 {
            ask(app, "/auth/login", &from, &body).await.error(401);
        } else {
            let request = app.hub(Method::POST, "/auth/login").header("X-Forwarded-For", from);
            app.send(request.json(&body)).await.refusal(401);
        }
    }
}

#[tokio::test]
async fn the_twenty_first_wrong_password_of_an_account_is_429_for_its_network_only() {
    let app = limited().await;
    let user = app.register("a@example.com").await;
    let right = json!({"email": "a@example.com", "password": PASSWORD});
    for (network, same, other) in [
        ("203.0.113.*", "203.0.113.200", "203.0.114.1"),
        ("2001:db8:7:*::1", "2001:db8:7:ffff::1", "2001:db8:8::1"),
    ] {
        guess(&app, "A@example.com", network, 20).await;
        let refused = ask(&app, "/auth/login", same, &right).await;
        refused.error(429);
        assert_eq!(refused.headers["x-ratelimit-limit"], "20");
        ask(&app, "/auth/login", other, &right).await.bare(200);
    }
    user.get("/auth/me").await.data(200);
    app.clock.advance(SignedDuration::from_secs(3600));
    ask(&app, "/auth/login", "203.0.113.200", &right).await.bare(200);
}

#[tokio::test]
async fn wrong_passwords_from_all_networks_together_are_limited_too() {
    let app = limited().await;
    app.register("a@example.com").await;
    guess(&app, "a@example.com", "203.0.113.*", 1).await;
    // As after 999 attempts from other networks.
    let set = "UPDATE rate_windows SET used = 1000 WHERE name = 'wrong-passwords'";
    let changed = app.database().change(|connection| connection.execute(set, &[])).unwrap();
    assert_eq!(changed, 1);
    let right = json!({"email": "a@example.com", "password": PASSWORD});
    let refused = ask(&app, "/auth/login", "192.0.2.1", &right).await;
    refused.error(429);
    assert_eq!(refused.headers["x-ratelimit-limit"], "1000");
    // Another account is not affected.
    app.register("b@example.com").await;
    let other = json!({"email": "b@example.com", "password": PASSWORD});
    ask(&app, "/auth/login", "192.0.2.1", &other).await.bare(200);
}

#[tokio::test]
async fn attacks_do_not_lock_out_a_client_that_holds_a_token_of_the_account() {
    let app = limited().await;
    app.register("a@example.com").await;
    let other = app.register("b@example.com").await;
    let right = json!({"email": "a@example.com", "password": PASSWORD});
    let signed_in = ask(&app, "/auth/login", "198.51.100.1", &right).await;
    let refresh = signed_in.bare(200)["refresh_token"].as_str().unwrap().to_owned();
    guess(&app, "a@example.com", "203.0.113.*", 20).await;
    let login = async |token: &str, password: &str, n: u8| {
        let body = json!({"email": "a@example.com", "password": password});
        let request = app.request(Method::POST, "/auth/login").bearer_auth(token);
        app.send(request.header("X-Forwarded-For", format!("203.0.113.{n}")).json(&body)).await
    };
    login(&refresh, PASSWORD, 100).await.bare(200);
    for token in [&other.token, "nonsense"] {
        login(token, PASSWORD, 101).await.error(429);
    }
    // Its attempts have their own limit.
    for n in 110..130 {
        login(&refresh, "wrong", n).await.error(401);
    }
    login(&refresh, PASSWORD, 130).await.error(429);
}

#[tokio::test]
async fn correct_passwords_do_not_count_as_wrong_ones() {
    let app = limited().await;
    app.register("a@example.com").await;
    let right = json!({"email": "a@example.com", "password": PASSWORD});
    for n in 0..110 {
        ask(&app, "/auth/login", &format!("203.0.113.{n}"), &right).await.bare(200);
    }
}

#[tokio::test]
async fn account_limits_hold_across_servers_and_restarts_but_not_those_of_the_whole_api() {
    let app = limited().await;
    for _ in 0..3 {
        ask(&app, "/auth/register", "203.0.113.1", &json!({})).await.error(400);
    }
    for _ in 0..5 {
        ask(&app, "/auth/login", "203.0.113.1", &json!({})).await.error(400);
    }
    app.register("a@example.com").await;
    let again = spawn_app_with(Options {
        rate_limit: true,
        trust_proxy: true,
        home: app.home(),
        ..Options::default()
    })
    .await;
    ask(&again, "/auth/register", "203.0.113.1", &json!({})).await.error(429);
    ask(&again, "/auth/register", "203.0.113.3", &json!({})).await.error(400);
    ask(&again, "/auth/login", "203.0.113.1", &json!({})).await.error(429);
    ask(&app, "/auth/login", "203.0.113.1", &json!({})).await.error(429);
    ask(&again, "/auth/login", "203.0.113.3", &json!({})).await.error(400);
    let remaining = async |app: &TestApp| {
        let answer = ask(app, "/auth/logout", "203.0.113.1", &json!({})).await;
        answer.headers["x-ratelimit-remaining"].to_str().unwrap().to_owned()
    };
    assert_eq!([remaining(&app).await, remaining(&again).await], ["90", "97"]);
}

#[tokio::test]
async fn the_fourth_otp_request_for_an_email_in_5_minutes_is_429_known_or_not() {
    let app = limited().await;
    for email in ["nobody@example.com", "somebody@example.com"] {
        for n in 0..3 {
            let from = format!("203.0.113.{n}");
            ask(&app, "/auth/resend-otp", &from, &json!({"email": email})).await.bare(200);
        }
        let body = json!({"email": email.to_uppercase()});
        let refused = ask(&app, "/auth/resend-otp", "203.0.113.9", &body).await;
        assert_eq!(*refused.refusal(429), "Too many requests, please try again later");
        assert_eq!(refused.headers["x-ratelimit-limit"], "3");
        assert_eq!(refused.headers["retry-after"], "300");
    }
    app.clock.advance(SignedDuration::from_secs(300));
    let body = json!({"email": "nobody@example.com"});
    ask(&app, "/auth/resend-otp", "203.0.113.9", &body).await.bare(200);
}

#[tokio::test]
async fn twenty_wrong_codes_in_an_hour_block_the_next_despite_new_codes() {
    let app = limited().await;
    ask(&app, "/auth/register", "203.0.113.1", &registration("a@example.com")).await.bare(201);
    let verify = async |from: &str, otp: &str| {
        ask(&app, "/auth/verify-otp", from, &json!({"email": "a@example.com", "otp": otp})).await
    };
    let mut otp = app.code_of("a@example.com").await;
    for tries in 0..20 {
        if tries % 4 == 3 {
            app.clock.advance(SignedDuration::from_mins(5));
            let body = json!({"email": "a@example.com"});
            ask(&app, "/auth/resend-otp", "203.0.113.3", &body).await.bare(200);
            otp = app.code_of("a@example.com").await;
        }
        verify("203.0.113.2", &super::wrong(&otp)).await.refusal(400);
    }
    let refused = verify("203.0.113.77", &otp).await;
    refused.refusal(429);
    assert_eq!(refused.headers["x-ratelimit-limit"], "20");
    // The owner is in another network.
    verify("198.51.100.2", &otp).await.bare(200);
}

#[tokio::test]
async fn a_wrong_code_counts_only_if_one_is_pending() {
    let app = limited().await;
    app.register("a@example.com").await;
    let reset = async |otp: &str| {
        let body = json!({
            "email": "a@example.com", "otp": otp, "newPassword": "Another1!pass"
        });
        app.hub_post("/auth/reset-password", body).await
    };
    for _ in 0..30 {
        reset("000000").await.refusal(400);
    }
    app.hub_post("/auth/forgot-password", json!({"email": "a@example.com"})).await.bare(200);
    let otp = app.code_of("a@example.com").await;
    reset(&otp).await.bare(200);
}

#[tokio::test]
async fn reset_requests_by_others_do_not_block_a_known_client() {
    let app = limited().await;
    let user = app.register("a@example.com").await;
    let other = app.register("b@example.com").await;
    let forgot = async |token: Option<&str>| {
        let request = app.hub(Method::POST, "/auth/forgot-password");
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        app.send(request.json(&json!({"email": "a@example.com"}))).await
    };
    for _ in 0..3 {
        forgot(None).await.bare(200);
    }
    forgot(None).await.refusal(429);
    forgot(Some(&other.token)).await.refusal(429);
    for _ in 0..3 {
        forgot(Some(&user.token)).await.bare(200);
    }
    forgot(Some(&user.token)).await.refusal(429);
}

#[tokio::test]
async fn a_password_reset_clears_the_count_of_wrong_passwords() {
    let app = limited().await;
    app.register("a@example.com").await;
    let login = async |password: &str, n: u8| {
        let body = json!({"email": "a@example.com", "password": password});
        ask(&app, "/auth/login", &format!("203.0.113.{n}"), &body).await
    };
    for n in 0..20 {
        login("wrong", n).await.error(401);
    }
    login(PASSWORD, 200).await.error(429);
    app.hub_post("/auth/forgot-password", json!({"email": "a@example.com"})).await.bare(200);
    let otp = app.code_of("a@example.com").await;
    let reset = json!({"email": "A@example.com", "otp": otp, "newPassword": "Another1!pass"});
    let request = app.hub(Method::POST, "/auth/reset-password");
    let request = request.header("X-Forwarded-For", "203.0.113.202").json(&reset);
    app.send(request).await.bare(200);
    login("Another1!pass", 201).await.bare(200);
}

#[tokio::test]
async fn the_hundred_and_first_code_request_in_15_minutes_is_429() {
    let app = limited().await;
    for n in 0..100 {
        let body = json!({"email": format!("{n}@example.com")});
        app.hub_post("/auth/forgot-password", body).await.bare(200);
    }
    for path in ["/auth/verify-email", "/auth/forgot-password", "/auth/reset-password"] {
        let refused = app.hub_post(path, json!({})).await;
        refused.refusal(429);
        assert_eq!(refused.headers["x-ratelimit-limit"], "100");
    }
}
