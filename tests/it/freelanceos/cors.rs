//! CORS, security headers and the request id.

use reqwest::{Method, Response};
use serde_json::json;

use crate::support::{Options, TestApp, spawn_app, spawn_app_with};

const OURS: &str = "http://localhost:3000";

async fn ask(app: &TestApp, method: Method, path: &str, origin: &str) -> Response {
    app.request(method, path).header("Origin", origin).send().await.unwrap()
}

/// The values in a header, in lower case.
fn words(response: &Response, name: &str) -> Vec<String> {
    let headers = response.headers().get_all(name).iter();
    headers
        .flat_map(|value| {
            value.to_str().unwrap().split(',').map(|word| word.trim().to_ascii_lowercase())
        })
        .collect()
}

fn has_no_cors(response: &Response) -> bool {
    response.headers().keys().all(|name| !name.as_str().starts_with("access-control-"))
}

#[tokio::test]
async fn a_preflight_allows_the_documented_methods_headers_and_credentials() {
    let app = spawn_app().await;
    for path in ["/clients", "/auth/login", "/invoices/x/send", "/nothing", "/docs"] {
        let response = ask(&app, Method::OPTIONS, path, OURS).await;
        assert_eq!(response.status(), 204, "{path}");
        assert_eq!(response.headers()["access-control-allow-origin"], OURS);
        assert_eq!(response.headers()["access-control-allow-credentials"], "true");
        assert_eq!(
            words(&response, "access-control-allow-methods"),
            ["get", "post", "put", "delete", "patch", "options"]
        );
        assert_eq!(
            words(&response, "access-control-allow-headers"),
            ["content-type", "authorization", "accept", "idempotency-key", "if-match"]
        );
        assert!(words(&response, "vary").contains(&"origin".to_owned()));
        assert!(response.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn our_origin_may_read_every_response_and_its_headers() {
    let app = spawn_app().await;
    for (method, path, status) in [
        (Method::GET, "/clients", 401),
        (Method::GET, "/nothing", 404),
        (Method::DELETE, "/clients", 405),
        (Method::POST, "/auth/login", 415),
        (Method::GET, "/openapi.json", 200),
    ] {
        let response = ask(&app, method, path, OURS).await;
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["access-control-allow-origin"], OURS);
        assert_eq!(response.headers()["access-control-allow-credentials"], "true");
        let exposed = words(&response, "access-control-expose-headers");
        for name in [
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "x-total-count",
            "content-disposition",
            "etag",
        ] {
            assert!(exposed.contains(&name.to_owned()), "{path}: {exposed:?}");
        }
    }
}

#[tokio::test]
async fn a_foreign_origin_gets_the_normal_response_without_cors_headers() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for origin in [
        "http://evil.example",
        "https://localhost:3000",
        "http://localhost:3001",
        "http://localhost:3000.evil.example",
        "http://localhost",
        "null",
        "*",
    ] {
        let preflight = ask(&app, Method::OPTIONS, "/clients", origin).await;
        assert_eq!(preflight.status(), 204);
        assert!(has_no_cors(&preflight), "{origin}");
        let request = user.request(Method::GET, "/auth/me").header("Origin", origin);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(has_no_cors(&response), "{origin}");
        assert!(words(&response, "vary").contains(&"origin".to_owned()));
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["data"]["email"], json!("user@example.com"));
    }
}

#[tokio::test]
async fn every_response_varies_by_origin_and_has_security_headers() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for (method, path) in [
        (Method::GET, "/api/v1/auth/me"),
        (Method::HEAD, "/api/v1/auth/me"),
        (Method::POST, "/api/v1/auth/me"),
        (Method::GET, "/api/v1/nothing"),
        (Method::OPTIONS, "/api/v1/clients"),
        (Method::GET, "/api/v1/docs"),
        (Method::POST, "/api/v1/docs"),
        (Method::GET, "/api/v1/openapi.json"),
        (Method::GET, "/healthz"),
        (Method::GET, "/nothing"),
    ] {
        let request = app.http.request(method.clone(), format!("{}{path}", app.base));
        let response = request.bearer_auth(&user.token).send().await.unwrap();
        let header = |name| response.headers()[name].to_str().unwrap();
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("x-xss-protection"), "1; mode=block", "{path}");
        // The URL of a page may contain a secret.
        let is_page = path == "/nothing";
        let referrer = if is_page { "same-origin" } else { "strict-origin-when-cross-origin" };
        assert_eq!(header("referrer-policy"), referrer, "{path}");
        assert!(header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert!(!header("x-request-id").is_empty(), "{path}");
        assert!(words(&response, "vary").contains(&"origin".to_owned()), "{method} {path}");
    }
}

#[tokio::test]
async fn api_responses_are_not_cached() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    assert_eq!(user.get("/auth/me").await.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn a_valid_request_id_from_a_trusted_proxy_is_returned_and_others_are_replaced() {
    let app = spawn_app_with(Options { trust_proxy: true, ..Options::default() }).await;
    let longest = "x".repeat(64);
    for id in ["abc-123", "Root=1-67891233:a/b+c_d.", longest.as_str()] {
        let request = app.request(Method::GET, "/nothing").header("X-Request-Id", id);
        assert_eq!(app.send(request).await.headers["x-request-id"], id);
    }
    let mut seen = std::collections::HashSet::new();
    let too_long = "x".repeat(65);
    for id in ["", "two words", too_long.as_str(), "é", "a\"b", "{}"] {
        let request = app.request(Method::GET, "/nothing").header("X-Request-Id", id);
        let answer = app.send(request).await;
        let given = answer.headers["x-request-id"].to_str().unwrap().to_owned();
        assert_ne!(given, id);
        assert!(seen.insert(given), "a request id came twice");
    }
    let app = spawn_app().await;
    let request = app.request(Method::GET, "/nothing").header("X-Request-Id", "abc-123");
    assert_ne!(app.send(request).await.headers["x-request-id"], "abc-123", "no proxy is trusted");
}
