//! The tables of this version, read out of `schema.sql`, so that what a later version adds comes
//! along without a word being said here.

use std::sync::LazyLock;

use crate::{
    domain::error::{Error, Result},
    store::migrate,
};

/// Rows that are written by one statement where there are as many: one by one they take a
/// server nearly twice as long.
pub const TOGETHER: usize = 16;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    Int,
    Text,
    Bytes,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
}

/// A table and the statements that copy it.
#[derive(Debug)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// Which columns are its primary key, in the key's order.
    pub key: Vec<usize>,
    pub(super) count: String,
    /// Its first rows by the key: so many.
    pub(super) first: String,
    /// The rows behind a key: so many.
    pub(super) next: String,
    pub(super) insert: String,
    pub(super) insert_together: String,
    pub(super) empty: String,
}

/// Every table, those that others name before those that name them. They stay as long as the
/// program runs, and so do their statements, which engines keep by their text.
pub fn tables() -> Result<&'static [Table]> {
    static TABLES: LazyLock<Result<Vec<Table>, String>> =
        LazyLock::new(|| read(&migrate::all_statements()));
    TABLES.as_deref().map_err(|reason| Error::internal(reason.as_str()))
}

fn read(statements: &[&str]) -> Result<Vec<Table>, String> {
    let mut tables: Vec<Table> = Vec::new();
    for statement in statements {
        let text = without_comments(statement);
        if let Some(rest) = text.strip_prefix("CREATE TABLE ") {
            tables.push(created(rest)?);
        } else if let Some(rest) = text.strip_prefix("ALTER TABLE ") {
            let (name, column) = rest
                .split_once(" ADD COLUMN ")
                .ok_or_else(|| format!("nobody knows how this changes the columns: {text}"))?;
            let table = tables.iter_mut().find(|table| table.name == name.trim());
            let table = table.ok_or_else(|| format!("no such table: {text}"))?;
            table.columns.push(declared(column)?);
        } else if let Some(name) = text.strip_prefix("DROP TABLE ") {
            tables.retain(|table| table.name != name.trim());
        }
    }
    tables.iter_mut().for_each(Table::word);
    Ok(tables)
}

fn without_comments(statement: &str) -> String {
    let lines = statement.lines().filter(|line| !line.trim_start().starts_with("--"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads `name (column, …, PRIMARY KEY (…))`.
fn created(text: &str) -> Result<Table, String> {
    let body = text.split_once('(').and_then(|(name, rest)| Some((name, rest.rsplit_once(')')?.0)));
    let (name, body) = body.ok_or_else(|| format!("not a table: {text}"))?;
    let (mut columns, mut key): (Vec<Column>, Vec<String>) = (Vec::new(), Vec::new());
    for item in items(body) {
        if let Some(rest) = item.strip_prefix("PRIMARY KEY") {
            let names = rest.trim().trim_start_matches('(').trim_end_matches(')');
            key.extend(names.split(',').map(|name| name.trim().to_owned()));
            continue;
        }
        if ["CONSTRAINT ", "UNIQUE ", "FOREIGN KEY", "CHECK "].iter().any(|w| item.starts_with(w)) {
            continue;
        }
        let column = declared(item)?;
        if item.contains(" PRIMARY KEY") {
            key.push(column.name.clone());
        }
        columns.push(column);
    }
    let place = |name: &String| columns.iter().position(|column| column.name == *name);
    let places: Option<Vec<usize>> = key.iter().map(place).collect();
    let key = places.filter(|key| !key.is_empty()).ok_or_else(|| format!("no key: {text}"))?;
    let (name, unknown) = (name.trim().to_owned(), String::new);
    Ok(Table {
        name,
        columns,
        key,
        count: unknown(),
        first: unknown(),
        next: unknown(),
        insert: unknown(),
        insert_together: unknown(),
        empty: unknown(),
    })
}

/// Splits at the commas that stand in no brackets.
fn items(body: &str) -> Vec<&str> {
    let mut depth = 0;
    body.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .collect()
}

/// Reads `name TYPE …`.
fn declared(text: &str) -> Result<Column, String> {
    let mut words = text.split_whitespace();
    let (name, kind) = (words.next().unwrap_or_default(), words.next());
    let kind = match kind {
        Some("BIGINT") => ColumnKind::Int,
        Some("TEXT") => ColumnKind::Text,
        Some("BYTEA") => ColumnKind::Bytes,
        _ => return Err(format!("not a column: {text}")),
    };
    Ok(Column { name: name.to_owned(), kind })
}

impl Table {
    /// Where a column of this name stands.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Writes the statements, once the columns are known.
    fn word(&mut self) {
        let name = &self.name;
        let names = |places: &mut dyn Iterator<Item = usize>| {
            places.map(|place| self.columns[place].name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let (width, parts) = (self.columns.len(), self.key.len());
        let columns = names(&mut (0..width));
        let key = names(&mut self.key.iter().copied());
        let rows = |rows: usize| {
            let rows = (0..rows).map(|row| format!("({})", marks(row * width, width)));
            rows.collect::<Vec<_>>().join(", ")
        };
        self.count = format!("SELECT count(*) FROM {name}");
        self.first = format!("SELECT {columns} FROM {name} ORDER BY {key} LIMIT ?1");
        self.next = format!(
            "SELECT {columns} FROM {name} WHERE ({key}) > ({}) ORDER BY {key} LIMIT ?{}",
            marks(0, parts),
            parts + 1
        );
        self.insert = format!("INSERT INTO {name} ({columns}) VALUES {}", rows(1));
        self.insert_together = format!("INSERT INTO {name} ({columns}) VALUES {}", rows(TOGETHER));
        self.empty = format!("DELETE FROM {name}");
    }
}

/// `?1, ?2` and so on, after so many others.
fn marks(after: usize, count: usize) -> String {
    (1..=count).map(|mark| format!("?{}", after + mark)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stands_behind_every_table_that_its_rows_name() {
        let tables = tables().unwrap();
        let place = |name: &str| {
            let found = tables.iter().position(|table| table.name == name);
            found.unwrap_or_else(|| panic!("{name} is not among the tables"))
        };
        let mut references = 0;
        for statement in migrate::all_statements() {
            let text = without_comments(statement);
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
    fn columns_and_keys_are_read_out_of_create_and_alter() {
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
    fn what_changes_columns_in_another_way_is_not_passed_over() {
        for statement in
            ["ALTER TABLE schema_version DROP COLUMN applied_at", "CREATE TABLE t (a REAL)"]
        {
            assert!(read(&[migrate::all_statements()[0], statement]).is_err(), "{statement}");
        }
    }
}
