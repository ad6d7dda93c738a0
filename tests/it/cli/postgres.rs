//! Commands with the database on a PostgreSQL server.

use std::fs;

use serde_json::Value;

use super::{Ended, Place, SECRETS};
use crate::database::{TestDatabase, server_url};

/// A place with a database on a server.
fn place() -> Place {
    assert!(server_url().is_some(), "TEST_DATABASE_URL names no PostgreSQL server");
    Place::with(TestDatabase::empty)
}

/// Verdict and text of doctor's findings about `what`.
fn told(place: &Place, url: &str, what: &str) -> Vec<String> {
    let ended = place.run_with(&["doctor", "--json"], &[("DATABASE_URL", url)]);
    let findings: Vec<Value> = serde_json::from_str(&ended.stdout).expect(&ended.stderr);
    let of = findings.iter().filter(|finding| finding["what"] == what);
    let words =
        |finding: &Value| ["verdict", "text"].map(|n| finding[n].as_str().unwrap().to_owned());
    of.map(|finding| words(finding).join(" ")).collect()
}

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn secrets_are_not_created_if_several_servers_may_share_the_database() {
    let place = place();
    for ((name, _), how) in SECRETS.iter().zip(["hex 32", "hex 48"]) {
        let mut command = place.command(&["serve"]);
        let ended = Ended::of(command.env_remove(name).output().unwrap());
        let said = format!(
            "{name} must be set if DATABASE_URL names a PostgreSQL server, to the same value for \
             every freelanceos that uses it (try: openssl rand -{how})"
        );
        assert_eq!(ended.refused(2), said);
    }
    place.serve().stop();
    let mut made = fs::read_dir(place.path("data")).unwrap();
    let made = made.find(|file| !file.as_ref().unwrap().path().is_dir());
    assert!(made.is_none(), "{made:?}");
}

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn doctor_reports_on_the_server_and_its_contents() {
    let place = place();
    fs::create_dir(place.path("data")).unwrap();
    let (url, shown) = (place.database.url().unwrap(), place.shown_database());
    assert_eq!(told(&place, url, "schema"), [format!("fail {shown} is empty")]);
    let server = place.serve();
    let [database] = &told(&place, url, "database")[..] else { panic!() };
    assert!(database.starts_with(&format!("ok {shown}, PostgreSQL ")), "{database}");
    assert_eq!(told(&place, url, "server"), ["ok is running"]);
    let connections = told(&place, url, "connections");
    let said = "are in use; each `freelanceos serve` uses 10";
    assert!(connections.iter().any(|line| line.ends_with(said)), "{connections:?}");
    server.stop();
    assert_eq!(told(&place, url, "server"), ["ok is not running"]);
    assert_eq!(place.run(&["doctor"]).done().matches("fail").count(), 0);

    place.change("INSERT INTO schema_version VALUES (999, 0)", &[]);
    let [schema] = &told(&place, url, "schema")[..] else { panic!() };
    assert!(schema.starts_with("fail version 999, newer than the "), "{schema}");
    for arguments in [&["serve"][..], &["migrate"], &["admin", "list-users"]] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, 1);
        let said = format!("the database {shown} has schema version 999, newer than the ");
        assert!(ended.stderr.contains(&said), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn an_unreachable_server_is_named_without_its_password() {
    let place = place();
    fs::create_dir(place.path("data")).unwrap();
    // Nothing listens on this port.
    let (url, shown) = ("postgres://ada:hunter2@127.0.0.1:1/os", "postgres://ada@127.0.0.1:1/os");
    let [database] = &told(&place, url, "database")[..] else { panic!() };
    assert!(database.starts_with(&format!("fail {shown} cannot be reached: ")), "{database}");
    let ended = place.run_with(&["admin", "list-users"], &[("DATABASE_URL", url)]);
    assert!(ended.refused(1).starts_with(&format!("cannot open {shown}: ")), "{}", ended.stderr);
    assert!(!ended.stderr.contains("hunter2") && !database.contains("hunter2"));
}
