//! Requests below JSON: paths as people write them, bodies that nobody wants.

use reqwest::{Method, header::ALLOW};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{TestApp, spawn_app};

/// Writes all of it as a simple client does, before it reads anything, and answers what comes
/// back until the connection ends.
async fn exchange(app: &TestApp, request: &[u8]) -> String {
    let address = app.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_slash_at_the_end_of_a_path_changes_nothing() {
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
async fn what_is_no_path_is_answered_in_json() {
    let app = spawn_app().await;
    for line in ["CONNECT example.com:80", "GET *"] {
        let request = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = exchange(&app, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        assert!(answer.ends_with("{\"success\":false,\"error\":\"Route not found\"}"), "{answer}");
    }
}
