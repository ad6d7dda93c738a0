//! Servers die and the database restarts or crashes, but acknowledged writes stay.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::json;

use super::servers::Servers;
use crate::{
    ledger::{Count, Ledger, Trials, account_of, check_whole},
    program::{Caller, PATIENCE},
};

/// Acknowledged writes between two failures.
const ENOUGH: usize = 40;
/// Maximum response time while the database is down, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// Waits for that many more acknowledged writes, and returns how long the first one took.
async fn go_on(count: &Count) -> Duration {
    let (begun, before) = (Instant::now(), count.load(Ordering::Relaxed));
    let mut first = None;
    while count.load(Ordering::Relaxed) < before + ENOUGH {
        assert!(begun.elapsed() < PATIENCE, "nothing is acknowledged any more");
        if count.load(Ordering::Relaxed) > before {
            first.get_or_insert_with(|| begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    first.unwrap_or_else(|| begun.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn killed_servers_and_a_crashed_database_lose_nothing_acknowledged_and_repeat_nothing() {
    const ACCOUNTS: [&str; 2] = ["ada", "ben"];
    const WORKERS: usize = 3;
    let mut servers = Servers::start(3, &[]).await;
    let (count, stop) = (Count::default(), Arc::new(AtomicBool::new(false)));
    let mut accounts = Vec::new();
    for name in ACCOUNTS {
        let caller = servers.caller().register(name).await;
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let (count, stop) = (Arc::clone(&count), Arc::clone(&stop));
                tokio::spawn(Ledger::default().go_through(caller.clone(), worker, count, stop))
            })
            .collect();
        accounts.push((name, caller, workers));
    }
    go_on(&count).await;
    servers.kill(1);
    let without_one = go_on(&count).await;
    servers.cluster.restart("fast");
    let after_restart = go_on(&count).await;
    servers.cluster.restart("immediate");
    let after_crash = go_on(&count).await;
    servers.kill(2);
    servers.cluster.restart("immediate");
    go_on(&count).await;
    servers.start_again(1);
    servers.start_again(2);
    go_on(&count).await;
    stop.store(true, Ordering::Relaxed);

    let (mut acknowledged, mut things, mut seen) = (0, 0, Trials::default());
    for (name, caller, workers) in accounts {
        let mut ledger = Ledger::default();
        for told in join_all(workers).await {
            let told = told.unwrap();
            let trials = told.trials();
            seen.unavailable += trials.unavailable;
            seen.unknown += trials.unknown;
            seen.cut += trials.cut;
            seen.longest = seen.longest.max(trials.longest);
            ledger.merge(told);
        }
        let (database, account) = (servers.database(), account_of(&servers.database(), name));
        assert_eq!(ledger.compare(&database, &account), 0, "something was done twice");
        ledger.repeat(&caller, &database, &account).await;
        ledger.check_dashboard(&caller).await;
        (acknowledged, things) = (acknowledged + ledger.acknowledged, things + ledger.len());
    }
    check_whole(&servers.database());
    println!(
        "{acknowledged} writes acknowledged and found, {things} clients and invoices; after a \
         kill the next was acknowledged in {without_one:.1?}, after a restart of the database in \
         {after_restart:.1?}, after its crash in {after_crash:.1?}; {seen:?}"
    );
    assert!(seen.longest < SOON, "{seen:?}");
    for server in servers.iter() {
        assert_eq!(server.said("request failed"), 0, "{}", server.log());
    }
}

/// Requests of every kind, each refused in the format of its API.
async fn refused(at: &Caller, key: &str) {
    let body = json!({"name": "C", "email": "c@example.com"});
    let login = json!({"email": "ada@example.com", "password": "SecurePass123"});
    let requests = [
        ("GET", "/clients", None, None),
        ("GET", "/dashboard/stats", None, None),
        ("POST", "/clients", Some(&body), None),
        ("POST", "/clients", Some(&body), Some(key)),
        ("POST", "/auth/login", Some(&login), None),
    ];
    let sent = requests.map(|(method, path, body, key)| async move {
        let answer = at.try_send(method, path, body, key).await.expect("no answer");
        let told = json!("The database cannot be reached, please try again");
        assert_eq!((answer.status, &answer.body["error"]), (503, &told), "{method} {path}");
        assert_eq!(answer.body["success"], false);
        assert_eq!(answer.headers["retry-after"], "5");
        assert!(answer.took < SOON, "{method} {path} took {:?}", answer.took);
    });
    join_all(sent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts a PostgreSQL server; tests/run runs it"]
async fn requests_are_refused_while_the_database_is_down_and_served_afterwards() {
    let servers = Servers::start(3, &[]).await;
    let ada = servers.get(0).register("ada").await;
    let at = servers.each(&ada);
    for at in &at {
        assert_eq!(at.get("/healthz").await.status, 200);
    }
    servers.cluster.stop();
    join_all(at.iter().map(|at| refused(at, "key"))).await;
    join_all(at.iter().map(|at| async {
        let answer = at.get("/healthz").await;
        assert_eq!(answer.status, 503, "{}", answer.body);
    }))
    .await;
    servers.cluster.start_again();
    let begun = Instant::now();
    for (at, server) in at.iter().zip(servers.iter()) {
        assert_eq!(at.get("/healthz").await.status, 200);
        assert_eq!(at.get("/clients").await.body["total"], 0, "a refused request was done");
        assert_eq!(server.said("cannot reach the database"), 1, "{}", server.log());
        assert_eq!(server.said("reconnected to the database"), 1, "{}", server.log());
        assert_eq!(server.said("request failed"), 0, "{}", server.log());
    }
    println!("three servers are back after {:.1?}", begun.elapsed());
    // Repeated with its key at any server, it counts once.
    for at in &at {
        let body = json!({"name": "C", "email": "c@example.com"});
        let answer = at.try_send("POST", "/clients", Some(&body), Some("key")).await.unwrap();
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    assert_eq!(at[0].get("/clients").await.body["total"], 1);
}
