//! Brings a database to the schema this program knows.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{
    engine::{Connection, values},
    sqlite,
};
use crate::domain::error::{Error, Result};

const SCHEMA: &str = include_str!("../../schema.sql");

/// One block of `schema.sql`.
struct Block {
    version: i64,
    statements: Vec<&'static str>,
}

/// What a migration did or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The version found; 0 where there was no database.
    pub from: i64,
    /// The version of this program.
    pub to: i64,
    /// The copy made of the database before it was touched.
    pub copy: Option<PathBuf>,
}

/// The schema version this program brings a database to.
pub fn latest() -> i64 {
    blocks().last().map_or(0, |block| block.version)
}

/// The schema version of a file; 0 where there is none.
pub fn version(path: &Path) -> Result<i64> {
    if !path.exists() { Ok(0) } else { sqlite::peek(path, current) }
}

/// Says what [`run`] would do, and does nothing.
pub fn plan(path: &Path) -> Result<Migration> {
    let (from, to) = (version(path)?, latest());
    if from > to {
        return Err(Error::conflict(format!(
            "the database {} has schema version {from}, newer than the {to} this program knows: \
             use a newer freelanceos, or restore an older backup",
            path.display()
        )));
    }
    Ok(Migration { from, to, copy: None })
}

/// Migrates a file, creating it where there is none. An existing one is copied first. All of it
/// is one transaction: where it fails, the file is as it was, and the copy of no use.
pub fn run(path: &Path, now: Timestamp) -> Result<Migration> {
    let mut migration = plan(path)?;
    if migration.from == migration.to {
        return Ok(migration);
    }
    if migration.from > 0 {
        let stamp = now.strftime("%Y%m%dT%H%M%SZ");
        let copy = path.with_extension(format!("v{}-{stamp}.db", migration.from));
        sqlite::backup(path, &copy, |_, _| true).inspect_err(|_| discard(&copy))?;
        migration.copy = Some(copy);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::internal)?;
    }
    let migrated = sqlite::with_connection(path, |connection| {
        for block in blocks() {
            // Another process may have migrated since the plan was made.
            if current(connection)? < block.version {
                apply(connection, &block, now)?;
            }
        }
        Ok(())
    });
    if let (Err(_), Some(copy)) = (&migrated, &migration.copy) {
        discard(copy);
    }
    migrated.map(|()| migration)
}

/// Removes a copy that is not needed: a server that is started again and again must not fill the
/// disk with them.
fn discard(copy: &Path) {
    for ending in ["", "-journal"] {
        let mut name = copy.as_os_str().to_owned();
        name.push(ending);
        // Why the migration failed matters more.
        let _ = fs::remove_file(name);
    }
}

fn current(connection: &mut dyn Connection) -> Result<i64> {
    if !connection.has_table("schema_version")? {
        return Ok(0);
    }
    let mut version = 0;
    connection.query("SELECT coalesce(max(version), 0) FROM schema_version", &[], &mut |row| {
        version = row.get(0)?;
        Ok(())
    })?;
    Ok(version)
}

fn apply(connection: &mut dyn Connection, block: &Block, now: Timestamp) -> Result<()> {
    if !connection.has_table("schema_version")? {
        connection.define(
            "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)",
        )?;
    }
    for statement in &block.statements {
        connection.define(statement)?;
    }
    connection.execute(
        "INSERT INTO schema_version (version, applied_at) VALUES (?1, ?2)",
        values![block.version, now],
    )?;
    Ok(())
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = SCHEMA;
    while let Some((_, block)) = rest.split_once("\n-- version ") {
        rest = block;
        let (heading, body) = block.split_once('\n').unwrap_or((block, ""));
        let body = body.split_once("\n-- version ").map_or(body, |(body, _)| body);
        if let Ok(version) = heading.trim().parse() {
            blocks.push(Block { version, statements: statements(body) });
        }
    }
    blocks
}

/// Splits at semicolons that end a line; comments before a statement are dropped.
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
    fn the_schema_is_read_as_numbered_blocks_of_whole_statements() {
        let blocks = blocks();
        let versions: Vec<i64> = blocks.iter().map(|block| block.version).collect();
        assert_eq!(versions, (1..=versions.len() as i64).collect::<Vec<_>>());
        for statement in blocks.iter().flat_map(|block| &block.statements) {
            let verbs = ["CREATE ", "ALTER ", "INSERT INTO ", "UPDATE "];
            assert!(verbs.iter().any(|verb| statement.starts_with(verb)), "{statement}");
        }
    }
}
