//! PostgreSQL: jobs whose connection is lost.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use freelanceos::{
    domain::error::{Kind, Result},
    store::{
        Database, Write,
        engine::{Connection, Tx, Value},
    },
};

use super::postgres::{PATIENCE, insert, names, open};

/// The id of the server process behind this connection.
fn process(tx: &mut Tx) -> Result<i64> {
    tx.one("SELECT CAST(pg_backend_pid() AS BIGINT)", &[], |row| row.get(0))
}

/// Terminates a server process, as an administrator does, and waits until it is gone.
fn terminate(database: &Database, process: i64) {
    let end = |connection: &mut dyn Connection| {
        let sql = "SELECT CASE WHEN pg_terminate_backend(CAST(?1 AS INTEGER), 60000) THEN 1 \
                   ELSE 0 END";
        Tx::new(connection).one(sql, &[Value::Int(process)], |row| row.get::<i64>(0))
    };
    assert_eq!(database.peek(end).unwrap(), 1, "process {process} has not ended");
}

#[tokio::test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
async fn a_job_whose_connection_is_lost_before_its_commit_is_retried_on_another() {
    let (database, store) = open();
    for is_read in [false, true] {
        let (runs, server) = (Arc::new(AtomicU32::new(0)), database.database().clone());
        let counted = Arc::clone(&runs);
        let work = move |tx: &mut Tx| {
            let run = counted.fetch_add(1, Ordering::Relaxed);
            if !is_read {
                insert(tx, "a", &run.to_string())?;
            }
            let process = process(tx)?;
            if run == 0 {
                terminate(&server, process);
            }
            tx.list("SELECT value FROM program_state", &[], |row| row.get::<String>(0))
        };
        let found = if is_read { store.read(work).await } else { store.write(work).await };
        assert_eq!(found.unwrap(), ["1"]);
        assert_eq!(runs.load(Ordering::Relaxed), 2);
    }
}

#[tokio::test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
async fn connections_lost_while_idle_are_replaced_unnoticed() {
    let (database, store) = open();
    let all = |connection: &mut dyn Connection| {
        let sql = "SELECT CAST(pid AS BIGINT) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'freelanceos serve'";
        Tx::new(connection).list(sql, &[], |row| row.get::<i64>(0))
    };
    for round in 0..3 {
        for process in database.database().peek(all).unwrap() {
            terminate(database.database(), process);
        }
        store.write(move |tx| insert(tx, &round.to_string(), "")).await.unwrap();
        assert_eq!(names(&store).await.len(), round + 1);
    }
}

/// Makes every commit that inserts into `program_state` wait for an advisory lock.
const SLOW_COMMIT: [&str; 2] = [
    "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql \
     AS $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON program_state \
     DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()",
];

/// The process that waits for that lock, once there is one.
fn waiting(database: &Database) -> i64 {
    let waits = |connection: &mut dyn Connection| {
        let sql = "SELECT CAST(pid AS BIGINT) FROM pg_locks \
                   WHERE locktype = 'advisory' AND NOT granted AND objid = 4711";
        Tx::new(connection).find(sql, &[], |row| row.get::<i64>(0))
    };
    let begun = std::time::Instant::now();
    loop {
        if let Some(process) = database.peek(waits).unwrap() {
            return process;
        }
        assert!(begun.elapsed() < PATIENCE, "nobody commits");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
async fn without_an_answer_to_its_commit_only_a_job_that_can_detect_it_is_retried() {
    let (database, store) = open();
    let server = database.database().clone();
    server
        .change(|connection| SLOW_COMMIT.iter().try_for_each(|sql| connection.define(sql)))
        .unwrap();
    for can_repeat in [false, true] {
        let (release, released) = mpsc::channel::<()>();
        let (held, is_held) = tokio::sync::oneshot::channel();
        let (holder, released) = (server.clone(), Mutex::new(released));
        let holder = thread::spawn(move || {
            let hold = |connection: &mut dyn Connection| {
                connection.query("SELECT pg_advisory_xact_lock(4711)", &[], &mut |_| Ok(()))?;
                held.send(()).unwrap();
                let _ = released.lock().unwrap().recv_timeout(PATIENCE);
                Ok(())
            };
            holder.change(hold).unwrap();
        });
        is_held.await.unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let writer = Arc::clone(&store);
        let job = tokio::spawn(async move {
            let work = move |tx: &mut Tx| {
                counted.fetch_add(1, Ordering::Relaxed);
                insert(tx, &can_repeat.to_string(), "")
            };
            writer.write_as(Write { account: None, can_repeat }, work).await
        });
        let looked_at = server.clone();
        let process = tokio::task::spawn_blocking(move || waiting(&looked_at)).await.unwrap();
        terminate(&server, process);
        release.send(()).unwrap();
        holder.join().unwrap();
        let outcome = job.await.unwrap();
        let runs = runs.load(Ordering::Relaxed);
        if can_repeat {
            outcome.unwrap();
            assert!(runs > 1);
            assert_eq!(names(&store).await, ["true"]);
        } else {
            let error = outcome.unwrap_err();
            assert!(matches!(error.kind(), Kind::Unavailable { .. }), "{error}");
            assert!(error.to_string().contains("it may or may not have been saved"), "{error}");
            assert_eq!(runs, 1);
        }
    }
}
