//! SQLite: the reader threads, and the writer that commits in groups.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    time::Duration,
};

use freelanceos::{
    domain::error::{Error, Result},
    store::{
        Database, Store,
        engine::{Tx, Value},
        migrate,
    },
};
use futures_util::future::join_all;
use tempfile::TempDir;

use crate::support::START;

fn open() -> (TempDir, Arc<Store>) {
    let folder = TempDir::new().unwrap();
    let database = file(&folder);
    migrate::run(&database, START.parse().unwrap()).unwrap();
    (folder, Arc::new(Store::open(&database).unwrap()))
}

fn file(folder: &TempDir) -> Database {
    Database::Sqlite(folder.path().join("freelanceos.db"))
}

fn insert(tx: &mut Tx, name: &str, value: &str) -> Result<()> {
    let row = [Value::Text(name), Value::Text(value)];
    tx.execute("INSERT INTO program_state (name, value) VALUES (?1, ?2)", &row).map(drop)
}

async fn names(store: &Store) -> Vec<String> {
    store
        .read(|tx| tx.list("SELECT name FROM program_state ORDER BY name", &[], |r| r.get(0)))
        .await
        .unwrap()
}

/// Blocks the writer until the sender is dropped, so that jobs queued meanwhile share one
/// transaction.
async fn hold(store: &Arc<Store>) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<()>>) {
    let (release, held) = mpsc::channel::<()>();
    let (started, begun) = tokio::sync::oneshot::channel();
    let (held, started) = (std::sync::Mutex::new(held), std::sync::Mutex::new(Some(started)));
    let writer = Arc::clone(store);
    let task = tokio::spawn(async move {
        let wait = move |_: &mut Tx| {
            if let Some(started) = started.lock().unwrap().take() {
                let _ = started.send(());
            }
            let _ = held.lock().unwrap().recv_timeout(Duration::from_secs(30));
            Ok(())
        };
        writer.write(wait).await
    });
    begun.await.unwrap();
    (release, task)
}

#[tokio::test]
async fn a_read_sees_earlier_acknowledged_writes() {
    let (_folder, store) = open();
    for number in 0..200 {
        let name = format!("{number:03}");
        store.write(move |tx| insert(tx, &name, "")).await.unwrap();
        assert_eq!(names(&store).await.len(), number + 1);
    }
}

#[tokio::test]
async fn a_read_cannot_change_anything() {
    let (_folder, store) = open();
    assert!(store.read(|tx| insert(tx, "a", "")).await.is_err());
    assert!(names(&store).await.is_empty());
}

#[tokio::test]
async fn a_failed_job_is_rolled_back_alone() {
    let (_folder, store) = open();
    let (release, holder) = hold(&store).await;
    let jobs = (0..30).map(|number| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let work = move |tx: &mut Tx| {
                insert(tx, &format!("{number:02}"), "first")?;
                match number % 3 {
                    // Fails by an error, by a constraint, or not at all.
                    0 => Err(Error::conflict("error-invoice-paid")),
                    1 => insert(tx, &format!("{number:02}"), "again"),
                    _ => Ok(()),
                }
            };
            store.write(work).await.is_ok()
        })
    });
    let jobs: Vec<_> = jobs.collect();
    tokio::task::yield_now().await;
    drop(release);
    holder.await.unwrap().unwrap();
    let kept: Vec<bool> = join_all(jobs).await.into_iter().map(|job| job.unwrap()).collect();
    assert_eq!(kept, (0..30).map(|number| number % 3 == 2).collect::<Vec<_>>());
    let expected: Vec<_> = (0..30).filter(|n| n % 3 == 2).map(|n| format!("{n:02}")).collect();
    assert_eq!(names(&store).await, expected);
}

#[tokio::test]
async fn a_panicked_job_is_caught_and_rolled_back_alone() {
    let (_folder, store) = open();
    let (release, holder) = hold(&store).await;
    let jobs = (0..9).map(|number| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let work = move |tx: &mut Tx| {
                insert(tx, &number.to_string(), "")?;
                assert!(number % 3 != 1, "this panic is part of the test");
                Ok(())
            };
            store.write(work).await.is_ok()
        })
    });
    let jobs: Vec<_> = jobs.collect();
    tokio::task::yield_now().await;
    drop(release);
    holder.await.unwrap().unwrap();
    let kept: Vec<bool> = join_all(jobs).await.into_iter().map(|job| job.unwrap()).collect();
    assert_eq!(kept, (0..9).map(|number| number % 3 != 1).collect::<Vec<_>>());
    assert_eq!(names(&store).await, ["0", "2", "3", "5", "6", "8"]);
    // A reader survives a panic too.
    let read: Result<()> = store.read(|_| panic!("this panic is part of the test")).await;
    assert!(read.is_err());
    assert_eq!(names(&store).await.len(), 6);
}

/// The number of transactions in the write-ahead log. A frame that ends one contains the size of
/// the database.
fn commits(folder: &TempDir) -> usize {
    let log = std::fs::read(folder.path().join("freelanceos.db-wal")).unwrap();
    if log.is_empty() {
        return 0;
    }
    let (header, frames) = log.split_at(32);
    let page = u32::from_be_bytes(header[8..12].try_into().unwrap()) as usize;
    let current = |frame: &&[u8]| frame.len() > 24 && frame[8..16] == header[16..24];
    frames.chunks(24 + page).filter(current).filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn waiting_jobs_share_a_commit() {
    let (folder, store) = open();
    let before = commits(&folder);
    let (release, holder) = hold(&store).await;
    let jobs: Vec<_> = (0..100)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(
                async move { store.write(move |tx| insert(tx, &number.to_string(), "")).await },
            )
        })
        .collect();
    tokio::task::yield_now().await;
    assert!(names(&store).await.is_empty(), "nothing is to be seen before the commit");
    drop(release);
    holder.await.unwrap().unwrap();
    for job in join_all(jobs).await {
        job.unwrap().unwrap();
    }
    assert_eq!(names(&store).await.len(), 100);
    // With one commit per job there would be a hundred and one.
    let made = commits(&folder) - before;
    assert!((1..=25).contains(&made), "{made} commits");
}

#[tokio::test]
async fn if_a_job_aborts_the_whole_transaction_the_others_are_retried_alone() {
    // Which jobs share a transaction depends on timing, so the test repeats until they do.
    for _ in 0..20 {
        if fill_up().await == 2 {
            return;
        }
    }
    panic!("the jobs never shared a transaction");
}

/// Lets one job of nine fill the database, and returns how often the first one ran.
async fn fill_up() -> u32 {
    let (_folder, store) = open();
    // Only a few pages beyond those of the schema.
    let limit = |tx: &mut Tx| {
        let pages: i64 = tx.one("PRAGMA page_count", &[], |row| row.get(0))?;
        assert!(pages < 150, "the limit must be above the schema's {pages} pages");
        tx.one("PRAGMA max_page_count = 160", &[], |row| row.get::<i64>(0)).map(drop)
    };
    store.write(limit).await.unwrap();
    let (release, holder) = hold(&store).await;
    let runs: Arc<[AtomicU32; 9]> = Arc::default();
    let jobs = (0..9).map(|number| {
        let (store, runs) = (Arc::clone(&store), Arc::clone(&runs));
        let value = if number == 4 { "x".repeat(1_000_000) } else { String::new() };
        tokio::spawn(async move {
            let work = move |tx: &mut Tx| {
                runs[number].fetch_add(1, Ordering::Relaxed);
                insert(tx, &number.to_string(), &value)
            };
            store.write(work).await.is_ok()
        })
    });
    let jobs: Vec<_> = jobs.collect();
    tokio::task::yield_now().await;
    drop(release);
    holder.await.unwrap().unwrap();
    let kept: Vec<bool> = join_all(jobs).await.into_iter().map(|job| job.unwrap()).collect();
    assert_eq!(kept, (0..9).map(|number| number != 4).collect::<Vec<_>>());
    assert_eq!(names(&store).await, ["0", "1", "2", "3", "5", "6", "7", "8"]);
    // Afterwards the writer works as before.
    store.write(|tx| insert(tx, "9", "")).await.unwrap();
    assert_eq!(names(&store).await.len(), 9);
    runs[0].load(Ordering::Relaxed)
}

#[tokio::test]
async fn close_finishes_queued_jobs() {
    let (folder, store) = open();
    let (release, holder) = hold(&store).await;
    let jobs: Vec<_> = (0..20)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(
                async move { store.write(move |tx| insert(tx, &number.to_string(), "")).await },
            )
        })
        .collect();
    tokio::task::yield_now().await;
    drop(release);
    holder.await.unwrap().unwrap();
    for job in join_all(jobs).await {
        job.unwrap().unwrap();
    }
    Arc::into_inner(store).unwrap().close();
    let again = Store::open(&file(&folder)).unwrap();
    assert_eq!(names(&again).await.len(), 20);
}
