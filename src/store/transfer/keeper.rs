//! Fills a database, and keeps it only where it holds what was read.

use std::sync::mpsc::{Receiver, RecvError};

use jiff::Timestamp;

use super::{
    Copied, Follower, Sums, Table, at, held,
    reader::{Parcel, pages},
    sums::Cell,
    tables,
    tables::TOGETHER,
};
use crate::{
    domain::error::{Error, Result},
    store::{engine::Connection, migrate},
};

/// Fills the target.
pub struct Keeper<'f> {
    pub now: Timestamp,
    pub takes_nul: bool,
    pub follower: &'f dyn Follower,
}

impl Keeper<'_> {
    pub fn keep_all(
        &self,
        connection: &mut dyn Connection,
        parcels: Receiver<Parcel>,
    ) -> Result<Vec<Copied>> {
        connection.lock_tables()?;
        if let Some(name) = held(connection)? {
            return Err(Error::conflict(format!("the target has a table {name} already")));
        }
        migrate::create(connection, self.now)?;
        // What the schema puts into its tables by itself comes with the source.
        for table in tables()?.iter().rev() {
            connection.change(&table.empty, &[])?;
        }
        let expected = loop {
            match parcels.recv() {
                Ok(Parcel::Rows(table, cells)) => {
                    self.write(connection, table, &cells).map_err(at(table))?;
                }
                Ok(Parcel::End(sums)) => break sums,
                Err(RecvError) => {
                    return Err(Error::internal("the source was not read to its end"));
                }
            }
        };
        let copied = self.compare(connection, expected)?;
        self.follower.decide()?;
        Ok(copied)
    }

    fn write(
        &self,
        connection: &mut dyn Connection,
        table: &'static Table,
        cells: &[Cell],
    ) -> Result<()> {
        let width = table.columns.len();
        if !self.takes_nul {
            cells.chunks_exact(width).try_for_each(|row| without_nul(table, row))?;
        }
        let mut together = cells.chunks_exact(width * TOGETHER);
        let mut statements: Vec<(&'static str, &[Cell])> =
            together.by_ref().map(|rows| (table.insert_together.as_str(), rows)).collect();
        statements.extend(
            together.remainder().chunks_exact(width).map(|row| (table.insert.as_str(), row)),
        );
        // The last is waited for: no more than a page is on its way.
        let last = statements.pop();
        for (statement, cells) in statements {
            connection.change(statement, &cells.iter().map(Cell::value).collect::<Vec<_>>())?;
        }
        if let Some((statement, cells)) = last {
            connection.execute(statement, &cells.iter().map(Cell::value).collect::<Vec<_>>())?;
        }
        self.follower.copied(&table.name, (cells.len() / width) as u64);
        Ok(())
    }

    /// Reads back what was written.
    fn compare(&self, connection: &mut dyn Connection, expected: Vec<Sums>) -> Result<Vec<Copied>> {
        let mut copied = Vec::new();
        for (table, expected) in tables()?.iter().zip(expected) {
            let found = pages(connection, table, &mut |cells| {
                self.follower.compared(&table.name, (cells.len() / table.columns.len()) as u64);
                Ok(())
            });
            let sums = found.map_err(at(table))?;
            if sums != expected {
                return Err(Error::conflict(format!(
                    "table {} is not what it was: {} rows were read and {} arrived, with digests \
                     {} and {}",
                    table.name,
                    expected.rows,
                    sums.rows,
                    expected.digest(),
                    sums.digest()
                )));
            }
            copied.push(Copied { table, sums });
        }
        Ok(copied)
    }
}

/// Refuses a row with a character that not every engine takes.
fn without_nul(table: &Table, row: &[Cell]) -> Result<()> {
    let has_nul = |cell: &&Cell| matches!(cell, Cell::Text(text) if text.contains('\0'));
    let Some(place) = row.iter().position(|cell| has_nul(&cell)) else { return Ok(()) };
    let key: Vec<String> = table
        .key
        .iter()
        .map(|part| format!("{} = {}", table.columns[*part].name, row[*part]))
        .collect();
    Err(Error::internal(format!(
        "column {} of the row with {} holds the character NUL, which PostgreSQL cannot keep: \
         change it and try again",
        table.columns[place].name,
        key.join(" and ")
    )))
}

#[cfg(test)]
mod tests {
    use std::sync::{atomic::AtomicBool, mpsc::sync_channel};

    use super::*;
    use crate::store::{
        Database,
        engine::{Row, Value},
        sqlite,
        transfer::reader::Reader,
    };

    struct Nobody;

    impl Follower for Nobody {
        fn counted(&self, _: u64) {}
        fn copied(&self, _: &'static str, _: u64) {}
        fn compared(&self, _: &'static str, _: u64) {}
        fn decide(&self) -> Result<()> {
            Ok(())
        }
    }

    /// An engine that stores something else than it was told.
    struct Forgetful<'c> {
        inner: &'c mut dyn Connection,
        /// Spoils a statement's parameters.
        spoil: fn(&'static str, &mut Vec<Value>) -> bool,
    }

    impl Forgetful<'_> {
        fn spoilt<'v>(&self, sql: &'static str, values: &[Value<'v>]) -> Option<Vec<Value<'v>>> {
            let mut values = values.to_vec();
            (self.spoil)(sql, &mut values).then_some(values)
        }
    }

    impl Connection for Forgetful<'_> {
        fn query(
            &mut self,
            sql: &'static str,
            values: &[Value],
            each: &mut dyn FnMut(&dyn Row) -> Result<()>,
        ) -> Result<()> {
            self.inner.query(sql, values, each)
        }

        fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
            self.spoilt(sql, values).map_or(Ok(0), |values| self.inner.execute(sql, &values))
        }

        fn lock_tables(&mut self) -> Result<()> {
            self.inner.lock_tables()
        }

        fn define(&mut self, statement: &str) -> Result<()> {
            self.inner.define(statement)
        }

        fn has_table(&mut self, name: &str) -> Result<bool> {
            self.inner.has_table(name)
        }
    }

    fn transfer(spoil: fn(&'static str, &mut Vec<Value>) -> bool) -> Result<Vec<Copied>> {
        let folder = tempfile::tempdir().unwrap();
        let source = Database::Sqlite(folder.path().join("source.db"));
        migrate::run(&source, Timestamp::UNIX_EPOCH).unwrap();
        source
            .change(|connection| {
                for number in 0..40 {
                    let (name, text) = (number.to_string(), "x".repeat(number));
                    connection.execute(
                        "INSERT INTO program_state (name, value) VALUES (?1, ?2)",
                        &[Value::Text(&name), Value::Text(&text)],
                    )?;
                }
                Ok(())
            })
            .unwrap();
        let (sender, parcels) = sync_channel(100);
        let reader = Reader { sender, is_deserted: AtomicBool::new(false), follower: &Nobody };
        source.peek(|connection| reader.read_all(connection)).unwrap();
        sqlite::fill(&folder.path().join("target.db"), |inner| {
            let keeper = Keeper { now: Timestamp::UNIX_EPOCH, takes_nul: true, follower: &Nobody };
            keeper.keep_all(&mut Forgetful { inner, spoil }, parcels)
        })
    }

    #[test]
    fn a_target_that_holds_something_else_is_not_kept() {
        let rows =
            |copied: &Copied| (copied.table.name == "program_state").then_some(copied.sums.rows);
        let copied = transfer(|_, _| true).unwrap();
        assert_eq!(copied.iter().find_map(rows), Some(40));

        let lost = transfer(|sql, values| {
            !(sql.starts_with("INSERT INTO program_state") && values.len() == 2)
        });
        let text = lost.unwrap_err().cause();
        assert!(text.contains("table program_state is not what it was: 40 rows"), "{text}");

        let altered = transfer(|sql, values| {
            if sql.starts_with("INSERT INTO program_state")
                && let Some(Value::Text(text)) = values.last_mut()
            {
                *text = text.strip_suffix('x').unwrap_or("y");
            }
            true
        });
        let text = altered.unwrap_err().cause();
        assert!(
            text.contains("table program_state is not what it was: 40 rows were read and 40"),
            "{text}"
        );

        let moved = transfer(|sql, values| {
            if sql.starts_with("INSERT INTO schema_version")
                && let Some(Value::Int(at)) = values.last_mut()
            {
                *at += 1;
            }
            true
        });
        let text = moved.unwrap_err().cause();
        assert!(text.contains("table schema_version is not what it was"), "{text}");
    }
}
