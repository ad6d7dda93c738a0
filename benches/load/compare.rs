//! Compares the server with another that holds the same rows. Both are filled first, then take
//! turns, scenario by scenario.

use std::path::Path;

use crate::fill::Account;
use crate::http::Request;
use crate::measure::Scenario;
use crate::pocketbase::PocketBase;
use crate::report::Comparison;
use crate::server::{Folder, Server};
use crate::{Failure, Options, check, filled, measure_all, with_log};

/// Compares FreelanceOS with PocketBase.
pub fn with_pocketbase(options: &Options, binary: &Path) -> Result<(), Failure> {
    let (folder, other_folder) =
        (Folder::create(&options.folder)?, Folder::create(&options.folder)?);
    let compare = || {
        let account = filled_file(options, &folder)?;
        let other = PocketBase::start(binary, &other_folder, options.clients, options.invoices)?;
        compare(options, &folder, &account, "PocketBase", &other.server, |scenario| {
            other.requests(scenario)
        })
    };
    let result = compare().map_err(|error| with_log(&with_log(&error, &folder), &other_folder))?;
    tell(options, &folder, &result)
}

/// Compares the database file with a PostgreSQL server.
pub fn with_postgres(options: &Options, url: &str) -> Result<(), Failure> {
    let (folder, other_folder) =
        (Folder::create(&options.folder)?, Folder::create(&options.folder)?);
    let compare = || {
        let account = filled_file(options, &folder)?;
        let other = Server::start_on(&options.binary, &other_folder, Some(url))?;
        let other_account = filled(&other, options, options.clients, options.invoices, true)?;
        compare(options, &folder, &account, "PostgreSQL", &other, |scenario| {
            scenario.requests(&other_account)
        })
    };
    let result = compare().map_err(|error| with_log(&with_log(&error, &folder), &other_folder))?;
    tell(options, &folder, &result)
}

/// Fills a database file.
fn filled_file(options: &Options, folder: &Folder) -> Result<Account, Failure> {
    let server = Server::start(&options.binary, folder)?;
    let account = filled(&server, options, options.clients, options.invoices, true)?;
    server.stop()?;
    Ok(account)
}

fn compare(
    options: &Options,
    folder: &Folder,
    account: &Account,
    other_name: &'static str,
    other: &Server,
    asked_of_other: impl Fn(Scenario) -> Vec<Request>,
) -> Result<Comparison, Failure> {
    let mut scenarios = options.scenarios(&Scenario::COMPARED);
    scenarios.retain(|scenario| !asked_of_other(*scenario).is_empty());
    let mut result =
        Comparison { other_name, setting: options.setting(folder), ..Comparison::default() };
    for scenario in scenarios {
        let requests = |scenario: Scenario| scenario.requests(account);
        let server = Server::start(&options.binary, folder)?;
        result.ours.append(&mut measure_all(&[scenario], &server, requests, options)?);
        server.stop()?;
        result.other.append(&mut measure_all(&[scenario], other, &asked_of_other, options)?);
    }
    Ok(result)
}

fn tell(options: &Options, folder: &Folder, result: &Comparison) -> Result<(), Failure> {
    if options.json {
        println!("{:#}", result.json());
    } else {
        println!(
            "{} connections, {:?} a scenario, {} clients, {} invoices, on {}",
            options.connections,
            options.seconds,
            options.clients,
            options.invoices,
            folder.file_system(),
        );
        result.print();
    }
    check(&result.ours)?;
    check(&result.other)
}
