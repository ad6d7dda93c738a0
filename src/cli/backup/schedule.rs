//! Automatic backups of the running server.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    select,
    sync::{oneshot, watch},
    time::{sleep, timeout},
};

use super::{super::terminal, copy, kept};
use crate::{
    app::App,
    config::{backup::BackupPlan, file},
};

/// How often the clock is checked: it may be set, and a laptop may have slept.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How long to wait after a failure.
const AGAIN_AFTER: Duration = Duration::from_secs(600);
/// How long a copy may take to abort at shutdown.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// Makes backups as planned until `stop` changes. They run on their own thread and block no
/// request.
pub async fn run(
    app: Arc<App>,
    database: PathBuf,
    plan: BackupPlan,
    mut stop: watch::Receiver<bool>,
) {
    let Some(every) = plan.every else { return };
    let mut not_before = Instant::now();
    loop {
        let pause =
            until_due(&app, &plan, every).max(not_before.saturating_duration_since(Instant::now()));
        if !pause.is_zero() {
            select! {
                () = sleep(pause.min(LOOK_EVERY)) => continue,
                _ = stop.changed() => return,
            }
        }
        let Some(outcome) = make(&app, &database, &plan, &mut stop).await else { return };
        let failure = match outcome {
            Ok(made) => {
                tracing::info!("backup written: {made}");
                None
            }
            Err(cause) => {
                not_before = Instant::now() + AGAIN_AFTER;
                let minutes = AGAIN_AFTER.as_secs() / 60;
                tracing::error!(cause, "backup failed, retrying in {minutes} minutes");
                Some(cause)
            }
        };
        // For `doctor`. This fails on a full disk, but then the age of the newest backup shows the
        // problem.
        if let Err(error) = app.note_backup(failure).await {
            tracing::debug!(cause = error.cause(), "could not record the result of the backup");
        }
    }
}

/// Returns the time until the next backup is due.
fn until_due(app: &App, plan: &BackupPlan, every: SignedDuration) -> Duration {
    let now = app.now();
    let left = kept::newest(&plan.folder, now)
        .map_or(SignedDuration::ZERO, |newest| every - now.duration_since(newest));
    // Negative if overdue.
    Duration::try_from(left).unwrap_or_default()
}

/// Makes a backup; `None` if the program was told to stop first.
async fn make(
    app: &App,
    database: &Path,
    plan: &BackupPlan,
    stop: &mut watch::Receiver<bool>,
) -> Option<Result<String, String>> {
    let is_wanted = Arc::new(AtomicBool::new(true));
    let (reply, outcome) = oneshot::channel();
    let work = {
        let (database, plan, now) = (database.to_owned(), plan.clone(), app.now());
        let is_wanted = Arc::clone(&is_wanted);
        move || {
            let go_on = |_, _| is_wanted.load(Ordering::Relaxed);
            // The receiver is gone if the program is shutting down.
            let _ = reply.send(write(&database, &plan, now, go_on));
        }
    };
    if let Err(error) = thread::Builder::new().name("backup".to_owned()).spawn(work) {
        return Some(Err(error.to_string()));
    }
    let mut outcome = outcome;
    select! {
        outcome = &mut outcome => Some(outcome.unwrap_or_else(|error| Err(error.to_string()))),
        _ = stop.changed() => {
            is_wanted.store(false, Ordering::Relaxed);
            // An aborted copy closes the database; a check of the copy does not use the database.
            let _ = timeout(STOP_TIMEOUT, outcome).await;
            None
        }
    }
}

fn write(
    database: &Path,
    plan: &BackupPlan,
    now: Timestamp,
    go_on: impl FnMut(u64, u64) -> bool,
) -> Result<String, String> {
    let folder = plan.folder.display();
    let in_folder = |error: std::io::Error| format!("{folder}: {error}");
    file::make_folder(&plan.folder).map_err(in_folder)?;
    kept::remove_parts(&plan.folder).map_err(in_folder)?;
    let file = plan.folder.join(kept::name(now));
    let size = copy::write(database, &file, go_on)?;
    // Remove old backups only once there is a newer one.
    if let Err(error) = kept::prune(&plan.folder, plan.keep, now) {
        tracing::warn!(%error, "could not remove old backups in {folder}");
    }
    Ok(format!("{} ({})", file.display(), terminal::size(size)))
}
