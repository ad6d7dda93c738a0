//! Conversions of values to and from the server.

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

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let takes_text = <&str as ToSql>::accepts(kind);
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Self::Int(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            Self::Text(text) if takes_text => text.to_sql(kind, out),
            Self::Owned(text) if takes_text => text.to_sql(kind, out),
            Self::Bytes(bytes) if *kind == Type::BYTEA => bytes.to_sql(kind, out),
            Self::OwnedBytes(bytes) if *kind == Type::BYTEA => bytes.to_sql(kind, out),
            Self::Ids(ids) if *kind == Type::BYTEA_ARRAY => {
                ids.iter().map(<[u8; 16]>::as_slice).collect::<Vec<_>>().to_sql(kind, out)
            }
            other => Err(format!("{other:?} is no {kind}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        // This depends on the value.
        true
    }

    to_sql_checked!();
}

/// A row of the server's result.
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
