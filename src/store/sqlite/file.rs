//! Copies, checks and opens database files.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    thread,
    time::Duration,
};

use rusqlite::{
    Connection as Sqlite, OpenFlags,
    backup::{Backup, StepResult},
    ffi,
};

use super::{
    connection::{Checkpoints, Transaction, failure, open, prepare},
    private,
};
use crate::{
    domain::error::{Error, Result},
    store::engine::Connection,
};

/// The errors of a read-only connection to a file with a half-written change.
const UNDONE: [i32; 2] = [ffi::SQLITE_READONLY_ROLLBACK, ffi::SQLITE_READONLY_RECOVERY];
/// Page cache while filling a file, in KiB: index writes are scattered.
const FILL_CACHE: (&str, &str) = ("cache_size", "-16384");
/// Pages to copy between two reports of progress.
const BACKUP_PAGES: i32 = 512;

/// Opens an existing file read-only. A half-written change is rolled back first, which requires
/// write access.
fn open_to_read(path: &Path) -> Result<Sqlite> {
    let look = |flags| {
        let connection = Sqlite::open_with_flags(path, flags)?;
        prepare(&connection)?;
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
        Ok::<_, rusqlite::Error>(connection)
    };
    let to_read = OpenFlags::SQLITE_OPEN_READ_ONLY;
    match look(to_read) {
        Err(rusqlite::Error::SqliteFailure(code, _)) if UNDONE.contains(&code.extended_code) => {
            drop(look(OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failure)?);
            look(to_read)
        }
        looked => looked,
    }
    .map_err(failure)
}

/// Writes a consistent copy of the database while others read and write it. `progress` gets the
/// pages copied and the total pages, and returns whether to continue.
pub fn backup(path: &Path, into: &Path, mut progress: impl FnMut(u64, u64) -> bool) -> Result<()> {
    let source = open_to_read(path)?;
    // An open read transaction pins a snapshot; otherwise writers would restart the copy.
    source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_master;").map_err(failure)?;
    private::make(into).map_err(Error::internal)?;
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
            if !progress(all - rest, all) {
                return Err(Error::unavailable(1, "error-copy-unfinished"));
            }
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ => thread::sleep(Duration::from_millis(20)),
            }
        }
    }
    // One plain file that can be copied anywhere, without -wal and -shm files.
    target.pragma_update(None, "journal_mode", "DELETE").map_err(failure)?;
    drop(target);
    File::open(into).and_then(|file| file.sync_all()).map_err(Error::internal)
}

/// Returns what `PRAGMA integrity_check` and `foreign_key_check` find; empty if nothing.
pub fn check(path: &Path) -> Result<Vec<String>> {
    let connection = open_to_read(path)?;
    let mut findings = Vec::new();
    for (pragma, what) in [
        ("PRAGMA integrity_check(20)", "integrity"),
        ("PRAGMA foreign_key_check", "row without its parent in table"),
    ] {
        let found = texts(&connection, pragma, 0)?.into_iter().filter(|text| text != "ok");
        findings.extend(found.map(|text| format!("{what}: {text}")));
    }
    Ok(findings)
}

/// Returns a column of all rows of a query.
fn texts(connection: &Sqlite, sql: &str, column: usize) -> Result<Vec<String>> {
    let mut statement = connection.prepare(sql).map_err(failure)?;
    statement.raw_query().mapped(|row| row.get(column)).collect::<Result<_, _>>().map_err(failure)
}

/// Runs `work` in one transaction on a new connection, for tasks such as migrations.
pub fn with_connection<T>(
    path: &Path,
    work: impl FnOnce(&mut dyn Connection) -> Result<T>,
) -> Result<T> {
    let connection = open(path, Checkpoints::of(path))?;
    let mut transaction = Transaction(&connection);
    transaction.control("BEGIN IMMEDIATE")?;
    // An error ends the connection, and with it the transaction.
    let value = work(&mut transaction)?;
    transaction.control("COMMIT")?;
    Ok(value)
}

/// Writes a new file, readable by its owner only, in one transaction; it must not exist yet. On
/// success it is on disk; on failure it is unusable.
pub fn fill<T>(path: &Path, work: impl FnOnce(&mut dyn Connection) -> Result<T>) -> Result<T> {
    let mut file = OpenOptions::new();
    file.write(true).create_new(true).mode(0o600).open(path).map_err(Error::internal)?;
    let connection = Sqlite::open(path).map_err(failure)?;
    // A half-written file is useless, so use no journal, and one sync at the end.
    for (pragma, value) in
        [("journal_mode", "OFF"), ("synchronous", "OFF"), ("foreign_keys", "ON"), FILL_CACHE]
    {
        connection.pragma_update(None, pragma, value).map_err(failure)?;
    }
    let mut transaction = Transaction(&connection);
    transaction.control("BEGIN EXCLUSIVE")?;
    let value = work(&mut transaction)?;
    transaction.control("COMMIT")?;
    connection.close().map_err(|(_, error)| failure(error))?;
    File::open(path).and_then(|file| file.sync_all()).map_err(Error::internal)?;
    Ok(value)
}

/// Runs `work` in a read-only transaction; the file must exist.
pub fn peek<T>(path: &Path, work: impl FnOnce(&mut dyn Connection) -> Result<T>) -> Result<T> {
    let connection = open_to_read(path)?;
    let mut transaction = Transaction(&connection);
    transaction.control("BEGIN")?;
    work(&mut transaction)
}

/// Runs `work` on a temporary database in memory.
pub fn in_memory<T>(work: impl FnOnce(&mut dyn Connection) -> Result<T>) -> Result<T> {
    work(&mut Transaction(&Sqlite::open_in_memory().map_err(failure)?))
}

/// The largest database that is written anew, in bytes. Others would keep writers waiting.
const REWRITTEN_MAX: u64 = 64 * 1024 * 1024;

/// Moves the -wal file's content into the database, so that no deleted row is left in it. Returns
/// whether that was possible: others may prevent it. Litestream manages its own files.
///
/// Where rows moved between pages, SQLite leaves pieces of them in unused space, which its
/// `secure_delete` does not reach. A small database is written anew without them.
pub fn erase_deleted(path: &Path, checkpoints: Checkpoints) -> Result<bool> {
    if checkpoints == Checkpoints::Litestream {
        return Ok(true);
    }
    let connection = open(path, checkpoints)?;
    let is_small = fs::metadata(path).is_ok_and(|file| file.len() <= REWRITTEN_MAX);
    if is_small && let Err(error) = connection.execute_batch("VACUUM") {
        tracing::warn!(%error, "could not write the database anew");
        return Ok(false);
    }
    let busy: i64 = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(failure)?;
    Ok(busy == 0)
}

/// Moves the -wal file's content into the database and removes it. Fails if another process has the
/// database open.
pub fn settle(path: &Path) -> Result<()> {
    let connection = Sqlite::open(path).map_err(failure)?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))
        .map_err(failure)?;
    if mode == "delete" { Ok(()) } else { Err(Error::internal(format!("journal mode {mode}"))) }
}

/// Returns SQLite's plan for a query, for tests that forbid full scans.
pub fn query_plan(path: &Path, sql: &str) -> Result<Vec<String>> {
    texts(&open_to_read(path)?, &format!("EXPLAIN QUERY PLAN {sql}"), 3)
}
