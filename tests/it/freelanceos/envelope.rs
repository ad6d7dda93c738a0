//! Errors have one format on every path, and are checked in the same order on every route.

use std::time::Duration;

use freelanceos::{
    app::invoice::duplicate_invoice,
    domain::{
        error::Kind,
        id::{Id, InvoiceId},
    },
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Options, TestApp, document::document, spawn_app, spawn_app_with};

const MIB: usize = 1 << 20;
const NOBODY: &str = "client_00000000000000000000000000";

/// Sends raw bytes and reads the whole response: its head and its body.
async fn raw(app: &TestApp, request: &str, body: &[u8]) -> (String, String) {
    let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    // The response may arrive, and the connection close, before everything is sent.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer));
    let _ = read.await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn too_large(head: &str, body: &str, name: &str) {
    assert!(head.starts_with("HTTP/1.1 413 "), "{name}: {head}");
    let expected = if matches!(name, "POST /auth/login" | "POST /auth/register") {
        r#"{"success":false,"error":"Payload Too Large","statusCode":413,"message":"Payload Too Large"}"#
    } else {
        r#"{"success":false,"error":"Payload Too Large"}"#
    };
    assert_eq!(body, expected, "{name}");
}

#[tokio::test]
async fn an_unknown_route_is_404_in_the_format_of_the_api() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for path in [
        "/",
        "",
        "/nothing",
        "/clients/a/b",
        "/auth",
        "/dashboard",
        "/%00",
        "/clients/x/send",
        "/../x",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            for request in [app.request(method.clone(), path), user.request(method.clone(), path)] {
                assert_eq!(
                    app.send(request).await.error(404),
                    "Route not found",
                    "{method} {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_on_every_route() {
    let app = spawn_app().await;
    let document = document(&app).await;
    for path in document.json["paths"].as_object().unwrap().keys() {
        let known: Vec<&Method> =
            document.operations.iter().filter(|o| o.path == *path).map(|o| &o.method).collect();
        if known.is_empty() {
            continue;
        }
        let all =
            [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE];
        for method in all.iter().filter(|method| !known.contains(method)) {
            let answer = app.send(app.request(method.clone(), &path.replace("{id}", NOBODY))).await;
            assert_eq!(answer.error(405), "Method not allowed", "{method} {path}");
            let allowed = answer.headers["allow"].to_str().unwrap();
            let named = |known: &&Method| allowed.split(", ").any(|one| one == known.as_str());
            assert!(known.iter().all(named), "{path}: {allowed}");
            assert!(!allowed.split(", ").any(|one| one == method.as_str()), "{path}: {allowed}");
        }
    }
}

#[tokio::test]
async fn at_the_limit_a_known_route_is_429_before_anything_but_404_and_405() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    for _ in 0..100 {
        app.request(Method::GET, "/nothing").send().await.unwrap();
    }
    for operation in &document(&app).await.operations {
        let path = operation.path_of(NOBODY);
        let request = app.request(operation.method.clone(), &path).body("{");
        let answer = app.send(request).await;
        assert_eq!(answer.error(429), "Too many requests, please try again later");
        assert!(answer.headers.contains_key("retry-after"), "{}", operation.name());
        if operation.takes_body() {
            let head = format!(
                "{} /api/v1{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                operation.method,
                MIB + 1
            );
            let (head, _) = raw(&app, &head, b"").await;
            assert!(head.starts_with("HTTP/1.1 429 "), "{}: {head}", operation.name());
        }
        let answer = app.send(app.request(Method::TRACE, &path)).await;
        answer.error(405);
    }
    app.send(app.request(Method::GET, "/nothing")).await.error(404);
}

#[tokio::test]
async fn a_body_over_1_mib_is_413_on_every_route_before_the_token_is_checked() {
    let app = spawn_app().await;
    for operation in document(&app).await.operations.iter().filter(|o| o.takes_body()) {
        let head = format!(
            "{} /api/v1{} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            operation.method,
            operation.path_of(NOBODY),
            MIB + 1
        );
        let (head, body) = raw(&app, &head, &[b' '; MIB + 1]).await;
        too_large(&head, &body, &operation.name());
    }
}

#[tokio::test]
async fn a_body_over_1_mib_is_413_without_content_length_too() {
    let app = spawn_app().await;
    let head = "POST /api/v1/clients HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\
                Connection: close\r\n\r\n";
    let mut body = format!("{:x}\r\n", MIB + 1).into_bytes();
    body.resize(body.len() + MIB + 1, b' ');
    body.extend(b"\r\n0\r\n\r\n");
    let (head, body) = raw(&app, head, &body).await;
    too_large(&head, &body, "chunked");
}

#[tokio::test]
async fn a_body_of_exactly_1_mib_is_read() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let mut body = br#"{"name": "Big", "email": "big@example.com"}"#.to_vec();
    body.resize(MIB, b' ');
    let request = user.request(Method::POST, "/clients").header("content-type", "application/json");
    app.send(request.body(body)).await.data(201);
}

#[tokio::test]
async fn without_a_token_every_route_is_401_before_the_body_or_query_is_read() {
    let app = spawn_app().await;
    let mut open = Vec::new();
    for operation in &document(&app).await.operations {
        if !operation.needs_token() {
            open.push(operation.name());
            continue;
        }
        let path = format!("{}?page=0&limit=x&period=never", operation.path_of(NOBODY));
        for body in ["", "{", "[]"] {
            let request = app.request(operation.method.clone(), &path).body(body);
            let answer = app.send(request).await;
            assert_eq!(answer.error(401), "Authentication required", "{}", operation.name());
            assert_eq!(answer.headers["www-authenticate"], "Bearer", "{}", operation.name());
        }
    }
    assert_eq!(open, ["POST /auth/register", "POST /auth/login"]);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_415_or_400_before_the_id_is_looked_up() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for operation in document(&app).await.operations.iter().filter(|o| o.takes_body()) {
        let send = async |content_type: Option<&str>, body: &'static [u8]| {
            let request =
                user.request(operation.method.clone(), &operation.path_of(NOBODY)).body(body);
            app.send(match content_type {
                Some(content_type) => request.header("content-type", content_type),
                None => request,
            })
            .await
        };
        let name = operation.name();
        for wrong in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some(""),
            Some("json"),
        ] {
            let answer = send(wrong, b"{}").await;
            assert_eq!(
                answer.error(415),
                "Content-Type must be application/json",
                "{name} {wrong:?}"
            );
        }
        let malformed: [&[u8]; 6] = [
            b"{",
            b"{\"a\": 1,}",
            b"nonsense",
            b"{\"a\": \"\\ud800\"}",
            b"{\"a\": \"\xff\"}",
            b"{} {}",
        ];
        for body in malformed {
            let answer = send(Some("application/json"), body).await;
            assert_eq!(answer.error(400), "The request body is not valid JSON", "{name} {body:?}");
        }
        let others: [&[u8]; 5] = [b"null", b"[]", b"1", b"\"text\"", b"true"];
        for body in others {
            let answer = send(Some("application/json"), body).await;
            assert_eq!(
                answer.error(400),
                "The request body must be a JSON object",
                "{name} {body:?}"
            );
        }
    }
}

#[tokio::test]
async fn json_content_types_with_parameters_suffix_or_upper_case_are_accepted() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON ;charset=UTF-8",
        "application/merge-patch+json",
    ] {
        let request = user.request(Method::PATCH, "/auth/me").header("content-type", content_type);
        app.send(request.body(r#"{"firstName": "A"}"#)).await.data(200);
    }
}

#[tokio::test]
async fn if_no_field_is_required_an_empty_body_counts_as_an_empty_object() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let project = user.project(&client, "Project").await;
    let mut empty = 0;
    for operation in document(&app).await.operations.iter().filter(|o| o.takes_body()) {
        let is_optional = operation.spec["requestBody"]["required"] != true;
        // It requires one of two fields.
        if operation.path.ends_with("/deposit-invoice") {
            continue;
        }
        for content_type in [None, Some("text/plain"), Some("application/json")] {
            let id = user.one_for(operation.noun(), &operation.path, &client, &project).await;
            let mut request = user.request(operation.method.clone(), &operation.path_of(&id));
            if let Some(content_type) = content_type {
                request = request.header("content-type", content_type);
            }
            let answer = app.send(request).await;
            if is_optional {
                assert!(answer.status.is_success(), "{} {}", operation.name(), answer.body);
                empty += 1;
            } else if content_type == Some("application/json") {
                assert_eq!(answer.error(400), "The request body is not valid JSON");
            } else {
                answer.error(415);
            }
        }
    }
    assert_eq!(empty, (2 * 8 + 12) * 3, "PUT and PATCH of eight nouns, and twelve actions");
}

#[tokio::test]
async fn an_unknown_id_is_404_on_every_route() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let document = document(&app).await;
    for operation in document.operations.iter().filter(|o| o.takes_id()) {
        for id in [
            NOBODY,
            "1",
            "client_123",
            "%20",
            "%ff",
            "..%2f",
            "%E0%B6%B1",
            "a%00b",
            &"x".repeat(5000),
        ] {
            let request = user.request(operation.method.clone(), &operation.path_of(id));
            let request = if operation.takes_body() {
                request.json(&json!({"amount": 1, "reason": "R"}))
            } else {
                request
            };
            let answer = app.send(request).await;
            let error = answer.error(404);
            assert!(error.ends_with(" not found"), "{} {id}: {error}", operation.name());
        }
    }
}

#[tokio::test]
async fn head_has_the_status_and_headers_of_get_and_no_body() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for operation in document(&app).await.operations.iter().filter(|o| o.method == Method::GET) {
        let path = operation.path_of(NOBODY);
        for token in ["", user.token.as_str()] {
            let head = app.request(Method::HEAD, &path).bearer_auth(token).send().await.unwrap();
            let get = app.request(Method::GET, &path).bearer_auth(token).send().await.unwrap();
            assert_eq!(head.status(), get.status(), "{}", operation.name());
            assert_eq!(head.headers()["content-type"], get.headers()["content-type"]);
            assert!(head.bytes().await.unwrap().is_empty(), "{}", operation.name());
        }
    }
    let head = app.request(Method::HEAD, "/auth/login").send().await.unwrap();
    assert_eq!(head.status(), 405);
    assert!(head.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn every_response_with_a_body_is_json() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for (request, status) in [
        (user.request(Method::GET, "/clients"), 200),
        (app.request(Method::GET, "/clients"), 401),
        (app.request(Method::GET, "/nothing"), 404),
        (app.request(Method::DELETE, "/clients"), 405),
        (app.request(Method::POST, "/auth/login"), 415),
    ] {
        let answer = app.send(request).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert!(matches!(answer.body, Value::Object(_)));
    }
}

#[tokio::test]
async fn a_database_failure_is_not_reported_as_an_invalid_field() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Acme").await;
    let project = user.project(&client, "Site").await;
    let body = json!({
        "clientId": client, "projectId": project, "amount": 10, "dueDate": "2026-04-01",
    });
    let invoice = user.post("/invoices", body.clone()).await.data(201)["id"].clone();
    let invoice: InvoiceId = Id::parse(invoice.as_str().unwrap());
    app.database()
        .change(|connection| connection.define("ALTER TABLE projects RENAME TO projects_elsewhere"))
        .unwrap();
    for (path, body) in [
        ("/invoices", body),
        ("/milestones", json!({"projectId": project, "name": "Draft", "amount": 1})),
    ] {
        assert_eq!(user.post(path, body).await.error(500), "Internal server error", "{path}");
    }
    let copied = app.app.run(user.claims(), move |work| duplicate_invoice(work, invoice)).await;
    assert_eq!(*copied.unwrap_err().kind(), Kind::Internal);
}
