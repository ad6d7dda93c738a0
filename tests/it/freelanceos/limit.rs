//! Limit: 100 requests in 15 minutes per address.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Options, TestApp, spawn_app, spawn_app_with};

const RESET: &str = "1773836100"; // 2026-03-18T12:15:00Z

async fn limited(trust_proxy: bool) -> TestApp {
    spawn_app_with(Options { rate_limit: true, trust_proxy, ..Options::default() }).await
}

/// Requests an unknown route, the cheapest one, from this forwarded address.
async fn ask(app: &TestApp, forwarded: &str) -> Answer {
    let request = app.request(Method::GET, "/nothing").header("X-Forwarded-For", forwarded);
    app.send(request).await
}

/// Limit, remaining, reset.
fn standing(answer: &Answer) -> [&str; 3] {
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
        .map(|name| answer.headers[name].to_str().unwrap())
}

#[tokio::test]
async fn the_hundred_and_first_request_in_15_minutes_is_429_with_retry_after() {
    let app = limited(false).await;
    let user = app.register("user@example.com").await;
    for remaining in (0..99).rev() {
        let answer = user.get("/auth/me").await;
        answer.data(200);
        assert_eq!(standing(&answer), ["100", &remaining.to_string(), RESET]);
    }
    app.clock.advance(SignedDuration::from_secs(100));
    let answer = user.get("/auth/me").await;
    assert_eq!(answer.error(429), "Too many requests, please try again later");
    assert_eq!(standing(&answer), ["100", "0", RESET]);
    assert_eq!(answer.headers["retry-after"], "800");
    assert_eq!(answer.headers["content-type"], "application/json");
}

#[tokio::test]
async fn the_window_is_fixed_from_the_first_request_and_a_new_one_follows() {
    let app = limited(false).await;
    ask(&app, "").await;
    app.clock.advance(SignedDuration::from_secs(600));
    for _ in 0..99 {
        ask(&app, "").await;
    }
    let login = || app.request(Method::POST, "/auth/login").json(&json!({}));
    assert_eq!(app.send(login()).await.headers["retry-after"], "300");
    app.clock.advance(SignedDuration::from_secs(299));
    assert_eq!(app.send(login()).await.headers["retry-after"], "1");
    app.clock.advance(SignedDuration::from_secs(1));
    let answer = app.send(login()).await;
    answer.error(400);
    assert_eq!(standing(&answer), ["100", "99", "1773837000"]);
}

#[tokio::test]
async fn refused_requests_do_not_extend_the_wait() {
    let app = limited(false).await;
    for _ in 0..150 {
        ask(&app, "").await;
    }
    app.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(standing(&ask(&app, "").await), ["100", "99", "1773837000"]);
}

#[tokio::test]
async fn every_response_has_the_three_headers() {
    let app = limited(false).await;
    let user = app.register("user@example.com").await;
    for (n, (request, status)) in [
        (user.request(Method::GET, "/clients"), 200),
        (
            user.request(Method::POST, "/clients").json(&json!({"name": "A", "email": "a@b.co"})),
            201,
        ),
        (user.request(Method::POST, "/clients").json(&json!({})), 400),
        (app.request(Method::GET, "/clients"), 401),
        (app.request(Method::GET, "/nothing"), 404),
        (app.request(Method::DELETE, "/clients"), 405),
        (app.request(Method::POST, "/auth/login"), 415),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = app.send(request).await;
        assert_eq!(answer.status, status);
        assert_eq!(standing(&answer), ["100", &(98 - n).to_string(), RESET], "{status}");
    }
}

#[tokio::test]
async fn at_the_limit_an_unknown_route_is_still_404_and_a_wrong_method_405() {
    let app = limited(false).await;
    for _ in 0..100 {
        ask(&app, "").await;
    }
    for (method, path, status) in [
        (Method::GET, "/nothing", 404),
        (Method::DELETE, "/clients", 405),
        (Method::GET, "/clients", 429),
        (Method::HEAD, "/clients", 429),
        (Method::GET, "/clients/any", 429),
        (Method::GET, "/clients/any%2Fother", 429),
        (Method::GET, "/clients//", 404),
        (Method::GET, "/%63lients", 404),
    ] {
        let response = app.request(method.clone(), path).send().await.unwrap();
        assert_eq!(response.status(), status, "{method} {path}");
        assert_eq!(response.headers()["x-ratelimit-remaining"], "0");
    }
}

#[tokio::test]
async fn docs_the_document_preflights_and_health_are_not_limited() {
    let app = limited(false).await;
    for _ in 0..3 {
        for (method, path) in [
            (Method::GET, "/api/v1/docs"),
            (Method::GET, "/api/v1/openapi.json"),
            (Method::OPTIONS, "/api/v1/clients"),
            (Method::GET, "/healthz"),
        ] {
            let url = format!("{}{path}", app.base);
            let response = app.http.request(method, url).send().await.unwrap();
            assert!(response.status().is_success(), "{path}");
            assert!(!response.headers().contains_key("x-ratelimit-limit"), "{path}");
        }
    }
    assert_eq!(standing(&ask(&app, "").await), ["100", "99", RESET]);
}

#[tokio::test]
async fn without_trust_proxy_forwarded_addresses_are_ignored() {
    let app = limited(false).await;
    ask(&app, "203.0.113.1").await;
    assert_eq!(standing(&ask(&app, "203.0.113.2").await)[1], "98");
}

#[tokio::test]
async fn with_trust_proxy_the_rightmost_forwarded_address_counts() {
    let app = limited(true).await;
    for (forwarded, remaining) in [
        ("203.0.113.1", "99"),
        ("203.0.113.1", "98"),
        ("198.51.100.9, 203.0.113.1", "97"),
        ("203.0.113.1, 198.51.100.9", "99"),
        ("203.0.113.1,198.51.100.9", "98"),
        ("nonsense,  203.0.113.1 ", "96"),
        ("203.0.113.2", "99"),
        ("203.0.113.1:4711", "95"),
        ("[2001:db8::1]:4711", "99"),
        ("2001:db8::1", "98"),
    ] {
        assert_eq!(standing(&ask(&app, forwarded).await)[1], remaining, "{forwarded}");
    }
    // Of several headers, the last one is the proxy's.
    let request = app.request(Method::GET, "/nothing");
    let request =
        request.header("X-Forwarded-For", "203.0.113.2").header("X-Forwarded-For", "203.0.113.3");
    assert_eq!(standing(&app.send(request).await)[1], "99");
}

#[tokio::test]
async fn an_ipv6_address_counts_by_its_64_bit_prefix() {
    let app = limited(true).await;
    for (forwarded, remaining) in [
        ("2001:db8::1", "99"),
        ("2001:db8::ffff:2", "98"),
        ("2001:db8:0:0:8000::", "97"),
        ("2001:db8:0:1::1", "99"),
        ("::ffff:203.0.113.7", "99"),
        ("203.0.113.7", "98"),
    ] {
        assert_eq!(standing(&ask(&app, forwarded).await)[1], remaining, "{forwarded}");
    }
}

#[tokio::test]
async fn one_address_at_its_limit_does_not_block_others() {
    let app = limited(true).await;
    let list = |forwarded| {
        app.request(Method::POST, "/auth/login")
            .header("X-Forwarded-For", forwarded)
            .json(&json!({}))
    };
    for _ in 0..100 {
        ask(&app, "203.0.113.1").await;
    }
    app.send(list("203.0.113.1")).await.error(429);
    app.send(list("203.0.113.2")).await.error(400);
}

#[tokio::test]
async fn with_rate_limit_off_there_is_no_limit_and_no_header() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for _ in 0..110 {
        let answer = user.get("/auth/me").await;
        answer.data(200);
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("x-ratelimit")));
    }
}
