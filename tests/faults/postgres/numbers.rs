//! Concurrent work of several servers has the same result as that of one.

use std::{collections::BTreeSet, time::Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::servers::Servers;
use crate::{ledger::check_whole, program::Caller};

/// Creates a number of invoices, several at once, and returns their numbers.
async fn invoices(caller: &Caller, most: usize, at_once: usize) -> BTreeSet<u32> {
    let client = caller.client("C").await;
    let makers = (0..at_once).map(|_| {
        // Each on its own connection, so at the next server.
        let (caller, client) = (caller.apart(), client.clone());
        tokio::spawn(async move {
            let mut numbers = Vec::new();
            let body = json!({"clientId": client, "amount": 100, "dueDate": "2099-12-31"});
            for _ in 0..most / at_once {
                let answer = caller.post("/invoices", &body).await;
                let number = answer.data()["number"].as_str().unwrap();
                numbers.push(number.rsplit('-').next().unwrap().parse::<u32>().unwrap());
            }
            numbers
        })
    });
    let made: Vec<u32> =
        join_all(makers).await.into_iter().flat_map(|made| made.unwrap()).collect();
    assert_eq!(made.len(), most);
    made.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn invoices_created_through_three_servers_at_once_have_consecutive_numbers() {
    let servers = Servers::start(3, &[]).await;
    let ada = servers.caller().register("ada").await;
    let begun = Instant::now();
    let numbers = invoices(&ada, 300, 12).await;
    println!("300 invoices of one account through three servers in {:.1?}", begun.elapsed());
    assert!(numbers.into_iter().eq(1..=300));

    let mut accounts = Vec::new();
    for name in ["ben", "cleo", "dora"] {
        accounts.push(servers.caller().register(name).await);
    }
    let begun = Instant::now();
    let of_each = join_all(accounts.iter().map(|caller| invoices(caller, 40, 4))).await;
    println!("120 invoices of three accounts through three servers in {:.1?}", begun.elapsed());
    for numbers in of_each {
        assert!(numbers.into_iter().eq(1..=40));
    }
    check_whole(&servers.database());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn a_request_sent_to_several_servers_at_once_with_one_key_counts_once() {
    const ROUNDS: usize = 25;
    let servers = Servers::start(3, &[]).await;
    let ada = servers.get(0).register("ada").await;
    let client = ada.client("C").await;
    let body = json!({"clientId": client, "amount": 100, "dueDate": "2099-12-31"});
    let all = servers.each(&ada);
    for round in 0..ROUNDS {
        let key = format!("key-{round}");
        let sent = all.iter().map(|at| at.try_send("POST", "/invoices", Some(&body), Some(&key)));
        let answers = join_all(sent).await;
        let first = answers[0].as_ref().unwrap();
        assert_eq!(first.status, 201, "{}", first.body);
        for answer in answers.iter().flatten() {
            assert_eq!((answer.status, &answer.body), (201, &first.body));
        }
        assert_eq!(answers.iter().flatten().count(), 3);
    }
    assert_eq!(ada.get("/invoices").await.body["total"], ROUNDS);
    check_whole(&servers.database());
}
