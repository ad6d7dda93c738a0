//! PostgreSQL: concurrent migrations, and databases of other versions.

use std::thread;

use freelanceos::{
    domain::error::Kind,
    store::{
        Store,
        engine::{Connection, Tx},
        migrate,
    },
};
use jiff::Timestamp;

use super::postgres::{Meeting, database};
use crate::database::TestDatabase;

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn of_ten_concurrent_migrations_of_an_empty_database_one_runs_and_none_fails() {
    let database = database(TestDatabase::empty);
    let at = |number: i64| Timestamp::from_second(number).unwrap();
    let meeting = Meeting::default();
    let done: Vec<_> = thread::scope(|scope| {
        let migrate = |number: i64| {
            let (database, meeting) = (database.database(), &meeting);
            scope.spawn(move || {
                meeting.wait_for(10);
                migrate::run(database, at(number))
            })
        };
        let threads: Vec<_> = (0..10).map(migrate).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for migration in done {
        assert_eq!(migration.unwrap().to, migrate::latest());
    }
    assert_eq!(migrate::version(database.database()).unwrap(), migrate::latest());
    let applied = |connection: &mut dyn Connection| {
        let sql = "SELECT count(*), count(DISTINCT applied_at) FROM schema_version";
        Tx::new(connection).one(sql, &[], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))
    };
    // Each block was applied once, and all in the same transaction.
    assert_eq!(database.database().peek(applied).unwrap(), (migrate::latest(), 1));
}

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn a_database_of_a_newer_version_is_refused_and_unchanged() {
    let database = database(TestDatabase::migrated);
    let database = database.database();
    let newer = "INSERT INTO schema_version VALUES (999, 0)";
    database.change(|connection| connection.execute(newer, &[])).unwrap();
    let error = migrate::run(database, Timestamp::UNIX_EPOCH).unwrap_err();
    assert_eq!(error.kind(), &Kind::Conflict);
    let said = format!(
        "the database {database} has schema version 999, newer than the {} that this program \
         supports: use a newer freelanceos, or restore an older backup",
        migrate::latest()
    );
    assert_eq!(error.to_string(), said);
    assert_eq!(migrate::version(database).unwrap(), 999);
}

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn an_older_database_is_not_migrated_while_servers_are_running() {
    let database = database(TestDatabase::migrated);
    let (database, latest) = (database.database(), migrate::latest());
    let older = "DELETE FROM schema_version WHERE version = (SELECT max(version) FROM \
                 schema_version)";
    let store = Store::open(database).unwrap();
    database.change(|connection| connection.execute(older, &[])).unwrap();
    let error = migrate::run(database, Timestamp::UNIX_EPOCH).unwrap_err();
    store.close();
    assert_eq!(error.kind(), &Kind::Conflict);
    let said = format!(
        "servers are using {database}, which has schema version {} instead of version {latest} of \
         this program: stop them first",
        latest - 1
    );
    assert_eq!(error.to_string(), said);
    assert_eq!(migrate::version(database).unwrap(), latest - 1);
}
