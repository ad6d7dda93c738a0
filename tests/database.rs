//! The databases that tests work on: files, or, where `TEST_DATABASE_URL` names a PostgreSQL
//! server, databases of that server, made for the test and removed with it.

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

/// A database that nobody else uses.
pub struct TestDatabase {
    database: Database,
    /// How the program is told of it, where that needs to be said.
    url: Option<String>,
    /// Its name, where a server keeps it.
    name: Option<String>,
}

/// The server that tests are to use, if they are to use one.
pub fn server_url() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

impl TestDatabase {
    /// One without tables: a file of that name that is not there yet, or an empty database.
    pub fn empty(file: &Path) -> Self {
        Self::new(file, None)
    }

    /// A file, whatever server there is: for what is told of files alone.
    #[allow(dead_code, reason = "not every test program looks at files")]
    pub fn file(file: &Path) -> Self {
        Self { database: Database::Sqlite(file.to_owned()), url: None, name: None }
    }

    /// One of this version's schema.
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

    /// What `DATABASE_URL` must say for the program to use it; nothing where it is the file that
    /// the program uses by itself.
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

/// A database with this version's tables, to make others from. It stays with its server.
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
    // Many tests run at once, each with connections of its own.
    Database::Postgres(server.with_database(name).with_connections(4))
}

/// The URL with another database's name.
fn renamed(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let server = match address.rsplit_once('/') {
        Some((server, _)) if !server.ends_with('/') => server,
        _ => address,
    };
    format!("{server}/{name}?{query}")
}

/// Runs a statement that stands in no transaction.
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
    // A test may have a runtime of its own on this thread.
    thread::scope(|scope| scope.spawn(work).join()).unwrap();
}
