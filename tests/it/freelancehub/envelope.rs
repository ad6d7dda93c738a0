//! Bodies, statuses and headers of every route.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{document::hub_document, spawn_app};

const NOBODY: &str = "user_00000000000000000000000000";

fn path_of(path: &str) -> String {
    let filled: Vec<&str> =
        path.split('/').map(|part| if part.starts_with('{') { NOBODY } else { part }).collect();
    filled.join("/")
}

#[tokio::test]
async fn an_unknown_route_is_404_and_a_wrong_method_405_in_the_format_of_the_api() {
    let app = spawn_app().await;
    for path in ["", "/", "/nothing", "/auth", "/auth/register/x", "/%00"] {
        let answer = app.send(app.hub(Method::GET, path)).await;
        assert_eq!(
            answer.body,
            json!({"statusCode": 404, "message": "Route not found", "error": "Not Found"}),
            "{path}"
        );
    }
    let document = hub_document(&app).await;
    for path in document.json["paths"].as_object().unwrap().keys() {
        let answer = app.send(app.hub(Method::TRACE, &path_of(path))).await;
        assert_eq!(
            answer.body,
            json!({
                "statusCode": 405, "message": "Method not allowed", "error": "Method Not Allowed",
            }),
            "{path}"
        );
        assert!(!answer.headers["allow"].is_empty(), "{path}");
    }
}

#[tokio::test]
async fn without_a_token_every_protected_route_is_401_before_its_body_is_read() {
    let app = spawn_app().await;
    let document = hub_document(&app).await;
    let mut tried = 0;
    for operation in document.operations.iter().filter(|operation| operation.needs_token()) {
        let request = app.hub(operation.method.clone(), &path_of(&operation.path));
        let answer = app.send(request.body("{")).await;
        assert_eq!(*answer.refusal(401), "Authentication required", "{}", operation.name());
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        tried += 1;
    }
    assert!(tried >= 5, "only {tried} routes need a token");
}

#[tokio::test]
async fn a_body_that_is_not_a_json_object_is_415_or_400_and_an_oversized_one_413() {
    let app = spawn_app().await;
    let document = hub_document(&app).await;
    let user = app.register("user@example.com").await;
    for operation in document.operations.iter().filter(|operation| operation.takes_body()) {
        let request = || user.hub(operation.method.clone(), &path_of(&operation.path));
        let answer = app.send(request().header("Content-Type", "text/plain").body("{}")).await;
        assert_eq!(
            *answer.refusal(415),
            "Content-Type must be application/json",
            "{}",
            operation.name()
        );
        for (body, message) in [
            ("{", "The request body is not valid JSON"),
            ("[]", "The request body must be a JSON object"),
        ] {
            let request = request().header("Content-Type", "application/json").body(body);
            assert_eq!(*app.send(request).await.refusal(400), message, "{}", operation.name());
        }
        let large = request().header("Content-Type", "application/json").body(vec![b' '; 2 << 20]);
        assert_eq!(*app.send(large).await.refusal(413), "Payload Too Large");
    }
}

#[tokio::test]
async fn every_response_has_security_and_cors_headers() {
    let app = spawn_app().await;
    let request = app.hub(Method::GET, "/auth/me").header("Origin", crate::support::ORIGIN);
    let answer = app.send(request).await;
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("x-xss-protection", "1; mode=block"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("access-control-allow-origin", crate::support::ORIGIN),
        ("access-control-allow-credentials", "true"),
    ] {
        assert_eq!(answer.headers[name], value);
    }
    let _: &Value = answer.refusal(401);
}
