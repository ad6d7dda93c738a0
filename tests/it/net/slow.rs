//! Slow clients. Each limit is tested alone, with the others too long to be reached.

use std::time::{Duration, Instant};

use freelanceos::net::{Limits, Pace, Patience};
use tokio::{io::AsyncWriteExt, time::interval};

use super::{Client, HEALTH, PATIENCE, app_with, generous};

const SHORT: Duration = Duration::from_millis(300);

fn patience(change: impl FnOnce(&mut Patience)) -> Limits {
    let mut limits = generous();
    change(&mut limits.patience);
    limits
}

#[tokio::test]
async fn a_trickling_head_does_not_hold_a_connection() {
    let app = app_with(patience(|patience| patience.head = SHORT)).await;
    let mut client = Client::connect(&app).await;
    // A second one that is as slow after a first request.
    let mut second = Client::connect(&app).await;
    second.send(HEALTH).await;
    assert_eq!(second.answer().await.unwrap().status, 200);
    for client in [&mut client, &mut second] {
        client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n").await;
        let start = Instant::now();
        let mut ticks = interval(SHORT / 10);
        loop {
            tokio::select! {
                () = client.ended() => break,
                _ = ticks.tick() => {
                    // Writes to a connection that has just closed are lost.
                    let _ = client.stream.write_all(b"X: y\r\n").await;
                }
            }
        }
        assert!(start.elapsed() >= SHORT, "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_silent_client_is_disconnected_before_and_after_a_request() {
    let app = app_with(patience(|patience| patience.idle = SHORT)).await;
    let start = Instant::now();
    let mut client = Client::connect(&app).await;
    client.ended().await;
    assert!(start.elapsed() >= SHORT);

    let mut client = Client::connect(&app).await;
    for _ in 0..3 {
        client.send(HEALTH).await;
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
    let start = Instant::now();
    client.ended().await;
    assert!(start.elapsed() >= SHORT / 2, "it is counted from the last answer");
}

#[tokio::test]
async fn a_connection_in_use_outlives_the_idle_limit() {
    let app = app_with(patience(|patience| patience.idle = SHORT)).await;
    let mut client = Client::connect(&app).await;
    let start = Instant::now();
    let mut ticks = interval(SHORT / 6);
    while start.elapsed() < SHORT * 3 {
        ticks.tick().await;
        client.send(HEALTH).await;
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_trickling_body_is_refused() {
    let body = Pace { grace: SHORT, rate: 1024 };
    let app = app_with(Limits { body, ..generous() }).await;
    for (path, length) in [
        ("/api/v1/auth/login", "Content-Length: 4000"),
        ("/api/v1/auth/login", "Transfer-Encoding: chunked"),
        ("/login", "Content-Length: 4000"),
    ] {
        let mut client = Client::connect(&app).await;
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n");
        client.send(head).await;
        let start = Instant::now();
        let mut ticks = interval(SHORT / 10);
        let answer = loop {
            tokio::select! {
                answer = client.next() => break answer.unwrap(),
                _ = ticks.tick() => {
                    let piece = if length.starts_with('C') { "x" } else { "1\r\nx\r\n" };
                    let _ = client.stream.write_all(piece.as_bytes()).await;
                }
            }
        };
        assert_eq!(answer.status, 408, "{path} {length}: {}", answer.body);
        assert!(answer.body.contains("too slowly"), "{}", answer.body);
        assert!(start.elapsed() >= SHORT && start.elapsed() < PATIENCE);
        client.ended().await;
    }
}

#[tokio::test]
async fn a_slow_but_steady_body_is_accepted() {
    let body = Pace { grace: SHORT, rate: 1024 };
    let app = app_with(Limits { body, ..generous() }).await;
    let mut client = Client::connect(&app).await;
    let body = format!(r#"{{"email":"a@example.com","password":"{}"}}"#, "x".repeat(8000));
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    client.send(head).await;
    let start = Instant::now();
    // Twenty times the minimum rate, but longer in total than the initial grace.
    let mut ticks = interval(Duration::from_millis(50));
    for piece in body.as_bytes().chunks(1024) {
        ticks.tick().await;
        client.send(piece).await;
    }
    assert!(start.elapsed() > SHORT);
    let answer = client.answer().await.unwrap();
    assert_eq!(answer.status, 401, "{}", answer.body);
}

#[tokio::test]
async fn a_client_that_never_reads_is_disconnected() {
    let limits = Limits { connections: 1, ..patience(|patience| patience.write = SHORT) };
    let app = app_with(limits).await;
    let mut client = Client::connect(&app).await;
    // More than the buffers of both ends hold.
    let request = "GET /api/v1/docs HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.send(request.repeat(40)).await;
    // Its place becomes free although the client is still connected.
    let start = Instant::now();
    loop {
        let mut other = Client::connect(&app).await;
        other.send(HEALTH).await;
        match other.answer().await {
            Some(answer) if answer.status == 200 => break,
            _ => assert!(start.elapsed() < PATIENCE, "it holds its connection for ever"),
        }
    }
    let mut answers = 0;
    while client.answer().await.is_some() {
        answers += 1;
    }
    assert!(answers < 40, "all was read in the end");
}

#[tokio::test]
async fn a_slow_but_steady_reader_gets_everything() {
    let app = app_with(patience(|patience| {
        patience.write = SHORT;
        patience.idle = SHORT;
    }))
    .await;
    let mut client = Client::connect(&app).await;
    let request = "GET /api/v1/docs HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.send(request.repeat(6)).await;
    let (start, mut ticks) = (Instant::now(), interval(SHORT / 6));
    for _ in 0..6 {
        // A pause between the responses, each of which fills the remaining buffers.
        ticks.tick().await;
        ticks.tick().await;
        let answer = client.answer().await.unwrap();
        assert!(answer.status == 200 && answer.body.len() > 1 << 20);
    }
    assert!(start.elapsed() > SHORT);
}
