//! The time limit for the statements of one task.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rusqlite::Connection as Sqlite;

use crate::store::{
    engine::Connection,
    task::{Claim, Task},
};

/// How long the statements of a task may run.
const TIME: Duration = Duration::from_secs(10);
/// How often to check, in SQLite's steps: about every millisecond.
const STEPS: i32 = 20_000;

/// Interrupts statements on a connection that run too long, or whose caller has left.
pub struct Budget(Arc<Mutex<Option<Running>>>);

struct Running {
    until: Instant,
    claim: Arc<Claim>,
}

impl Budget {
    /// Creates one that watches this connection.
    pub fn of(connection: &Sqlite) -> Self {
        let running = Arc::<Mutex<Option<Running>>>::default();
        let seen = Arc::clone(&running);
        let is_over = move || {
            let running = seen.lock().unwrap_or_else(PoisonError::into_inner);
            running
                .as_ref()
                .is_some_and(|task| task.claim.is_left() || Instant::now() >= task.until)
        };
        // Only a borrowed connection could make this fail.
        if let Err(error) = connection.progress_handler(STEPS, Some(is_over)) {
            tracing::warn!(%error, "statements run without a time limit");
        }
        Self(running)
    }

    /// Runs a task; returns whether to commit its changes.
    pub fn run(&self, task: &mut Task, connection: &mut dyn Connection) -> bool {
        let claim = Arc::clone(&task.claim);
        *self.lock() = Some(Running { until: Instant::now() + TIME, claim });
        let is_kept = task.run(connection);
        *self.lock() = None;
        is_kept
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
