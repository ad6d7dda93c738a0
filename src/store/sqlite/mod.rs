//! SQLite: several readers, and one writer that commits in groups.

mod budget;
mod connection;
mod file;
mod lock;
mod private;

use std::{
    num::NonZero,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection as Sqlite, OpenFlags};

use self::{
    budget::Budget,
    connection::{BUSY_TIMEOUT, Transaction, failure, is_damage, open, prepare},
};
pub use self::{
    connection::Checkpoints,
    file::{
        backup, check, erase_deleted, fill, in_memory, peek, query_plan, settle, with_connection,
    },
    lock::ServeLock,
};
use super::{
    Engine,
    queue::{Receiver, queue},
    task::{Task, busy, count_commit},
};
use crate::domain::error::{Kind, Result};

/// The most tasks in one commit.
const BATCH_TASKS: usize = 256;
/// How long queued tasks are added to one commit.
const BATCH_TIME: Duration = Duration::from_millis(5);

/// Opens the file, creating it if missing, and starts its threads.
pub(super) fn start(path: &Path, checkpoints: Checkpoints) -> Result<Engine> {
    let writer = open(path, checkpoints)?;
    let readers = thread::available_parallelism().map_or(2, NonZero::get).clamp(2, 8);
    let (reads, read_tasks) = queue(readers, readers / 2, |metrics| &metrics.read_wait);
    let (writes, write_tasks) = queue(1, usize::MAX, |metrics| &metrics.write_wait);
    let mut engine = Engine { reads, writes, threads: Vec::with_capacity(readers + 1) };
    let health = Arc::new(Health::default());
    for number in 0..readers {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Sqlite::open_with_flags(path, flags).map_err(failure)?;
        prepare(&reader).map_err(failure)?;
        let (tasks, health) = (read_tasks.clone(), Arc::clone(&health));
        engine.spawn(format!("reader-{number}"), move || read_loop(&reader, &tasks, &health))?;
    }
    engine.spawn("writer".to_owned(), move || write_loop(&writer, &write_tasks, &health))?;
    Ok(engine)
}

/// Moves the -wal file into the database once its threads have ended: a reader that closes last
/// cannot do this.
pub(super) fn settle_after_readers(path: &Path, checkpoints: Checkpoints) {
    if let Err(error) = open(path, checkpoints) {
        tracing::warn!(cause = error.cause(), "the -wal file is kept until the next start");
    }
}

fn read_loop(connection: &Sqlite, tasks: &Receiver, health: &Health) {
    let budget = Budget::of(connection);
    while let Some(mut task) = tasks.recv_blocking() {
        if !task.start() {
            continue;
        }
        let mut transaction = Transaction(connection);
        let begun = transaction.control("BEGIN");
        if begun.is_ok() {
            budget.run(&mut task, &mut transaction);
            transaction.rollback();
        }
        health.note(&begun, &task);
        task.answer(begun);
    }
}

fn write_loop(connection: &Sqlite, tasks: &Receiver, health: &Health) {
    let budget = Budget::of(connection);
    while let Some(task) = tasks.recv_blocking() {
        if !task.is_left() {
            write_batch(connection, task, tasks, health, &budget);
        }
    }
}

/// Whether the file can be written and read. Each change is logged once, since a full disk fails
/// every request.
#[derive(Default)]
struct Health {
    is_unwritable: AtomicBool,
    is_damaged: AtomicBool,
}

impl Health {
    /// Records why a task failed, if it did.
    fn note(&self, transaction: &Result<()>, task: &Task) {
        let Some(error) = transaction.as_ref().err().or(task.error()) else { return };
        if *error.kind() == Kind::Unwritable && !self.is_unwritable.swap(true, Ordering::Relaxed) {
            tracing::error!(cause = error.cause(), "could not save changes");
        }
        if is_damage(error) && !self.is_damaged.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "the database is damaged: run `freelanceos doctor`, and `freelanceos restore` a backup"
            );
        }
    }

    fn committed(&self) {
        if self.is_unwritable.swap(false, Ordering::Relaxed) {
            tracing::info!("changes are being saved again");
        }
    }
}

/// Runs queued tasks in one transaction and answers after the commit. If a task fails after it has
/// made changes, all run again, [each in a savepoint](run_apart); if the whole transaction is lost,
/// [each runs again alone](run_alone). No task starts before the transaction has the write lock:
/// some callers may have left by then.
fn write_batch(
    connection: &Sqlite,
    first: Task,
    tasks: &Receiver,
    health: &Health,
    budget: &Budget,
) {
    let mut transaction = Transaction(connection);
    let changes = connection.total_changes();
    if let Err(error) = transaction.control("BEGIN IMMEDIATE") {
        let is_busy = matches!(error.kind(), Kind::Unavailable { .. });
        let begun = Err(error);
        health.note(&begun, &first);
        first.answer(begun);
        if is_busy {
            // They have waited as long as this one for the other process.
            tasks.overdue(BUSY_TIMEOUT).into_iter().for_each(|task| task.answer(Err(busy(1))));
        }
        return;
    }
    let started = Instant::now();
    let mut batch = Vec::new();
    let mut next = Some(first);
    while let Some(mut task) = next {
        if task.start() {
            let before = connection.total_changes();
            let is_kept = budget.run(&mut task, &mut transaction);
            let has_changed = connection.total_changes() > before;
            batch.push(task);
            // SQLite rolls back the whole transaction on a full disk or an I/O error, and if a
            // change took too long.
            if connection.is_autocommit() {
                return run_alone(&mut transaction, batch, health, budget);
            }
            if has_changed && !is_kept {
                return run_apart(&mut transaction, batch, changes, health, budget);
            }
        }
        let more = batch.len() < BATCH_TASKS && started.elapsed() < BATCH_TIME;
        next = more.then(|| tasks.try_recv()).flatten();
    }
    commit(&mut transaction, batch, changes, health, budget);
}

/// Commits a batch and answers. `changes` counts the changes before it.
fn commit(
    transaction: &mut Transaction,
    batch: Vec<Task>,
    changes: u64,
    health: &Health,
    budget: &Budget,
) {
    if count_commit(batch.len(), || transaction.control("COMMIT")).is_err() {
        return run_alone(transaction, batch, health, budget);
    }
    let has_changed = transaction.0.total_changes() > changes;
    for task in batch {
        health.note(&Ok(()), &task);
        // Only a change proves that changes can be saved.
        if has_changed && task.error().is_none() {
            health.committed();
        }
        task.answer(Ok(()));
    }
}

/// Runs tasks again in one transaction, so that each that fails loses its own changes only. A
/// savepoint copies every page before its first change, so tasks get one only when it is needed.
fn run_apart(
    transaction: &mut Transaction,
    batch: Vec<Task>,
    changes: u64,
    health: &Health,
    budget: &Budget,
) {
    transaction.rollback();
    if batch.len() == 1 {
        // No other changes were lost.
        return batch.into_iter().for_each(|task| {
            health.note(&Ok(()), &task);
            task.answer(Ok(()));
        });
    }
    if transaction.control("BEGIN IMMEDIATE").is_err() {
        return run_alone(transaction, batch, health, budget);
    }
    let mut again = Vec::with_capacity(batch.len());
    let mut rest = batch.into_iter();
    while let Some(mut task) = rest.next() {
        if has_no_time(&task) {
            task.answer(Ok(()));
            continue;
        }
        if !task.start() {
            continue;
        }
        let kept = transaction.control("SAVEPOINT task").is_ok()
            && (budget.run(&mut task, transaction)
                || transaction.control("ROLLBACK TO task").is_ok())
            && transaction.control("RELEASE task").is_ok();
        again.push(task);
        if !kept || transaction.0.is_autocommit() {
            again.extend(rest);
            return run_alone(transaction, again, health, budget);
        }
    }
    commit(transaction, again, changes, health, budget);
}

/// Runs tasks again, each in a transaction of its own.
fn run_alone(transaction: &mut Transaction, batch: Vec<Task>, health: &Health, budget: &Budget) {
    transaction.rollback();
    for mut task in batch {
        if has_no_time(&task) {
            task.answer(Ok(()));
            continue;
        }
        if !task.start() {
            continue;
        }
        let mut outcome = transaction.control("BEGIN IMMEDIATE");
        if outcome.is_ok() && budget.run(&mut task, transaction) {
            outcome = transaction.control("COMMIT");
        }
        transaction.rollback();
        health.note(&outcome, &task);
        task.answer(outcome);
    }
}

/// Whether a task has run out of time, or has no changes to commit, and is not run again.
fn has_no_time(task: &Task) -> bool {
    task.error().is_some_and(|error| matches!(error.kind(), Kind::Unavailable { .. }))
}
