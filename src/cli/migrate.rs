//! `freelanceos migrate`.

use std::path::Path;

use clap::Args;

use super::{Failure, Outcome, cannot_open, in_words, now};
use crate::{
    config::Location,
    domain::error::{Error, Kind},
    store::{migrate, sqlite::ServeLock},
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
    if arguments.dry_run {
        let plan = migrate::plan(&database)?;
        match (plan.from, plan.to) {
            (from, to) if from == to => {
                println!("{} is up to date at version {to}", database.display());
            }
            (0, to) => println!("{} would be created at version {to}", database.display()),
            (from, to) => println!(
                "{} would be copied, then migrated from version {from} to {to}",
                database.display()
            ),
        }
        return Ok(());
    }
    arguments
        .location
        .create()
        .map_err(|error| Failure::Failed(format!("cannot make the data folder: {error}")))?;
    let plan = migrate::plan(&database).map_err(cannot_open(&database))?;
    // Under a server of another version its tables must not change.
    let lock = ServeLock::take(&database).map_err(cannot_open(&database))?;
    if lock.is_none() && plan.from < plan.to {
        return Err(Failure::Failed(format!(
            "a server is at work on {}: stop it first",
            database.display()
        )));
    }
    let done = migrate::run(&database, now()).map_err(cannot_migrate(&database))?;
    if done.from == done.to {
        println!("{} is up to date at version {}", database.display(), done.to);
        return Ok(());
    }
    println!("{} is now at version {}", database.display(), done.to);
    if let Some(copy) = done.copy {
        println!("the database as it was before is kept in {}", copy.display());
    }
    Ok(())
}

/// Why a database could not be brought to this version, and that it is as it was.
pub fn cannot_migrate(database: &Path) -> impl Fn(Error) -> Failure {
    move |error| match error.kind() {
        Kind::Conflict => error.into(),
        _ => Failure::Failed(format!(
            "{} could not be migrated and is as it was: {}",
            database.display(),
            in_words(&error)
        )),
    }
}
