//! Metrics. When off, they cost one atomic read.

mod process;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Upper bounds of the response time buckets, in seconds: from a small page to the timeout.
const REQUEST: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];
/// The same for waiting for a database thread, and for writing a commit to disk.
const DATABASE: [f64; 12] =
    [0.00001, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];
/// Jobs per commit.
const BATCH: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// Status classes; the last is that of [`DROPPED`].
const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "dropped"];
/// The status for a request whose client left before the answer.
pub const DROPPED: u16 = 600;

static METRICS: OnceLock<Metrics> = OnceLock::new();

/// Turns the metrics on for the rest of the process.
pub fn switch_on() -> &'static Metrics {
    METRICS.get_or_init(Metrics::new)
}

/// Returns the metrics, if they are on.
pub fn on() -> Option<&'static Metrics> {
    METRICS.get()
}

/// A label and its value.
pub type Label = [(&'static str, &'static str); 1];

/// All metrics that are counted as events happen.
pub struct Metrics {
    requests: Family<(Asked, Label), Counter>,
    request_times: Family<Asked, Histogram>,
    /// Requests being answered.
    pub in_flight: Gauge,
    /// Open connections, and all connections so far.
    pub connections: Gauge,
    pub accepted: Counter,
    waits: Family<Label, Histogram>,
    /// How long reads and writes waited for a database thread.
    pub read_wait: Histogram,
    pub write_wait: Histogram,
    /// How many jobs each commit had, and how long it took to reach the disk.
    pub batch: Histogram,
    pub commit: Histogram,
}

/// The requested route: the template of a path, never the path itself, so that visitors cannot add
/// series.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: Arc<str>,
}

impl Metrics {
    fn new() -> Self {
        let waits: Family<Label, Histogram> =
            Family::new_with_constructor(|| Histogram::new(DATABASE));
        Self {
            requests: Family::default(),
            request_times: Family::new_with_constructor(|| Histogram::new(REQUEST)),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            accepted: Counter::default(),
            read_wait: waits.get_or_create_owned(&[("queue", "read")]),
            write_wait: waits.get_or_create_owned(&[("queue", "write")]),
            waits,
            batch: Histogram::new(BATCH),
            commit: Histogram::new(DATABASE),
        }
    }

    /// Counts an answered request. `route` is the template of its route; without one the method is
    /// not counted either, since the visitor may have invented it.
    pub fn answered(
        &self,
        method: &'static str,
        route: Option<Arc<str>>,
        status: u16,
        time: Duration,
    ) {
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        let (method, route) = match route {
            Some(route) => (method, route),
            None => ("", "other".into()),
        };
        let asked = Asked { method, route };
        self.request_times.get_or_create(&asked).observe(time.as_secs_f64());
        self.requests.get_or_create(&(asked, [("status", CLASSES[class])])).inc();
    }

    /// Adds all metrics to a page, and the resource use of the process.
    pub fn register(&self, page: &mut Registry) {
        let http = page.sub_registry_with_prefix("freelanceos_http");
        http.register("requests", "Requests by route and class of status", self.requests.clone());
        let times = self.request_times.clone();
        http.register("request_duration_seconds", "Time to the answer's head", times);
        http.register("requests_in_flight", "Requests being answered", self.in_flight.clone());
        http.register("connections", "Open connections", self.connections.clone());
        http.register("connections_accepted", "Connections there were", self.accepted.clone());
        let database = page.sub_registry_with_prefix("freelanceos_database");
        database.register("wait_seconds", "Waiting for a database thread", self.waits.clone());
        database.register("batch_jobs", "Writes of one commit", self.batch.clone());
        database.register("commit_seconds", "Bringing a commit to the disk", self.commit.clone());
        process::register(page);
    }
}

/// Counts in a gauge while it is alive.
pub struct Present(Gauge);

impl Present {
    pub fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::prometheus_text;

    use super::*;

    #[test]
    fn requests_count_by_route_and_status_class() {
        let metrics = Metrics::new();
        let add = |method, route: Option<&str>, status| {
            metrics.answered(method, route.map(Arc::from), status, Duration::from_millis(3));
        };
        add("GET", Some("/clients/:id"), 200);
        add("GET", Some("/clients/:id"), 204);
        add("GET", Some("/clients/:id"), 503);
        add("PUT", Some("/clients/:id"), DROPPED);
        add("GET", None, 404);
        let present = Present::new(&metrics.connections);
        drop(Present::new(&metrics.connections));
        let mut page = Registry::default();
        metrics.register(&mut page);
        let mut text = String::new();
        prometheus_text::encode(&mut text, &page).unwrap();
        drop(present);
        for line in [
            r#"freelanceos_http_requests_total{method="GET",route="/clients/:id",status="2xx"} 2"#,
            r#"freelanceos_http_requests_total{method="GET",route="/clients/:id",status="5xx"} 1"#,
            r#"freelanceos_http_requests_total{method="PUT",route="/clients/:id",status="dropped"} 1"#,
            r#"freelanceos_http_requests_total{method="",route="other",status="4xx"} 1"#,
            r#"freelanceos_http_request_duration_seconds_bucket{method="GET",route="/clients/:id",le="0.0025"} 0"#,
            r#"freelanceos_http_request_duration_seconds_bucket{method="GET",route="/clients/:id",le="0.005"} 3"#,
            r#"freelanceos_http_request_duration_seconds_count{method="GET",route="/clients/:id"} 3"#,
            "freelanceos_http_connections 1",
        ] {
            assert!(text.lines().any(|written| written == line), "{line} is not in\n{text}");
        }
    }
}
