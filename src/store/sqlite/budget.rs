//! How long the statements of one job may work, and for whom.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rusqlite::Connection as Sqlite;

use crate::store::job::Claim;

/// How long the statements of a job may work.
const TIME: Duration = Duration::from_secs(10);
/// How often it is looked whether they still may, in SQLite's own steps: about every millisecond.
const STEPS: i32 = 20_000;

/// Interrupts what works for too long on a connection, or for nobody.
pub struct Budget(Arc<Mutex<Option<Running>>>);

struct Running {
    until: Instant,
    claim: Arc<Claim>,
}

/// A job at work, until this is dropped.
pub struct Guard<'b>(&'b Budget);

impl Budget {
    /// One that watches this connection.
    pub fn of(connection: &Sqlite) -> Self {
        let running = Arc::<Mutex<Option<Running>>>::default();
        let seen = Arc::clone(&running);
        let is_over = move || {
            let running = seen.lock().unwrap_or_else(PoisonError::into_inner);
            running.as_ref().is_some_and(|job| job.claim.is_left() || Instant::now() >= job.until)
        };
        // Only a connection that belongs to somebody else refuses.
        if let Err(error) = connection.progress_handler(STEPS, Some(is_over)) {
            tracing::warn!(%error, "statements work without a limit of time");
        }
        Self(running)
    }

    /// Lets a job begin to work.
    pub fn begin(&self, claim: &Arc<Claim>) -> Guard<'_> {
        let running = Running { until: Instant::now() + TIME, claim: Arc::clone(claim) };
        *self.lock() = Some(running);
        Guard(self)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}
