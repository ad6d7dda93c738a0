//! `freelanceos transfer` copies a database into another, completely or not at all.
//!
//! Tests that need a PostgreSQL server are skipped with a message unless `TEST_DATABASE_URL` names
//! one.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod cut_off;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../database.rs"]
mod database;
mod refused;
mod schema;
mod whole;

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use freelanceos::store::{
    Database,
    engine::{Tx, Value as Parameter},
    migrate,
};
use jiff::Timestamp;
use rusqlite::{Connection, types::Value};
use tempfile::TempDir;

use self::database::{TestDatabase, server_url};

/// Timeout for anything, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Rows of a source that takes some seconds to copy.
const MANY: i64 = 60_000;

/// A folder to run the program in.
struct Place(TempDir);

/// The result of a command.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or_else(|| panic!("{output:?}")),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn done(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }

    #[track_caller]
    fn refused(self, code: i32, said: &str) {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        assert!(self.stderr.starts_with("freelanceos: "), "{}", self.stderr);
        assert!(self.stderr.contains(said), "{:?} does not say {said:?}", self.stderr);
        assert_eq!(self.stderr.trim_end().lines().count(), 1, "{}", self.stderr);
    }
}

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn url(&self, name: &str) -> String {
        format!("sqlite:{}", self.path(name).display())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_freelanceos"));
        // None of the machine's own settings may leak in.
        command.env_clear().env("LISTEN", "127.0.0.1:0").current_dir(&self.0).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }

    fn transfer(&self, from: &str, to: &str) -> Ended {
        self.run(&["transfer", "--from", from, "--to", to])
    }

    /// Starts a transfer that the test ends.
    fn begin(&self, from: &str, to: &str) -> Child {
        let mut command = self.command(&["transfer", "--from", from, "--to", to]);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// An empty database of this version.
    fn migrated(&self, name: &str) -> Connection {
        let database = Database::Sqlite(self.path(name));
        migrate::run(&database, Timestamp::UNIX_EPOCH).unwrap();
        Connection::open(self.path(name)).unwrap()
    }

    /// A database that takes some seconds to copy.
    fn large(&self, name: &str) {
        let connection = self.migrated(name);
        connection.execute(FILL, [MANY]).unwrap();
        connection.close().unwrap();
    }

    /// The files in the folder, except those that SQLite leaves next to a database.
    fn files(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.ends_with("-shm") && !name.ends_with("-wal"));
        names.sort();
        names
    }
}

const FILL: &str = "WITH RECURSIVE numbers (number) AS \
    (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?1) \
    INSERT INTO program_state (name, value) \
    SELECT 'number ' || number, hex(randomblob(300)) FROM numbers";

/// A database on the server, without tables.
fn server_database() -> TestDatabase {
    assert!(server_url().is_some(), "TEST_DATABASE_URL names no PostgreSQL server");
    TestDatabase::empty(Path::new(""))
}

/// Waits until the condition holds.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether another connection to the server's database is doing this.
fn is_seen(database: &Database, doing: &str) -> bool {
    let seen: i64 = database
        .peek(|connection| {
            Tx::new(connection).one(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                 AND pid <> pg_backend_pid() AND query LIKE ?1",
                &[Parameter::Text(doing)],
                |row| row.get(0),
            )
        })
        .unwrap();
    seen > 0
}

/// Every row of every table, read without the program's own code.
fn contents(file: &Path) -> BTreeMap<String, Vec<Vec<Value>>> {
    let connection = Connection::open(file).unwrap();
    let mut names = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        .unwrap();
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut tables = BTreeMap::new();
    for name in names {
        let mut statement = connection.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let width = statement.column_count();
        let rows = statement
            .query_map([], |row| (0..width).map(|place| row.get(place)).collect())
            .unwrap();
        // In primary key order, which is the order of the table.
        tables.insert(name, rows.map(Result::unwrap).collect());
    }
    tables
}

/// A server process.
struct Server(Child);

impl Server {
    /// Starts it and waits until it listens.
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let server = Self(child);
        let mut line = String::new();
        while !line.contains("listening on ") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it has ended");
        }
        // Reads the rest of the log, so that the server never blocks on it.
        thread::spawn(move || log.read_to_string(&mut String::new()));
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = self.0.id().to_string();
        let _ = Command::new("kill").arg(id).status();
        let _ = self.0.wait();
    }
}
