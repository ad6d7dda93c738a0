//! The command line. Exit codes: 0 done, 1 failed, 2 wrong usage or settings.

mod migrate;
mod serve;

use std::{path::Path, process::ExitCode, sync::Arc};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use jiff::Timestamp;

use crate::{
    app::{
        App, Settings as AppSettings,
        environment::{Clock, SystemClock, SystemRandom},
    },
    config::{LoadError, Location, Logging, Settings, WrongSetting},
    domain::error::Error,
    store::{Store, migrate as schema},
};

/// The back office of a freelancer in one executable.
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
    /// Bring the database to this version's schema (serve does it by itself)
    Migrate(migrate::Arguments),
}

/// Why a command did not end well.
#[derive(Debug)]
enum Failure {
    /// The usage or a setting is wrong: exit code 2.
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
        match error.kind() {
            crate::domain::error::Kind::Invalid(_) => Failure::Failed(error.to_string()),
            _ => Failure::Failed(error.cause()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Failed(error.to_string())
    }
}

type Outcome = Result<(), Failure>;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            eprintln!("freelanceos: {message}");
            ExitCode::from(2)
        }
        Err(Failure::Failed(message)) => {
            eprintln!("freelanceos: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    let matches = with_files(Cli::command())?.get_matches();
    let cli = Cli::from_arg_matches(&matches).map_err(|error| Failure::Usage(error.to_string()))?;
    match cli.command {
        Command::Serve(settings) => serve::run(*settings),
        Command::Migrate(arguments) => migrate::run(arguments),
    }
}

/// Reads each setting whose `NAME_FILE` is set from that file. Flag and environment go first.
fn with_files(mut command: clap::Command) -> Result<clap::Command, Failure> {
    let mut values = Vec::new();
    for subcommand in command.get_subcommands() {
        for argument in subcommand.get_arguments() {
            let Some(name) = argument.get_env().and_then(|name| name.to_str()) else { continue };
            let Some(file) = std::env::var_os(format!("{name}_FILE")) else { continue };
            let value = std::fs::read_to_string(&file).map_err(|error| {
                let file = Path::new(&file).display();
                Failure::Usage(format!("{name}_FILE is {file}, which cannot be read: {error}"))
            })?;
            let value = value.trim_end_matches(['\r', '\n']).to_owned();
            values.push((subcommand.get_name().to_owned(), argument.get_id().clone(), value));
        }
    }
    for (subcommand, argument, value) in values {
        command = command.mut_subcommand(subcommand, |subcommand| {
            subcommand.mut_arg(argument, |argument| argument.default_value(value))
        });
    }
    Ok(command)
}

/// Starts logging to standard error.
fn start_logging(logging: &Logging) -> Outcome {
    let (filter, json) = (logging.filter()?, logging.is_json()?);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        builder.json().init()
    } else {
        builder.with_target(false).init()
    }
    Ok(())
}

/// Opens the database for a command beside a running server or without one. It must exist and
/// be of this version's schema.
fn open_app(location: &Location) -> Result<App, Failure> {
    let database = location.database()?;
    let migration = schema::plan(&database)?;
    if migration.from == 0 {
        return Err(Failure::Failed(format!(
            "there is no database at {}; start `freelanceos serve` or `freelanceos migrate` first",
            database.display()
        )));
    }
    if migration.from < migration.to {
        return Err(Failure::Failed(format!(
            "{} has schema version {}, this program wants {}: run `freelanceos migrate` first",
            database.display(),
            migration.from,
            migration.to
        )));
    }
    // No command here signs or checks a token, so the secret is not needed.
    let settings = AppSettings { jwt_secret: String::new(), payment_link_base: String::new() };
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    Ok(App::new(Store::open(&database)?, clock, random, settings)?)
}

fn now() -> Timestamp {
    SystemClock.now()
}
