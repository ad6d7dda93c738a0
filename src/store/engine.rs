//! What every database engine must do, and the values that cross its border.
//!
//! Statements are `&'static str`, so an engine may keep them prepared, and have no branch for an
//! engine. They keep to this subset of SQL, which SQLite and PostgreSQL (from 14) read alike:
//!
//! - Columns are TEXT, BIGINT and BYTEA, which may be NULL or not; parameters are `?1 ?2 …`, each
//!   first in a place that tells its type. An INTEGER of a literal is read like a BIGINT.
//! - SELECT with JOIN, LEFT JOIN, CROSS JOIN, UNION ALL, EXISTS, IN of values, of a subquery or of
//!   [`any_of`], which is written `IN rarray(?1)`, subqueries in FROM under a name, row values on either side of `>` and IN, GROUP BY also by
//!   position, ORDER BY, LIMIT and OFFSET.
//! - INSERT … ON CONFLICT (key) DO NOTHING or DO UPDATE SET … WHERE, with `excluded` and the
//!   table's own name before each old value; INSERT … SELECT; UPDATE; DELETE; RETURNING.
//! - `count sum max coalesce substr length`, `||`, CASE, CAST (… AS BIGINT) around the sum of a
//!   BIGINT, which PostgreSQL makes a NUMERIC; max of BIGINT alone, since PostgreSQL has none of
//!   BYTEA before 18. `length` of BYTEA counts bytes, and is asked of nothing else.
//! - LIKE with ESCAPE '\', on folded columns alone: SQLite's LIKE knows no case.
//! - Text is compared for being equal; it is ordered only where any collation agrees (dates,
//!   currencies) or nothing but the order of a listing depends on it.
//! - A refused statement ends its job: PostgreSQL takes no other in the same transaction.
//! - Changes are serializable, reads are on one snapshot; both may run again.
//! - CREATE TABLE with PRIMARY KEY, UNIQUE, REFERENCES and named constraints, CREATE INDEX and
//!   CREATE UNIQUE INDEX, also with WHERE, ALTER TABLE ADD COLUMN, DROP TABLE, all in one
//!   transaction with UPDATE and INSERT.
//!
//! What differs is a method of [`Connection`]: `claim` (FOR UPDATE SKIP LOCKED), `lock_tables`
//! (an advisory lock), `define` and `has_table`.
//!
//! Of engines that speak PostgreSQL's protocol, held against their documentation and not tried:
//! YugabyteDB has all of this, but each statement that alters tables is a transaction of its own
//! unless transactional DDL is switched on, so that a migration that fails half-way must be
//! mended by hand. CockroachDB (from 22.2, for SKIP LOCKED) has what requests need; its advisory
//! locks lock nothing, so only one program may migrate at a time, and it does not let a column be
//! filled in the transaction that adds it, which blocks of `schema.sql` do: there the tables
//! cannot be made as they are.

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::domain::{
    error::{Error, Result},
    id::Id,
    money::Currency,
};

/// A parameter of a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    /// Text made for this statement.
    Owned(String),
    Bytes(&'a [u8]),
    /// Ids that stand for one parameter; see [`any_of`].
    Ids(Vec<&'a [u8]>),
}

impl Value<'_> {
    /// Bytes that it holds.
    fn size(&self) -> u64 {
        let bytes = match self {
            Value::Null => 0,
            Value::Int(_) => 8,
            Value::Text(text) => text.len(),
            Value::Owned(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Ids(ids) => ids.iter().map(|id| id.len()).sum(),
        };
        bytes as u64
    }
}

/// One row of an answer, valid until the next is read.
pub trait Row {
    fn int(&self, column: usize) -> Result<Option<i64>>;
    fn text(&self, column: usize) -> Result<Option<&str>>;
    fn bytes(&self, column: usize) -> Result<Option<&[u8]>>;
}

impl dyn Row + '_ {
    /// The value of a column, counted from 0.
    pub fn get<T: Column>(&self, column: usize) -> Result<T> {
        T::read(self, column)
    }
}

/// A connection with an open transaction.
pub trait Connection {
    /// Runs a query and hands each row to `each`.
    fn query(
        &mut self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()>;

    /// Runs a query for rows of one table that nobody else has claimed; until the transaction
    /// ends, nobody else is given them by this. An engine that writes alone has no others.
    fn claim(
        &mut self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        self.query(sql, values, each)
    }

    /// Runs a statement and answers how many rows it changed.
    fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64>;

    /// Runs a statement of which only matters that it succeeds. Where every statement is a journey
    /// to another machine, this one waits for the next to travel with; what it fails with is
    /// told then, at the latest by the end of the transaction.
    fn change(&mut self, sql: &'static str, values: &[Value]) -> Result<()> {
        self.execute(sql, values).map(drop)
    }

    /// Waits until nobody else alters the tables, and keeps others from it until the transaction
    /// ends.
    fn lock_tables(&mut self) -> Result<()>;

    /// Runs a statement of `schema.sql`, put into the engine's own words.
    fn define(&mut self, statement: &str) -> Result<()>;

    /// Whether a table is there.
    fn has_table(&mut self, name: &str) -> Result<bool>;
}

/// A transaction. Functions of this module's neighbours take it; who opened it, ends it.
pub struct Tx<'c> {
    connection: &'c mut dyn Connection,
    bytes_written: u64,
}

impl<'c> Tx<'c> {
    pub fn new(connection: &'c mut dyn Connection) -> Self {
        Self { connection, bytes_written: 0 }
    }

    /// Bytes of the values that changes were given so far.
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    fn count(&mut self, values: &[Value]) {
        self.bytes_written += values.iter().map(Value::size).sum::<u64>();
    }

    /// The first row, if any.
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

    /// The first row that nobody else has claimed, if any; it is ours until the transaction ends.
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

    /// The first row of a query that always has one, such as a sum.
    pub fn one<T>(
        &mut self,
        sql: &'static str,
        values: &[Value],
        read: impl FnMut(&dyn Row) -> Result<T>,
    ) -> Result<T> {
        self.find(sql, values, read)?
            .ok_or_else(|| Error::internal(format!("no row came back from: {sql}")))
    }

    /// Every row, in order.
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

    /// Changes rows. A failure may be told by what follows in the transaction, or by its end.
    pub fn change(&mut self, sql: &'static str, values: &[Value]) -> Result<()> {
        self.count(values);
        self.connection.change(sql, values)
    }

    /// Changes rows and answers how many.
    pub fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        self.count(values);
        self.connection.execute(sql, values)
    }
}

/// A type a column can be read as.
pub trait Column: Sized {
    fn read(row: &dyn Row, column: usize) -> Result<Self>;
}

fn missing(column: usize) -> Error {
    Error::internal(format!("column {column} holds no value of the expected type"))
}

impl Column for i64 {
    fn read(row: &dyn Row, column: usize) -> Result<Self> {
        row.int(column)?.ok_or_else(|| missing(column))
    }
}

impl Column for Option<i64> {
    fn read(row: &dyn Row, column: usize) -> Result<Self> {
        row.int(column)
    }
}

impl Column for Vec<u8> {
    fn read(row: &dyn Row, column: usize) -> Result<Self> {
        <Option<Vec<u8>>>::read(row, column)?.ok_or_else(|| missing(column))
    }
}

impl Column for Option<Vec<u8>> {
    fn read(row: &dyn Row, column: usize) -> Result<Self> {
        Ok(row.bytes(column)?.map(<[u8]>::to_vec))
    }
}

/// Columns kept as text, read by parsing it.
macro_rules! text_column {
    ($($type:ty: $parse:expr;)*) => {$(
        impl Column for $type {
            fn read(row: &dyn Row, column: usize) -> Result<Self> {
                <Option<$type>>::read(row, column)?.ok_or_else(|| missing(column))
            }
        }
        impl Column for Option<$type> {
            fn read(row: &dyn Row, column: usize) -> Result<Self> {
                let parse: fn(&str) -> Option<$type> = $parse;
                match row.text(column)? {
                    None => Ok(None),
                    Some(text) => parse(text).map(Some).ok_or_else(|| missing(column)),
                }
            }
        }
    )*};
}

text_column! {
    String: |text| Some(text.to_owned());
    Date: |text| text.parse().ok();
    Decimal: |text| text.parse().ok();
    Currency: Currency::from_code;
    crate::domain::invoice::InvoiceStatus: crate::domain::invoice::InvoiceStatus::from_word;
    crate::domain::project::ProjectStatus: crate::domain::project::ProjectStatus::from_word;
    crate::domain::milestone::MilestoneStatus: crate::domain::milestone::MilestoneStatus::from_word;
    crate::domain::proposal::ProposalStatus: crate::domain::proposal::ProposalStatus::from_word;
    crate::domain::activity::ActivityKind: crate::domain::activity::ActivityKind::from_word;
    crate::domain::mail::MailKind: crate::domain::mail::MailKind::from_word;
    crate::domain::account::Origin: crate::domain::account::Origin::from_word;
    crate::domain::account::Role: crate::domain::account::Role::from_word;
    crate::domain::date::DateFormat: crate::domain::date::DateFormat::from_word;
    crate::domain::number_format::NumberFormat: crate::domain::number_format::NumberFormat::from_word;
    crate::domain::image::ImagePurpose: crate::domain::image::ImagePurpose::from_word;
    crate::domain::date::Zone: crate::domain::date::Zone::from_name;
    crate::domain::profile::Availability: crate::domain::profile::Availability::from_word;
    crate::domain::profile::Experience: crate::domain::profile::Experience::from_word;
    Vec<String>: |text| serde_json::from_str(text).ok();
    Vec<crate::domain::portfolio::Link>: |text| serde_json::from_str(text).ok();
    crate::domain::invoice::Party: |text| serde_json::from_str(text).ok();
    crate::domain::invoice::Seller: |text| serde_json::from_str(text).ok();
}

impl Column for Timestamp {
    fn read(row: &dyn Row, column: usize) -> Result<Self> {
        <Option<Timestamp>>::read(row, column)?.ok_or_else(|| missing(column))
    }
}

impl Column for Option<Timestamp> {
    fn read(row: &dyn Row, column: usize) -> Result<Self> {
        row.int(column)?.map(Timestamp::from_second).transpose().map_err(Error::internal)
    }
}

impl<K> Column for Id<K> {
    fn read(row: &dyn Row, column: usize) -> Result<Self> {
        <Option<Id<K>>>::read(row, column)?.ok_or_else(|| missing(column))
    }
}

impl<K> Column for Option<Id<K>> {
    fn read(row: &dyn Row, column: usize) -> Result<Self> {
        match row.bytes(column)? {
            None => Ok(None),
            Some(bytes) => Id::from_slice(bytes).map(Some).ok_or_else(|| missing(column)),
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(value: Timestamp) -> Self {
        Value::Int(value.as_second())
    }
}

impl From<Date> for Value<'_> {
    fn from(value: Date) -> Self {
        Value::Owned(value.to_string())
    }
}

impl From<Decimal> for Value<'_> {
    fn from(value: Decimal) -> Self {
        Value::Owned(value.to_string())
    }
}

impl From<Currency> for Value<'_> {
    fn from(value: Currency) -> Self {
        Value::Text(value.code())
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Value::Owned(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value::Text(value)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Value::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Value::Bytes(value)
    }
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

/// The ids that `IN rarray(?1)` looks for, however many they are. A row is found once, however
/// often its id stands among them.
pub fn any_of<'a, K: 'a>(ids: impl IntoIterator<Item = &'a Id<K>>) -> Value<'a> {
    Value::Ids(ids.into_iter().map(|id| &id.as_bytes()[..]).collect())
}

/// A list, written into one column.
pub fn json<T: Serialize>(list: &[T]) -> Result<Value<'_>> {
    serde_json::to_string(list).map(Value::Owned).map_err(Error::internal)
}

/// The parameters of a statement, in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::store::engine::Value::from($value)),*] };
}

pub(crate) use values;
