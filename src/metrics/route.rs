//! Requests by route: the template of a path, never the path itself, so that no visitor can make
//! the figures grow.

use std::{
    iter::zip,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use super::{REQUEST, Text, Times};

/// Routes there may be, with room to find them fast. What comes later counts as "other".
const SLOTS: usize = 512;
/// Slots that are looked at for one route.
const PROBES: usize = 32;
/// Classes of status; the last is of requests whose client went away before the answer.
const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "dropped"];
/// What counts as the status of a request that nobody waited for.
pub const DROPPED: u16 = 600;

/// A request's method, which visitors could otherwise make up.
pub type Method = &'static str;

pub struct Routes {
    slots: Box<[Slot]>,
    /// What belongs to no route, and what found no slot.
    other: Seen,
}

struct Slot {
    route: OnceLock<(Method, String)>,
    seen: Seen,
}

struct Seen {
    classes: [AtomicU64; CLASSES.len()],
    times: Times,
}

impl Seen {
    fn new() -> Self {
        Self { classes: Default::default(), times: Times::new(REQUEST) }
    }

    fn is_empty(&self) -> bool {
        self.classes.iter().all(|count| count.load(Relaxed) == 0)
    }
}

impl Routes {
    pub(super) fn new() -> Self {
        let slot = || Slot { route: OnceLock::new(), seen: Seen::new() };
        Self { slots: (0..SLOTS).map(|_| slot()).collect(), other: Seen::new() }
    }

    /// Counts a request of a route (none where its path is of no route) that was answered.
    pub fn add(&self, method: Method, template: Option<&str>, status: u16, time: Duration) {
        let seen = template.map_or(&self.other, |template| self.slot(method, template));
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        seen.classes[class].fetch_add(1, Relaxed);
        seen.times.add(time);
    }

    fn slot(&self, method: Method, template: &str) -> &Seen {
        let first = hash(method, template);
        for probe in 0..PROBES {
            let slot = &self.slots[(first + probe) % SLOTS];
            let (of_method, of_template) = slot.route.get_or_init(|| (method, template.to_owned()));
            if *of_method == method && of_template == template {
                return &slot.seen;
            }
        }
        &self.other
    }

    pub(super) fn write(&self, text: &mut Text) {
        let known = self.slots.iter().filter_map(|slot| {
            let (method, template) = slot.route.get()?;
            Some((format!("method=\"{method}\",route=\"{}\"", escaped(template)), &slot.seen))
        });
        let other = Some(("method=\"\",route=\"other\"".to_owned(), &self.other))
            .filter(|(_, seen)| !seen.is_empty());
        let mut all: Vec<_> = known.chain(other).collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        text.counter("freelanceos_http_requests_total", "Requests by route and class of status");
        for (labels, seen) in &all {
            for (class, count) in zip(CLASSES, &seen.classes) {
                let count = count.load(Relaxed);
                if count > 0 {
                    text.sample(&format!("{labels},status=\"{class}\""), count);
                }
            }
        }
        text.histogram("freelanceos_http_request_duration_seconds", "Time to the answer's head");
        for (labels, seen) in &all {
            seen.times.write(text, labels);
        }
    }
}

/// FNV-1a: short texts, and nobody chooses them.
fn hash(method: &str, template: &str) -> usize {
    let bytes = method.bytes().chain(template.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 32) as usize
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(routes: &Routes) -> String {
        let mut text = Text::default();
        routes.write(&mut text);
        text.into_string()
    }

    #[test]
    fn requests_count_by_their_route_and_class() {
        let routes = Routes::new();
        let time = Duration::from_millis(3);
        routes.add("GET", Some("/clients/:id"), 200, time);
        routes.add("GET", Some("/clients/:id"), 204, time);
        routes.add("GET", Some("/clients/:id"), 503, time);
        routes.add("PUT", Some("/clients/:id"), DROPPED, time);
        routes.add("GET", None, 404, time);
        let text = shown(&routes);
        for line in [
            r#"freelanceos_http_requests_total{method="GET",route="/clients/:id",status="2xx"} 2"#,
            r#"freelanceos_http_requests_total{method="GET",route="/clients/:id",status="5xx"} 1"#,
            r#"freelanceos_http_requests_total{method="PUT",route="/clients/:id",status="dropped"} 1"#,
            r#"freelanceos_http_requests_total{method="",route="other",status="4xx"} 1"#,
            r#"freelanceos_http_request_duration_seconds_bucket{method="GET",route="/clients/:id",le="0.0025"} 0"#,
            r#"freelanceos_http_request_duration_seconds_bucket{method="GET",route="/clients/:id",le="0.005"} 3"#,
            r#"freelanceos_http_request_duration_seconds_sum{method="GET",route="/clients/:id"} 0.009"#,
        ] {
            assert!(text.lines().any(|written| written == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn more_routes_than_there_is_room_for_count_as_other() {
        let routes = Routes::new();
        for number in 0..2 * SLOTS {
            routes.add("GET", Some(&format!("/{number}")), 200, Duration::ZERO);
        }
        let text = shown(&routes);
        let named = text.lines().filter(|line| line.contains("requests_total{")).count();
        assert!(named <= SLOTS + 1, "{named}");
        assert!(text.contains("route=\"other\",status=\"2xx\""));
    }
}
