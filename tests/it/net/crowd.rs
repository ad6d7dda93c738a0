//! More connections than allowed.

use std::time::{Duration, Instant};

use freelanceos::net::Limits;

use super::{Client, HEALTH, PATIENCE, app_with, generous};

#[tokio::test]
async fn a_connection_over_the_limit_is_told_to_retry_and_can_later() {
    let app = app_with(Limits { connections: 2, ..generous() }).await;
    let mut first = Client::connect(&app).await;
    let mut second = Client::connect(&app).await;
    for client in [&mut first, &mut second] {
        client.send(HEALTH).await;
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
    let mut third = Client::connect(&app).await;
    third.send(HEALTH).await;
    let refusal = third.answer().await.unwrap();
    assert_eq!((refusal.status, refusal.headers["retry-after"].as_str()), (503, "5"));
    assert!(refusal.body.contains("try again"), "{}", refusal.body);
    third.ended().await;

    // An open connection stays usable.
    first.send(HEALTH).await;
    assert_eq!(first.answer().await.unwrap().status, 200);
    drop(second);
    let start = Instant::now();
    loop {
        let mut again = Client::connect(&app).await;
        again.send(HEALTH).await;
        match again.answer().await {
            Some(answer) if answer.status == 200 => break,
            _ => assert!(start.elapsed() < PATIENCE, "no place becomes free"),
        }
    }
}

#[tokio::test]
async fn one_address_gets_only_its_share_of_the_connections() {
    let app = app_with(Limits { connections_of_one: 3, ..generous() }).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = Client::connect(&app).await;
        client.send(HEALTH).await;
        assert_eq!(client.answer().await.unwrap().status, 200);
        clients.push(client);
    }
    let mut fourth = Client::connect(&app).await;
    fourth.send(HEALTH).await;
    assert_eq!(fourth.answer().await.unwrap().status, 503);
    fourth.ended().await;
    // Another loopback address counts as another client.
    let port = app.base.rsplit(':').next().unwrap().parse().unwrap();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = Client::of(socket.connect(([127, 0, 0, 1], port).into()).await.unwrap());
    other.send(HEALTH).await;
    assert_eq!(other.answer().await.unwrap().status, 200);

    drop(clients.pop());
    let start = Instant::now();
    loop {
        let mut again = Client::connect(&app).await;
        again.send(HEALTH).await;
        match again.answer().await {
            Some(answer) if answer.status == 200 => break,
            _ => assert!(start.elapsed() < PATIENCE, "no place becomes free"),
        }
    }
}

#[tokio::test]
async fn silent_connections_do_not_hold_the_last_places() {
    let crowded_idle = Duration::from_millis(300);
    let app = app_with(Limits { connections: 8, crowded_idle, ..generous() }).await;
    let mut early = Vec::new();
    for _ in 0..6 {
        early.push(Client::connect(&app).await);
    }
    let mut late = Client::connect(&app).await;
    late.ended().await;
    for client in &mut early {
        client.send(HEALTH).await;
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_flood_beyond_the_limit_is_dropped_and_open_connections_are_served() {
    let app = app_with(Limits { connections: 1, ..generous() }).await;
    let mut first = Client::connect(&app).await;
    first.send(HEALTH).await;
    assert_eq!(first.answer().await.unwrap().status, 200);
    // These connections are silent, so each refusal takes the full timeout.
    let mut flood = Vec::new();
    for _ in 0..300 {
        flood.push(Client::connect(&app).await);
    }
    first.send(HEALTH).await;
    assert_eq!(first.answer().await.unwrap().status, 200);
    for client in &mut flood {
        client.ended().await;
    }
}
