//! A frozen database: it closes no connection and answers none.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::servers::Servers;
use crate::program::{Caller, PATIENCE};

/// The latest time for an answer.
const ANSWERED: Duration = Duration::from_secs(30);

async fn refused(at: &Caller, method: &str, path: &str) {
    let body = json!({"name": "C", "email": "c@example.com"});
    let body = Some(&body).filter(|_| method == "POST");
    let answer = at.try_send(method, path, body, None).await.expect("no answer");
    assert_eq!(answer.status, 503, "{method} {path} {}", answer.body);
    assert!(answer.body["error"].as_str().is_some(), "{}", answer.body);
    assert!(answer.took < ANSWERED, "{method} {path} took {:?}", answer.took);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn requests_to_a_frozen_database_time_out_and_the_server_recovers() {
    let servers = Servers::start(2, &[]).await;
    let ada = servers.get(0).register("ada").await;
    let at = servers.each(&ada);
    // Opens every connection, then sends more requests than there are connections.
    for at in &at {
        join_all((0..30).map(|_| at.get("/clients"))).await;
    }
    servers.cluster.freeze();
    let first = at.iter().flat_map(|at| {
        (0..15).flat_map(move |_| [refused(at, "GET", "/clients"), refused(at, "POST", "/clients")])
    });
    let first = join_all(first);
    let rest = async {
        // Later requests fail faster, since it is known that nothing works.
        join_all(at.iter().map(|at| refused(at, "GET", "/healthz"))).await;
        join_all(at.iter().map(|at| refused(at, "GET", "/invoices"))).await;
    };
    tokio::join!(first, rest);
    servers.cluster.thaw();
    let begun = Instant::now();
    for at in &at {
        while at.get("/healthz").await.status != 200 {
            assert!(begun.elapsed() < PATIENCE, "it is not found again");
        }
        at.client("After").await;
    }
    println!("served again {:.1?} after the database moves again", begun.elapsed());
    // None of the refused changes took effect, since none reached its commit.
    let total = ada.get("/clients").await.body["total"].as_u64().unwrap();
    assert_eq!(total, 2);
    for server in servers.iter() {
        assert_eq!(server.said("request failed"), 0, "{}", server.log());
    }
}
