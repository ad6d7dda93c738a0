//! Results as text and as JSON.

use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use serde_json::{Value, json};

use crate::measure::{Measurement, Scenario};

/// Maximum difference between the two floors of a run, in percent. Beyond it the numbers are
/// doubtful.
const NOISE_LIMIT: f64 = 15.0;

/// Maximum slowdown of a scenario between the sizes of `--growth`.
const GROWTH_LIMIT: f64 = 1.3;

/// Replaces the last status line with `text`, on a terminal only.
pub fn status(text: &str) {
    let mut screen = stderr();
    if screen.is_terminal() {
        let _ = write!(screen, "\r\x1b[K{text}");
        let _ = screen.flush();
    }
}

/// The result of a standard run.
pub struct Standard {
    pub setting: Value,
    /// The scenarios in order, with a floor first and last.
    pub measurements: Vec<Measurement>,
    /// Transactions per second that the disk commits in bare batches.
    pub bare: Vec<(Scenario, f64)>,
    pub first_start: Duration,
    /// Start-up times on an existing database, fastest first.
    pub starts: Vec<Duration>,
    pub idle_bytes: u64,
    pub filled_bytes: u64,
    pub final_bytes: u64,
    pub binary_bytes: u64,
}

impl Standard {
    fn floors(&self) -> (f64, f64) {
        let rate = |m: Option<&Measurement>| m.map_or(0.0, Measurement::per_second);
        (rate(self.measurements.first()), rate(self.measurements.last()))
    }

    fn floor(&self) -> f64 {
        let (first, last) = self.floors();
        f64::midpoint(first, last)
    }

    /// The difference between the two floors, in percent of the lower one.
    fn noise(&self) -> f64 {
        let (first, last) = self.floors();
        (first.max(last) / first.min(last) - 1.0) * 100.0
    }

    /// Name, bare rate, and the server's share of it.
    fn bare_shares(&self) -> impl Iterator<Item = (&'static str, f64, f64)> {
        self.bare.iter().filter_map(|(scenario, rate)| {
            let measured = self.measurements.iter().find(|m| m.scenario == *scenario)?;
            Some((scenario.name(), *rate, measured.per_second() / rate))
        })
    }

    fn start_median(&self) -> Duration {
        self.starts[self.starts.len() / 2]
    }

    pub fn print(&self) {
        print_table(&self.measurements, self.floor());
        println!();
        for (name, rate, share) in self.bare_shares() {
            println!(
                "{name}: {:.2} of the {} a second that the disk takes in bare batches",
                share,
                grouped(rate),
            );
        }
        let noise = self.noise();
        let verdict =
            if noise > NOISE_LIMIT { "a noisy machine, measure again" } else { "a steady machine" };
        println!("\nfloors differ by {noise:.1} %: {verdict}");
        println!(
            "resident memory {} idle, {} filled, {} at the end",
            megabytes(self.idle_bytes),
            megabytes(self.filled_bytes),
            megabytes(self.final_bytes),
        );
        println!(
            "start-up {} (median of {}), {} for the first that makes the database",
            time(self.start_median()),
            self.starts.len(),
            time(self.first_start),
        );
        println!("binary {}", megabytes(self.binary_bytes));
    }

    pub fn json(&self) -> Value {
        json!({
            "setting": self.setting,
            "scenarios": scenarios(&self.measurements, self.floor()),
            "ofBareBatches": self.bare_shares().map(|(name, rate, share)| json!({
                "name": name, "bareTransactionsPerSecond": rate, "share": share,
            })).collect::<Vec<_>>(),
            "floorDifferencePercent": self.noise(),
            "noisy": self.noise() > NOISE_LIMIT,
            "residentBytes": {
                "idle": self.idle_bytes,
                "filled": self.filled_bytes,
                "end": self.final_bytes,
            },
            "startUpMillis": {
                "median": millis(self.start_median()),
                "first": millis(self.first_start),
            },
            "binaryBytes": self.binary_bytes,
        })
    }
}

/// The result for one size of `--growth`.
pub struct Size {
    pub invoices: usize,
    /// The scenarios in order, with a floor first.
    pub measurements: Vec<Measurement>,
    /// The median time from process start to first response.
    pub start: Duration,
    pub idle_bytes: u64,
    /// Size of the database file.
    pub file_bytes: u64,
}

impl Size {
    fn floor(&self) -> f64 {
        self.measurements[0].per_second()
    }

    pub fn print(&self) {
        println!(
            "\n{} invoices in {}: start-up {}, resident memory {} idle",
            grouped(self.invoices as f64),
            megabytes(self.file_bytes),
            time(self.start),
            megabytes(self.idle_bytes),
        );
        print_table(&self.measurements, self.floor());
    }
}

/// Compares each size of `--growth` with the first.
pub fn print_growth(sizes: &[Size]) {
    println!();
    for size in &sizes[1..] {
        for (name, slowdown) in slowdowns(&sizes[0], size) {
            let verdict = if slowdown > GROWTH_LIMIT { "over" } else { "within" };
            println!(
                "{name}: {slowdown:.2} times slower with {} invoices than with {} ({verdict} the \
                 limit of {GROWTH_LIMIT})",
                grouped(size.invoices as f64),
                grouped(sizes[0].invoices as f64),
            );
        }
    }
}

pub fn growth_json(setting: &Value, sizes: &[Size]) -> Value {
    let sizes: Vec<Value> = sizes
        .iter()
        .map(|size| {
            let slowdown: serde_json::Map<String, Value> = slowdowns(&sizes[0], size)
                .map(|(name, slowdown)| (name.to_owned(), slowdown.into()))
                .collect();
            json!({
                "invoices": size.invoices,
                "scenarios": scenarios(&size.measurements, size.floor()),
                "slowdown": slowdown,
                "startUpMillis": millis(size.start),
                "residentBytes": size.idle_bytes,
                "fileBytes": size.file_bytes,
            })
        })
        .collect();
    json!({ "setting": setting, "sizes": sizes, "slowdownLimit": GROWTH_LIMIT })
}

/// Each scenario with the ratio of its rates at `first` and at `other`.
pub fn slowdowns<'a>(
    first: &'a Size,
    other: &'a Size,
) -> impl Iterator<Item = (&'static str, f64)> {
    first.measurements.iter().zip(&other.measurements).map(|(before, after)| {
        let slowdown = before.per_second() / after.per_second();
        (before.scenario.name(), slowdown)
    })
}

/// FreelanceOS and another program in turn, scenario by scenario.
#[derive(Default)]
pub struct Comparison {
    /// The other program.
    pub other_name: &'static str,
    pub setting: Value,
    pub ours: Vec<Measurement>,
    pub other: Vec<Measurement>,
}

impl Comparison {
    fn pairs(&self) -> impl Iterator<Item = (&Measurement, &Measurement)> {
        self.ours.iter().zip(&self.other)
    }

    pub fn print(&self) {
        println!(
            "{:<15}{:>13}{:>11}{:>12}{:>11}{:>8}",
            "scenario", "FreelanceOS", "p99", self.other_name, "its p99", "times"
        );
        for (ours, theirs) in self.pairs() {
            println!(
                "{:<15}{:>13}{:>11}{:>12}{:>11}{:>8.1}",
                ours.scenario.name(),
                grouped(ours.per_second()),
                time(ours.p99),
                grouped(theirs.per_second()),
                time(theirs.p99),
                ours.per_second() / theirs.per_second(),
            );
        }
    }

    pub fn json(&self) -> Value {
        let scenario = |(ours, theirs): (&Measurement, &Measurement)| {
            json!({
                "name": ours.scenario.name(),
                "perSecond": ours.per_second(),
                "otherPerSecond": theirs.per_second(),
                "times": ours.per_second() / theirs.per_second(),
            })
        };
        let scenarios: Vec<Value> = self.pairs().map(scenario).collect();
        json!({ "setting": self.setting, "other": self.other_name, "scenarios": scenarios })
    }
}

fn print_table(measurements: &[Measurement], floor: f64) {
    println!(
        "{:<15}{:>12}{:>10}{:>11}{:>11}{:>15}",
        "scenario", "requests/s", "of floor", "p50", "p99", "CPU a request"
    );
    for measurement in measurements {
        println!(
            "{:<15}{:>12}{:>10.3}{:>11}{:>11}{:>15}",
            measurement.scenario.name(),
            grouped(measurement.per_second()),
            measurement.per_second() / floor,
            time(measurement.p50),
            time(measurement.p99),
            time(measurement.processor),
        );
    }
}

fn scenarios(measurements: &[Measurement], floor: f64) -> Vec<Value> {
    measurements
        .iter()
        .map(|measurement| {
            json!({
                "name": measurement.scenario.name(),
                "answers": measurement.answers,
                "failures": measurement.failures,
                "requestsPerSecond": measurement.per_second(),
                "ofFloor": measurement.per_second() / floor,
                "p50Micros": measurement.p50.as_micros() as u64,
                "p99Micros": measurement.p99.as_micros() as u64,
                "serverProcessorMicros": measurement.processor.as_secs_f64() * 1e6,
            })
        })
        .collect()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..100.0 => format!("{micros:.1} µs"),
        ..1000.0 => format!("{micros:.0} µs"),
        ..100_000.0 => format!("{:.2} ms", micros / 1e3),
        _ => format!("{:.0} ms", micros / 1e3),
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Formats a rate or count with thousands separators, and with a decimal if it is small.
fn grouped(number: f64) -> String {
    if number < 100.0 && number.fract() != 0.0 {
        return format!("{number:.1}");
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
