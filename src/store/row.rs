//! Rows to be written: each column beside its value.

use std::sync::OnceLock;

use super::engine::{Tx, Value};
use crate::domain::error::Result;

/// The columns of a row and what they are to hold; see [`row!`].
pub struct NewRow<'a, const N: usize> {
    pub table: &'static str,
    pub columns: [&'static str; N],
    pub values: [Value<'a>; N],
    /// The statement that writes it, once it was put together.
    pub sql: &'static OnceLock<String>,
}

/// A row to be written, such as `row!(clients { id: &client.id, name: &client.name })`.
macro_rules! row {
    ($table:ident { $($column:ident: $value:expr),+ $(,)? }) => {{
        static SQL: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        $crate::store::row::NewRow {
            table: stringify!($table),
            columns: [$(stringify!($column)),+],
            values: [$($crate::store::engine::Value::from($value)),+],
            sql: &SQL,
        }
    }};
}

pub(super) use row;

impl Tx<'_> {
    /// Adds a row.
    pub fn insert<const N: usize>(&mut self, row: NewRow<N>) -> Result<()> {
        self.change(row.sql.get_or_init(|| row.insertion()), &row.values)
    }

    /// Adds a row, or changes the one with the same first column.
    pub fn upsert<const N: usize>(&mut self, row: NewRow<N>) -> Result<()> {
        let sql = row.sql.get_or_init(|| {
            let set = row.columns[1..].iter().map(|column| format!("{column} = excluded.{column}"));
            let set: Vec<_> = set.collect();
            let (insert, key) = (row.insertion(), row.columns[0]);
            format!("{insert} ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", "))
        });
        self.change(sql, &row.values)
    }

    /// Changes the row with this first column.
    pub fn update<const N: usize>(&mut self, row: NewRow<N>) -> Result<()> {
        let sql = row.sql.get_or_init(|| {
            let set = row.columns.iter().zip(1..).skip(1);
            let set: Vec<_> = set.map(|(column, number)| format!("{column} = ?{number}")).collect();
            format!("UPDATE {} SET {} WHERE {} = ?1", row.table, set.join(", "), row.columns[0])
        });
        self.change(sql, &row.values)
    }
}

impl<const N: usize> NewRow<'_, N> {
    fn insertion(&self) -> String {
        let places: Vec<_> = (1..=N).map(|number| format!("?{number}")).collect();
        let (columns, places) = (self.columns.join(", "), places.join(", "));
        format!("INSERT INTO {} ({columns}) VALUES ({places})", self.table)
    }
}
