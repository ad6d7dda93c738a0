//! Values on their way to the server and back.

use std::error::Error as StdError;

use bytes::BytesMut;
use tokio_postgres::{
    Row as PgRow,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

use crate::{
    domain::error::{Error, Result},
    store::engine::{Row, Value},
};

/// A parameter on its way to the server.
#[derive(Debug)]
pub enum Param<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Ids(Vec<&'a [u8]>),
    KeptText(String),
    KeptBytes(Vec<u8>),
    KeptIds(Vec<Vec<u8>>),
}

impl<'a> Param<'a> {
    pub fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(number) => Self::Int(*number),
            Value::Text(text) => Self::Text(text),
            Value::Owned(text) => Self::Text(text),
            Value::Bytes(bytes) => Self::Bytes(bytes),
            Value::Ids(ids) => Self::Ids(ids.clone()),
        }
    }

    /// The same, to be sent later.
    pub fn kept(self) -> Param<'static> {
        match self {
            Self::Null => Param::Null,
            Self::Int(number) => Param::Int(number),
            Self::Text(text) => Param::KeptText(text.to_owned()),
            Self::Bytes(bytes) => Param::KeptBytes(bytes.to_owned()),
            Self::Ids(ids) => Param::KeptIds(ids.into_iter().map(<[u8]>::to_vec).collect()),
            Self::KeptText(text) => Param::KeptText(text),
            Self::KeptBytes(bytes) => Param::KeptBytes(bytes),
            Self::KeptIds(ids) => Param::KeptIds(ids),
        }
    }
}

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Self::Int(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            Self::Text(text) if <&str as ToSql>::accepts(kind) => text.to_sql(kind, out),
            Self::KeptText(text) if <&str as ToSql>::accepts(kind) => text.to_sql(kind, out),
            Self::Bytes(bytes) if *kind == Type::BYTEA => bytes.to_sql(kind, out),
            Self::KeptBytes(bytes) if *kind == Type::BYTEA => bytes.to_sql(kind, out),
            Self::Ids(ids) if *kind == Type::BYTEA_ARRAY => ids.to_sql(kind, out),
            Self::KeptIds(ids) if *kind == Type::BYTEA_ARRAY => ids.to_sql(kind, out),
            other => Err(format!("{other:?} is no {kind}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Which is only known with the value.
        true
    }

    to_sql_checked!();
}

/// A row that the server answered with.
pub struct ServerRow<'r>(pub &'r PgRow);

impl Row for ServerRow<'_> {
    fn int(&self, column: usize) -> Result<Option<i64>> {
        if self.0.columns().get(column).is_some_and(|column| *column.type_() == Type::INT4) {
            let number: Option<i32> = self.0.try_get(column).map_err(Error::internal)?;
            return Ok(number.map(i64::from));
        }
        self.0.try_get(column).map_err(Error::internal)
    }

    fn text(&self, column: usize) -> Result<Option<&str>> {
        self.0.try_get(column).map_err(Error::internal)
    }

    fn bytes(&self, column: usize) -> Result<Option<&[u8]>> {
        self.0.try_get(column).map_err(Error::internal)
    }
}
