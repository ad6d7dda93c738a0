//! Brings a whole database into another, of the same engine or not: every row or nothing.
//!
//! One thread reads the source on one snapshot, page by page; another writes the target in one
//! transaction, reads it back, and keeps it only where both add up to the same.

mod keeper;
mod reader;
mod sums;
mod tables;

use std::{
    error::Error as _,
    sync::{atomic::AtomicBool, mpsc::sync_channel},
    thread,
};

use jiff::Timestamp;

use self::{keeper::Keeper, reader::Reader};
pub use self::{
    sums::Sums,
    tables::{Column, ColumnKind, Table, tables},
};
use super::{
    Database,
    engine::{Connection, Tx},
};
use crate::domain::error::{Error, Kind, Result};

/// Pages that wait to be written.
const PAGES: usize = 2;

/// Who follows a transfer.
pub trait Follower: Sync {
    /// How many rows there are in all.
    fn counted(&self, rows: u64);

    /// So many more rows of a table are written.
    fn copied(&self, table: &'static str, rows: u64);

    /// So many more rows of a table are read back.
    fn compared(&self, table: &'static str, rows: u64);

    /// Everything is there and equal. An error still keeps nothing; after none, all is kept.
    fn decide(&self) -> Result<()>;
}

/// A table that was copied.
#[derive(Debug, Clone)]
pub struct Copied {
    pub table: &'static Table,
    pub sums: Sums,
}

/// How many rows each table has.
pub fn counts(source: &Database) -> Result<Vec<(&'static str, u64)>> {
    source.peek(count)
}

/// A table of ours that a database has already.
pub fn occupied(target: &Database) -> Result<Option<&'static str>> {
    target.peek(held)
}

/// Copies everything into a target that must be empty: a file that is not there yet, or a
/// server's database without our tables. Where it fails, a server's database is as it was, and
/// a file is of no use.
pub fn run(
    source: &Database,
    target: &Database,
    now: Timestamp,
    follower: &dyn Follower,
) -> Result<Vec<Copied>> {
    let (sender, receiver) = sync_channel(PAGES);
    let reader = Reader { sender, is_deserted: AtomicBool::new(false), follower };
    let keeper = Keeper { now, takes_nul: target.file().is_some(), follower };
    thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let read = source.peek(|connection| reader.read_all(connection));
            // Its end tells the other thread that nothing more comes.
            drop(reader.sender);
            (read, reader.is_deserted.into_inner())
        });
        let kept = target.fill(|connection| keeper.keep_all(connection, receiver));
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

fn held(connection: &mut dyn Connection) -> Result<Option<&'static str>> {
    for table in tables()? {
        if connection.has_table(&table.name)? {
            return Ok(Some(&table.name));
        }
    }
    Ok(None)
}

/// The failure of work on a table, with its name.
fn at(table: &Table) -> impl Fn(Error) -> Error {
    move |error| {
        let reason = match (error.kind(), error.source()) {
            (Kind::Internal, Some(source)) => source.to_string(),
            _ => error.cause(),
        };
        Error::internal(format!("table {}: {reason}", table.name))
    }
}
