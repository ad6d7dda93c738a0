//! The lock that prevents two servers from using one data folder.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::private;
use crate::domain::error::{Error, Result};

/// A server's lock on its database, held until dropped.
///
/// It covers a file beside the database, which exists before the database does, and the database
/// itself, which may have hard links in other folders.
///
/// Take and drop it while this process has no connection to the database: closing a file releases
/// SQLite's own locks on it.
#[derive(Debug)]
pub struct ServeLock {
    #[allow(dead_code, reason = "the lock ends with the file")]
    beside: File,
    /// None before the database exists.
    database: Option<File>,
}

impl ServeLock {
    /// Takes the lock; `None` if another process holds it.
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

    /// Locks a database that did not exist before; returns false if another process holds the lock.
    ///
    /// # Errors
    /// The file system has no locks.
    pub fn cover(&mut self, database: &Path) -> Result<bool> {
        if self.database.is_some() {
            return Ok(true);
        }
        let taken = itself(database)?;
        let is_ours = taken.is_some();
        self.database = taken.flatten();
        Ok(is_ours)
    }

    /// Returns the locked file.
    pub fn file(database: &Path) -> PathBuf {
        database.with_extension("lock")
    }

    /// Whether another process holds the lock. Creates no lock file.
    pub fn is_held(database: &Path) -> Result<bool> {
        if Self::file(database).exists() {
            Ok(Self::take(database)?.is_none())
        } else {
            Ok(itself(database)?.is_none())
        }
    }
}

/// Locks the database itself, if it exists; `None` if another process holds the lock.
fn itself(database: &Path) -> Result<Option<Option<File>>> {
    // On other systems these locks would conflict with SQLite's.
    if cfg!(not(target_os = "linux")) || !database.is_file() {
        return Ok(Some(None));
    }
    // Later work on the database reports why it cannot be opened.
    let Ok(file) = File::open(database) else { return Ok(Some(None)) };
    Ok(locked(&file)?.then_some(Some(file)))
}

/// Locks a file; returns false if another process holds the lock.
fn locked(file: &File) -> Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(Error::internal(error)),
    }
}
