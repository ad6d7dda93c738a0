//! `freelanceos migrate`.

use std::path::Path;

use clap::Args;

use super::{Failure, Outcome, at_work, cannot_open, in_words, now, terminal};
use crate::{
    app::environment::SystemRandom,
    config::{Location, secrets::Secrets},
    domain::error::{Error, Kind},
    store::{
        Database,
        migrate::{self, Migration},
        sqlite::ServeLock,
    },
};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    location: Location,

    /// Show what would change, without changing anything
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
    let done = bring_up(&arguments.location, &database, &plan, || Ok(()))?;
    if done.from == done.to {
        return terminal::print(&format!("{database} is up to date at version {}\n", done.to));
    }
    terminal::print(&format!("{database} is now at version {}\n", done.to))?;
    match &done.copy {
        Some(copy) => terminal::print(&format!("{}\n", kept(copy))),
        None => Ok(()),
    }
}

/// Creates the database and the secrets if there is no database, and migrates an older one to this
/// version's schema, as `serve` would. One with this version's schema may be in use by a server.
pub fn make(location: &Location, secrets: &Secrets) -> Outcome {
    let database = location.database()?;
    let plan = migrate::plan(&database).map_err(cannot_open(&database))?;
    if plan.from == plan.to {
        return Ok(());
    }
    let done = bring_up(location, &database, &plan, || {
        // An older database already has secrets, perhaps in settings that are not set here.
        if plan.from == 0 {
            secrets.make_secret_key(location, &SystemRandom)?;
            secrets.make_jwt_secret(location, &SystemRandom)?;
        }
        Ok(())
    })?;
    if let Some(copy) = &done.copy {
        eprintln!("{}", kept(copy));
    }
    Ok(())
}

/// Runs `before` and then `plan`, while no server may start.
fn bring_up(
    location: &Location,
    database: &Database,
    plan: &Migration,
    before: impl FnOnce() -> Outcome,
) -> Result<Migration, Failure> {
    location.create().map_err(|error| format!("cannot create the data folder: {error}"))?;
    // Tables must not change while a server of another version is running.
    let lock = database.file().map(ServeLock::take).transpose().map_err(cannot_open(database))?;
    if lock.as_ref().is_some_and(Option::is_none) && plan.from < plan.to {
        return Err(at_work(database));
    }
    before()?;
    migrate::run(database, now()).map_err(cannot_migrate(database))
}

fn kept(copy: &Path) -> String {
    format!("the previous database is kept in {}", copy.display())
}

/// Reports why the database could not be migrated, and that it is unchanged.
pub fn cannot_migrate(database: &Database) -> impl Fn(Error) -> Failure {
    move |error| match error.kind() {
        Kind::Conflict => error.into(),
        _ => Failure::Failed(format!(
            "{database} could not be migrated and is unchanged: {}",
            in_words(&error)
        )),
    }
}
