//! The page of figures for those who watch the server.

use std::{sync::Arc, time::Duration};

use poem::{Response, http::StatusCode};
use tokio::time::timeout;

use crate::{
    app::App,
    metrics::{Metrics, Text},
};

/// How long the database is asked for its figures; the others come without them.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of the process from its start.
#[derive(Clone)]
pub struct Process {
    /// Seconds since the beginning of 1970.
    pub started_at: i64,
    /// How many lines of the log were lost so far.
    pub lost_lines: fn() -> u64,
}

/// Everything that can be told now, as Prometheus reads it.
pub async fn show(app: &Arc<App>, metrics: &Metrics, process: &Process) -> Response {
    let mut text = Text::default();
    text.gauge("freelanceos_build_info", "The version that runs");
    text.sample(concat!("version=\"", env!("CARGO_PKG_VERSION"), "\""), 1);
    text.gauge("process_start_time_seconds", "When it was started");
    text.sample("", process.started_at);
    text.counter("freelanceos_log_lines_lost_total", "Lines that nobody took in time");
    text.sample("", (process.lost_lines)());
    metrics.write(&mut text);

    let load = app.load();
    text.gauge("freelanceos_database_queue_length", "Jobs that wait for a database thread");
    text.sample("queue=\"read\"", load.reads);
    text.sample("queue=\"write\"", load.writes);
    if let Some((database, wal)) = load.file_bytes {
        text.gauge("freelanceos_database_bytes", "Size of the database's files");
        text.sample("file=\"database\"", database);
        text.sample("file=\"wal\"", wal);
    }
    text.gauge("freelanceos_passwords", "Passwords being hashed, or waiting for a core");
    text.sample("state=\"running\"", load.hashing);
    text.sample("state=\"waiting\"", load.waiting_to_hash);
    match timeout(PATIENCE, app.mail_health()).await {
        Ok(Ok(mail)) => {
            text.gauge(
                "freelanceos_mail",
                "Mails that wait, wait for long, or were given up lately",
            );
            text.sample("state=\"waiting\"", mail.waiting);
            text.sample("state=\"late\"", mail.late.count);
            text.sample("state=\"failed\"", mail.failed.count);
        }
        Ok(Err(error)) => tracing::warn!(cause = error.cause(), "mail could not be counted"),
        Err(_) => tracing::warn!("mail could not be counted in time"),
    }
    Response::builder()
        .status(StatusCode::OK)
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text.into_string())
}
