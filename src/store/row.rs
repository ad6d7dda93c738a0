//! Rows of a table: each column with its value.

use std::sync::OnceLock;

use super::engine::{Tx, Value};
use crate::domain::error::Result;

/// The columns of a row and their values; see [`row!`].
pub struct NewRow<'a> {
    pub table: &'static str,
    pub columns: &'static [&'static str],
    pub values: Vec<Value<'a>>,
    /// The number of columns, from the first, that an update writes.
    pub changing: usize,
    /// The insert and update statements, once built.
    pub sql: &'static [OnceLock<String>; 2],
}

/// A row to write, such as `row!(clients { id: &client.id, name: &client.name })`. Columns after
/// `once` are only written by an insert.
macro_rules! row {
    ($table:ident {
        $($column:ident: $value:expr),+ $(,)?
        $(; once $($fixed:ident: $fixed_value:expr),* $(,)?)?
    }) => {{
        static SQL: [std::sync::OnceLock<String>; 2] = [const { std::sync::OnceLock::new() }; 2];
        $crate::store::row::NewRow {
            table: stringify!($table),
            columns: &[$(stringify!($column),)+ $($(stringify!($fixed),)*)?],
            values: vec![
                $($crate::store::engine::Value::from($value),)+
                $($($crate::store::engine::Value::from($fixed_value),)*)?
            ],
            changing: [$(stringify!($column)),+].len(),
            sql: &SQL,
        }
    }};
}

pub(super) use row;

/// Maps a type to the rows of a table, each column named once: `column = the value to write`.
/// Makes `COLUMNS` and `select` for queries, `read` for their rows, and `row` to write one. What is
/// read is made of variables with the names of the columns.
///
/// Columns under `@write` are not read, those under `@once` are not updated. Those under `@read`
/// are not written: they have the SQL of their value.
macro_rules! record {
    ($table:ident, $record:ident: &$type:ty {
        $first:ident = $first_value:expr,
        $($column:ident = $value:expr,)*
        $(@write { $($hidden:ident = $hidden_value:expr,)+ })?
        $(@once { $($fixed:ident = $fixed_value:expr,)+ })?
        $(@write once { $($sealed:ident = $sealed_value:expr,)+ })?
        $(@read { $($found:ident = $sql:literal,)+ })?
    } => $made:expr) => {
        #[allow(dead_code, reason = "not every table needs it")]
        const COLUMNS: &str = concat!(
            stringify!($first),
            $(", ", stringify!($column),)*
            $($(", ", stringify!($fixed),)+)?
            $($(", ", $sql,)+)?
        );

        #[allow(dead_code, reason = "not every table needs it")]
        fn select(rest: &'static str) -> &'static str {
            let table = stringify!($table);
            $crate::store::lister::statement(format!("SELECT {COLUMNS} FROM {table} {rest}"))
        }

        pub(super) fn read(
            row: &dyn $crate::store::engine::Row,
        ) -> $crate::domain::error::Result<$type> {
            let $first = row.get(0)?;
            let mut place = 0;
            let mut next = || { place += 1; place };
            $(let $column = row.get(next())?;)*
            $($(let $fixed = row.get(next())?;)+)?
            $($(let $found = row.get(next())?;)+)?
            Ok($made)
        }

        fn row($record: &$type) -> $crate::store::row::NewRow<'_> {
            $crate::store::row::row!($table {
                $first: $first_value,
                $($column: $value,)*
                $($($hidden: $hidden_value,)+)?;
                once
                $($($fixed: $fixed_value,)+)?
                $($($sealed: $sealed_value,)+)?
            })
        }
    };
}

pub(super) use record;

impl Tx<'_> {
    /// Adds a row.
    pub fn insert(&mut self, row: NewRow) -> Result<()> {
        self.change(row.sql[0].get_or_init(|| row.insertion()), &row.values)
    }

    /// Adds a row, or updates the one with the same first column.
    pub fn upsert(&mut self, row: NewRow) -> Result<()> {
        let sql = row.sql[0].get_or_init(|| {
            let set = row.columns[1..].iter().map(|column| format!("{column} = excluded.{column}"));
            let set: Vec<_> = set.collect();
            let (insert, key) = (row.insertion(), row.columns[0]);
            format!("{insert} ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", "))
        });
        self.change(sql, &row.values)
    }

    /// Updates the row with this first column.
    pub fn update(&mut self, row: NewRow) -> Result<()> {
        let sql = row.sql[1].get_or_init(|| {
            let set = row.columns[..row.changing].iter().zip(1..).skip(1);
            let set: Vec<_> = set.map(|(column, number)| format!("{column} = ?{number}")).collect();
            format!("UPDATE {} SET {} WHERE {} = ?1", row.table, set.join(", "), row.columns[0])
        });
        self.change(sql, &row.values[..row.changing])
    }
}

impl NewRow<'_> {
    fn insertion(&self) -> String {
        let places: Vec<_> = (1..=self.columns.len()).map(|number| format!("?{number}")).collect();
        let (columns, places) = (self.columns.join(", "), places.join(", "));
        format!("INSERT INTO {} ({columns}) VALUES ({places})", self.table)
    }
}
