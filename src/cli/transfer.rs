//! `freelanceos transfer`.
//!
//! The target gets everything or nothing: on a server the copy is one transaction, and a file is
//! written under a temporary name and renamed.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use tokio::runtime;

use super::{
    Failure, Outcome, at_work,
    backup::{publish, quoted, refuse_existing, remove_part, with_part},
    cannot_open, in_words, now,
    serve::stop_signal,
    terminal,
};
use crate::{
    config::{
        Location,
        file::{self, beside},
    },
    domain::{
        error::{Error, Kind, Result as StoreResult},
        money::Currency,
    },
    store::{
        Database, migrate,
        sqlite::{self, ServeLock},
        transfer::{self, ColumnKind, Copied, Follower},
    },
};

/// Tables whose sums of money are shown.
const MONEY: [&str; 3] = ["invoices", "payments", "credit_notes"];

#[derive(Args)]
pub struct Arguments {
    /// Database to copy, without a running server: sqlite:PATH or
    /// postgres://USER:PASSWORD@HOST/NAME
    #[arg(long, env = "TRANSFER_FROM", hide_env_values = true, value_name = "URL")]
    from: String,

    /// Destination: a file that does not exist yet, or an empty database
    #[arg(long, env = "TRANSFER_TO", hide_env_values = true, value_name = "URL")]
    to: String,

    /// Show what would be copied, without copying
    #[arg(long)]
    dry_run: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Folder with the secrets, which the copy needs too
    #[arg(long, env = "DATA_DIR", default_value = "./data", value_name = "FOLDER")]
    data_dir: PathBuf,
}

pub fn run(arguments: Arguments) -> Outcome {
    let source = parse("--from (TRANSFER_FROM)", &arguments.from)?;
    let target = parse("--to (TRANSFER_TO)", &arguments.to)?;
    check_source(&source)?;
    check_target(&target)?;
    if arguments.dry_run {
        return print_plan(&source, &target, arguments.json);
    }
    let _locks = lock(&source, &target)?;
    let copied = match target.file() {
        None => copy(&source, &target, None)?,
        Some(file) => into_file(&source, file)?,
    };
    if arguments.json {
        return terminal::print_json(&in_json(&source, &target, &copied));
    }
    print_copied(&copied)?;
    terminal::print(&next_steps(&source, &target, &arguments.data_dir))
}

/// A URL may contain a password, so it is not repeated.
fn parse(name: &str, url: &str) -> Result<Database, Failure> {
    Database::parse(url).map_err(|expected| Failure::Usage(format!("{name} must be {expected}")))
}

/// Rejects a database with another schema version, or one that a server may change.
fn check_source(source: &Database) -> Outcome {
    let version = migrate::version(source).map_err(cannot_open(source))?;
    let refused = match version {
        0 => format!("there is no freelanceos database at {source} to copy"),
        version if version < migrate::latest() => format!(
            "{source} has schema version {version}, but this program copies version {}: run \
             `freelanceos migrate` with that DATABASE_URL first",
            migrate::latest()
        ),
        version if version > migrate::latest() => format!(
            "{source} has schema version {version}, newer than the {} that this program supports: \
             use a newer freelanceos",
            migrate::latest()
        ),
        _ if source.is_served()? => return Err(at_work(source)),
        _ => return Ok(()),
    };
    Err(Failure::Failed(refused))
}

fn check_target(target: &Database) -> Outcome {
    if let Some(file) = target.file() {
        // SQLite would use these files for the new database.
        for ending in ["", "-wal", "-shm", "-journal"] {
            refuse_existing(&beside(file, ending))?;
        }
        return Ok(());
    }
    match transfer::occupied(target).map_err(cannot_open(target))? {
        None => Ok(()),
        Some(table) => Err(Failure::Failed(format!(
            "{target} already has a table {table} and is not overwritten: create an empty database \
             and copy to that"
        ))),
    }
}

/// Locks the database files against servers.
fn lock(source: &Database, target: &Database) -> Result<Vec<ServeLock>, Failure> {
    let mut locks = Vec::new();
    if let Some(file) = source.file() {
        let lock = ServeLock::take(file).map_err(cannot_open(source))?;
        locks.push(lock.ok_or_else(|| at_work(source))?);
    }
    if let Some(file) = target.file() {
        if let Some(folder) = file.parent() {
            file::make_folder(folder)
                .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
        }
        let place = |file| fs::canonicalize(ServeLock::file(file)).ok();
        let held = source.file().and_then(place);
        // Files in one folder whose names differ only in the extension share a lock.
        if held.is_none() || held != place(file) {
            let lock = ServeLock::take(file).map_err(cannot_open(target))?;
            locks.push(lock.ok_or_else(|| at_work(target))?);
        }
    }
    Ok(locks)
}

/// Writes the file under a temporary name, and renames it once complete.
fn into_file(source: &Database, file: &Path) -> Result<Vec<Copied>, Failure> {
    with_part(file, ".transferring", |part| {
        let copied = copy(source, &Database::Sqlite(part.to_owned()), Some(part))?;
        if let Some(damage) = sqlite::check(part)?.first() {
            return Err(format!("{} is damaged: {damage}", part.display()).into());
        }
        publish(part, file)?;
        Ok(copied)
    })
}

/// Copies everything, with a progress bar, until a signal stops it.
fn copy(source: &Database, target: &Database, part: Option<&Path>) -> Result<Vec<Copied>, Failure> {
    let is_decided = Arc::new(AtomicBool::new(false));
    await_stop(Arc::clone(&is_decided), part.map(Path::to_owned))?;
    let bar = terminal::progress("Copying");
    if let Ok(style) =
        ProgressStyle::with_template("{prefix} {wide_bar} {human_pos} of {human_len} rows  {msg}")
    {
        bar.set_style(style);
    }
    let progress = Progress { bar, source, is_decided, is_comparing: AtomicBool::new(false) };
    let copied = transfer::run(source, target, now(), &progress);
    progress.bar.finish_and_clear();
    copied.map_err(|error| {
        let is_decided = progress.is_decided.load(Ordering::SeqCst);
        let what = match error.kind() {
            // The reply to the commit was lost, but the commit may have succeeded.
            Kind::Unavailable { .. } if is_decided && target.server().is_some() => {
                "everything or nothing was copied; check with `freelanceos doctor`:"
            }
            _ => "nothing was copied to",
        };
        Failure::Failed(format!("{what} {target}: {}", in_words(&error)))
    })
}

/// Ends the program at the first signal to stop, unless everything is copied already. A server
/// rolls back when the connection closes.
fn await_stop(is_decided: Arc<AtomicBool>, part: Option<PathBuf>) -> Outcome {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let stopped = {
        let _entered = runtime.enter();
        stop_signal()?
    };
    thread::spawn(move || {
        runtime.block_on(stopped);
        if !is_decided.swap(true, Ordering::SeqCst) {
            if let Some(part) = part {
                // If this fails, the next transfer removes it.
                let _ = remove_part(&part);
            }
            eprintln!("freelanceos: stopped, nothing was copied");
            process::exit(1);
        }
    });
    Ok(())
}

/// The progress of a copy until it is committed or dropped.
struct Progress<'s> {
    bar: ProgressBar,
    source: &'s Database,
    /// Whether it is too late to stop, or to continue.
    is_decided: Arc<AtomicBool>,
    is_comparing: AtomicBool,
}

impl Follower for Progress<'_> {
    fn counted(&self, rows: u64) {
        self.bar.set_length(rows);
    }

    fn copied(&self, table: &'static str, rows: u64) {
        self.bar.set_message(table);
        self.bar.inc(rows);
    }

    fn compared(&self, table: &'static str, rows: u64) {
        if !self.is_comparing.swap(true, Ordering::Relaxed) {
            self.bar.set_prefix("Comparing");
            self.bar.set_position(0);
        }
        self.bar.set_message(table);
        self.bar.inc(rows);
    }

    fn decide(&self) -> StoreResult<()> {
        // For a file, our lock keeps servers out.
        if self.source.server().is_some() && self.source.is_served()? {
            return Err(Error::conflict("error-copy-source-served").with("database", self.source));
        }
        if self.is_decided.swap(true, Ordering::SeqCst) {
            return Err(Error::conflict("error-copy-stopped"));
        }
        Ok(())
    }
}

fn print_plan(source: &Database, target: &Database, as_json: bool) -> Outcome {
    let counts = transfer::counts(source).map_err(cannot_open(source))?;
    let rows: u64 = counts.iter().map(|(_, rows)| rows).sum();
    if as_json {
        let tables = counts.iter().map(|(name, rows)| json!({"table": name, "rows": rows}));
        return terminal::print_json(&json!({
            "from": source.to_string(),
            "to": target.to_string(),
            "rows": rows,
            "tables": tables.collect::<Value>(),
        }));
    }
    let filled: Vec<[String; 2]> = counts
        .iter()
        .filter(|(_, rows)| *rows > 0)
        .map(|(name, rows)| [(*name).to_owned(), grouped(*rows)])
        .collect();
    terminal::print_table(["TABLE", "ROWS"], &filled)?;
    terminal::print(&format!("{} rows would be copied from {source} to {target}\n", grouped(rows)))
}

fn print_copied(copied: &[Copied]) -> Outcome {
    let filled: Vec<[String; 3]> = copied
        .iter()
        .filter(|copied| copied.sums.rows > 0)
        .map(|Copied { table, sums }| {
            let is_told = MONEY.contains(&table.name.as_str());
            let money =
                sums.money.iter().filter(|_| is_told).map(
                    |(code, minor)| match Currency::from_code(code) {
                        Some(currency) => currency.show(*minor),
                        None => format!("{code} {minor}"),
                    },
                );
            [table.name.clone(), grouped(sums.rows), money.collect::<Vec<_>>().join(" + ")]
        })
        .collect();
    terminal::print_table(["TABLE", "ROWS", "AMOUNTS"], &filled)?;
    let rows = copied.iter().map(|copied| copied.sums.rows).sum();
    terminal::print(&format!(
        "{} rows of {} tables were copied, read back and verified\n",
        grouped(rows),
        copied.len()
    ))
}

fn grouped(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

fn in_json(source: &Database, target: &Database, copied: &[Copied]) -> Value {
    let tables = copied.iter().map(|Copied { table, sums }| {
        let columns = table.columns.iter().zip(&sums.columns);
        let sums_of: Map<String, Value> = columns
            .filter(|(column, _)| column.kind == ColumnKind::Int)
            .map(|(column, sum)| (column.name.clone(), json!(sum)))
            .collect();
        json!({
            "table": table.name,
            "rows": sums.rows,
            "sums": sums_of,
            "digest": sums.digest(),
        })
    });
    json!({
        "from": source.to_string(),
        "to": target.to_string(),
        "rows": copied.iter().map(|copied| copied.sums.rows).sum::<u64>(),
        "tables": tables.collect::<Value>(),
    })
}

/// The next steps for using the copy.
fn next_steps(source: &Database, target: &Database, data_dir: &Path) -> String {
    let folders = [Some(data_dir), source.file().and_then(Path::parent)];
    let locations = folders
        .into_iter()
        .flatten()
        .map(|folder| Location { data_dir: folder.to_owned(), database_url: None });
    let kept = locations.into_iter().find(|location| location.secret_key_file().exists());
    let (mut settings, mut missing) = (String::new(), Vec::new());
    for (name, file) in [
        ("SECRET_KEY", kept.as_ref().map(Location::secret_key_file)),
        ("JWT_SECRET", kept.as_ref().map(Location::jwt_secret_file)),
    ] {
        match file.filter(|file| file.exists()) {
            Some(file) => settings.push_str(&format!("{name}_FILE={} ", quoted(&file))),
            None => missing.push(name),
        }
    }
    let secrets = match &missing[..] {
        [] => "the same secrets".to_owned(),
        missing => format!("the {} it was used with", missing.join(" and ")),
    };
    let (url, password) = match target {
        Database::Sqlite(file) => (format!("sqlite:{}", file.display()), ""),
        Database::Postgres(server) => (server.to_string(), ", and the password in DATABASE_URL"),
    };
    format!(
        "{source} is unchanged. To run a server with the copy, with {secrets}{password}:\n  \
         {settings}DATABASE_URL={} freelanceos serve\n",
        quoted(Path::new(&url))
    )
}
