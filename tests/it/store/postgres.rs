//! PostgreSQL: conflicting transactions and stored values. The tests are skipped without a server
//! in `TEST_DATABASE_URL`.

use std::{
    path::Path,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use freelanceos::{
    domain::error::{Error, Kind, Result},
    store::{
        Store, Write,
        engine::{Tx, Value},
    },
};
use futures_util::future::join_all;

use crate::database::{TestDatabase, server_url};

/// Timeout for anything, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A new database on the server.
pub fn database(make: impl FnOnce(&Path) -> TestDatabase) -> TestDatabase {
    assert!(server_url().is_some(), "TEST_DATABASE_URL names no PostgreSQL server");
    make(Path::new("unused"))
}

pub fn open() -> (TestDatabase, Arc<Store>) {
    let database = database(TestDatabase::migrated);
    let store = Arc::new(Store::open(database.database()).unwrap());
    (database, store)
}

/// Stores a text under a name.
pub fn insert(tx: &mut Tx, name: &str, value: &str) -> Result<()> {
    let row = [Value::Text(name), Value::Text(value)];
    tx.execute("INSERT INTO program_state (name, value) VALUES (?1, ?2)", &row).map(drop)
}

fn number(tx: &mut Tx, name: &str) -> Result<i64> {
    let sql = "SELECT value FROM program_state WHERE name = ?1";
    let text: String = tx.one(sql, &[Value::Text(name)], |row| row.get(0))?;
    text.parse().map_err(Error::internal)
}

/// Reads a number, calls `between`, and writes the next number. Fails if another transaction did so
/// meanwhile.
fn count_up(tx: &mut Tx, name: &str, between: impl FnOnce()) -> Result<()> {
    let next = number(tx, name)? + 1;
    between();
    let values = [Value::Text(name), Value::Owned(next.to_string())];
    tx.change("UPDATE program_state SET value = ?2 WHERE name = ?1", &values)
}

pub async fn names(store: &Store) -> Vec<String> {
    let sql = "SELECT name FROM program_state ORDER BY name";
    store.read(move |tx| tx.list(sql, &[], |row| row.get(0))).await.unwrap()
}

/// A barrier for a number of jobs. Retried jobs pass.
#[derive(Default)]
pub struct Meeting {
    come: Mutex<u32>,
    changed: Condvar,
}

impl Meeting {
    pub fn wait_for(&self, all: u32) {
        let mut come = self.come.lock().unwrap();
        *come += 1;
        self.changed.notify_all();
        let waited = self.changed.wait_timeout_while(come, PATIENCE, |come| *come < all);
        assert!(!waited.unwrap().1.timed_out(), "the others did not come");
    }
}

#[tokio::test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
async fn violated_constraints_are_conflicts_in_the_domains_words() {
    let (_database, store) = open();
    let account = |number: u8, email: &'static str, username: &'static str| {
        let store = Arc::clone(&store);
        async move {
            let add = move |tx: &mut Tx| {
                let id = [number; 16];
                let values = [Value::Bytes(&id), Value::Text(email), Value::Text(username)];
                tx.change(
                    "INSERT INTO accounts (id, email, email_key, password_hash, first_name, \
                     last_name, currency, timezone, created_at, updated_at, username, \
                     username_key) VALUES (?1, ?2, ?2, '', '', '', 'USD', 'UTC', 0, 0, ?3, ?3)",
                    &values,
                )
            };
            store.write(add).await
        }
    };
    account(1, "a@example.com", "a").await.unwrap();
    account(2, "b@example.com", "b").await.unwrap();
    let passkey = |number: u8| {
        let store = Arc::clone(&store);
        async move {
            let add = move |tx: &mut Tx| {
                let (id, of) = ([number; 16], [1; 16]);
                let values = [Value::Bytes(&id), Value::Bytes(&of), Value::Bytes(&[9])];
                tx.change("INSERT INTO passkeys VALUES (?1, ?2, '', ?3, '{}', 0, NULL)", &values)
            };
            store.write(add).await
        }
    };
    passkey(1).await.unwrap();
    for (refused, said) in [
        (account(3, "a@example.com", "c").await, "An account with this email already exists"),
        (account(3, "c@example.com", "b").await, "An account with this username already exists"),
        (passkey(2).await, "This passkey is already registered"),
    ] {
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (&Kind::Conflict, said));
        // User data in the server's message must not be logged.
        assert!(!error.cause().contains("example.com"), "{}", error.cause());
    }
    // Any other violation is an internal error.
    let error = account(1, "d@example.com", "d").await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Internal);
}

#[tokio::test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
async fn independent_changes_run_in_parallel() {
    let (_database, store) = open();
    let (meeting, runs) = (Arc::new(Meeting::default()), Arc::new(AtomicU32::new(0)));
    let jobs = ["a", "b"].map(|name| {
        let (store, meeting, runs) = (Arc::clone(&store), Arc::clone(&meeting), Arc::clone(&runs));
        async move {
            let work = move |tx: &mut Tx| {
                runs.fetch_add(1, Ordering::Relaxed);
                insert(tx, name, "")?;
                // Neither ends before the other has begun.
                meeting.wait_for(2);
                Ok(())
            };
            store.write(work).await
        }
    });
    join_all(jobs).await.into_iter().collect::<Result<()>>().unwrap();
    assert_eq!(names(&store).await, ["a", "b"]);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[tokio::test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
async fn of_two_conflicting_changes_by_two_servers_the_refused_one_is_retried() {
    let (database, store) = open();
    let other = Arc::new(Store::open(database.database()).unwrap());
    store.write(|tx| insert(tx, "total", "0")).await.unwrap();
    let (meeting, runs) = (Arc::new(Meeting::default()), Arc::new(AtomicU32::new(0)));
    let jobs = [&store, &other].map(|store| {
        let (store, meeting, runs) = (Arc::clone(store), Arc::clone(&meeting), Arc::clone(&runs));
        async move {
            let work = move |tx: &mut Tx| {
                runs.fetch_add(1, Ordering::Relaxed);
                count_up(tx, "total", || meeting.wait_for(2))
            };
            store.write(work).await
        }
    });
    join_all(jobs).await.into_iter().collect::<Result<()>>().unwrap();
    assert_eq!(store.read(|tx| number(tx, "total")).await.unwrap(), 2);
    assert!(runs.load(Ordering::Relaxed) >= 3, "they were never in each other's way");
}

#[tokio::test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
async fn a_total_that_many_tasks_of_two_servers_increase_is_exact() {
    let (database, store) = open();
    let other = Arc::new(Store::open(database.database()).unwrap());
    store.write(|tx| insert(tx, "total", "0")).await.unwrap();
    let jobs = (0..100).map(|number| {
        let store = Arc::clone(if number % 2 == 0 { &store } else { &other });
        tokio::spawn(async move { store.write(|tx| count_up(tx, "total", || ())).await })
    });
    for job in join_all(jobs.collect::<Vec<_>>()).await {
        job.unwrap().unwrap();
    }
    assert_eq!(other.read(|tx| number(tx, "total")).await.unwrap(), 100);
}

#[tokio::test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
async fn jobs_of_one_account_commit_together_or_separately() {
    let (_database, store) = open();
    let account = super::recorder::id(1);
    let jobs = (0..90).map(|number| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let work = move |tx: &mut Tx| {
                insert(tx, &format!("{number:02}"), "first")?;
                match number % 10 {
                    // Fails by an error, by a constraint, by a panic, or not at all.
                    0 => Err(Error::conflict("error-invoice-paid")),
                    1 => insert(tx, &format!("{number:02}"), "again"),
                    2 => panic!("this panic is part of the test"),
                    _ => Ok(()),
                }
            };
            store.write_as(Write { account: Some(account), can_repeat: false }, work).await.is_ok()
        })
    });
    let kept = join_all(jobs.collect::<Vec<_>>()).await.into_iter().map(|job| job.unwrap());
    assert_eq!(kept.collect::<Vec<_>>(), (0..90).map(|n| n % 10 > 2).collect::<Vec<_>>());
    let expected: Vec<_> = (0..90).filter(|n| n % 10 > 2).map(|n| format!("{n:02}")).collect();
    assert_eq!(names(&store).await, expected);
}

#[tokio::test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
async fn a_failed_or_panicked_job_leaves_nothing_and_its_thread_continues() {
    let (_database, store) = open();
    // More often than there are threads.
    for _ in 0..6 {
        let failed = store.write(|tx| {
            insert(tx, "a", "")?;
            Err::<(), _>(Error::conflict("error-invoice-paid"))
        });
        assert_eq!(*failed.await.unwrap_err().kind(), Kind::Conflict);
        let panicked: Result<()> = store
            .write(|tx| {
                insert(tx, "a", "")?;
                panic!("this panic is part of the test")
            })
            .await;
        assert_eq!(panicked.unwrap_err().kind(), &Kind::Internal);
        let panicked: Result<()> = store.read(|_| panic!("this panic is part of the test")).await;
        assert_eq!(panicked.unwrap_err().kind(), &Kind::Internal);
        // The server has aborted the transaction, even if the job ignores the error.
        let passed_over = store.write(|tx| {
            insert(tx, "a", "")?;
            let _ = insert(tx, "a", "again");
            Ok(())
        });
        assert!(passed_over.await.is_err());
        assert!(store.read(|tx| insert(tx, "a", "")).await.is_err(), "a read cannot write");
        assert!(names(&store).await.is_empty());
    }
    store.write(|tx| insert(tx, "a", "")).await.unwrap();
    assert_eq!(names(&store).await, ["a"]);
}

#[tokio::test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
async fn values_are_returned_unchanged_or_refused() {
    let (database, store) = open();
    let table = "CREATE TABLE kept (id BIGINT PRIMARY KEY, number BIGINT, text TEXT, bytes BYTEA)";
    database.database().change(|connection| connection.define(table)).unwrap();
    let long = "Ω≠ 'quoted' \\ \"$1 ?1 𝄞\n\t".repeat(100_000);
    let all: Vec<u8> = (0..=255).collect();
    let rows = [
        (Some(i64::MIN), Some(String::new()), Some(Vec::new())),
        (Some(i64::MAX), Some(long), Some(all.repeat(4096))),
        (Some(0), Some("\u{1}\u{7f}\u{feff}\u{10ffff}".to_owned()), Some(vec![0])),
        (None, None, None),
    ];
    for (id, (number, text, bytes)) in rows.iter().cloned().enumerate() {
        // Sent at once, or deferred and sent with the next statement.
        for (twin, is_kept) in [(0, false), (1, true)] {
            let (text, bytes) = (text.clone(), bytes.clone());
            let work = move |tx: &mut Tx| {
                let id = Value::Int(id as i64 * 2 + twin);
                let text = text.as_deref().map_or(Value::Null, Value::Text);
                let bytes = bytes.as_deref().map_or(Value::Null, Value::Bytes);
                let values = [id, number.map_or(Value::Null, Value::Int), text, bytes];
                let sql = "INSERT INTO kept VALUES (?1, ?2, ?3, ?4)";
                if is_kept { tx.change(sql, &values) } else { tx.execute(sql, &values).map(drop) }
            };
            store.write(work).await.unwrap();
        }
    }
    let sql = "SELECT number, text, bytes FROM kept ORDER BY id";
    let found = store
        .read(move |tx| tx.list(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))))
        .await
        .unwrap();
    assert!(found == rows.iter().cloned().flat_map(|row| [row.clone(), row]).collect::<Vec<_>>());

    // PostgreSQL refuses a NUL in text, and the rest of the transaction is rolled back too.
    for is_kept in [false, true] {
        let work = move |tx: &mut Tx| {
            insert(tx, "beside", "")?;
            let values = [Value::Text("a\0b")];
            let sql = "INSERT INTO kept (id, text) VALUES (100, ?1)";
            if is_kept { tx.change(sql, &values) } else { tx.execute(sql, &values).map(drop) }
        };
        let error = store.write(work).await.unwrap_err();
        assert!(error.cause().contains("invalid byte sequence"), "{}", error.cause());
    }
    // A value out of range is a conflict, like an overflowing sum in SQLite.
    let add = "UPDATE kept SET number = number + 1 WHERE id = 2";
    let error = store.write(move |tx| tx.execute(add, &[])).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Conflict);
    // A number in place of a text is an internal error.
    let wrong = |tx: &mut Tx| tx.execute("UPDATE kept SET text = ?1", &[Value::Int(1)]);
    assert_eq!(store.write(wrong).await.unwrap_err().kind(), &Kind::Internal);
    assert!(names(&store).await.is_empty());
}
