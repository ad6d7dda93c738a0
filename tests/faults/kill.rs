//! `kill -9` at many different moments.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use futures_util::future::join_all;

use super::{
    ledger::{Count, Ledger, account_of, check_whole},
    program::Place,
};

/// `KILL_ROUNDS` overrides this.
const ROUNDS: usize = 60;
const WORKERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_it_acknowledged() {
    let begun = Instant::now();
    let place = Place::of_tested_engine();
    let database = place.database();
    // A file has many more moments at which it is half written.
    let usual = if database.file().is_some() { ROUNDS } else { ROUNDS / 3 };
    let rounds = std::env::var("KILL_ROUNDS").map_or(usual, |text| text.parse().unwrap());
    let mut server = place.serve();
    let mut ledgers = Vec::new();
    let (mut unanswered, mut unknown) = (0, 0);
    for round in 0..rounds {
        let name = format!("a{round}");
        let caller = server.register(&name).await;
        let account = account_of(&database, &name);
        let count = Count::default();
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let work = Ledger::default().fill(caller.clone(), worker, Arc::clone(&count));
                tokio::spawn(work)
            })
            .collect();
        // Spreads the moments evenly, and the same way in every run.
        let enough = 1 + round * 7919 % 60;
        while count.load(Ordering::Relaxed) < enough {
            assert!(!workers.iter().any(|worker| worker.is_finished()), "{}", server.log());
            tokio::task::yield_now().await;
        }
        server.kill();
        let mut ledger = Ledger::default();
        for told in join_all(workers).await {
            ledger.merge(told.unwrap());
        }
        assert!(ledger.acknowledged >= enough);
        unanswered += ledger.unanswered();

        server = place.serve();
        let caller = caller.at(&server);
        unknown += ledger.compare(&database, &account);
        ledger.repeat(&caller, &database, &account).await;
        ledger.check_dashboard(&caller).await;
        check_whole(&database);
        ledgers.push((account, ledger));
    }
    let mut things = 0;
    for (account, ledger) in &mut ledgers {
        assert_eq!(ledger.compare(&database, account), 0, "a later kill changed something");
        things += ledger.len();
    }
    assert!(server.stop().0.success());
    let ended = place.run(&["doctor"]);
    assert!(ended.done().contains("match the rows"), "{ended:?}");
    assert!(database.file().is_none() || ended.done().contains("no damage found"), "{ended:?}");
    let acknowledged: usize = ledgers.iter().map(|(_, ledger)| ledger.acknowledged).sum();
    println!(
        "{rounds} kills in {:.0?}: {acknowledged} writes acknowledged and found, {things} clients \
         and invoices; {unanswered} requests unanswered, of them {unknown} made something, once",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_lock_left_by_a_killed_server_does_not_block_the_next() {
    let place = Place::new();
    let server = place.serve();
    server.register("ada").await;
    server.kill();
    assert!(place.data.join("freelanceos.lock").exists());
    place.run(&["migrate"]).done();
    place.run(&["backup", place.data.join("copy.db").to_str().unwrap()]).done();
    place.run(&["restore", place.data.join("copy.db").to_str().unwrap(), "--yes"]).done();
    assert!(place.serve().stop().0.success());
}
