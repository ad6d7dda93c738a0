//! The lock that keeps two servers from one data folder.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::private;
use crate::domain::error::{Error, Result};

/// The lock that says a server is at work on a database. Held as long as it lives.
///
/// It is on a file beside the database, which is there before the database is made, and on the
/// database itself, which may have several names (hard links) in several folders.
///
/// It must be taken and dropped while this process has no connection to the database: closing a
/// file ends the locks that SQLite has on it.
#[derive(Debug)]
pub struct ServeLock {
    #[allow(dead_code, reason = "the lock ends with the file")]
    beside: File,
    /// None as long as there is no database.
    database: Option<File>,
}

impl ServeLock {
    /// Takes the lock, or answers `None` where another process holds it.
    pub fn take(database: &Path) -> Result<Option<Self>> {
        let path = Self::file(database);
        let mut beside = OpenOptions::new();
        beside.create(true).truncate(false).write(true).mode(0o600);
        let beside = beside.open(&path).map_err(|error| {
            let path = path.display();
            Error::internal(format!("{path} cannot be written ({error}): check who owns it"))
        })?;
        private::close_one(&path);
        if !locked(&beside)? {
            return Ok(None);
        }
        Ok(itself(database)?.map(|database| Self { beside, database }))
    }

    /// Takes the lock on the database itself if it was not there before; answers whether no other
    /// process holds it.
    ///
    /// # Errors
    /// Where the file system has no locks.
    pub fn cover(&mut self, database: &Path) -> Result<bool> {
        if self.database.is_some() {
            return Ok(true);
        }
        let taken = itself(database)?;
        let is_ours = taken.is_some();
        self.database = taken.flatten();
        Ok(is_ours)
    }

    /// The file that is locked.
    pub fn file(database: &Path) -> PathBuf {
        database.with_extension("lock")
    }

    /// Whether another process holds the lock. Nothing is made where there is no lock file.
    pub fn is_held(database: &Path) -> Result<bool> {
        if Self::file(database).exists() {
            Ok(Self::take(database)?.is_none())
        } else {
            Ok(itself(database)?.is_none())
        }
    }
}

/// Takes the lock of the database itself, which is no file where there is nothing to lock; answers
/// `None` where another process holds it.
fn itself(database: &Path) -> Result<Option<Option<File>>> {
    // Elsewhere these locks and those of SQLite would be in each other's way.
    if cfg!(not(target_os = "linux")) || !database.is_file() {
        return Ok(Some(None));
    }
    // Why it cannot be opened is told by whoever works on it.
    let Ok(file) = File::open(database) else { return Ok(Some(None)) };
    Ok(locked(&file)?.then_some(Some(file)))
}

/// Takes the lock of a file; answers whether no other process holds it.
fn locked(file: &File) -> Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(Error::internal(error)),
    }
}
