//! The location of a database, and operations on it outside the threads that serve it.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use super::{engine::Connection, postgres, sqlite};
use crate::domain::error::Result;

/// The form of a database URL.
const WANTED: &str =
    "sqlite:PATH, such as sqlite:./data/freelanceos.db, or postgres://USER:PASSWORD@HOST/NAME";
/// The maximum length of a chain of symbolic links.
const LINKS_MAX: usize = 40;

/// A database: an SQLite file, or a database of a PostgreSQL server.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "a program has one or two of them")]
pub enum Database {
    Sqlite(PathBuf),
    Postgres(postgres::Server),
}

impl Database {
    /// Parses `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`. The error says what is
    /// expected and does not repeat the URL, which may contain a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            // SQLite does not treat these as file names.
            if path.is_empty() || path.starts_with([':', '?']) || path.starts_with("file:") {
                return Err(WANTED.to_owned());
            }
            if path.contains('?') {
                return Err(format!("{WANTED}, without options behind a ?"));
            }
            return Ok(Self::at(path.into()));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return postgres::Server::parse(url).map(Self::Postgres);
        }
        Err(WANTED.to_owned())
    }

    /// Returns the file at a path. Symbolic links are followed, since the -wal file, the lock and
    /// copies are beside the file itself.
    pub fn at(mut path: PathBuf) -> Self {
        for _ in 0..LINKS_MAX {
            let Ok(target) = fs::read_link(&path) else { break };
            // An absolute target replaces the whole path.
            path = path.parent().unwrap_or(Path::new("")).join(target);
        }
        Self::Sqlite(path)
    }

    /// Returns the file, if the database is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// Returns the server, if the database is on one.
    pub fn server(&self) -> Option<&postgres::Server> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(server) => Some(server),
        }
    }

    /// Whether a running program serves it.
    pub fn is_served(&self) -> Result<bool> {
        match self {
            Self::Sqlite(path) => sqlite::ServeLock::is_held(path),
            Self::Postgres(server) => postgres::is_served(server),
        }
    }

    /// Runs `work` in a read-only transaction; the database must exist.
    pub fn peek<T: Send>(
        &self,
        work: impl FnOnce(&mut dyn Connection) -> Result<T> + Send,
    ) -> Result<T> {
        match self {
            Self::Sqlite(path) => sqlite::peek(path, work),
            Self::Postgres(server) => postgres::peek(server, work),
        }
    }

    /// Runs `work` in one transaction on a new connection, for tasks such as migrations.
    pub fn change<T: Send>(
        &self,
        work: impl FnOnce(&mut dyn Connection) -> Result<T> + Send,
    ) -> Result<T> {
        match self {
            Self::Sqlite(path) => sqlite::with_connection(path, work),
            Self::Postgres(server) => postgres::change(server, work),
        }
    }

    /// Like [`Database::change`], for a new database: a file must not exist yet, and is on disk
    /// when this succeeds.
    pub fn fill<T: Send>(
        &self,
        work: impl FnOnce(&mut dyn Connection) -> Result<T> + Send,
    ) -> Result<T> {
        match self {
            Self::Sqlite(path) => sqlite::fill(path, work),
            Self::Postgres(server) => postgres::change(server, work),
        }
    }
}

impl From<PathBuf> for Database {
    fn from(path: PathBuf) -> Self {
        Self::Sqlite(path)
    }
}

impl fmt::Display for Database {
    /// The readable form, without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(server) => server.fmt(f),
        }
    }
}
