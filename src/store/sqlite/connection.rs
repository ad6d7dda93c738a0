//! One connection to SQLite.

use std::{error::Error as _, ffi::OsString, path::Path, rc::Rc, time::Duration};

use rusqlite::{
    Connection as Sqlite, ErrorCode, MAIN_DB,
    config::DbConfig,
    ffi,
    types::{ToSql, ToSqlOutput, Value as Kept, ValueRef},
    vtab::array::{self, Array},
};

use super::private;
use crate::{
    domain::error::{Error, Result},
    store::{
        engine::{Connection, Row, Value},
        sum_too_large,
        task::busy,
        violated,
    },
};

/// How long to wait for another process to release the write lock.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements cached per connection.
const STATEMENTS: usize = 256;

pub fn prepare(connection: &Sqlite) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise, a statement whose plan might depend on a bound value is prepared again each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    array::load_module(connection)?;
    connection.busy_timeout(BUSY_TIMEOUT)
}

/// What checkpoints the -wal file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checkpoints {
    Ours,
    /// Litestream, which replicates the -wal file: a checkpoint by this program could remove what
    /// it has not copied yet.
    Litestream,
}

impl Checkpoints {
    /// Litestream creates a folder next to a database that it replicates.
    pub fn of(database: &Path) -> Self {
        let mut name = OsString::from(".");
        name.push(database.file_name().unwrap_or_default());
        name.push("-litestream");
        if database.with_file_name(name).exists() { Self::Litestream } else { Self::Ours }
    }
}

pub fn open(path: &Path, checkpoints: Checkpoints) -> Result<Sqlite> {
    private::make(path).map_err(Error::internal)?;
    private::close(path);
    let connection = Sqlite::open(path).map_err(failure)?;
    // SQLite silently opens an unwritable file read-only.
    if connection.is_readonly(MAIN_DB).map_err(failure)? {
        return Err(Error::internal(
            "it is read-only: check who owns it and the -wal and -shm files next to it, and that \
             its disk is not mounted read-only",
        ));
    }
    prepare(&connection).map_err(failure)?;
    let is_ours = checkpoints == Checkpoints::Ours;
    let on_close = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    connection.set_db_config(on_close, !is_ours).map_err(failure)?;
    for (pragma, value) in [
        ("journal_mode", "WAL"),
        ("synchronous", "FULL"),
        ("foreign_keys", "ON"),
        // Deleted rows are overwritten.
        ("secure_delete", "ON"),
        // Savepoints keep their journal in memory; on disk it made up two thirds of all writes.
        ("temp_store", "MEMORY"),
        // Checkpoints are rarer and larger than by default: fewer pauses under load.
        ("wal_autocheckpoint", if is_ours { "4000" } else { "0" }),
        ("journal_size_limit", "67108864"),
    ] {
        connection.pragma_update(None, pragma, value).map_err(failure)?;
    }
    Ok(connection)
}

/// A transaction on a connection, from `BEGIN` to its end.
pub struct Transaction<'c>(pub &'c Sqlite);

impl Transaction<'_> {
    /// Begins, marks or ends a transaction.
    pub fn control(&mut self, sql: &'static str) -> Result<()> {
        let mut statement = self.0.prepare_cached(sql).map_err(failure)?;
        statement.raw_execute().map_err(failure)?;
        Ok(())
    }

    /// Rolls back the transaction, if one is open.
    pub fn rollback(&mut self) {
        if !self.0.is_autocommit()
            && let Err(error) = self.control("ROLLBACK")
        {
            tracing::error!(cause = error.cause(), "rollback failed");
        }
    }
}

impl Connection for Transaction<'_> {
    fn query(
        &mut self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.0.prepare_cached(sql).map_err(failure)?;
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(failure)? {
            each(&SqliteRow(row))?;
        }
        Ok(())
    }

    fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        let mut statement = self.0.prepare_cached(sql).map_err(failure)?;
        bind(&mut statement, values)?;
        statement.raw_execute().map(|rows| rows as u64).map_err(failure)
    }

    fn lock_tables(&mut self) -> Result<()> {
        // There is only one writer, so no rows need locks.
        Ok(())
    }

    fn define(&mut self, statement: &str) -> Result<()> {
        self.0.execute_batch(&dialect(statement)).map_err(failure)
    }

    fn has_table(&mut self, name: &str) -> Result<bool> {
        self.0.table_exists(None, name).map_err(failure)
    }
}

/// Translates a statement of `schema.sql` into SQLite's dialect. Every table has a primary key, so
/// none needs a hidden row id.
fn dialect(statement: &str) -> String {
    let is_table = statement.trim_start().starts_with("CREATE TABLE");
    let statement = statement.replace("BIGINT", "INTEGER").replace("BYTEA", "BLOB");
    if is_table { format!("{statement} STRICT, WITHOUT ROWID") } else { statement }
}

fn bind(statement: &mut rusqlite::Statement, values: &[Value]) -> Result<()> {
    for (index, value) in values.iter().enumerate() {
        let ids: Array;
        let value = match value {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Int(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Value::Text(text) => ToSqlOutput::from(*text),
            Value::Owned(text) => ToSqlOutput::from(text.as_str()),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::OwnedBytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::Ids(list) => {
                ids = Rc::new(list.iter().map(|id| Kept::Blob(id.to_vec())).collect());
                ids.to_sql().map_err(failure)?
            }
        };
        statement.raw_bind_parameter(index + 1, value).map_err(failure)?;
    }
    Ok(())
}

struct SqliteRow<'r>(&'r rusqlite::Row<'r>);

impl Row for SqliteRow<'_> {
    fn int(&self, column: usize) -> Result<Option<i64>> {
        let value = self.0.get_ref(column).map_err(failure)?;
        value.as_i64_or_null().map_err(Error::internal)
    }

    fn text(&self, column: usize) -> Result<Option<&str>> {
        let value = self.0.get_ref(column).map_err(failure)?;
        value.as_str_or_null().map_err(Error::internal)
    }

    fn bytes(&self, column: usize) -> Result<Option<&[u8]>> {
        let value = self.0.get_ref(column).map_err(failure)?;
        value.as_blob_or_null().map_err(Error::internal)
    }
}

/// Converts an SQLite error. "UNIQUE constraint failed: accounts.email_key" names the columns;
/// constraints are named after them in `schema.sql`.
pub fn failure(error: rusqlite::Error) -> Error {
    let rusqlite::Error::SqliteFailure(code, message) = &error else {
        return Error::internal(error);
    };
    let known = match (code.code, code.extended_code) {
        (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
            let columns = message.as_deref().and_then(|m| m.rsplit(": ").next());
            let name = columns.unwrap_or_default().replace('.', "_");
            return violated(&name, error);
        }
        (_, ffi::SQLITE_CONSTRAINT_DATATYPE) => sum_too_large(),
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => busy(1),
        (ErrorCode::OperationInterrupted, _) => Error::unavailable(5, "error-database-slow"),
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => {
            Error::unwritable("error-disk-full")
        }
        (ErrorCode::ReadOnly, _) => Error::unwritable("error-database-read-only"),
        // A quota or file size limit appears as a failed write.
        (
            _,
            ffi::SQLITE_IOERR_WRITE
            | ffi::SQLITE_IOERR_FSYNC
            | ffi::SQLITE_IOERR_DIR_FSYNC
            | ffi::SQLITE_IOERR_TRUNCATE,
        ) => Error::unwritable("error-disk-refuses"),
        _ => return Error::internal(error),
    };
    known.caused_by(error)
}

/// Whether an error says that the file is damaged.
pub fn is_damage(error: &Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<rusqlite::Error>());
    let code = source.and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}
