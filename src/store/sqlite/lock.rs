//! The lock that keeps two servers from one data folder.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use crate::domain::error::{Error, Result};

/// The lock that says a server is at work on a database: a file beside it. Held as long as it
/// lives.
#[derive(Debug)]
pub struct ServeLock(#[allow(dead_code, reason = "the lock ends with the file")] File);

impl ServeLock {
    /// Takes the lock, or answers `None` where another process holds it.
    pub fn take(database: &Path) -> Result<Option<Self>> {
        let path = Self::file(database);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| {
            let path = path.display();
            Error::internal(format!("{path} cannot be written ({error}): check who owns it"))
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::internal(error)),
        }
    }

    /// The file that is locked.
    pub fn file(database: &Path) -> PathBuf {
        database.with_extension("lock")
    }

    /// Whether another process holds the lock. Nothing is made where there is no lock file.
    pub fn is_held(database: &Path) -> Result<bool> {
        if !Self::file(database).exists() {
            return Ok(false);
        }
        Ok(Self::take(database)?.is_none())
    }
}
