//! The types that a column of a row can be read as.

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

use super::engine::Row;
use crate::domain::{
    accent::Accent,
    address::Address,
    country::Country,
    credit_note::CreditedItem,
    date::Zone,
    error::{Error, Result},
    id::Id,
    invoice::{Item, Party, Seller},
    money::Currency,
    notice::Notifications,
    number_series::{NumberPattern, Period},
    payment_method::PaymentMethod,
    portfolio::Link,
    reminder::Step,
    tax::{Tax, TaxSum},
    word::Word,
};

/// A type that a column can be read as: a [`Stored`] one, or an option of one.
pub trait Column: Sized {
    fn read(row: &dyn Row, column: usize) -> Result<Self>;
}

impl<T: Stored> Column for T {
    fn read(row: &dyn Row, column: usize) -> Result<Self> {
        T::find(row, column)?.ok_or_else(|| unexpected(column))
    }
}

impl<T: Stored> Column for Option<T> {
    fn read(row: &dyn Row, column: usize) -> Result<Self> {
        T::find(row, column)
    }
}

/// A type of stored column values.
pub trait Stored: Sized {
    /// Returns the value, unless it is NULL.
    fn find(row: &dyn Row, column: usize) -> Result<Option<Self>>;
}

fn unexpected(column: usize) -> Error {
    Error::internal(format!("column {column} holds no value of the expected type"))
}

impl Stored for i64 {
    fn find(row: &dyn Row, column: usize) -> Result<Option<Self>> {
        row.int(column)
    }
}

impl Stored for u32 {
    fn find(row: &dyn Row, column: usize) -> Result<Option<Self>> {
        row.int(column)?.map(Self::try_from).transpose().map_err(Error::internal)
    }
}

impl Stored for i32 {
    fn find(row: &dyn Row, column: usize) -> Result<Option<Self>> {
        row.int(column)?.map(Self::try_from).transpose().map_err(Error::internal)
    }
}

impl Stored for bool {
    fn find(row: &dyn Row, column: usize) -> Result<Option<Self>> {
        Ok(row.int(column)?.map(|number| number != 0))
    }
}

impl Stored for Vec<u8> {
    fn find(row: &dyn Row, column: usize) -> Result<Option<Self>> {
        Ok(row.bytes(column)?.map(<[u8]>::to_vec))
    }
}

impl Stored for Timestamp {
    fn find(row: &dyn Row, column: usize) -> Result<Option<Self>> {
        row.int(column)?.map(Timestamp::from_second).transpose().map_err(Error::internal)
    }
}

impl<K> Stored for Id<K> {
    fn find(row: &dyn Row, column: usize) -> Result<Option<Self>> {
        let id = |bytes| Id::from_slice(bytes).ok_or_else(|| unexpected(column));
        row.bytes(column)?.map(id).transpose()
    }
}

impl<W: Word> Stored for W {
    fn find(row: &dyn Row, column: usize) -> Result<Option<Self>> {
        parsed(row, column, W::read)
    }
}

/// Reads a column of text by parsing it.
fn parsed<T>(row: &dyn Row, column: usize, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
    row.text(column)?.map(|text| parse(text).ok_or_else(|| unexpected(column))).transpose()
}

macro_rules! text_column {
    ($($type:ty: $parse:expr;)*) => {$(
        impl Stored for $type {
            fn find(row: &dyn Row, column: usize) -> Result<Option<Self>> {
                parsed(row, column, $parse)
            }
        }
    )*};
}

text_column! {
    String: |text| Some(text.to_owned());
    Date: |text| text.parse().ok();
    Decimal: |text| text.parse().ok();
    Currency: Currency::from_code;
    Zone: Zone::from_name;
    Accent: Accent::parse;
    Address: |text| serde_json::from_str(text).ok();
    Country: Country::from_code;
    NumberPattern: |text| NumberPattern::parse_text(text).ok();
    Period: |text| Some(Period::of_key(text));
    Vec<String>: |text| serde_json::from_str(text).ok();
    Vec<Link>: |text| serde_json::from_str(text).ok();
    Vec<Tax>: |text| serde_json::from_str(text).ok();
    Vec<TaxSum>: |text| serde_json::from_str(text).ok();
    Vec<Item>: |text| serde_json::from_str(text).ok();
    Vec<CreditedItem>: |text| serde_json::from_str(text).ok();
    Vec<PaymentMethod>: |text| serde_json::from_str(text).ok();
    Notifications: |text| serde_json::from_str(text).ok();
    Vec<Step>: |text| serde_json::from_str(text).ok();
    Party: |text| serde_json::from_str(text).ok();
    Seller: |text| serde_json::from_str(text).ok();
}
