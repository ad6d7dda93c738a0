//! `freelanceos migrate`.

use clap::Args;

use super::{Failure, Outcome, now};
use crate::{config::Location, store::migrate};

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
    let done = migrate::run(&database, now())?;
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
