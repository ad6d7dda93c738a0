//! The metrics page.

use std::{sync::Arc, time::Duration};

use poem::{Response, http::StatusCode};
use prometheus_client::{
    encoding::prometheus_text::{CONTENT_TYPE, encode},
    metrics::{
        counter::ConstCounter,
        family::Family,
        gauge::{ConstGauge, Gauge},
        info::Info,
    },
    registry::Registry,
};
use tokio::time::timeout;

use crate::{
    app::App,
    metrics::{Label, Metrics},
};

/// How long the database may take; after that the page is sent without its metrics.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known about the process from startup.
#[derive(Clone)]
pub struct Process {
    /// Seconds since the Unix epoch.
    pub started_at: i64,
    /// How many log lines have been lost so far.
    pub lost_lines: fn() -> u64,
}

/// All metrics in the Prometheus text format.
pub async fn show(app: &Arc<App>, metrics: &Metrics, process: &Process) -> Response {
    let mut page = Registry::default();
    let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    page.register("freelanceos_build", "The version that runs", version);
    let started_at = ConstGauge::new(process.started_at);
    page.register("process_start_time_seconds", "When it was started", started_at);
    let lost = ConstCounter::new((process.lost_lines)());
    page.register("freelanceos_log_lines_lost", "Lines that nobody took in time", lost);
    metrics.register(&mut page);

    let load = app.load();
    page.register(
        "freelanceos_database_queue_length",
        "Jobs that wait for a database thread",
        gauges("queue", [("read", load.reads), ("write", load.writes)]),
    );
    if let Some((database, wal)) = load.file_bytes {
        page.register(
            "freelanceos_database_bytes",
            "Size of the database's files",
            gauges("file", [("database", database), ("wal", wal)]),
        );
    }
    page.register(
        "freelanceos_passwords",
        "Passwords being hashed, or waiting for a core",
        gauges("state", [("running", load.hashing), ("waiting", load.waiting_to_hash)]),
    );
    match timeout(PATIENCE, app.mail_health()).await {
        Ok(Ok(mail)) => page.register(
            "freelanceos_mail",
            "Mails that wait, wait for long, or were given up lately",
            gauges(
                "state",
                [
                    ("waiting", mail.waiting),
                    ("late", mail.late.count as i64),
                    ("failed", mail.failed.count as i64),
                ],
            ),
        ),
        Ok(Err(error)) => tracing::warn!(cause = error.cause(), "could not count emails"),
        Err(_) => tracing::warn!("counting emails took too long"),
    }
    let mut text = String::new();
    match encode(&mut text, &page) {
        Ok(()) => Response::builder().content_type(CONTENT_TYPE).body(text),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into(),
    }
}

/// Values that differ in one label.
fn gauges<const N: usize>(
    label: &'static str,
    values: [(&'static str, impl TryInto<i64>); N],
) -> Family<Label, Gauge> {
    let family = Family::default();
    for (of, value) in values {
        let gauge: Gauge = family.get_or_create_owned(&[(label, of)]);
        gauge.set(value.try_into().unwrap_or(i64::MAX));
    }
    family
}
