//! What is counted for those who watch the server: atomics in fixed places, so that counting
//! neither locks nor allocates. Off, it costs the look at one of them.

mod process;
mod route;
mod text;

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use self::route::Routes;
pub use self::{
    route::{DROPPED, Method},
    text::Text,
};

/// Upper bounds of the buckets for answers: from a cached page to the time-out.
const REQUEST: &[Duration] = &[
    micros(500),
    micros(1_000),
    micros(2_500),
    micros(5_000),
    micros(10_000),
    micros(25_000),
    micros(50_000),
    micros(100_000),
    micros(250_000),
    micros(500_000),
    micros(1_000_000),
    micros(2_500_000),
    micros(10_000_000),
    micros(30_000_000),
];
/// The same for waiting for a database thread, and for bringing a commit to the disk.
const DATABASE: &[Duration] = &[
    micros(10),
    micros(100),
    micros(500),
    micros(1_000),
    micros(2_500),
    micros(5_000),
    micros(10_000),
    micros(25_000),
    micros(100_000),
    micros(500_000),
    micros(1_000_000),
    micros(5_000_000),
];
/// Jobs of one commit.
const BATCH: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

const fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

static METRICS: OnceLock<Metrics> = OnceLock::new();

/// Begins to count, for as long as the process lives.
pub fn switch_on() -> &'static Metrics {
    METRICS.get_or_init(Metrics::new)
}

/// The counters, where somebody wants them.
pub fn on() -> Option<&'static Metrics> {
    METRICS.get()
}

/// The time, where somebody wants to know how long something takes.
pub fn start() -> Option<Instant> {
    on().map(|_| Instant::now())
}

/// Everything that is counted as it happens.
pub struct Metrics {
    pub routes: Routes,
    /// Requests being answered.
    pub in_flight: Gauge,
    /// Connections that are open, and all there were.
    pub connections: Gauge,
    pub accepted: Counter,
    /// How long reads and writes waited for a database thread.
    pub read_wait: Times,
    pub write_wait: Times,
    /// How many jobs each commit had, and how long it took to be on the disk.
    pub batch: Sizes,
    pub commit: Times,
}

impl Metrics {
    fn new() -> Self {
        Self {
            routes: Routes::new(),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            accepted: Counter::default(),
            read_wait: Times::new(DATABASE),
            write_wait: Times::new(DATABASE),
            batch: Sizes::new(BATCH),
            commit: Times::new(DATABASE),
        }
    }

    /// Writes all of it, and what the process uses.
    pub fn write(&self, text: &mut Text) {
        self.routes.write(text);
        text.gauge("freelanceos_http_requests_in_flight", "Requests being answered");
        text.sample("", self.in_flight.get());
        text.gauge("freelanceos_http_connections", "Open connections");
        text.sample("", self.connections.get());
        text.counter("freelanceos_http_connections_accepted_total", "Connections there were");
        text.sample("", self.accepted.get());
        text.histogram("freelanceos_database_wait_seconds", "Waiting for a database thread");
        self.read_wait.write(text, "queue=\"read\"");
        self.write_wait.write(text, "queue=\"write\"");
        text.histogram("freelanceos_database_batch_jobs", "Writes of one commit");
        self.batch.write(text, "");
        text.histogram("freelanceos_database_commit_seconds", "Bringing a commit to the disk");
        self.commit.write(text, "");
        process::write(text);
    }
}

/// A number that only grows.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// How many there are just now.
#[derive(Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// One more, until what is answered is dropped.
    pub fn enter(&self) -> Present<'_> {
        self.0.fetch_add(1, Relaxed);
        Present(self)
    }

    pub fn get(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// Counts in a [`Gauge`] for as long as it lives.
pub struct Present<'g>(&'g Gauge);

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

/// How many values fell below which bounds, and their sum.
pub struct Sizes {
    bounds: &'static [u64],
    /// One more than there are bounds: for what lies above them all.
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Sizes {
    fn new(bounds: &'static [u64]) -> Self {
        Self { bounds, buckets: buckets(bounds.len()), sum: AtomicU64::new(0) }
    }

    pub fn add(&self, value: usize) {
        let value = value as u64;
        self.buckets[self.bounds.partition_point(|bound| *bound < value)].fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    fn write(&self, text: &mut Text, labels: &str) {
        let sum = self.sum.load(Relaxed);
        text.buckets(labels, self.bounds.iter(), &self.buckets, &sum);
    }
}

/// The same of times.
pub struct Times {
    bounds: &'static [Duration],
    buckets: Box<[AtomicU64]>,
    /// In nanoseconds, which last for centuries.
    sum: AtomicU64,
}

impl Times {
    fn new(bounds: &'static [Duration]) -> Self {
        Self { bounds, buckets: buckets(bounds.len()), sum: AtomicU64::new(0) }
    }

    pub fn add(&self, time: Duration) {
        self.buckets[self.bounds.partition_point(|bound| *bound < time)].fetch_add(1, Relaxed);
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.sum.fetch_add(nanos, Relaxed);
    }

    fn write(&self, text: &mut Text, labels: &str) {
        let sum = Duration::from_nanos(self.sum.load(Relaxed)).as_secs_f64();
        text.buckets(labels, self.bounds.iter().map(Duration::as_secs_f64), &self.buckets, &sum);
    }
}

fn buckets(bounds: usize) -> Box<[AtomicU64]> {
    (0..=bounds).map(|_| AtomicU64::new(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_in_the_bucket_whose_bound_it_does_not_pass() {
        let sizes = Sizes::new(BATCH);
        for value in [1, 2, 3, 256, 257] {
            sizes.add(value);
        }
        let mut text = Text::default();
        text.histogram("jobs", "Jobs");
        sizes.write(&mut text, "of=\"a\"");
        let text = text.into_string();
        for line in [
            "# TYPE jobs histogram",
            "jobs_bucket{of=\"a\",le=\"1\"} 1",
            "jobs_bucket{of=\"a\",le=\"2\"} 2",
            "jobs_bucket{of=\"a\",le=\"4\"} 3",
            "jobs_bucket{of=\"a\",le=\"256\"} 4",
            "jobs_bucket{of=\"a\",le=\"+Inf\"} 5",
            "jobs_sum{of=\"a\"} 519",
            "jobs_count{of=\"a\"} 5",
        ] {
            assert!(text.lines().any(|written| written == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_gauge_falls_when_what_it_counts_is_gone() {
        let gauge = Gauge::default();
        let (one, two) = (gauge.enter(), gauge.enter());
        assert_eq!(gauge.get(), 2);
        drop(one);
        assert_eq!(gauge.get(), 1);
        drop(two);
        assert_eq!(gauge.get(), 0);
    }
}
