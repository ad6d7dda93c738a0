//! Litestream replicates the database: what it restores is intact and holds every acknowledged
//! write.
//!
//! Skipped without `litestream`, which `tests/run` installs.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::Ordering},
};

use freelanceos::store::sqlite;
use futures_util::future::join_all;

use super::{
    ledger::{Count, Ledger, account_of, check_whole},
    program::{Ended, Place},
};

/// Writes per round: enough for Litestream to checkpoint the -wal file.
const ENOUGH: usize = 400;
const ON: [(&str, &str); 1] = [("LITESTREAM", "on")];

fn litestream() -> Command {
    let program = std::env::var_os("LITESTREAM_BIN").unwrap_or_else(|| "litestream".into());
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running Litestream, killed when dropped.
struct Follower(Child);

impl Follower {
    fn start(database: &Path, replica: &str) -> Self {
        let mut command = litestream();
        // Nobody reads its output, which would fill a pipe.
        command.arg("replicate").arg(database).arg(replica).stdout(Stdio::null());
        Self(command.stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Replicates what is left and exits.
fn catch_up(database: &Path, replica: &str) {
    let mut command = litestream();
    command.args(["replicate", "-once"]).arg(database).arg(replica);
    let ended = Ended::of(command.output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
}

fn restore(into: &Path, replica: &str) {
    let ended =
        Ended::of(litestream().arg("restore").arg("-o").arg(into).arg(replica).output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs Litestream; tests/run runs it"]
async fn litestream_restores_an_intact_and_complete_database() {
    let place = Place::new();
    let database = place.file();
    let replica = format!("file://{}", place.data.with_file_name("replica").display());
    let mut server = place.serve_with(&ON);
    let mut ledgers = Vec::new();
    for round in 0..3 {
        let follower = Follower::start(&database, &replica);
        let name = format!("a{round}");
        let caller = server.register(&name).await;
        let account = account_of(&place.database(), &name);
        let count = Count::default();
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let work = Ledger::default().fill(caller.clone(), worker, Arc::clone(&count));
                tokio::spawn(work)
            })
            .collect();
        while count.load(Ordering::Relaxed) < ENOUGH {
            tokio::task::yield_now().await;
        }
        // Commands do not checkpoint either.
        place.run(&["admin", "list-users"]).done();
        // The server is killed and stopped in turn.
        if round == 1 {
            let (status, _) = tokio::task::spawn_blocking(move || server.stop()).await.unwrap();
            assert!(status.success());
        } else {
            server.kill();
        }
        drop(follower);
        let mut ledger = Ledger::default();
        for told in join_all(workers).await {
            ledger.merge(told.unwrap());
        }
        ledger.compare(&place.database(), &account);
        ledgers.push((account, ledger));

        // The replica may lag behind, but is intact.
        let behind = place.data.with_file_name(format!("behind-{round}.db"));
        restore(&behind, &replica);
        check_whole(&behind.into());
        // Once Litestream has caught up, nothing is missing.
        catch_up(&database, &replica);
        let complete = place.data.with_file_name(format!("complete-{round}.db"));
        restore(&complete, &replica);
        let complete = complete.into();
        check_whole(&complete);
        for (account, ledger) in &ledgers {
            ledger.compare_part(&complete, account);
        }
        server = place.serve_with(&ON);
    }
    assert!(server.stop().0.success());
    assert_eq!(sqlite::check(&database).unwrap(), Vec::<String>::new());
}
