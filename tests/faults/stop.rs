//! SIGTERM: the server finishes what it has begun.

use std::{
    fs,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    ledger::{Count, Ledger, account_of, check_whole},
    program::Place,
};

/// Longer than the program lets running requests and deliveries take.
const IN_TIME: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_stopped_under_load_answers_what_it_does_and_does_what_it_answers() {
    let place = Place::of_tested_engine();
    let mut server = place.serve();
    for round in 0..5 {
        let name = format!("a{round}");
        let caller = server.register(&name).await;
        let account = account_of(&place.database(), &name);
        let count = Count::default();
        let workers: Vec<_> = (0..8)
            .map(|worker| {
                let work = Ledger::default().fill(caller.clone(), worker, Arc::clone(&count));
                tokio::spawn(work)
            })
            .collect();
        while count.load(Ordering::Relaxed) < 30 + round * 11 {
            tokio::task::yield_now().await;
        }
        let ended = tokio::task::spawn_blocking(move || server.stop()).await.unwrap();
        assert_eq!(ended.0.code(), Some(0));
        assert!(ended.1 < IN_TIME, "{:?}", ended.1);
        if let Some(file) = place.database().file() {
            // Everything is in the main file, and the -wal file is empty.
            let wal = file.with_extension("db-wal");
            assert!(fs::metadata(&wal).map_or(0, |facts| facts.len()) == 0, "{}", wal.display());
        }
        let mut ledger = Ledger::default();
        for told in join_all(workers).await {
            ledger.merge(told.unwrap());
        }
        let unknown = ledger.compare(&place.database(), &account);
        assert_eq!(unknown, 0, "something was made, and its answer cut off");
        check_whole(&place.database());
        server = place.serve();
        let caller = caller.at(&server);
        ledger.repeat(&caller, &place.database(), &account).await;
        ledger.check_dashboard(&caller).await;
    }
}

#[tokio::test]
async fn a_request_whose_body_is_still_arriving_is_waited_for() {
    let place = Place::of_tested_engine();
    let mut server = place.serve();
    let caller = server.register("a").await;
    let body = json!({"name": "Last", "email": "last@example.com"}).to_string();
    let (first, rest) = body.split_at(10);
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let head = format!(
        "POST /api/v1/clients HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{first}",
        caller.token,
        body.len(),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The response to a second request shows that the first has arrived.
    caller.get("/clients").await.data();
    server.terminate();
    server.wait_for("stopping");
    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_eq!(server.wait().code(), Some(0));

    let server = place.serve();
    let answer = caller.at(&server).get("/clients").await;
    assert_eq!((&answer.body["total"], &answer.data()[0]["name"]), (&json!(1), &json!("Last")));
}
