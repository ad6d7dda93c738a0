//! Reads a whole database, page by page.

use std::sync::{
    atomic::{AtomicBool, Ordering},
    mpsc::SyncSender,
};

use super::{Follower, Sums, Table, at, count, tables};
use crate::{
    domain::error::{Error, Result},
    store::{
        engine::{Connection, Value},
        migrate,
    },
};

/// The approximate size of a page in memory, and its maximum number of rows.
const PAGE_BYTES: usize = 1 << 20;
const PAGE_ROWS: usize = 1000;
/// The number of rows in a table's first page, while their size is unknown.
const FIRST_ROWS: usize = 8;
/// A message from the reading thread to the writing one.
pub enum Message {
    /// Rows of a table, value by value.
    Rows(&'static Table, Vec<Value<'static>>),
    /// The end, with the sums of each table.
    End(Vec<Sums>),
}

/// Reads the source.
pub struct Reader<'f> {
    pub sender: SyncSender<Message>,
    /// Whether the other thread has given up; it reports the error.
    pub is_abandoned: AtomicBool,
    pub follower: &'f dyn Follower,
}

impl Reader<'_> {
    pub fn read_all(&self, connection: &mut dyn Connection) -> Result<()> {
        let (version, latest) = (migrate::current(connection)?, migrate::latest());
        if version != latest {
            return Err(Error::conflict("error-copy-source-version")
                .with("version", version)
                .with("latest", latest));
        }
        self.follower.counted(count(connection)?.iter().map(|(_, rows)| rows).sum());
        let mut sums = Vec::new();
        for table in tables()? {
            let read = pages(connection, table, &mut |rows| self.send(Message::Rows(table, rows)));
            sums.push(read.map_err(at(table))?);
        }
        self.send(Message::End(sums))
    }

    fn send(&self, message: Message) -> Result<()> {
        self.sender.send(message).map_err(|_| {
            self.is_abandoned.store(true, Ordering::Relaxed);
            Error::internal("nobody takes the rows any more")
        })
    }
}

/// Passes the rows of a table to `each`, page by page, and returns their sums.
pub fn pages(
    connection: &mut dyn Connection,
    table: &'static Table,
    each: &mut dyn FnMut(Vec<Value<'static>>) -> Result<()>,
) -> Result<Sums> {
    let width = table.columns.len();
    let (mut sums, mut last) = (Sums::new(table), Vec::new());
    let mut largest: Option<usize> = None;
    loop {
        let limit = match largest {
            None => FIRST_ROWS,
            Some(bytes) => (PAGE_BYTES / bytes).clamp(1, PAGE_ROWS),
        };
        let statement = if last.is_empty() { &table.first } else { &table.next };
        last.push(Value::Int(limit as i64));
        let mut values = Vec::with_capacity(limit * width);
        connection.query(statement, &last, &mut |row| {
            let start = values.len();
            for (place, column) in table.columns.iter().enumerate() {
                values.push(column.kind.read(row, place)?);
            }
            let bytes = |value: &Value| size_of::<Value>() + value.size();
            largest = largest.max(Some(values[start..].iter().map(bytes).sum()));
            sums.add(table, &values[start..])
        })?;
        let rows = values.len() / width;
        if let Some(row) = values.chunks_exact(width).last() {
            last = table.key.iter().map(|place| row[*place].clone()).collect();
            each(values)?;
        }
        if rows < limit {
            return Ok(sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::Database;

    #[test]
    fn page_sizes_follow_the_size_of_rows() {
        let folder = tempfile::tempdir().unwrap();
        let source = Database::Sqlite(folder.path().join("source.db"));
        migrate::run(&source, Timestamp::UNIX_EPOCH).unwrap();
        let table = tables().unwrap().iter().find(|t| t.name == "program_state").unwrap();
        let mut sizes = Vec::new();
        let sums = source.change(|connection| {
            for number in 10_000..12_500 {
                let (name, length) =
                    (number.to_string(), if number < 12_200 { 10 } else { 100_000 });
                connection.execute(
                    &table.insert,
                    &[Value::Text(&name), Value::Owned("x".repeat(length))],
                )?;
            }
            pages(connection, table, &mut |cells| {
                sizes.push(cells.len() / 2);
                Ok(())
            })
        });
        assert_eq!(sums.unwrap().rows, 2500);
        // Small rows come by the thousand; after large ones, a page has ten.
        assert_eq!(sizes[..3], [FIRST_ROWS, PAGE_ROWS, PAGE_ROWS]);
        assert!(sizes[4..].iter().all(|rows| *rows <= 10), "{sizes:?}");
    }
}
