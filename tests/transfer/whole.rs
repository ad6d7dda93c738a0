//! Every row arrives unchanged.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use freelanceos::store::{migrate, transfer::tables};
use rusqlite::Connection;
use serde_json::Value as Json;

use super::{Ended, Place, Server, contents, server_database};

/// The statements that created the tables and indexes.
fn schema(file: &Path) -> Vec<String> {
    let connection = Connection::open(file).unwrap();
    let mut statement = connection
        .prepare("SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY name")
        .unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Two years of work, and rows that are hard to copy.
fn make_source(place: &Place) {
    place.run(&["migrate"]).done();
    place.run(&["demo"]).stdout.lines().next().unwrap();
    let mut connection = Connection::open(place.path("data/freelanceos.db")).unwrap();
    let changes = connection.transaction().unwrap();
    let blob = |length: usize| (0..length).map(|at| (at * 31 % 251) as u8).collect::<Vec<_>>();
    for (id, first, last, avatar, least) in [
        (1, "අමර", "සිංහල 🦜 'quoted' \"twice\" \\back\nline\ttab", None, i64::MIN),
        (2, "", "é and e\u{301} and \u{fffd}", Some(""), i64::MAX),
        (3, " ", "\u{200b}\u{feff}\u{10ffff}", Some("NULL"), -1),
    ] {
        changes
            .execute(
                "INSERT INTO accounts (id, email, email_key, password_hash, first_name, last_name, \
                 currency, timezone, avatar, disabled_at, last_login_at, created_at, updated_at) \
                 VALUES (?1, ?2, ?2, '', ?3, ?4, 'LKR', '', ?5, NULL, ?6, ?6, 0)",
                (vec![id], format!("{id}"), first, last, avatar, least),
            )
            .unwrap();
    }
    // Each engine sorts these differently.
    for (number, key) in ["a", "B", "ä", "_", "Z", "z", "10", "9", "", "é", "අ"].iter().enumerate()
    {
        changes
            .execute(
                "INSERT INTO request_answers (account_id, request_key, route, body_hash, answer, \
                 created_at) VALUES (x'01', ?1, ?1, x'', ?2, ?3)",
                (key, blob(number), i64::MAX - number as i64),
            )
            .unwrap();
    }
    for (id, length) in [(1, 0), (2, 1), (3, 5 << 20), (4, 3 << 20), (5, 70_000)] {
        changes
            .execute(
                "INSERT INTO images (id, account_id, purpose, content_type, width, height, content, \
                 created_at) VALUES (?1, x'02', 'logo', 'image/png', 1, 1, ?2, 0)",
                (vec![0xff, id], blob(length)),
            )
            .unwrap();
    }
    changes
        .execute(
            "INSERT INTO program_state (name, value) VALUES ('long', ?1), ('short', '')",
            ["ගණන ".repeat(200_000)],
        )
        .unwrap();
    changes.commit().unwrap();
}

/// Copies a demo database there and back, and checks for differences.
fn round_trip(place: &Place, middle: &str) {
    make_source(place);
    let source = place.path("data/freelanceos.db");
    let said = place.transfer(&place.url("data/freelanceos.db"), middle).done();
    assert!(said.contains("were copied, read back and verified"), "{said}");
    let invoices = said.lines().find(|line| line.starts_with("invoices ")).unwrap();
    assert!(invoices.contains("303 ") && invoices.contains('₦'), "{invoices}");
    assert!(said.contains("SECRET_KEY_FILE='./data/secret.key' "), "{said}");
    assert!(said.contains("the JWT_SECRET it was used with"), "no server has run: {said}");

    let arguments = ["transfer", "--json", "--from", middle, "--to", "sqlite:new/back.db"];
    let report: Json = serde_json::from_str(&place.run(&arguments).done()).unwrap();
    let back = place.path("new/back.db");
    assert_eq!(back.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let (before, after) = (contents(&source), contents(&back));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert_eq!(before.len(), tables().unwrap().len());
    for (name, rows) in &before {
        assert!(*rows == after[name], "{name} is another");
        let told = report["tables"].as_array().unwrap();
        let told = told.iter().find(|table| table["table"] == **name).unwrap();
        assert_eq!(told["rows"], rows.len(), "{name}");
    }
    assert_eq!(schema(&source), schema(&back));
    let rows: usize = before.values().map(Vec::len).sum();
    assert!(rows > 3000, "{rows}");
    assert_eq!(report["rows"], rows);
    let amounts: i64 = Connection::open(&source)
        .unwrap()
        .query_row("SELECT sum(amount) FROM invoices", [], |row| row.get(0))
        .unwrap();
    let tables = report["tables"].as_array().unwrap();
    let invoices = tables.iter().find(|table| table["table"] == "invoices").unwrap();
    assert_eq!(invoices["sums"]["amount"], amounts);
    // Sums that exceed a column are reported exactly.
    let answers = tables.iter().find(|table| table["table"] == "request_answers").unwrap();
    let sum = (0..11).map(|number| i128::from(i64::MAX) - number).sum::<i128>();
    assert_eq!(answers["sums"]["created_at"].to_string(), sum.to_string());
    assert!(!place.files().iter().any(|name| name.contains("transferring")));
    // These odd rows are in no sum, so doctor finds no difference.
    let doctor = place.run(&["doctor"]).done();
    assert!(doctor.contains("match the rows"), "{doctor}");
}

#[test]
fn a_file_is_copied_into_another_and_back_without_a_difference() {
    let place = Place::new();
    round_trip(&place, &place.url("middle.db"));
    // The copy includes the fingerprint of the key, and a server can start on it.
    let mut command = place.command(&["serve"]);
    command.env("DATABASE_URL", "sqlite:new/back.db");
    drop(Server::start(command));
}

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn a_file_is_copied_to_a_server_and_back_without_a_difference() {
    let server = server_database();
    let place = Place::new();
    round_trip(&place, server.url().unwrap());
}

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn a_copy_on_a_server_is_as_good_as_the_file() {
    let server = server_database();
    let place = Place::new();
    place.run(&["migrate"]).done();
    place.run(&["demo"]);
    place.transfer("sqlite:data/freelanceos.db", server.url().unwrap()).done();
    // Its totals are right, and it can be copied to another database on a server.
    let mut command = place.command(&["doctor"]);
    command.env("DATABASE_URL", server.url().unwrap());
    command.env("SECRET_KEY_FILE", "data/secret.key").env("JWT_SECRET", "j".repeat(32));
    let ended = Ended::of(command.output().unwrap());
    let failed = ended.stdout.lines().filter(|line| line.starts_with("fail"));
    assert_eq!(failed.collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(ended.stdout.contains("ok    totals "), "{}", ended.stdout);
    let other = server_database();
    place.transfer(server.url().unwrap(), other.url().unwrap()).done();
    place.transfer(other.url().unwrap(), "sqlite:back.db").done();
    assert_eq!(contents(&place.path("data/freelanceos.db")), contents(&place.path("back.db")));
}

#[test]
fn a_dry_run_counts_and_creates_nothing() {
    let place = Place::new();
    place.migrated("good.db").close().unwrap();
    let before = place.files();
    let arguments =
        ["transfer", "--dry-run", "--from", "sqlite:good.db", "--to", "sqlite:new/a.db"];
    let said = place.run(&arguments).done();
    let rows = migrate::latest();
    assert!(
        said.contains(&format!("{rows} rows would be copied from good.db to new/a.db")),
        "{said}"
    );
    let said = place.run(&[&arguments[..], &["--json"]].concat()).done();
    let report: Json = serde_json::from_str(&said).unwrap();
    assert_eq!(report["tables"].as_array().unwrap().len(), tables().unwrap().len());
    assert_eq!(report["rows"], rows);
    assert_eq!(place.files(), before);
}

#[test]
fn urls_can_come_from_files_and_the_environment_and_help_shows_neither() {
    let place = Place::new();
    place.migrated("good.db").close().unwrap();
    fs::write(place.path("from"), "sqlite:good.db\n").unwrap();
    let mut command = place.command(&["transfer"]);
    command.env("TRANSFER_FROM_FILE", "from").env("TRANSFER_TO", "sqlite:new.db");
    Ended::of(command.output().unwrap()).done();
    assert!(place.path("new.db").exists());
    let mut command = place.command(&["transfer", "--help"]);
    command.env("TRANSFER_FROM_FILE", "from").env("TRANSFER_TO", "postgres://ada:pa55@host/os");
    let help = Ended::of(command.output().unwrap()).done();
    assert!(help.contains("TRANSFER_TO") && !help.contains("good.db") && !help.contains("pa55"));
}
