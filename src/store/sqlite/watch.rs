//! Tells whether anybody has changed the database, without reading it.

use std::{
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection as Sqlite, OpenFlags};

use super::connection::failure;
use crate::domain::error::Result;

/// Connections that nothing is read on, so that every commit is another connection's and moves
/// what they see. Each tells only whether something changed since it was asked last; together
/// they keep one count.
pub struct Watch {
    eyes: Vec<Mutex<Eye>>,
    changes: AtomicU64,
}

struct Eye {
    connection: Sqlite,
    /// What it saw last.
    seen: i64,
}

impl Watch {
    /// Opens a watch that as many threads as `width` can ask at once.
    pub fn open(path: &Path, width: usize) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let eyes = (0..width).map(|_| {
            let connection = Sqlite::open_with_flags(path, flags).map_err(failure)?;
            // Who asks would rather read the database than wait for this.
            connection.busy_timeout(Duration::ZERO).map_err(failure)?;
            Ok(Mutex::new(Eye { connection, seen: 0 }))
        });
        Ok(Self { eyes: eyes.collect::<Result<_>>()?, changes: AtomicU64::new(0) })
    }

    /// A number that is another after each commit, whichever process made it; none where it
    /// cannot be told at once.
    pub fn version(&self) -> Option<u64> {
        let mut eye = self.free_eye()?;
        let now: i64 = {
            let mut statement = eye.connection.prepare_cached("PRAGMA data_version").ok()?;
            statement.query_row([], |row| row.get(0)).ok()?
        };
        if eye.seen != now {
            eye.seen = now;
            self.changes.fetch_add(1, Ordering::AcqRel);
        }
        Some(self.changes.load(Ordering::Acquire))
    }

    fn free_eye(&self) -> Option<MutexGuard<'_, Eye>> {
        let free = self.eyes.iter().find_map(|eye| match eye.try_lock() {
            Ok(eye) => Some(eye),
            Err(TryLockError::Poisoned(eye)) => Some(eye.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        free.or_else(|| Some(self.eyes.first()?.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
