//! The text format in which Prometheus and its kin read.

use std::{
    fmt::{Display, Write},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A page of figures as it is written.
#[derive(Default)]
pub struct Text {
    written: String,
    /// The figure whose samples come now.
    name: &'static str,
}

// Writing to a string does not fail.
impl Text {
    pub fn counter(&mut self, name: &'static str, help: &str) {
        self.head(name, help, "counter");
    }

    pub fn gauge(&mut self, name: &'static str, help: &str) {
        self.head(name, help, "gauge");
    }

    pub fn histogram(&mut self, name: &'static str, help: &str) {
        self.head(name, help, "histogram");
    }

    fn head(&mut self, name: &'static str, help: &str, kind: &str) {
        self.name = name;
        let _ = writeln!(self.written, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// A value of the figure named last. Labels are `name="value"`, several with commas.
    pub fn sample(&mut self, labels: &str, value: impl Display) {
        self.line("", labels, value);
    }

    /// A histogram: bounds, how many fell into each bucket, and the sum of all.
    pub(super) fn buckets(
        &mut self,
        labels: &str,
        bounds: impl Iterator<Item: Display>,
        buckets: &[AtomicU64],
        sum: &dyn Display,
    ) {
        let comma = if labels.is_empty() { "" } else { "," };
        let mut counts = buckets.iter().map(|bucket| bucket.load(Relaxed));
        let mut seen = 0;
        for (bound, count) in bounds.zip(&mut counts) {
            seen += count;
            self.line("_bucket", &format!("{labels}{comma}le=\"{bound}\""), seen);
        }
        seen += counts.sum::<u64>();
        self.line("_bucket", &format!("{labels}{comma}le=\"+Inf\""), seen);
        self.line("_sum", labels, sum);
        // Of one reading, so that it agrees with the last bucket.
        self.line("_count", labels, seen);
    }

    fn line(&mut self, suffix: &str, labels: &str, value: impl Display) {
        let name = self.name;
        let _ = match labels {
            "" => writeln!(self.written, "{name}{suffix} {value}"),
            _ => writeln!(self.written, "{name}{suffix}{{{labels}}} {value}"),
        };
    }

    pub fn into_string(self) -> String {
        self.written
    }
}
