//! `freelanceos rates`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde_json::json;

use super::{
    Failure, Outcome,
    admin::{named, of_account},
    terminal, with_app,
};
use crate::{
    config::Location,
    domain::{
        exchange_rate::ExchangeRate,
        exchange_rate_file::{self, WrongLine},
        text,
    },
};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    location: Location,

    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the latest rates of an account
    List {
        /// Email address of the account
        email: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Import rates for an account, either all or none
    ///
    /// Each line is `day,from,to,rate`, such as `2026-03-18,EUR,USD,1.0834`: one unit of `from` is
    /// worth that many units of `to`, from that day on. A header line and lines that start with #
    /// are skipped. Columns may be separated by commas, semicolons or tabs; a decimal comma works
    /// unless commas separate the columns. Files of the European Central Bank (eurofxref.csv,
    /// eurofxref-hist.csv) work unchanged. Totals use the newest rate of each pair; a payment uses
    /// the newest rate known on its day.
    Import {
        /// Email address of the account
        email: String,
        /// File to read, or - for standard input
        file: PathBuf,
    },
}

pub fn run(arguments: Arguments) -> Outcome {
    match arguments.action {
        Action::List { email, json } => list(&arguments.location, &email, json),
        Action::Import { email, file } => import(&arguments.location, &email, &file),
    }
}

fn list(location: &Location, email: &str, as_json: bool) -> Outcome {
    let rates = of_account(location, email, async |app, email| app.list_rates(email).await)?;
    if as_json {
        let in_json = |rate: &ExchangeRate| {
            json!({
                "day": rate.day.to_string(),
                "from": rate.from.code(),
                "to": rate.into.code(),
                "rate": rate.rate.to_string(),
            })
        };
        return terminal::print_json(&rates.iter().map(in_json).collect());
    }
    let rows: Vec<[String; 4]> = rates
        .iter()
        .map(|rate| {
            let (from, into) = (rate.from.to_string(), rate.into.to_string());
            [rate.day.to_string(), from, into, rate.rate.to_string()]
        })
        .collect();
    terminal::print_table(["DAY", "FROM", "TO", "RATE"], &rows)
}

fn import(location: &Location, email: &str, file: &Path) -> Outcome {
    text::parse_email(email).map_err(|rule| format!("{email:?} {rule}"))?;
    let text = read(file)?;
    let lines = exchange_rate_file::parse(&text).map_err(|WrongLine { number, reason }| {
        format!("line {number}: {reason}; nothing was imported")
    })?;
    let count = lines.len();
    with_app(location, async |app| {
        let failed = |error| named(email, error);
        let today: Date = app.today_of(email.to_owned()).await.map_err(failed)?;
        if let Some((line, rate)) = lines.iter().find(|(_, rate)| rate.day > today) {
            return Err(Failure::Failed(format!(
                "line {line}: {} is in the future; nothing was imported",
                rate.day
            )));
        }
        let rates = lines.into_iter().map(|(_, rate)| rate).collect();
        app.import_rates(email.to_owned(), rates).await.map_err(failed)
    })?;
    terminal::print(&format!("rates imported: {count}\n"))
}

fn read(file: &Path) -> Result<String, Failure> {
    let read = if file == Path::new("-") {
        io::read_to_string(io::stdin().lock())
    } else {
        fs::read_to_string(file)
    };
    read.map_err(|error| Failure::Failed(format!("cannot read {}: {error}", file.display())))
}
