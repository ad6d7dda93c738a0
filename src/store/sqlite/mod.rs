//! SQLite: readers, and the one writer that commits in groups.

mod budget;
mod connection;
mod file;
mod lock;
mod private;

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use r2d2::{Pool, PooledConnection};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection as Sqlite, OpenFlags};

use self::{
    budget::Budget,
    connection::{BUSY_TIMEOUT, Transaction, is_damage, open, prepare},
};
pub use self::{
    connection::Checkpoints,
    file::{backup, check, erase_deleted, fill, peek, query_plan, settle, with_connection},
    lock::ServeLock,
};
use super::{
    job::{Job, busy},
    queue::{Receiver, Sender, queue},
};
use crate::{
    domain::error::{Error, Kind, Result},
    metrics,
};

/// Most jobs of one commit.
const BATCH_JOBS: usize = 256;
/// How long jobs are gathered into one commit. Nothing is waited for: only what is queued counts.
const BATCH_TIME: Duration = Duration::from_millis(5);

/// The threads that own the connections to one database file.
pub struct Engine {
    path: PathBuf,
    checkpoints: Checkpoints,
    threads: Vec<JoinHandle<()>>,
}

type Reader = PooledConnection<SqliteConnectionManager>;

impl Engine {
    /// Opens the file, creating it where there is none, and starts the threads, which end when
    /// the queues of their reads and writes are gone.
    pub(super) fn start(path: &Path, checkpoints: Checkpoints) -> Result<(Self, Sender, Sender)> {
        let writer = open(path, checkpoints)?;
        let readers = thread::available_parallelism().map_or(2, NonZero::get).clamp(2, 8);
        let (reads, read_jobs) = queue(readers, readers / 2);
        let (writes, write_jobs) = queue(1, usize::MAX);
        let manager = SqliteConnectionManager::file(path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(|connection| prepare(connection));
        let pool = Pool::builder()
            .max_size(readers as u32)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .build(manager)
            .map_err(Error::internal)?;
        let health = Arc::new(Health::default());
        let mut threads = Vec::with_capacity(readers + 1);
        for number in 0..readers {
            let connection = pool.get().map_err(Error::internal)?;
            let (jobs, health) = (read_jobs.clone(), Arc::clone(&health));
            let work = move || read_loop(&connection, &jobs, &health);
            threads.push(spawn(format!("reader-{number}"), work)?);
        }
        let work = move || write_loop(&writer, &write_jobs, &health);
        threads.push(spawn("writer".to_owned(), work)?);
        Ok((Self { path: path.to_owned(), checkpoints, threads }, reads, writes))
    }

    /// Waits until every thread has finished what was queued.
    pub fn join(self) {
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a database thread panicked");
            }
        }
        // A reader that is the last to close cannot bring the -wal file into the database.
        if let Err(error) = open(&self.path, self.checkpoints) {
            tracing::warn!(cause = error.cause(), "the -wal file stays until the next start");
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn checkpoints(&self) -> Checkpoints {
        self.checkpoints
    }
}

fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    thread::Builder::new().name(name).spawn(work).map_err(Error::internal)
}

fn read_loop(connection: &Reader, jobs: &Receiver, health: &Health) {
    let budget = Budget::of(connection);
    while let Some(mut job) = jobs.recv_blocking() {
        if let Some(metrics) = metrics::on() {
            metrics.read_wait.observe(job.since.elapsed().as_secs_f64());
        }
        if !job.start() {
            continue;
        }
        let mut transaction = Transaction(connection);
        let begun = transaction.control("BEGIN");
        if begun.is_ok() {
            run(&mut job, &mut transaction, &budget);
            transaction.rollback();
        }
        health.note(&begun, &job);
        job.answer(begun);
    }
}

fn write_loop(connection: &Sqlite, jobs: &Receiver, health: &Health) {
    let budget = Budget::of(connection);
    while let Some(job) = jobs.recv_blocking() {
        if !job.is_left() {
            write_batch(connection, job, jobs, health, &budget);
        }
    }
}

/// Whether the file can be written and read. Told when it changes: a full disk fails every
/// request, and as many lines would help nobody.
#[derive(Default)]
struct Health {
    is_unwritable: AtomicBool,
    is_damaged: AtomicBool,
}

impl Health {
    /// Looks at why a job failed, if it did.
    fn note(&self, transaction: &Result<()>, job: &Job) {
        let Some(error) = transaction.as_ref().err().or(job.error()) else { return };
        if *error.kind() == Kind::Unwritable && !self.is_unwritable.swap(true, Ordering::Relaxed) {
            tracing::error!(cause = error.cause(), "changes cannot be saved");
        }
        if is_damage(error) && !self.is_damaged.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "the database is damaged: run `freelanceos doctor`, and `freelanceos restore` a backup"
            );
        }
    }

    fn committed(&self) {
        if self.is_unwritable.swap(false, Ordering::Relaxed) {
            tracing::info!("changes can be saved again");
        }
    }
}

/// Runs what is queued inside one transaction, each job in a savepoint, and answers after the
/// commit. Where the whole transaction is lost, every job runs again alone. Nothing begins before
/// the database can be written, so that whoever has left by then is left out.
fn write_batch(connection: &Sqlite, first: Job, jobs: &Receiver, health: &Health, budget: &Budget) {
    let mut transaction = Transaction(connection);
    let changes = connection.total_changes();
    if let Err(error) = transaction.control("BEGIN IMMEDIATE") {
        let is_busy = matches!(error.kind(), Kind::Unavailable { .. });
        let begun = Err(error);
        health.note(&begun, &first);
        first.answer(begun);
        if is_busy {
            // They have waited for another process as long as this one.
            jobs.overdue(BUSY_TIMEOUT).into_iter().for_each(|job| job.answer(Err(busy())));
        }
        return;
    }
    let started = Instant::now();
    let mut batch = Vec::new();
    let mut next = Some(first);
    while let Some(mut job) = next {
        if job.start() {
            let kept = transaction.control("SAVEPOINT job").is_ok()
                && if run(&mut job, &mut transaction, budget) {
                    transaction.control("RELEASE job").is_ok()
                } else {
                    transaction.control("ROLLBACK TO job").is_ok()
                        && transaction.control("RELEASE job").is_ok()
                };
            batch.push(job);
            // SQLite drops the whole transaction on a full disk or an I/O error, and where a
            // change took too long.
            if !kept || connection.is_autocommit() {
                return run_alone(&mut transaction, batch, health, budget);
            }
        }
        let more = batch.len() < BATCH_JOBS && started.elapsed() < BATCH_TIME;
        next = more.then(|| jobs.try_recv()).flatten();
    }
    let committing = metrics::start();
    let committed = transaction.control("COMMIT");
    if let (Some(metrics), Some(committing)) = (metrics::on(), committing) {
        metrics.commit.observe(committing.elapsed().as_secs_f64());
        metrics.batch.observe(batch.len() as f64);
        for job in &batch {
            let waited = started.saturating_duration_since(job.since);
            metrics.write_wait.observe(waited.as_secs_f64());
        }
    }
    match committed {
        Ok(()) => {
            let has_changed = connection.total_changes() > changes;
            for job in batch {
                health.note(&Ok(()), &job);
                // Nothing but a change says that changes are kept.
                if has_changed && job.error().is_none() {
                    health.committed();
                }
                job.answer(Ok(()));
            }
        }
        Err(_) => run_alone(&mut transaction, batch, health, budget),
    }
}

fn run_alone(transaction: &mut Transaction, batch: Vec<Job>, health: &Health, budget: &Budget) {
    transaction.rollback();
    for mut job in batch {
        if job.error().is_some_and(|error| matches!(error.kind(), Kind::Unavailable { .. })) {
            // It has had its time, or wants nothing kept.
            job.answer(Ok(()));
            continue;
        }
        if !job.start() {
            continue;
        }
        let mut outcome = transaction.control("BEGIN IMMEDIATE");
        if outcome.is_ok() && run(&mut job, transaction, budget) {
            outcome = transaction.control("COMMIT");
        }
        transaction.rollback();
        health.note(&outcome, &job);
        job.answer(outcome);
    }
}

/// Runs the job; whether its changes are to be kept.
fn run(job: &mut Job, transaction: &mut Transaction, budget: &Budget) -> bool {
    let _running = budget.begin(job.claim());
    job.run(transaction)
}
