//! Requests that are too large, pipelined, or invalid.

use super::{Client, HEALTH, app_with, generous};
use crate::support::{Options, spawn_app_with};

#[tokio::test]
async fn a_huge_head_and_too_many_headers_are_refused() {
    let app = app_with(generous()).await;
    let huge = format!("X: {}\r\n", "y".repeat(100_000));
    for headers in [huge, "X: y\r\n".repeat(200)] {
        let mut client = Client::connect(&app).await;
        // It may be refused before all of it is sent.
        let request = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        let _ = tokio::io::AsyncWriteExt::write_all(&mut client.stream, request.as_bytes()).await;
        assert_eq!(client.answer().await.unwrap().status, 431);
        client.ended().await;
    }
    let mut client = Client::connect(&app).await;
    let headers = format!("X: {}\r\n", "y".repeat(150)).repeat(90);
    client.send(format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")).await;
    assert_eq!(client.answer().await.unwrap().status, 200, "14 KB in 91 headers are not too much");
}

#[tokio::test]
async fn garbage_is_refused_and_does_no_harm() {
    let app = app_with(generous()).await;
    let mut every_byte: Vec<u8> = (0..=255).collect();
    every_byte.extend_from_slice(b"\r\n\r\n");
    for garbage in [
        every_byte.as_slice(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ] {
        let mut client = Client::connect(&app).await;
        client.send(garbage).await;
        if let Some(answer) = client.answer().await {
            assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(garbage));
            client.ended().await;
        }
    }
    let mut client = Client::connect(&app).await;
    client.send(HEALTH).await;
    assert_eq!(client.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn an_ambiguous_request_is_refused_and_its_connection_closed() {
    let app = app_with(generous()).await;
    let chunks = "\r\n0\r\n\r\n";
    for (head, body) in [
        ("", ""),
        ("Host: a\r\nHost: a\r\n", ""),
        ("Host: a\r\nHost: b\r\n", ""),
        ("Host: a b\r\n", ""),
        ("Host: user@a\r\n", ""),
        ("Host: a\r\nTransfer-Encoding: x\r\n", chunks),
        ("Host: a\r\nTransfer-Encoding: x, chunked\r\n", chunks),
        ("Host: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", chunks),
        ("Host: a\r\nTransfer-Encoding: chunked, chunked\r\n", chunks),
        ("Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunks),
        ("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunks),
        ("Host: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n", "\r\nab"),
        ("Host: a\r\nContent-Length: 2, 2\r\n", "\r\nab"),
        ("Host: a\r\nContent-Length: +2\r\n", "\r\nab"),
        ("Host: a\r\nContent-Length: 2\r\n folded: x\r\n", "\r\nab"),
        ("Host: a\r\nContent-Length : 2\r\n", "\r\nab"),
        ("Host: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n", ""),
    ] {
        let mut client = Client::connect(&app).await;
        // The bytes after it must not be read as a second request.
        let body = if body.is_empty() { "\r\n" } else { body };
        client.send(format!("POST /api/v1/auth/logout HTTP/1.1\r\n{head}{body}{HEALTH}")).await;
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.status, 400, "{head:?} {body:?}: {}", answer.body);
        client.ended().await;
    }
    for target in ["http://b/healthz", "http://a:81/healthz"] {
        let mut client = Client::connect(&app).await;
        client.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert_eq!(client.answer().await.unwrap().status, 400, "{target}");
    }
    // Unusual but valid requests.
    for request in [
        "GET http://a/healthz HTTP/1.1\r\nHost: A\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost:\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
        "GET /healthz HTTP/1.0\r\n\r\n",
    ] {
        let mut client = Client::connect(&app).await;
        client.send(request).await;
        assert_eq!(client.answer().await.unwrap().status, 200, "{request:?}");
    }
    // After a chunked request the connection closes, since a proxy may have seen a different end of
    // it.
    let mut client = Client::connect(&app).await;
    let chunked = "POST /api/v1/auth/logout HTTP/1.1\r\nHost: a\r\n\
                   Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    client.send(format!("{chunked}{HEALTH}")).await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    client.ended().await;
}

#[tokio::test]
async fn a_body_with_more_values_than_any_request_needs_is_refused_unread() {
    let app = app_with(generous()).await;
    for (body, said) in [
        (format!("{{\"email\": [{}0]}}", "0,".repeat(500_000)), "too many values"),
        (format!("{{\"a\": {}}}", "[".repeat(100_000)), "too many values"),
        (format!("{{\"email\": \"{}\"}}", ",[\\\"".repeat(30_000)), "valid email"),
    ] {
        let request = app.http.post(format!("{}/api/v1/auth/login", app.base));
        let answer = request.header("content-type", "application/json").body(body).send();
        let answer = answer.await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status == 400 && text.contains(said), "{status} {text}");
    }
}

#[tokio::test]
async fn a_huge_body_is_refused_and_the_response_arrives() {
    let app = app_with(generous()).await;
    let mut client = Client::connect(&app).await;
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/json\r\nContent-Length: 3000000\r\n\r\n";
    client.send(head).await;
    client.send("x".repeat(3_000_000)).await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.body.contains("Payload Too Large")), (413, true));

    // With only the header sent, it is refused at once.
    let mut client = Client::connect(&app).await;
    client.send(head.replace("3000000", "999999999999")).await;
    assert_eq!(client.answer().await.unwrap().status, 413);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    // A trusted proxy sets the request ids.
    let limits = Some(generous());
    let app = spawn_app_with(Options { limits, trust_proxy: true, ..Options::default() }).await;
    let mut client = Client::connect(&app).await;
    let request = |path: &str, id: usize| {
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: number-{id}\r\n\r\n")
    };
    let paths = ["/healthz", "/api/v1/nothing", "/api/v1/openapi.json"];
    let requests: String = (0..30).map(|id| request(paths[id % 3], id)).collect();
    client.send(requests).await;
    for id in 0..30 {
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.headers["x-request-id"], format!("number-{id}"));
        assert_eq!(answer.status, [200, 404, 200][id % 3]);
    }
}

#[tokio::test]
async fn a_client_that_disconnects_midway_leaves_nothing_behind() {
    let mut limits = generous();
    limits.connections = 1;
    let app = app_with(limits).await;
    let post = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{";
    for begun in ["", "GET /hea", HEALTH, post] {
        let mut client = Client::connect(&app).await;
        client.send(begun).await;
        drop(client);
        let start = std::time::Instant::now();
        loop {
            let mut other = Client::connect(&app).await;
            other.send(HEALTH).await;
            match other.answer().await {
                Some(answer) if answer.status == 200 => break,
                _ => assert!(start.elapsed() < super::PATIENCE, "{begun:?} holds its connection"),
            }
        }
    }
}
