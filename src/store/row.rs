//! Rows to write: each column with its value.

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
        $(; once $($fixed:ident: $fixed_value:expr),+ $(,)?)?
    }) => {{
        static SQL: [std::sync::OnceLock<String>; 2] = [const { std::sync::OnceLock::new() }; 2];
        $crate::store::row::NewRow {
            table: stringify!($table),
            columns: &[$(stringify!($column),)+ $($(stringify!($fixed),)+)?],
            values: vec![
                $($crate::store::engine::Value::from($value),)+
                $($($crate::store::engine::Value::from($fixed_value),)+)?
            ],
            changing: [$(stringify!($column)),+].len(),
            sql: &SQL,
        }
    }};
}

pub(super) use row;

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
