//! Fills a database, and commits only if it contains what was read.

use std::sync::mpsc::{Receiver, RecvError};

use jiff::Timestamp;

use super::{
    Copied, Follower, Sums, Table, at,
    reader::{Message, pages},
    table_of_ours, tables,
    tables::TOGETHER,
};
use crate::{
    domain::error::{Error, Result},
    store::{
        engine::{Connection, Value},
        migrate,
    },
};

/// Fills the target.
pub struct Writer<'f> {
    pub now: Timestamp,
    /// Whether the target can store every text: PostgreSQL rejects the character NUL.
    pub takes_nul: bool,
    pub follower: &'f dyn Follower,
}

impl Writer<'_> {
    pub fn write_all(
        &self,
        connection: &mut dyn Connection,
        messages: Receiver<Message>,
    ) -> Result<Vec<Copied>> {
        connection.lock_tables()?;
        if let Some(name) = table_of_ours(connection)? {
            return Err(Error::conflict("error-copy-target-used").with("table", name));
        }
        migrate::create(connection, self.now)?;
        // Rows that the schema inserts also come from the source.
        for table in tables()?.iter().rev() {
            connection.change(&table.empty, &[])?;
        }
        let expected = loop {
            match messages.recv() {
                Ok(Message::Rows(table, values)) => {
                    self.write(connection, table, &values).map_err(at(table))?;
                }
                Ok(Message::End(sums)) => break sums,
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
        values: &[Value],
    ) -> Result<()> {
        let width = table.columns.len();
        if !self.takes_nul {
            values.chunks_exact(width).try_for_each(|row| without_nul(table, row))?;
        }
        let together = values.chunks_exact(width * TOGETHER);
        let alone = together.remainder().chunks_exact(width);
        let mut statements: Vec<_> = together
            .map(|rows| (table.insert_together.as_str(), rows))
            .chain(alone.map(|row| (table.insert.as_str(), row)))
            .collect();
        // Await the last one, so that at most one page is unsent.
        let last = statements.pop();
        for (statement, values) in statements {
            connection.change(statement, values)?;
        }
        if let Some((statement, values)) = last {
            connection.execute(statement, values)?;
        }
        self.follower.copied(&table.name, (values.len() / width) as u64);
        Ok(())
    }

    /// Reads back and compares what was written.
    fn compare(&self, connection: &mut dyn Connection, expected: Vec<Sums>) -> Result<Vec<Copied>> {
        let mut copied = Vec::new();
        for (table, expected) in tables()?.iter().zip(expected) {
            let found = pages(connection, table, &mut |values| {
                self.follower.compared(&table.name, (values.len() / table.columns.len()) as u64);
                Ok(())
            });
            let sums = found.map_err(at(table))?;
            if sums != expected {
                return Err(Error::conflict("error-copy-differs")
                    .with("table", &table.name)
                    .with("read", expected.rows)
                    .with("arrived", sums.rows)
                    .with("before", expected.digest())
                    .with("after", sums.digest()));
            }
            copied.push(Copied { table, sums });
        }
        Ok(copied)
    }
}

/// Refuses a row with the character NUL.
fn without_nul(table: &Table, row: &[Value]) -> Result<()> {
    let has_nul = |value: &Value| matches!(value, Value::Owned(text) if text.contains('\0'));
    let Some(place) = row.iter().position(has_nul) else { return Ok(()) };
    let key: Vec<String> = table
        .key
        .iter()
        .map(|part| format!("{} = {}", table.columns[*part].name, in_sql(&row[*part])))
        .collect();
    Err(Error::internal(format!(
        "column {} of the row with {} holds the character NUL, which PostgreSQL cannot keep: \
         change it and try again",
        table.columns[place].name,
        key.join(" and ")
    )))
}

/// Returns a value as an SQL literal.
fn in_sql(value: &Value) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        Value::Owned(text) => format!("'{}'", text.escape_debug()),
        Value::OwnedBytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("x'{digits}'")
        }
        _ => "NULL".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{atomic::AtomicBool, mpsc::sync_channel};

    use super::*;
    use crate::store::{Database, sqlite, transfer::reader::Reader};

    struct Nobody;

    impl Follower for Nobody {
        fn counted(&self, _: u64) {}
        fn copied(&self, _: &'static str, _: u64) {}
        fn compared(&self, _: &'static str, _: u64) {}
        fn decide(&self) -> Result<()> {
            Ok(())
        }
    }

    /// Corrupts the values of a table's rows.
    type Spoil = fn(&str, &mut Vec<Value>);

    /// Copies a database with 40 rows in one table; `spoil` changes what is written.
    fn transfer(spoil: Spoil) -> Result<Vec<Copied>> {
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
        let (sender, read) = sync_channel(100);
        let reader = Reader { sender, is_abandoned: AtomicBool::new(false), follower: &Nobody };
        source.peek(|connection| reader.read_all(connection)).unwrap();
        drop(reader);
        let (sender, messages) = sync_channel(100);
        for mut message in read {
            if let Message::Rows(table, values) = &mut message {
                spoil(&table.name, values);
            }
            sender.send(message).unwrap();
        }
        sqlite::fill(&folder.path().join("target.db"), |connection| {
            let writer = Writer { now: Timestamp::UNIX_EPOCH, takes_nul: true, follower: &Nobody };
            writer.write_all(connection, messages)
        })
    }

    #[test]
    fn a_target_with_different_contents_is_not_kept() {
        let rows =
            |copied: &Copied| (copied.table.name == "program_state").then_some(copied.sums.rows);
        let copied = transfer(|_, _| {}).unwrap();
        assert_eq!(copied.iter().find_map(rows), Some(40));

        let lost = |table: &str, values: &mut Vec<Value>| {
            if table == "program_state" {
                values.truncate(values.len() - 2);
            }
        };
        let altered = |table: &str, values: &mut Vec<Value>| {
            if let ("program_state", Some(Value::Owned(text))) = (table, values.last_mut()) {
                *text = text.strip_suffix('x').unwrap_or("y").to_owned();
            }
        };
        let moved = |table: &str, values: &mut Vec<Value>| {
            if let ("schema_version", Some(Value::Int(at))) = (table, values.last_mut()) {
                *at += 1;
            }
        };
        let spoilers: [(Spoil, &str); 3] = [
            (lost, "table program_state differs after the copy: 40 rows"),
            (altered, "table program_state differs after the copy: 40 rows were read and 40"),
            (moved, "table schema_version differs after the copy"),
        ];
        for (spoil, told) in spoilers {
            let text = transfer(spoil).unwrap_err().cause();
            assert!(text.contains(told), "{text}");
        }
    }
}
