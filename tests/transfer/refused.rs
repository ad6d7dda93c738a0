//! Refused transfers: sources that cannot be copied, and targets that must not be overwritten.

use std::fs;

use freelanceos::store::{migrate, sqlite::ServeLock, transfer};
use jiff::Timestamp;
use rusqlite::Connection;

use super::{Ended, Place, Server, contents, server_database, until};

#[test]
fn an_invalid_source_or_target_is_refused_and_nothing_is_created() {
    let place = Place::new();
    place.migrated("good.db").close().unwrap();
    place.migrated("older.db").execute("DELETE FROM schema_version WHERE version > 2", []).unwrap();
    place.migrated("newer.db").execute("INSERT INTO schema_version VALUES (999, 0)", []).unwrap();
    let foreign = Connection::open(place.path("foreign.db")).unwrap();
    foreign.execute_batch("CREATE TABLE notes (body TEXT)").unwrap();
    foreign.close().unwrap();
    fs::write(place.path("garbage.db"), "not a database ".repeat(1000)).unwrap();
    fs::write(place.path("lost.db-wal"), "of a database that is gone").unwrap();
    fs::write(place.path("file"), "").unwrap();
    let before = place.files();
    let latest = migrate::latest();
    let older = format!("has schema version 2, but this program copies version {latest}: run");
    for (from, to, code, said) in [
        ("sqlite:nowhere.db", "sqlite:new.db", 1, "there is no freelanceos database at nowhere"),
        ("sqlite:foreign.db", "sqlite:new.db", 1, "there is no freelanceos database at foreign"),
        ("sqlite:garbage.db", "sqlite:new.db", 1, "cannot open garbage.db: file is not a database"),
        ("sqlite:older.db", "sqlite:new.db", 1, older.as_str()),
        ("sqlite:newer.db", "sqlite:new.db", 1, "newer than the"),
        ("sqlite:good.db", "sqlite:good.db", 1, "good.db already exists and is not overwritten"),
        ("sqlite:good.db", "sqlite:older.db", 1, "older.db already exists and is not overwritten"),
        ("sqlite:good.db", "sqlite:lost.db", 1, "lost.db-wal already exists"),
        ("sqlite:good.db", "postgres://nobody:pa55@127.0.0.1:1/none", 1, "cannot be reached"),
        ("postgres://nobody:pa55@127.0.0.1:1/none", "sqlite:new.db", 1, "cannot be reached"),
        ("good.db", "sqlite:new.db", 2, "--from (TRANSFER_FROM) must be sqlite:PATH"),
        ("mysql://ada:pa55@host/os", "sqlite:new.db", 2, "--from (TRANSFER_FROM) must be"),
        ("sqlite:good.db", "postgres://ada:pa55@host:port/os", 2, "--to (TRANSFER_TO) must be"),
    ] {
        for more in [&[][..], &["--dry-run"]] {
            let ended = place.run(&[&["transfer", "--from", from, "--to", to], more].concat());
            assert!(!ended.stderr.contains("pa55"), "{}", ended.stderr);
            ended.refused(code, said);
        }
    }
    assert_eq!(place.files(), before);
    let ended = place.transfer("sqlite:good.db", "sqlite:file/new.db");
    ended.refused(1, "file/new.db");
    for arguments in [&["transfer"][..], &["transfer", "--from", "sqlite:good.db"]] {
        assert_eq!(place.run(arguments).code, 2);
    }
}

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn a_database_on_a_server_with_tables_is_not_changed() {
    let server = server_database();
    let place = Place::new();
    place.migrated("good.db").close().unwrap();
    migrate::run(server.database(), Timestamp::UNIX_EPOCH).unwrap();
    let said =
        "already has a table schema_version and is not overwritten: create an empty database";
    place.transfer("sqlite:good.db", server.url().unwrap()).refused(1, said);
    place.transfer(server.url().unwrap(), server.url().unwrap()).refused(1, said);
    // A single table is enough.
    let other = server_database();
    other.database().change(|c| c.define("CREATE TABLE mails (id BYTEA)")).unwrap();
    let said = "already has a table mails";
    place.transfer("sqlite:good.db", other.url().unwrap()).refused(1, said);
    // An empty database can be the target, but has nothing to copy.
    let empty = server_database();
    let said = "there is no freelanceos database at postgres://";
    place.transfer(empty.url().unwrap(), "sqlite:new.db").refused(1, said);
    place.transfer("sqlite:good.db", empty.url().unwrap()).done();
}

#[test]
fn a_database_in_use_is_not_copied() {
    let place = Place::new();
    place.migrated("data/freelanceos.db").close().unwrap();
    let server = Server::start(place.command(&["serve"]));
    let from = "sqlite:data/freelanceos.db";
    place.transfer(from, "sqlite:copy.db").refused(1, "a server is using data/freelanceos.db");
    drop(server);
    // A server must not start on the target either.
    let lock = ServeLock::take(&place.path("copy.db")).unwrap().unwrap();
    place.transfer(from, "sqlite:copy.db").refused(1, "a server is using copy.db");
    drop(lock);
    place.transfer(from, "sqlite:copy.db").done();
}

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn a_database_on_a_server_in_use_is_not_copied() {
    let database = server_database();
    let place = Place::new();
    let url = database.url().unwrap();
    let mut command = place.command(&["serve"]);
    command.env("DATABASE_URL", url).env("SECRET_KEY", "5e".repeat(32));
    command.env("JWT_SECRET", "j".repeat(32));
    let server = Server::start(command);
    let said = "a server is using postgres://";
    place.transfer(url, "sqlite:copy.db").refused(1, said);
    drop(server);
    until("the server's connections stay", || !database.database().is_served().unwrap());

    // A server that starts during the copy is detected at the end.
    let fill = "INSERT INTO program_state (name, value) SELECT 'number ' || n, repeat(md5('a' || n), 19) \
                FROM generate_series(1, 60000) AS numbers (n)";
    database.database().change(|connection| connection.define(fill)).unwrap();
    let child = place.begin(url, "sqlite:copy.db");
    let part = place.path("copy.db.transferring");
    until("nothing is written", || part.exists());
    let mut command = place.command(&["serve"]);
    command.env("DATABASE_URL", url).env("SECRET_KEY", "5e".repeat(32));
    command.env("JWT_SECRET", "j".repeat(32));
    let server = Server::start(command);
    let ended = Ended::of(child.wait_with_output().unwrap());
    ended.refused(1, "a server has started to use postgres://");
    assert!(!part.exists() && !place.path("copy.db").exists());
    drop(server);
}

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn text_that_postgresql_cannot_store_is_named() {
    let server = server_database();
    let place = Place::new();
    let source = place.migrated("source.db");
    source
        .execute_batch(
            "INSERT INTO accounts (id, email, email_key, password_hash, first_name, last_name, \
             currency, timezone, created_at, updated_at) \
             VALUES (x'00ff', 'a', 'a', '', 'Ada' || char(0), '', 'EUR', 'UTC', 0, 0)",
        )
        .unwrap();
    let said = "table accounts: column first_name of the row with id = x'00ff' holds the character \
                NUL, which PostgreSQL cannot keep";
    place.transfer(&place.url("source.db"), server.url().unwrap()).refused(1, said);
    assert_eq!(transfer::occupied(server.database()).unwrap(), None);
    // A file can store it.
    place.transfer(&place.url("source.db"), "sqlite:copy.db").done();
    assert_eq!(contents(&place.path("source.db")), contents(&place.path("copy.db")));
}
