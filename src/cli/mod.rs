//! The command line. Exit codes: 0 done, 1 failed, 2 wrong usage or settings.

mod admin;
mod backup;
mod completions;
mod demo;
mod doctor;
mod export;
mod given;
mod licenses;
mod logging;
mod mail;
mod memory;
mod migrate;
mod notify;
mod openapi;
mod rates;
mod restore;
mod serve;
mod terminal;
mod tls;
mod transfer;

use std::{error::Error as _, process::ExitCode, sync::Arc};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use jiff::Timestamp;
use rustix::{fs::Mode, process::umask};
use tokio::runtime;

use crate::{
    app::{
        App, Settings as AppSettings,
        environment::{Clock, SystemClock, SystemRandom},
    },
    config::{LoadError, Location, Settings, WrongSetting},
    domain::error::{Error, Kind},
    store::{Database, Store, migrate as schema},
};

/// A freelancer's back office in one executable.
#[derive(Parser)]
#[command(name = "freelanceos", version, max_term_width = 100, subcommand_required = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server
    Serve(Box<Settings>),
    /// Upgrade the database to this version (serve does this at startup)
    Migrate(migrate::Arguments),
    /// Back up the database, even while a server is running
    Backup(backup::Arguments),
    /// Restore the database from a backup
    Restore(restore::Arguments),
    /// Copy the database from SQLite to PostgreSQL or back
    Transfer(transfer::Arguments),
    /// Check settings, data and database, and suggest fixes
    Doctor(Box<doctor::Arguments>),
    /// Manage accounts
    Admin(admin::Arguments),
    /// Manage exchange rates
    Rates(rates::Arguments),
    /// Create a demo account with two years of data
    Demo(demo::Arguments),
    /// Print an OpenAPI document
    Openapi(openapi::Arguments),
    /// Print shell completions
    Completions(completions::Arguments),
    /// Print the licenses of this program and its dependencies
    Licenses,
}

/// Why a command failed.
#[derive(Debug)]
enum Failure {
    /// Wrong usage or an invalid setting: exit code 2.
    Usage(String),
    /// It failed: exit code 1.
    Failed(String),
}

impl From<WrongSetting> for Failure {
    fn from(error: WrongSetting) -> Self {
        Failure::Usage(error.to_string())
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Wrong(error) => error.into(),
            error @ LoadError::Secret { .. } => Failure::Failed(error.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Failed(in_words(&error))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Failed(error.to_string())
    }
}

/// A message that says what failed.
impl From<String> for Failure {
    fn from(text: String) -> Self {
        Failure::Failed(text)
    }
}

type Outcome = Result<(), Failure>;

/// Describes an error in one line for the user at the terminal.
fn in_words(error: &Error) -> String {
    match error.kind() {
        Kind::Invalid(fields) => {
            fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        }
        Kind::Internal => match error.source() {
            Some(source) => source.to_string(),
            None => error.to_string(),
        },
        _ => error.cause(),
    }
}

/// Runs the command given on the command line.
pub fn main() -> ExitCode {
    let (message, code) = match run() {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => (message, 2),
        Err(Failure::Failed(message)) => (message, 1),
    };
    eprintln!("freelanceos: {message}");
    ExitCode::from(code)
}

fn run() -> Outcome {
    // Only the owner may access any file, including SQLite's.
    umask(Mode::RWXG | Mode::RWXO);
    let command = Cli::command();
    let arguments = given::without_empty(&command, std::env::args_os().collect());
    let matches = given::with_settings(command)?.get_matches_from(arguments);
    let cli = Cli::from_arg_matches(&matches).map_err(|error| Failure::Usage(error.to_string()))?;
    match cli.command {
        Command::Serve(settings) => serve::run(*settings),
        Command::Migrate(arguments) => migrate::run(arguments),
        Command::Backup(arguments) => backup::run(arguments),
        Command::Restore(arguments) => restore::run(arguments),
        Command::Transfer(arguments) => transfer::run(arguments),
        Command::Doctor(arguments) => doctor::run(*arguments),
        Command::Admin(arguments) => admin::run(arguments),
        Command::Rates(arguments) => rates::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Openapi(arguments) => openapi::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Licenses => licenses::run(),
    }
}

/// Opens the database for a command, whether or not a server is running. It must exist and have
/// this version's schema.
fn open_app(
    location: &Location,
    clock: Arc<dyn Clock>,
    settings: AppSettings,
) -> Result<App, Failure> {
    let database = ready_database(location)?;
    let store = Store::open(&database).map_err(cannot_open(&database))?;
    Ok(App::new(store, clock, Arc::new(SystemRandom), settings)?)
}

/// Returns the database, which must exist and have this version's schema.
fn ready_database(location: &Location) -> Result<Database, Failure> {
    let database = location.database()?;
    // A command does one thing at a time.
    let database = match database {
        Database::Postgres(server) => Database::Postgres(server.with_connections(2)),
        file => file,
    };
    let version = schema::version(&database).map_err(cannot_open(&database))?;
    if version == 0 {
        return Err(Failure::Failed(format!(
            "there is no database at {database}; run `freelanceos serve` first"
        )));
    }
    let migration = schema::plan(&database)?;
    if migration.from < migration.to {
        return Err(Failure::Failed(format!(
            "{database} has schema version {}, this program needs {}: run `freelanceos migrate` first",
            migration.from, migration.to
        )));
    }
    Ok(database)
}

fn cannot_open(database: &Database) -> impl Fn(Error) -> Failure {
    move |error| match error.kind() {
        Kind::Conflict => error.into(),
        _ => Failure::Failed(format!("cannot open {database}: {}", in_words(&error))),
    }
}

/// The error of a command that must not touch a database in use.
fn at_work(database: &Database) -> Failure {
    Failure::Failed(format!("a server is using {database}: stop it first"))
}

/// Opens the app, runs `work`, and returns once everything is on disk.
fn with_app<T>(
    location: &Location,
    work: impl AsyncFnOnce(&App) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let app = open_app(location, Arc::new(SystemClock), AppSettings::default())?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(work(&app));
    app.close();
    outcome
}

fn now() -> Timestamp {
    SystemClock.now()
}
