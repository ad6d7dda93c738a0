//! The tables of this version, read from `schema.sql`, so that new tables need no change here.

use std::sync::LazyLock;

use crate::{
    domain::error::{Error, Result},
    store::{
        engine::{Row, Tx, Value, values},
        migrate, sqlite,
    },
};

/// Rows per insert statement; one by one, a server takes nearly twice as long.
pub const TOGETHER: usize = 16;

/// The type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    Int,
    Text,
    Bytes,
}

impl ColumnKind {
    /// Reads a column of a row.
    pub(super) fn read(self, row: &dyn Row, column: usize) -> Result<Value<'static>> {
        let value = match self {
            Self::Int => row.int(column)?.map(Value::Int),
            Self::Text => row.get::<Option<String>>(column)?.map(Value::Owned),
            Self::Bytes => row.get::<Option<Vec<u8>>>(column)?.map(Value::OwnedBytes),
        };
        Ok(value.unwrap_or(Value::Null))
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
}

/// A table, and the statements that copy or empty it.
#[derive(Debug)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// The columns of its primary key, in key order.
    pub key: Vec<usize>,
    /// The amount and currency columns, if it has both.
    pub(super) money: Option<(usize, usize)>,
    pub(super) count: String,
    /// Selects its first rows by key, up to a limit.
    pub(super) first: String,
    /// Selects the rows after a key, up to a limit.
    pub(super) next: String,
    pub(super) insert: String,
    pub(super) insert_together: String,
    pub(super) empty: String,
    /// Removes rows of an account, up to a limit; `None` if rows belong to no account.
    pub(in crate::store) remove_some: Option<String>,
}

/// Returns every table, ordered so that references point backwards. Their statements are static, so
/// that engines can keep them prepared.
pub fn tables() -> Result<&'static [Table]> {
    static TABLES: LazyLock<Result<Vec<Table>>> =
        LazyLock::new(|| read(&migrate::all_statements()));
    TABLES.as_deref().map_err(|error| Error::internal(error.cause()))
}

/// Reads the schema with SQLite.
fn read(statements: &[&str]) -> Result<Vec<Table>> {
    sqlite::in_memory(|connection| {
        statements.iter().try_for_each(|statement| connection.define(statement))?;
        let mut tx = Tx::new(connection);
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid";
        let names: Vec<String> = tx.list(sql, &[], |row| row.get(0))?;
        names.into_iter().map(|name| described(&mut tx, name)).collect()
    })
}

fn described(tx: &mut Tx, name: String) -> Result<Table> {
    let sql = "SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid";
    let columns = tx.list(sql, values![&name], |row| {
        let kind = match row.text(1)? {
            Some("INTEGER") => ColumnKind::Int,
            Some("TEXT") => ColumnKind::Text,
            Some("BLOB") => ColumnKind::Bytes,
            other => return Err(Error::internal(format!("a column of {name} is {other:?}"))),
        };
        Ok((Column { name: row.get(0)?, kind }, row.get::<i64>(2)?))
    })?;
    let (columns, parts): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    // The key's first column is part 1; columns outside it are 0.
    let mut key: Vec<usize> = (0..columns.len()).filter(|place| parts[*place] > 0).collect();
    key.sort_by_key(|place| parts[*place]);
    Ok(Table::new(name, columns, key))
}

impl Table {
    /// Builds the statements.
    fn new(name: String, columns: Vec<Column>, key: Vec<usize>) -> Self {
        let place = |name| columns.iter().position(|column| column.name == name);
        let money = place("amount").zip(place("currency"));
        let names = |places: &[usize]| {
            let names = places.iter().map(|place| columns[*place].name.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        let (width, parts) = (columns.len(), key.len());
        let (all, ordered) = (names(&(0..width).collect::<Vec<_>>()), names(&key));
        let rows = |rows: usize| {
            let rows = (0..rows).map(|row| format!("({})", marks(row * width, width)));
            rows.collect::<Vec<_>>().join(", ")
        };
        let remove_some = place("account_id").map(|_| {
            format!(
                "DELETE FROM {name} WHERE ({ordered}) IN \
                 (SELECT {ordered} FROM {name} WHERE account_id = ?1 LIMIT ?2)"
            )
        });
        Self {
            count: format!("SELECT count(*) FROM {name}"),
            first: format!("SELECT {all} FROM {name} ORDER BY {ordered} LIMIT ?1"),
            next: format!(
                "SELECT {all} FROM {name} WHERE ({ordered}) > ({}) ORDER BY {ordered} LIMIT ?{}",
                marks(0, parts),
                parts + 1
            ),
            insert: format!("INSERT INTO {name} ({all}) VALUES {}", rows(1)),
            insert_together: format!("INSERT INTO {name} ({all}) VALUES {}", rows(TOGETHER)),
            empty: format!("DELETE FROM {name}"),
            remove_some,
            money,
            name,
            columns,
            key,
        }
    }
}

/// Returns `?1, ?2` and so on, after the first `after` parameters.
fn marks(after: usize, count: usize) -> String {
    (1..=count).map(|mark| format!("?{}", after + mark)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_after_every_table_it_references() {
        let tables = tables().unwrap();
        let place = |name: &str| {
            let found = tables.iter().position(|table| table.name == name);
            found.unwrap_or_else(|| panic!("{name} is not among the tables"))
        };
        let mut references = 0;
        for statement in migrate::all_statements() {
            let lines = statement.lines().filter(|line| !line.trim_start().starts_with("--"));
            let text = lines.collect::<Vec<_>>().join("\n");
            let mut words = text.split_whitespace();
            let (Some("CREATE" | "ALTER"), Some("TABLE")) = (words.next(), words.next()) else {
                continue;
            };
            let name = words.next().unwrap();
            let gone = format!("DROP TABLE {name}");
            if migrate::all_statements().contains(&&*gone) {
                continue;
            }
            let own = place(name);
            while words.any(|word| word == "REFERENCES") {
                let named = words.next().unwrap();
                assert!(place(named) < own, "{} names {named}", tables[own].name);
                references += 1;
            }
        }
        assert!(references > 30, "only {references} were looked at");
    }

    #[test]
    fn columns_and_keys_are_parsed_from_create_and_alter() {
        let tables = read(&[
            "CREATE TABLE notes (\n    owner BYTEA NOT NULL REFERENCES owners (id),\n    \
             -- Counts, (from) 1.\n    place BIGINT NOT NULL,\n    body TEXT,\n    \
             PRIMARY KEY (place, owner),\n    CONSTRAINT notes_body UNIQUE (owner, body)\n)",
            "CREATE INDEX notes_by_body ON notes (body)",
            "ALTER TABLE notes ADD COLUMN seal BYTEA",
            "CREATE TABLE drafts (\n    id BYTEA NOT NULL PRIMARY KEY\n)",
            "DROP TABLE drafts",
        ])
        .unwrap();
        let [notes] = &tables[..] else { panic!("{tables:?}") };
        let columns: Vec<_> = notes.columns.iter().map(|c| (c.name.as_str(), c.kind)).collect();
        let (int, text, bytes) = (ColumnKind::Int, ColumnKind::Text, ColumnKind::Bytes);
        let expected = [("owner", bytes), ("place", int), ("body", text), ("seal", bytes)];
        assert_eq!(columns, expected);
        assert_eq!(notes.key, [1, 0]);
        assert_eq!(
            notes.next,
            "SELECT owner, place, body, seal FROM notes WHERE (place, owner) > (?1, ?2) \
             ORDER BY place, owner LIMIT ?3"
        );
        assert_eq!(
            notes.insert,
            "INSERT INTO notes (owner, place, body, seal) VALUES (?1, ?2, ?3, ?4)"
        );
    }

    #[test]
    fn an_unknown_column_type_is_refused() {
        let versions = migrate::all_statements()[0];
        assert!(read(&[versions, "CREATE TABLE t (a REAL NOT NULL PRIMARY KEY)"]).is_err());
        let dropped = read(&[versions, "ALTER TABLE schema_version DROP COLUMN applied_at"]);
        assert_eq!(dropped.unwrap()[0].columns.len(), 1);
    }
}
