//! SQLite: a few reader threads and the one writer that commits in groups.

use std::{
    fs::{File, OpenOptions, TryLockError},
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use async_channel::{Receiver, Sender};
use r2d2::{Pool, PooledConnection};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{
    Connection as Sqlite, ErrorCode, OpenFlags,
    backup::{Backup, StepResult},
    config::DbConfig,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    Job,
    engine::{Connection, Row, Value},
    violated,
};
use crate::domain::error::{Error, Result};

/// Most jobs of one commit.
const BATCH_JOBS: usize = 256;
/// How long jobs are gathered into one commit. Nothing is waited for: only what is queued counts.
const BATCH_TIME: Duration = Duration::from_millis(5);
/// How long another process may hold the write lock before a job gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept by each connection.
const STATEMENTS: usize = 256;
/// Locked by the server in its data folder.
const LOCK_FILE: &str = "freelanceos.lock";
/// Pages copied between two reports of a backup's progress.
const BACKUP_PAGES: i32 = 512;

/// The threads that own the connections to one database file.
pub struct Engine {
    path: PathBuf,
    threads: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Opens the file, creating it where there is none, and starts the threads, which end when
    /// the senders of their channels are gone.
    pub fn start(path: &Path, reads: Receiver<Job>, writes: Receiver<Job>) -> Result<Self> {
        let writer = open(path)?;
        let readers = thread::available_parallelism().map_or(2, NonZero::get).clamp(2, 8);
        let manager = SqliteConnectionManager::file(path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(|connection| prepare(connection));
        let pool = Pool::builder()
            .max_size(readers as u32)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .build(manager)
            .map_err(Error::internal)?;
        let mut threads = Vec::with_capacity(readers + 1);
        for number in 0..readers {
            let connection = pool.get().map_err(Error::internal)?;
            let reads = reads.clone();
            threads
                .push(spawn(format!("reader-{number}"), move || read_loop(&connection, &reads))?);
        }
        threads.push(spawn("writer".to_owned(), move || write_loop(&writer, &writes))?);
        Ok(Self { path: path.to_owned(), threads })
    }

    /// Waits until every thread has finished what was queued.
    pub fn join(self) {
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a database thread panicked");
            }
        }
        // A reader that is the last to close cannot bring the -wal file into the database.
        if let Err(error) = open(&self.path) {
            tracing::warn!(cause = error.cause(), "the -wal file stays until the next start");
        }
    }

    /// Writes a consistent copy of the database while others read and write it. `progress` is
    /// told pages copied and pages in all.
    pub fn backup(path: &Path, into: &Path, mut progress: impl FnMut(u64, u64)) -> Result<()> {
        let source =
            Sqlite::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failure)?;
        source.busy_timeout(BUSY_TIMEOUT).map_err(failure)?;
        // An open read transaction pins one snapshot, so that writers do not restart the copy.
        source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_master;").map_err(failure)?;
        let mut target = Sqlite::open(into).map_err(failure)?;
        {
            let backup = Backup::new(&source, &mut target).map_err(failure)?;
            loop {
                let step = backup.step(BACKUP_PAGES).map_err(failure)?;
                let state = backup.progress();
                let (all, rest) = (
                    u64::from(state.pagecount.unsigned_abs()),
                    u64::from(state.remaining.unsigned_abs()),
                );
                progress(all - rest, all);
                match step {
                    StepResult::Done => break,
                    StepResult::More => {}
                    _ => thread::sleep(Duration::from_millis(20)),
                }
            }
        }
        // One plain file that can be copied anywhere, without -wal and -shm beside it.
        target.pragma_update(None, "journal_mode", "DELETE").map_err(failure)?;
        drop(target);
        File::open(into).and_then(|file| file.sync_all()).map_err(Error::internal)
    }

    /// What `PRAGMA integrity_check` and `foreign_key_check` find; empty where all is well.
    pub fn check(path: &Path) -> Result<Vec<String>> {
        let connection =
            Sqlite::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failure)?;
        let mut findings = Vec::new();
        for (pragma, what) in [
            ("PRAGMA integrity_check(20)", "integrity"),
            ("PRAGMA foreign_key_check", "row without its parent in table"),
        ] {
            let mut statement = connection.prepare(pragma).map_err(failure)?;
            let mut rows = statement.query([]).map_err(failure)?;
            while let Some(row) = rows.next().map_err(failure)? {
                let text: String = row.get(0).map_err(failure)?;
                if text != "ok" {
                    findings.push(format!("{what}: {text}"));
                }
            }
        }
        Ok(findings)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Runs `work` in one transaction on a connection of its own, outside of the threads: for
/// migrations and for looking at a file.
pub fn with_connection<T>(
    path: &Path,
    work: impl FnOnce(&mut dyn Connection) -> Result<T>,
) -> Result<T> {
    let connection = open(path)?;
    let mut transaction = Transaction(&connection);
    transaction.control("BEGIN IMMEDIATE")?;
    match work(&mut transaction) {
        Ok(value) => {
            transaction.control("COMMIT")?;
            Ok(value)
        }
        Err(error) => {
            transaction.rollback();
            Err(error)
        }
    }
}

/// Runs `work` in a read-only transaction of its own; the file must exist and is not changed.
pub fn peek<T>(path: &Path, work: impl FnOnce(&mut dyn Connection) -> Result<T>) -> Result<T> {
    let connection =
        Sqlite::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failure)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failure)?;
    let mut transaction = Transaction(&connection);
    transaction.control("BEGIN")?;
    work(&mut transaction)
}

/// Brings everything that stands in the -wal file into the database file and removes the former.
/// Fails where another process has the database open.
pub fn settle(path: &Path) -> Result<()> {
    let connection = Sqlite::open(path).map_err(failure)?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))
        .map_err(failure)?;
    if mode == "delete" { Ok(()) } else { Err(Error::internal(format!("journal mode {mode}"))) }
}

/// The lock that says a server is at work on a data folder. Held as long as it lives.
#[derive(Debug)]
pub struct ServeLock(#[allow(dead_code, reason = "the lock ends with the file")] File);

impl ServeLock {
    /// Takes the lock, or answers `None` where another process holds it.
    pub fn take(data_dir: &Path) -> Result<Option<Self>> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(data_dir.join(LOCK_FILE))
            .map_err(Error::internal)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::internal(error)),
        }
    }

    /// Whether another process holds the lock. Nothing is made where there is no lock file.
    pub fn is_held(data_dir: &Path) -> Result<bool> {
        if !data_dir.join(LOCK_FILE).exists() {
            return Ok(false);
        }
        Ok(Self::take(data_dir)?.is_none())
    }
}

fn prepare(connection: &Sqlite) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise a statement whose plan might depend on a bound value is prepared anew each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(BUSY_TIMEOUT)
}

fn open(path: &Path) -> Result<Sqlite> {
    let connection = Sqlite::open(path).map_err(failure)?;
    prepare(&connection).map_err(failure)?;
    for (pragma, value) in [
        ("journal_mode", "WAL"),
        ("synchronous", "FULL"),
        ("foreign_keys", "ON"),
        // Checkpoints are rarer and larger than by default: fewer pauses under load.
        ("wal_autocheckpoint", "4000"),
        ("journal_size_limit", "67108864"),
    ] {
        connection.pragma_update(None, pragma, value).map_err(failure)?;
    }
    Ok(connection)
}

fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    thread::Builder::new().name(name).spawn(work).map_err(Error::internal)
}

fn read_loop(connection: &PooledConnection<SqliteConnectionManager>, jobs: &Receiver<Job>) {
    while let Ok(mut job) = jobs.recv_blocking() {
        let mut transaction = Transaction(connection);
        let begun = transaction.control("BEGIN");
        if begun.is_ok() {
            run(&mut job, &mut transaction);
            transaction.rollback();
        }
        job.answer(begun);
    }
}

fn write_loop(connection: &Sqlite, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv_blocking() {
        write_batch(connection, job, jobs);
    }
}

/// Runs what is queued inside one transaction, each job in a savepoint, and answers after the
/// commit. Where the whole transaction is lost, every job runs again alone.
fn write_batch(connection: &Sqlite, first: Job, jobs: &Receiver<Job>) {
    let mut transaction = Transaction(connection);
    if let Err(error) = transaction.control("BEGIN IMMEDIATE") {
        first.answer(Err(error));
        return;
    }
    let started = Instant::now();
    let mut batch = Vec::new();
    let mut next = Some(first);
    while let Some(mut job) = next {
        let kept = transaction.control("SAVEPOINT job").is_ok()
            && if run(&mut job, &mut transaction) {
                transaction.control("RELEASE job").is_ok()
            } else {
                transaction.control("ROLLBACK TO job").is_ok()
                    && transaction.control("RELEASE job").is_ok()
            };
        batch.push(job);
        // SQLite drops the whole transaction on a full disk or an I/O error.
        if !kept || connection.is_autocommit() {
            return run_alone(&mut transaction, batch);
        }
        let more = batch.len() < BATCH_JOBS && started.elapsed() < BATCH_TIME;
        next = more.then(|| jobs.try_recv().ok()).flatten();
    }
    match transaction.control("COMMIT") {
        Ok(()) => batch.into_iter().for_each(|job| job.answer(Ok(()))),
        Err(_) => run_alone(&mut transaction, batch),
    }
}

fn run_alone(transaction: &mut Transaction, batch: Vec<Job>) {
    transaction.rollback();
    for mut job in batch {
        let mut outcome = transaction.control("BEGIN IMMEDIATE");
        if outcome.is_ok() && run(&mut job, transaction) {
            outcome = transaction.control("COMMIT");
        }
        transaction.rollback();
        job.answer(outcome);
    }
}

/// Runs the job; whether its changes are to be kept.
fn run(job: &mut Job, transaction: &mut Transaction) -> bool {
    match catch_unwind(AssertUnwindSafe(|| job.run(transaction))) {
        Ok(kept) => kept,
        Err(_) => {
            job.fail(Error::internal("a database job panicked"));
            false
        }
    }
}

struct Transaction<'c>(&'c Sqlite);

impl Transaction<'_> {
    fn control(&mut self, sql: &'static str) -> Result<()> {
        let mut statement = self.0.prepare_cached(sql).map_err(failure)?;
        statement.raw_execute().map_err(failure)?;
        Ok(())
    }

    /// Ends the transaction, if one is open, without keeping anything.
    fn rollback(&mut self) {
        if !self.0.is_autocommit()
            && let Err(error) = self.control("ROLLBACK")
        {
            tracing::error!(cause = error.cause(), "rollback failed");
        }
    }
}

impl Connection for Transaction<'_> {
    fn query(
        &mut self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.0.prepare_cached(sql).map_err(failure)?;
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(failure)? {
            each(&SqliteRow(row))?;
        }
        Ok(())
    }

    fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        let mut statement = self.0.prepare_cached(sql).map_err(failure)?;
        bind(&mut statement, values)?;
        statement.raw_execute().map(|rows| rows as u64).map_err(failure)
    }

    fn define(&mut self, statement: &str) -> Result<()> {
        self.0.execute_batch(&dialect(statement)).map_err(failure)
    }

    fn has_table(&mut self, name: &str) -> Result<bool> {
        self.0.table_exists(None, name).map_err(failure)
    }
}

/// A statement of `schema.sql` in SQLite's words.
fn dialect(statement: &str) -> String {
    let strict = statement.trim_start().starts_with("CREATE TABLE");
    let statement = statement.replace("BIGINT", "INTEGER").replace("BYTEA", "BLOB");
    if strict { format!("{statement} STRICT") } else { statement }
}

fn bind(statement: &mut rusqlite::Statement, values: &[Value]) -> Result<()> {
    for (index, value) in values.iter().enumerate() {
        let value = ToSqlOutput::Borrowed(match value {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Owned(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        });
        statement.raw_bind_parameter(index + 1, value).map_err(failure)?;
    }
    Ok(())
}

struct SqliteRow<'r>(&'r rusqlite::Row<'r>);

impl Row for SqliteRow<'_> {
    fn int(&self, column: usize) -> Result<Option<i64>> {
        let value = self.0.get_ref(column).map_err(failure)?;
        value.as_i64_or_null().map_err(Error::internal)
    }

    fn text(&self, column: usize) -> Result<Option<&str>> {
        let value = self.0.get_ref(column).map_err(failure)?;
        value.as_str_or_null().map_err(Error::internal)
    }

    fn bytes(&self, column: usize) -> Result<Option<&[u8]>> {
        let value = self.0.get_ref(column).map_err(failure)?;
        value.as_blob_or_null().map_err(Error::internal)
    }
}

/// SQLite's failure as one of ours. "UNIQUE constraint failed: accounts.email_key" names the
/// columns; constraints are named after them in `schema.sql`.
fn failure(error: rusqlite::Error) -> Error {
    if let rusqlite::Error::SqliteFailure(code, message) = &error {
        match (code.code, code.extended_code) {
            (
                _,
                rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
            ) => {
                let columns = message.as_deref().and_then(|m| m.rsplit(": ").next());
                let name = columns.unwrap_or_default().replace('.', "_");
                return violated(&name, error);
            }
            (_, rusqlite::ffi::SQLITE_CONSTRAINT_DATATYPE) => {
                return Error::conflict("A total of this account would become too large to keep")
                    .caused_by(error);
            }
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => {
                return Error::unavailable(1, "The database is busy, please try again")
                    .caused_by(error);
            }
            _ => {}
        }
    }
    Error::internal(error)
}

/// The steps by which SQLite would answer a query, for tests that forbid full scans.
pub fn query_plan(path: &Path, sql: &str) -> Result<Vec<String>> {
    let connection =
        Sqlite::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failure)?;
    let mut statement =
        connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).map_err(failure)?;
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().map_err(failure)? {
        steps.push(row.get(3).map_err(failure)?);
    }
    Ok(steps)
}

/// Hands jobs to the threads of an engine.
pub type Jobs = Sender<Job>;
