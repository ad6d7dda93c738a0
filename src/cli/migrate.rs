//! `freelanceos migrate`.

use clap::Args;

use super::{Failure, Outcome, cannot_open, in_words, now, terminal};
use crate::{
    config::Location,
    domain::error::{Error, Kind},
    store::{Database, migrate, sqlite::ServeLock},
};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    location: Location,

    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(arguments: Arguments) -> Outcome {
    let database = arguments.location.database()?;
    let plan = migrate::plan(&database).map_err(cannot_open(&database))?;
    if arguments.dry_run {
        let text = match (plan.from, plan.to) {
            (from, to) if from == to => format!("{database} is up to date at version {to}"),
            (0, to) => format!("{database} would be created at version {to}"),
            (from, to) => {
                let copied = database.file().map_or("", |_| "copied, then ");
                format!("{database} would be {copied}migrated from version {from} to {to}")
            }
        };
        return terminal::print(&format!("{text}\n"));
    }
    arguments
        .location
        .create()
        .map_err(|error| Failure::Failed(format!("cannot make the data folder: {error}")))?;
    // Under a server of another version its tables must not change.
    let lock = database.file().map(ServeLock::take).transpose().map_err(cannot_open(&database))?;
    if lock.as_ref().is_some_and(Option::is_none) && plan.from < plan.to {
        return Err(Failure::Failed(format!("a server is at work on {database}: stop it first")));
    }
    let done = migrate::run(&database, now()).map_err(cannot_migrate(&database))?;
    if done.from == done.to {
        return terminal::print(&format!("{database} is up to date at version {}\n", done.to));
    }
    terminal::print(&format!("{database} is now at version {}\n", done.to))?;
    match done.copy {
        Some(copy) => terminal::print(&format!(
            "the database as it was before is kept in {}\n",
            copy.display()
        )),
        None => Ok(()),
    }
}

/// Why a database could not be brought to this version, and that it is as it was.
pub fn cannot_migrate(database: &Database) -> impl Fn(Error) -> Failure {
    move |error| match error.kind() {
        Kind::Conflict => error.into(),
        _ => Failure::Failed(format!(
            "{database} could not be migrated and is as it was: {}",
            in_words(&error)
        )),
    }
}
