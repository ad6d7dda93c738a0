//! The lock that keeps two servers from one data folder.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use crate::domain::error::{Error, Result};

/// Locked by the server in its data folder.
const LOCK_FILE: &str = "freelanceos.lock";

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
