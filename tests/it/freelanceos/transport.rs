//! Requests below JSON: path spellings, and bodies that are not read.

use reqwest::{Method, header::ALLOW};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{TestApp, spawn_app};

/// Writes everything before it reads anything, as a simple client does, and returns what arrives
/// until the connection closes.
async fn exchange(app: &TestApp, request: &[u8]) -> String {
    let address = app.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_trailing_slash_makes_no_difference() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let body = json!({"name": "Client", "email": "c@example.com"});
    let create = |path| user.request(Method::POST, path).json(&body).header("Idempotency-Key", "k");
    let created = app.send(create("/clients")).await;
    let id = created.data(201)["id"].as_str().unwrap();

    let again = create("/clients/").send().await.unwrap();
    assert_eq!(again.status(), 201);
    assert_eq!(again.json::<serde_json::Value>().await.unwrap(), created.body);

    for (path, status) in [
        ("/clients/?pageSize=1".to_owned(), 200),
        (format!("/clients/{id}/"), 200),
        ("/dashboard/stats/".to_owned(), 200),
        ("/docs/".to_owned(), 200),
        ("/clients//".to_owned(), 404),
        ("//clients".to_owned(), 404),
        ("/nothing/".to_owned(), 404),
        ("/".to_owned(), 404),
    ] {
        let answer = user.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    let wrong = user.request(Method::DELETE, "/clients/").send().await.unwrap();
    assert_eq!(
        (wrong.status().as_u16(), &wrong.headers()[ALLOW]),
        (405, &"GET, POST".parse().unwrap())
    );
}

#[tokio::test]
async fn the_documentation_names_the_allowed_method() {
    let app = spawn_app().await;
    for path in ["/docs", "/openapi.json"] {
        let answer = app.request(Method::POST, path).send().await.unwrap();
        assert_eq!(answer.status(), 405);
        assert_eq!(answer.headers()[ALLOW], "GET");
    }
}

#[tokio::test]
async fn a_client_that_sends_an_oversized_body_can_read_the_refusal() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let body = "x".repeat(3 << 20);
    let head = |path: &str, length: &str| {
        format!(
            "POST /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Connection: close\r\n{length}\r\n\r\n",
            user.token
        )
    };
    let length = format!("Content-Length: {}", body.len());
    for (path, status) in
        [("/clients", "413 Payload Too Large"), ("/nothing", "404"), ("/auth/me", "405")]
    {
        let answer = exchange(&app, format!("{}{body}", head(path, &length)).as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains("\r\n\r\n{\"success\":false,"), "{answer}");
    }
    let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let chunked = format!("{}{chunk}", head("/clients", "Transfer-Encoding: chunked"));
    assert!(exchange(&app, chunked.as_bytes()).await.starts_with("HTTP/1.1 413"));

    // With Expect: 100-continue the refusal comes at once, and nothing is sent.
    let asking = head("/clients", &format!("{length}\r\nExpect: 100-continue"));
    assert!(exchange(&app, asking.as_bytes()).await.starts_with("HTTP/1.1 413"));
}

#[tokio::test]
async fn a_connection_stays_usable_after_an_unread_body() {
    let app = spawn_app().await;
    let body = "x".repeat(1 << 20);
    let requests = format!(
        "POST /api/v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}\
         GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let answers = exchange(&app, requests.as_bytes()).await;
    assert!(answers.starts_with("HTTP/1.1 404"), "{answers}");
    assert!(answers.contains("HTTP/1.1 200 OK"), "{answers}");
}

#[tokio::test]
async fn an_invalid_path_gets_a_json_response() {
    let app = spawn_app().await;
    for line in ["CONNECT example.com:80", "GET *"] {
        let request = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = exchange(&app, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        assert!(answer.ends_with("{\"success\":false,\"error\":\"Route not found\"}"), "{answer}");
    }
}
