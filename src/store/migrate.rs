//! Migrates a database to this program's schema.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

use super::{
    Database, client,
    engine::{Connection, Tx, values},
    invoice_defaults, sqlite,
};
use crate::domain::error::{Error, Result};

const SCHEMA: &str = include_str!("../../schema.sql");
/// The table of the blocks that a database has.
const VERSIONS: &str = "CREATE TABLE schema_version \
    (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";

/// The version since which searches ignore accents.
const REFOLDED: i64 = 4;
/// The first version whose addresses have parts.
const STRUCTURED: i64 = 7;

/// The time format in the name of a copy.
const TIME: &str = "%Y%m%dT%H%M%SZ";
/// How long a copy is stored, since it may contain rows deleted since.
const COPY_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// One block of `schema.sql`.
struct Block {
    version: i64,
    statements: Vec<&'static str>,
}

/// The result of a migration, or its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The version found; 0 if there was no database.
    pub from: i64,
    /// The version of this program.
    pub to: i64,
    /// The copy of the database made before the migration.
    pub copy: Option<PathBuf>,
}

/// Returns the schema version of this program.
pub fn latest() -> i64 {
    blocks().last().map_or(0, |block| block.version)
}

/// Returns the schema version of a database; 0 if none.
pub fn version(database: &Database) -> Result<i64> {
    match database.file() {
        Some(file) if !file.exists() => Ok(0),
        _ => database.peek(current),
    }
}

/// Returns what [`run`] would do.
pub fn plan(database: &Database) -> Result<Migration> {
    let (from, to) = (version(database)?, latest());
    if from > to {
        return Err(newer(database, from));
    }
    Ok(Migration { from, to, copy: None })
}

fn newer(database: &Database, from: i64) -> Error {
    Error::conflict("error-database-newer")
        .with("database", database)
        .with("version", from)
        .with("latest", latest())
}

/// Migrates a database in one transaction. A missing file is created, an existing one copied
/// first; if the migration fails, the copy is removed. Several programs may migrate at once.
pub fn run(database: &Database, now: Timestamp) -> Result<Migration> {
    let mut migration = plan(database)?;
    if migration.from == migration.to {
        return Ok(migration);
    }
    // The server of a file holds its lock by now.
    if database.file().is_none() && migration.from > 0 && database.is_served()? {
        // A program started at the same time may have migrated it meanwhile, and be serving.
        let migration = plan(database)?;
        if migration.from == migration.to {
            return Ok(migration);
        }
        return Err(Error::conflict("error-database-served")
            .with("database", database)
            .with("version", migration.from)
            .with("latest", migration.to));
    }
    if let (Some(path), 1..) = (database.file(), migration.from) {
        let stamp = now.strftime(TIME);
        let copy = path.with_extension(format!("v{}-{stamp}.db", migration.from));
        sqlite::backup(path, &copy, |_, _| true).inspect_err(|_| discard(&copy))?;
        migration.copy = Some(copy);
    }
    if let Some(folder) = database.file().and_then(Path::parent) {
        let mut maker = fs::DirBuilder::new();
        maker.recursive(true).mode(0o700).create(folder).map_err(Error::internal)?;
    }
    let migrated = database.change(|connection| {
        connection.lock_tables()?;
        // Another process may have migrated since the plan was made.
        let from = current(connection)?;
        if from > migration.to {
            return Err(newer(database, from));
        }
        for block in blocks() {
            if from < block.version {
                apply(connection, &block, now)?;
            }
        }
        Ok(from)
    });
    if let (Err(_), Some(copy)) = (&migrated, &migration.copy) {
        discard(copy);
    }
    migrated.map(|from| Migration { from, ..migration })
}

/// Removes the copy of a failed migration: a server that restarts in a loop must not fill the
/// disk.
fn discard(copy: &Path) {
    for ending in ["", "-journal"] {
        let mut name = copy.as_os_str().to_owned();
        name.push(ending);
        // The migration's error matters more.
        let _ = fs::remove_file(name);
    }
}

/// Removes the copies that [`run`] made of a database file more than 30 days ago.
///
/// # Errors
///
/// The folder cannot be read, or a copy cannot be removed.
pub(super) fn remove_old_copies(database: &Path, now: Timestamp) -> io::Result<()> {
    let Some(folder) = database.parent() else { return Ok(()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let made = entry.file_name().to_str().and_then(|name| copied_at(database, name));
        if made.is_some_and(|made| now.duration_since(made) > COPY_KEPT) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Returns when the file with this name was made, if it is a copy made by [`run`].
fn copied_at(database: &Path, name: &str) -> Option<Timestamp> {
    let rest = name.strip_prefix(database.file_stem()?.to_str()?)?.strip_prefix(".v")?;
    let (version, time) = rest.strip_suffix(".db")?.split_once('-')?;
    version.parse::<u32>().ok()?;
    TimeZone::UTC.to_timestamp(DateTime::strptime(TIME, time).ok()?).ok()
}

/// Creates the newest schema in an empty database.
pub(super) fn create(connection: &mut dyn Connection, now: Timestamp) -> Result<()> {
    blocks().iter().try_for_each(|block| apply(connection, block, now))
}

/// Returns every statement of the schema, in order.
pub(super) fn all_statements() -> Vec<&'static str> {
    let blocks = blocks().into_iter().flat_map(|block| block.statements);
    [VERSIONS].into_iter().chain(blocks).collect()
}

/// Returns the schema version of an open database; 0 if none.
pub(super) fn current(connection: &mut dyn Connection) -> Result<i64> {
    if !connection.has_table("schema_version")? {
        return Ok(0);
    }
    let sql = "SELECT coalesce(max(version), 0) FROM schema_version";
    Tx::new(connection).one(sql, &[], |row| row.get(0))
}

fn apply(connection: &mut dyn Connection, block: &Block, now: Timestamp) -> Result<()> {
    if !connection.has_table("schema_version")? {
        connection.define(VERSIONS)?;
    }
    for statement in &block.statements {
        connection.define(statement)?;
    }
    // The part of a migration that SQL cannot express.
    if block.version == REFOLDED {
        client::refold(&mut Tx::new(connection))?;
    }
    if block.version == STRUCTURED {
        client::name_countries(&mut Tx::new(connection))?;
        invoice_defaults::restructure(&mut Tx::new(connection))?;
    }
    connection.execute(
        "INSERT INTO schema_version (version, applied_at) VALUES (?1, ?2)",
        values![block.version, now],
    )?;
    Ok(())
}

fn blocks() -> Vec<Block> {
    let blocks = SCHEMA.split("\n-- version ").skip(1).filter_map(|block| {
        let (version, body) = block.split_once('\n')?;
        Some(Block { version: version.trim().parse().ok()?, statements: statements(body) })
    });
    blocks.collect()
}

/// Splits at semicolons at line ends; drops comments before a statement.
fn statements(body: &'static str) -> Vec<&'static str> {
    body.split(";\n").map(without_comments).filter(|statement| !statement.is_empty()).collect()
}

fn without_comments(statement: &'static str) -> &'static str {
    let mut statement = statement.trim();
    while let Some(comment) = statement.strip_prefix("--") {
        statement = comment.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_parsed_into_numbered_blocks_of_complete_statements() {
        let blocks = blocks();
        let versions: Vec<i64> = blocks.iter().map(|block| block.version).collect();
        assert_eq!(versions, (1..=versions.len() as i64).collect::<Vec<_>>());
        // A version counts as applied even without statements, and gets none later.
        let empty = blocks.iter().filter(|block| block.statements.is_empty());
        assert_eq!(empty.map(|block| block.version).collect::<Vec<_>>(), [9]);
        for statement in blocks.iter().flat_map(|block| &block.statements) {
            let verbs = ["CREATE ", "ALTER ", "DROP ", "INSERT INTO ", "UPDATE "];
            assert!(verbs.iter().any(|verb| statement.starts_with(verb)), "{statement}");
        }
    }
}
