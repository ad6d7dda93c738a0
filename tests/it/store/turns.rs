//! Scheduling of jobs: no work for callers who have left, and fair turns between accounts.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use freelanceos::{
    domain::{
        error::{Error, Kind, Result},
        id::AccountId,
    },
    store::{
        Database, Store, Write,
        engine::{Tx, Value},
        migrate,
    },
};
use futures_util::future::join_all;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

use super::recorder::id;
use crate::database::TestDatabase;

/// Timeout for anything, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// More jobs than any engine has threads.
const MANY: usize = 40;

struct Opened {
    store: Arc<Store>,
    database: TestDatabase,
    _folder: TempDir,
}

fn open() -> Opened {
    let folder = TempDir::new().unwrap();
    let database = TestDatabase::migrated(&folder.path().join("freelanceos.db"));
    let store = Arc::new(Store::open(database.database()).unwrap());
    Opened { store, database, _folder: folder }
}

fn insert(tx: &mut Tx, name: &str) -> Result<()> {
    let row = [Value::Text(name), Value::Text("")];
    tx.execute("INSERT INTO program_state (name, value) VALUES (?1, ?2)", &row).map(drop)
}

async fn names(store: &Store) -> Vec<String> {
    let sql = "SELECT name FROM program_state ORDER BY name";
    store.read(move |tx| tx.list(sql, &[], |row| row.get(0))).await.unwrap()
}

/// A gate at which jobs wait until it is dropped, and a channel that reports each arrival.
fn gate() -> (mpsc::Sender<()>, impl Fn() + Clone + Send + 'static, mpsc::Receiver<()>) {
    let (open, wait) = mpsc::channel::<()>();
    let (arrived, arrivals) = mpsc::channel();
    let wait = Arc::new(Mutex::new(wait));
    let pass = move || {
        let _ = arrived.send(());
        // One job holds the receiver and the others wait for the mutex, so all continue together.
        let _ = wait.lock().unwrap().recv_timeout(PATIENCE);
    };
    (open, pass, arrivals)
}

fn of(account: AccountId) -> Write {
    Write { account: Some(account), can_repeat: false }
}

/// Queues a job that inserts a name, and waits until it is queued.
async fn queue(
    store: &Arc<Store>,
    account: AccountId,
    work: impl Fn(&mut Tx) -> Result<()> + Send + 'static,
) -> JoinHandle<Result<()>> {
    let writer = Arc::clone(store);
    let task = tokio::spawn(async move { writer.write_as(of(account), work).await });
    tokio::task::yield_now().await;
    task
}

#[tokio::test]
async fn a_change_whose_caller_left_before_it_began_is_never_made() {
    let opened = open();
    let store = &opened.store;
    let (open, pass, arrivals) = gate();
    // The same account, so that the others wait behind it on either engine.
    let holder = queue(store, id(1), move |_| {
        pass();
        Ok(())
    });
    let holder = holder.await;
    let arrived = tokio::task::spawn_blocking(move || arrivals.recv_timeout(PATIENCE));
    arrived.await.unwrap().unwrap();
    let mut stay = Vec::new();
    for number in 0..30 {
        let task = queue(store, id(1), move |tx| insert(tx, &format!("{number:02}"))).await;
        if number % 3 == 0 {
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        } else {
            stay.push(task);
        }
    }
    drop(open);
    holder.await.unwrap().unwrap();
    for task in stay {
        task.await.unwrap().unwrap();
    }
    let expected: Vec<_> = (0..30).filter(|n| n % 3 != 0).map(|n| format!("{n:02}")).collect();
    assert_eq!(names(store).await, expected);
}

#[tokio::test]
async fn a_refused_change_does_not_appear_in_the_database_later() {
    let opened = open();
    let store = &opened.store;
    let Database::Sqlite(file) = opened.database.database() else {
        return with_a_locked_table().await;
    };
    let other = rusqlite::Connection::open(file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answers = (0..12).map(|number| {
        let work = move |tx: &mut Tx| insert(tx, &format!("{number:02}"));
        store.write_as(of(id(number)), work)
    });
    let answers = timeout(PATIENCE, join_all(answers)).await.unwrap();
    other.execute_batch("COMMIT").unwrap();
    refused(&answers);
    // This job is queued after any leftovers of the others.
    store.write(|tx| insert(tx, "later")).await.unwrap();
    assert_eq!(names(store).await, ["later"]);
}

fn refused(answers: &[Result<()>]) {
    for answer in answers {
        let error = answer.as_ref().unwrap_err();
        assert!(matches!(error.kind(), Kind::Unavailable { .. }), "{}", error.cause());
        assert!(error.to_string().ends_with("please try again"), "{error}");
    }
}

/// The same on PostgreSQL, with a locked table instead of a locked database.
async fn with_a_locked_table() {
    let opened = open();
    let store = &opened.store;
    let (open, pass, arrivals) = gate();
    let blocker = {
        let database = opened.database.database().clone();
        std::thread::spawn(move || {
            database.change(|connection| {
                connection.define("LOCK TABLE program_state IN ACCESS EXCLUSIVE MODE")?;
                pass();
                Ok(())
            })
        })
    };
    arrivals.recv_timeout(PATIENCE).unwrap();
    let answers = (0..12).map(|number| {
        let work = move |tx: &mut Tx| insert(tx, &format!("{number:02}"));
        store.write_as(of(id(number)), work)
    });
    let answers = timeout(PATIENCE, join_all(answers)).await.unwrap();
    drop(open);
    blocker.join().unwrap().unwrap();
    refused(&answers);
    store.write(|tx| insert(tx, "later")).await.unwrap();
    assert_eq!(names(store).await, ["later"]);
}

#[tokio::test]
async fn reads_of_one_account_leave_threads_for_others() {
    let opened = open();
    let store = &opened.store;
    let (open, pass, arrivals) = gate();
    let jobs: Vec<_> = (0..MANY)
        .map(|_| {
            let (store, pass) = (Arc::clone(store), pass.clone());
            tokio::spawn(async move {
                let work = move |_: &mut Tx| {
                    pass();
                    Ok(())
                };
                store.read_for(id(1), work).await
            })
        })
        .collect();
    let arrived = tokio::task::spawn_blocking(move || arrivals.recv_timeout(PATIENCE));
    arrived.await.unwrap().unwrap();
    for account in 2..6 {
        let read = store.read_for(id(account), |_| Ok(()));
        timeout(PATIENCE / 2, read).await.expect("it waits behind another account").unwrap();
    }
    timeout(PATIENCE / 2, store.read(|_| Ok(()))).await.expect("visitors wait too").unwrap();
    drop(open);
    for job in jobs {
        job.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn changes_of_accounts_take_turns() {
    let opened = open();
    let store = &opened.store;
    let order = Arc::new(Mutex::new(Vec::new()));
    let (open, pass, arrivals) = gate();
    // Blocks every writer thread, each with its own account.
    let holders = match opened.database.database().server() {
        Some(server) => (server.connections() - server.connections() / 2) as u128,
        None => 1,
    };
    let mut tasks = Vec::new();
    for number in 0..holders {
        let pass = pass.clone();
        tasks.push(queue(store, id(100 + number), move |_| {
            pass();
            Ok(())
        }));
    }
    let mut tasks = join_all(tasks).await;
    let arrivals = tokio::task::spawn_blocking(move || {
        (0..holders).try_for_each(|_| arrivals.recv_timeout(PATIENCE))
    });
    arrivals.await.unwrap().unwrap();
    for account in [1, 1, 1, 1, 1, 1, 2, 3] {
        let order = Arc::clone(&order);
        tasks.push(
            queue(store, id(account), move |_| {
                order.lock().unwrap().push(account);
                Ok(())
            })
            .await,
        );
    }
    drop(open);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let order = order.lock().unwrap();
    if store.file().is_some() {
        assert_eq!(*order, [1, 2, 3, 1, 1, 1, 1, 1]);
    } else {
        // Accounts run in parallel, and the jobs of each run in one transaction.
        let mut accounts = order.clone();
        accounts.sort_unstable();
        assert_eq!(accounts, [1, 1, 1, 1, 1, 1, 2, 3]);
    }
}

#[tokio::test]
async fn an_account_with_too_many_jobs_is_refused_and_others_are_served() {
    let opened = open();
    let store = &opened.store;
    let (open, pass, arrivals) = gate();
    let holder = queue(store, id(1), move |_| {
        pass();
        Ok(())
    });
    let holder = holder.await;
    let arrived = tokio::task::spawn_blocking(move || arrivals.recv_timeout(PATIENCE));
    arrived.await.unwrap().unwrap();
    let mut tasks = Vec::new();
    for _ in 0..300 {
        tasks.push(queue(store, id(1), |_| Ok(())).await);
    }
    let other = queue(store, id(2), |tx| insert(tx, "other")).await;
    drop(open);
    holder.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    let answers: Vec<Result<()>> =
        join_all(tasks).await.into_iter().map(|task| task.unwrap()).collect();
    let refused: Vec<&Error> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert_eq!(refused.len(), 300 - 256);
    let told = refused.iter().all(|error| matches!(error.kind(), Kind::Unavailable { .. }));
    assert!(told, "{refused:?}");
}

/// A query that never ends.
fn for_ever(tx: &mut Tx) -> Result<()> {
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i > 0) \
               SELECT count(*) FROM n";
    tx.one(sql, &[], |row| row.get::<i64>(0)).map(drop)
}

#[tokio::test]
async fn a_read_without_a_waiting_caller_is_cancelled() {
    // SQLite only: the timeout of PostgreSQL is too long for a test.
    let folder = TempDir::new().unwrap();
    let database = TestDatabase::file(&folder.path().join("freelanceos.db"));
    migrate::run(database.database(), Timestamp::UNIX_EPOCH).unwrap();
    let store = &Arc::new(Store::open(database.database()).unwrap());
    let mut tasks = Vec::new();
    for _ in 0..MANY {
        let (begun, begins) = oneshot::channel();
        let begun = Mutex::new(Some(begun));
        let reader = Arc::clone(store);
        let task = tokio::spawn(async move {
            let work = move |tx: &mut Tx| {
                if let Some(begun) = begun.lock().unwrap().take() {
                    let _ = begun.send(());
                }
                for_ever(tx)
            };
            reader.read(work).await
        });
        tasks.push((task, begins));
    }
    for (task, begins) in tasks {
        timeout(PATIENCE, begins).await.expect("a thread is still at work for nobody").unwrap();
        task.abort();
    }
    timeout(PATIENCE, store.read(|_| Ok(()))).await.unwrap().unwrap();
}
