//! Copies a whole database into another, of either engine: all rows or none.
//!
//! One thread reads the source from one snapshot, page by page; another writes the target in one
//! transaction, reads it back, and commits it only if both have the same sums.

mod reader;
mod sums;
mod tables;
mod writer;

use std::{
    error::Error as _,
    sync::{atomic::AtomicBool, mpsc::sync_channel},
    thread,
};

use jiff::Timestamp;

use self::{reader::Reader, writer::Writer};
pub use self::{
    sums::Sums,
    tables::{Column, ColumnKind, Table, tables},
};
use super::{
    Database,
    engine::{Connection, Tx},
};
use crate::domain::error::{Error, Kind, Result};

/// The most pages that wait to be written.
const PAGES: usize = 2;

/// Follows the progress of a transfer.
pub trait Follower: Sync {
    /// Reports the total number of rows.
    fn counted(&self, rows: u64);

    /// Reports that this many more rows of a table are written.
    fn copied(&self, table: &'static str, rows: u64);

    /// Reports that this many more rows of a table are read back.
    fn compared(&self, table: &'static str, rows: u64);

    /// All rows are equal. They are committed unless this returns an error.
    fn decide(&self) -> Result<()>;
}

/// A table that was copied.
#[derive(Debug, Clone)]
pub struct Copied {
    pub table: &'static Table,
    pub sums: Sums,
}

/// Returns the number of rows of each table.
pub fn counts(source: &Database) -> Result<Vec<(&'static str, u64)>> {
    source.peek(count)
}

/// Returns a table of this program that a database already has.
pub fn occupied(target: &Database) -> Result<Option<&'static str>> {
    target.peek(table_of_ours)
}

/// Copies everything into an empty target: a file that does not exist yet, or a server's database
/// without this program's tables. On failure a server's database is unchanged, and a file unusable.
pub fn run(
    source: &Database,
    target: &Database,
    now: Timestamp,
    follower: &dyn Follower,
) -> Result<Vec<Copied>> {
    let (sender, receiver) = sync_channel(PAGES);
    let reader = Reader { sender, is_abandoned: AtomicBool::new(false), follower };
    let writer = Writer { now, takes_nul: target.file().is_some(), follower };
    thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let read = source.peek(|connection| reader.read_all(connection));
            // Dropping it signals the end to the other thread.
            drop(reader.sender);
            (read, reader.is_abandoned.into_inner())
        });
        let kept = target.fill(|connection| writer.write_all(connection, receiver));
        match reading.join() {
            Ok((Err(error), false)) => Err(error),
            Ok(_) => kept,
            Err(_) => Err(Error::internal("the reading thread panicked")),
        }
    })
}

fn count(connection: &mut dyn Connection) -> Result<Vec<(&'static str, u64)>> {
    let mut tx = Tx::new(connection);
    let count = |table: &'static Table| {
        let rows: i64 = tx.one(&table.count, &[], |row| row.get(0))?;
        Ok((table.name.as_str(), rows.unsigned_abs()))
    };
    tables()?.iter().map(count).collect()
}

fn table_of_ours(connection: &mut dyn Connection) -> Result<Option<&'static str>> {
    for table in tables()? {
        if connection.has_table(&table.name)? {
            return Ok(Some(&table.name));
        }
    }
    Ok(None)
}

/// Adds the name of the table to an error.
fn at(table: &Table) -> impl Fn(Error) -> Error {
    move |error| {
        let reason = match (error.kind(), error.source()) {
            (Kind::Internal, Some(source)) => source.to_string(),
            _ => error.cause(),
        };
        Error::internal(format!("table {}: {reason}", table.name))
    }
}
