//! Test databases: files, or databases on the PostgreSQL server in `TEST_DATABASE_URL`, created for
//! the test and dropped with it.

use std::{
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use freelanceos::store::{Database, migrate, postgres::Server};
use jiff::Timestamp;
use tokio::runtime;
use tokio_postgres::NoTls;

/// A database of one test.
pub struct TestDatabase {
    database: Database,
    /// The value of `DATABASE_URL`, unless it is the default.
    url: Option<String>,
    /// Its name on a server.
    name: Option<String>,
}

/// The PostgreSQL server for the tests, if set.
pub fn server_url() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

impl TestDatabase {
    /// A database without tables: a path where no file exists yet, or an empty database on the
    /// server.
    pub fn empty(file: &Path) -> Self {
        Self::new(file, None)
    }

    /// Always a file, for tests that are about files.
    #[allow(dead_code, reason = "not every test program looks at files")]
    pub fn file(file: &Path) -> Self {
        Self { database: Database::Sqlite(file.to_owned()), url: None, name: None }
    }

    /// A database with the current schema.
    pub fn migrated(file: &Path) -> Self {
        let made = Self::new(file, server_url().is_some().then(template));
        if made.name.is_none() {
            migrate::run(&made.database, Timestamp::UNIX_EPOCH).unwrap();
        }
        made
    }

    fn new(file: &Path, template: Option<&str>) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let Some(url) = server_url() else {
            return Self::file(file);
        };
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("freelanceos_test_{}_{number}", std::process::id());
        let template = template.unwrap_or("template1");
        administer(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        let database = named(&name);
        Self { database, url: Some(renamed(&url, &name)), name: Some(name) }
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The value of `DATABASE_URL` for the program, or none for the default.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// The name of a database with the current schema, from which others are created. It stays on the
/// server.
fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("freelanceos_template_{}", std::process::id());
        administer(&format!("DROP DATABASE IF EXISTS {name}"));
        administer(&format!("CREATE DATABASE {name}"));
        migrate::run(&named(&name), Timestamp::UNIX_EPOCH).unwrap();
        name
    })
}

fn named(name: &str) -> Database {
    let server = Server::parse(&server_url().unwrap()).unwrap();
    // Many tests run at once, each with its own connections.
    Database::Postgres(server.with_database(name).with_connections(4))
}

/// The URL with a different database name.
fn renamed(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let server = match address.rsplit_once('/') {
        Some((server, _)) if !server.ends_with('/') => server,
        _ => address,
    };
    format!("{server}/{name}?{query}")
}

/// Runs a statement outside any transaction.
fn administer(sql: &str) {
    let url = server_url().unwrap();
    let work = || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            let connection = tokio::spawn(connection);
            client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
            drop(client);
            connection.await.unwrap().unwrap();
        });
    };
    // The test may already have a runtime on this thread.
    thread::scope(|scope| scope.spawn(work).join()).unwrap();
}
