//! Where a database is, and what can be done with it outside of the threads that serve it.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use super::{engine::Connection, postgres, sqlite};
use crate::domain::error::Result;

/// What names a database.
const WANTED: &str =
    "sqlite:PATH, such as sqlite:./data/freelanceos.db, or postgres://USER:PASSWORD@HOST/NAME";
/// Most symbolic links that lead on to another.
const LINKS_MAX: usize = 40;

/// A database: a file of our own, or one that a PostgreSQL server keeps.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "a program has one or two of them")]
pub enum Database {
    Sqlite(PathBuf),
    Postgres(postgres::Server),
}

impl Database {
    /// Reads `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`. The error says what it must
    /// be, without a word of what it was: it may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            // To SQLite these are no names of files.
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

    /// The file of that name, or the one that a symbolic link of that name leads to: everything
    /// beside it (its -wal file, its lock, copies of it) lies beside the file itself.
    pub fn at(mut path: PathBuf) -> Self {
        for _ in 0..LINKS_MAX {
            let Ok(target) = fs::read_link(&path) else { break };
            // An absolute one takes the place of all that stands before it.
            path = path.parent().unwrap_or(Path::new("")).join(target);
        }
        Self::Sqlite(path)
    }

    /// The file, where the database is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// The server that keeps it, where one does.
    pub fn server(&self) -> Option<&postgres::Server> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(server) => Some(server),
        }
    }

    /// Whether a server is at work on it.
    pub fn is_served(&self) -> Result<bool> {
        match self {
            Self::Sqlite(path) => sqlite::ServeLock::is_held(path),
            Self::Postgres(server) => postgres::is_served(server),
        }
    }

    /// Runs `work` in a read-only transaction of its own; the database must exist.
    pub fn peek<T: Send>(
        &self,
        work: impl FnOnce(&mut dyn Connection) -> Result<T> + Send,
    ) -> Result<T> {
        match self {
            Self::Sqlite(path) => sqlite::peek(path, work),
            Self::Postgres(server) => postgres::peek(server, work),
        }
    }

    /// Runs `work` in one transaction on a connection of its own: for migrations and the like.
    pub fn change<T: Send>(
        &self,
        work: impl FnOnce(&mut dyn Connection) -> Result<T> + Send,
    ) -> Result<T> {
        match self {
            Self::Sqlite(path) => sqlite::with_connection(path, work),
            Self::Postgres(server) => postgres::change(server, work),
        }
    }

    /// Like [`Database::change`], for a database that is filled for the first time: a file must
    /// not be there yet, and is on the disk when this ends well.
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
    /// As people call it, without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(server) => server.fmt(f),
        }
    }
}
