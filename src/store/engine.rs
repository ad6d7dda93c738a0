//! The interface of a database engine, and the values that pass through it.
//!
//! Statements are `&'static str`, so an engine may keep them prepared, and do not depend on the
//! engine. They keep to this subset of SQL, which SQLite and PostgreSQL (from 14) share:
//!
//! - Columns are TEXT, BIGINT and BYTEA, nullable or not; parameters are `?1 ?2 …`, each first in a
//!   place that determines its type. An INTEGER literal is read like a BIGINT.
//! - SELECT with JOIN, LEFT JOIN, CROSS JOIN, UNION ALL, EXISTS, IN with values, a subquery or
//!   [`any_of`], which is written `IN rarray(?1)`, named subqueries in FROM, row values on either
//!   side of `>` and IN, GROUP BY also by position, ORDER BY, LIMIT and OFFSET.
//! - `WHERE +column = …` for a column that SQLite must not search by.
//! - INSERT … ON CONFLICT (key) DO NOTHING or DO UPDATE SET … WHERE, with `excluded` and the
//!   table's own name before each old value; INSERT … SELECT; UPDATE; DELETE; RETURNING.
//! - `count sum max coalesce substr length`, `||`, CASE, CAST (… AS BIGINT) around the sum of a
//!   BIGINT, which is NUMERIC in PostgreSQL; max only of BIGINT, since PostgreSQL lacks it for
//!   BYTEA before 18. `length` is only used on BYTEA, where it counts bytes.
//! - LIKE with ESCAPE '\', only on folded columns: SQLite's LIKE ignores case.
//! - Text is compared for equality; it is ordered only if any collation agrees (dates, currencies)
//!   or only the order of a listing depends on it.
//! - A refused statement ends its task: PostgreSQL accepts no other in the same transaction.
//! - Changes are serializable, reads use one snapshot; both may run again.
//! - CREATE TABLE with PRIMARY KEY, UNIQUE, REFERENCES and named constraints, CREATE INDEX and
//!   CREATE UNIQUE INDEX, also with WHERE, ALTER TABLE ADD and DROP COLUMN, DROP TABLE, all in one
//!   transaction with UPDATE and INSERT.
//!
//! Each difference is a method of [`Connection`]: `claim` (FOR UPDATE SKIP LOCKED), `lock_tables`
//! (an advisory lock), `define` and `has_table`.
//!
//! Other engines with PostgreSQL's protocol, according to their documentation (not tested):
//! YugabyteDB supports all of this, but each statement that alters tables is its own transaction
//! unless transactional DDL is on, so a migration that fails half-way must be repaired by hand.
//! CockroachDB (from 22.2, for SKIP LOCKED) supports what requests need, but its advisory locks do
//! not lock, so only one program may migrate at a time. It also cannot fill a column in the
//! transaction that adds it, as blocks of `schema.sql` do, so the tables cannot be created as they
//! are.

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::Serialize;

use super::column::Column;
use crate::domain::{
    accent::Accent,
    address::Address,
    country::Country,
    error::{Error, Result},
    id::Id,
    money::Currency,
};

/// A parameter of a statement, or a value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Owned(String),
    OwnedBytes(Vec<u8>),
    /// Several ids as one parameter; see [`any_of`].
    Ids(Vec<[u8; 16]>),
}

impl Value<'_> {
    /// Returns its size in bytes.
    pub fn size(&self) -> usize {
        match self {
            Value::Null => 0,
            Value::Int(_) => 8,
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Owned(text) => text.len(),
            Value::OwnedBytes(bytes) => bytes.len(),
            Value::Ids(ids) => ids.as_flattened().len(),
        }
    }

    /// Returns a copy that borrows nothing.
    pub fn to_static(&self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Int(number) => Value::Int(*number),
            Value::Text(text) => Value::Owned((*text).to_owned()),
            Value::Bytes(bytes) => Value::OwnedBytes(bytes.to_vec()),
            Value::Owned(text) => Value::Owned(text.clone()),
            Value::OwnedBytes(bytes) => Value::OwnedBytes(bytes.clone()),
            Value::Ids(ids) => Value::Ids(ids.clone()),
        }
    }
}

/// One row of a result, valid until the next is read.
pub trait Row {
    fn int(&self, column: usize) -> Result<Option<i64>>;
    fn text(&self, column: usize) -> Result<Option<&str>>;
    fn bytes(&self, column: usize) -> Result<Option<&[u8]>>;
}

impl dyn Row + '_ {
    /// Returns the value of a column, counted from 0.
    pub fn get<T: Column>(&self, column: usize) -> Result<T> {
        T::read(self, column)
    }
}

/// A connection with an open transaction.
pub trait Connection {
    /// Runs a query and passes each row to `each`.
    fn query(
        &mut self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()>;

    /// Runs a query for rows of one table, and locks them until the transaction ends. Rows locked
    /// by others are skipped. An engine with one writer needs no locks.
    fn claim(
        &mut self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        self.query(sql, values, each)
    }

    /// Runs a statement and returns how many rows it changed.
    fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64>;

    /// Runs a statement without waiting for its result: an engine on another machine may send it
    /// together with the next one. A later statement or the commit reports its failure.
    fn change(&mut self, sql: &'static str, values: &[Value]) -> Result<()> {
        self.execute(sql, values).map(drop)
    }

    /// Locks the schema until the transaction ends.
    fn lock_tables(&mut self) -> Result<()>;

    /// Runs a statement of `schema.sql`, translated into the engine's dialect.
    fn define(&mut self, statement: &str) -> Result<()>;

    /// Whether a table exists.
    fn has_table(&mut self, name: &str) -> Result<bool>;
}

/// A transaction. The code that opened it commits it or rolls it back.
pub struct Tx<'c> {
    connection: &'c mut dyn Connection,
    bytes_written: u64,
}

impl<'c> Tx<'c> {
    pub fn new(connection: &'c mut dyn Connection) -> Self {
        Self { connection, bytes_written: 0 }
    }

    /// Returns the size of the parameters of all changes so far, in bytes.
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    fn count(&mut self, values: &[Value]) {
        self.bytes_written += values.iter().map(Value::size).sum::<usize>() as u64;
    }

    /// Returns the first row, if any.
    pub fn find<T>(
        &mut self,
        sql: &'static str,
        values: &[Value],
        mut read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut found = None;
        self.connection.query(sql, values, &mut |row| {
            if found.is_none() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Returns the first row that is not locked by others, if any. It is locked until the
    /// transaction ends.
    pub fn claim<T>(
        &mut self,
        sql: &'static str,
        values: &[Value],
        mut read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut claimed = None;
        self.connection.claim(sql, values, &mut |row| {
            claimed = Some(read(row)?);
            Ok(())
        })?;
        Ok(claimed)
    }

    /// Returns the first row of a query that always has one, such as a sum.
    pub fn one<T>(
        &mut self,
        sql: &'static str,
        values: &[Value],
        read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<T> {
        self.find(sql, values, read)?
            .ok_or_else(|| Error::internal(format!("no row came back from: {sql}")))
    }

    /// Returns every row, in order.
    pub fn list<T>(
        &mut self,
        sql: &'static str,
        values: &[Value],
        mut read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.connection.query(sql, values, &mut |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Changes rows. A later statement or the commit may report the failure.
    pub fn change(&mut self, sql: &'static str, values: &[Value]) -> Result<()> {
        self.count(values);
        self.connection.change(sql, values)
    }

    /// Changes rows and returns how many.
    pub fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        self.count(values);
        self.connection.execute(sql, values)
    }
}

macro_rules! parameters {
    ($($type:ty: $make:expr;)*) => {$(
        impl<'a> From<$type> for Value<'a> {
            fn from(value: $type) -> Self {
                let make: fn($type) -> Self = $make;
                make(value)
            }
        }
    )*};
}

parameters! {
    i64: Value::Int;
    u32: |number| Value::Int(number.into());
    bool: |is| Value::Int(is.into());
    Timestamp: |at| Value::Int(at.as_second());
    Date: |day| Value::Owned(day.to_string());
    Decimal: |number| Value::Owned(number.to_string());
    Currency: |currency| Value::Text(currency.code());
    Accent: |color| Value::Owned(color.to_string());
    Country: |country| Value::Text(country.code());
    // This cannot fail.
    &'a Address: |address| serde_json::to_string(address).map_or(Value::Null, Value::Owned);
    String: Value::Owned;
    &'a str: Value::Text;
    &'a String: |text| Value::Text(text);
    &'a [u8]: Value::Bytes;
}

impl<'a, K> From<&'a Id<K>> for Value<'a> {
    fn from(value: &'a Id<K>) -> Self {
        Value::Bytes(value.as_bytes())
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// Passes any number of ids as one parameter, for `IN rarray(?1)`. Duplicates do no harm.
pub fn any_of<'i, K: 'i>(ids: impl IntoIterator<Item = &'i Id<K>>) -> Value<'static> {
    Value::Ids(ids.into_iter().map(|id| *id.as_bytes()).collect())
}

/// Encodes a list of texts or the like for one column.
pub fn json<T: Serialize + ?Sized>(list: &T) -> Value<'_> {
    // This cannot fail, and no such column may be null.
    serde_json::to_string(list).map_or(Value::Null, Value::Owned)
}

/// The parameters of a statement, in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::store::engine::Value::from($value)),*] };
}

pub(crate) use values;
