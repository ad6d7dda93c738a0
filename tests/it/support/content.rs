//! The contents of a database on either engine.

use std::fs;

use freelanceos::store::{
    Database,
    engine::{Connection, Tx},
};

/// The names of its tables.
pub fn tables(database: &Database) -> Vec<String> {
    let sql = match database {
        Database::Sqlite(_) => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        }
        Database::Postgres(_) => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables \
             WHERE table_schema = current_schema()"
        }
    };
    database.peek(|connection| Tx::new(connection).list(sql, &[], |row| row.get(0))).unwrap()
}

/// The number of rows in a table.
pub fn count(database: &Database, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}").leak();
    database.peek(|connection| Tx::new(connection).one(sql, &[], |row| row.get(0))).unwrap()
}

/// Whether it contains these bytes: in its files, or on a server in any value of any row.
pub fn holds(database: &Database, needle: impl AsRef<[u8]>) -> bool {
    let needle = needle.as_ref();
    let is_in = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    match database.file() {
        Some(file) => {
            let log = file.with_extension("db-wal");
            is_in(&fs::read(file).unwrap()) || is_in(&fs::read(log).unwrap_or_default())
        }
        None => values(database).iter().any(|value| is_in(value)),
    }
}

/// Every value of every row as bytes.
fn values(database: &Database) -> Vec<Vec<u8>> {
    let columns = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), \
                   CAST(data_type AS TEXT) FROM information_schema.columns \
                   WHERE table_schema = current_schema()";
    let all = |connection: &mut dyn Connection| {
        let mut tx = Tx::new(connection);
        let columns = tx.list(columns, &[], |row| {
            Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?))
        })?;
        assert!(columns.len() > 100, "{columns:?}");
        let mut values = Vec::new();
        for (table, column, kind) in columns {
            let value = match &*kind {
                "bytea" => column,
                _ => format!("convert_to(CAST({column} AS TEXT), 'UTF8')"),
            };
            let sql = format!("SELECT {value} FROM {table}").leak();
            values.extend(tx.list(sql, &[], |row| row.get::<Option<Vec<u8>>>(0))?);
        }
        Ok(values.into_iter().flatten().collect())
    };
    database.peek(all).unwrap()
}

/// A fingerprint that changes with every commit: the length of the log, or the last transaction and
/// the number of rows of each table.
pub fn state(database: &Database) -> Vec<(String, i64, i64)> {
    if let Some(file) = database.file() {
        let length = fs::metadata(file.with_extension("db-wal")).unwrap().len();
        return vec![("log".to_owned(), length.try_into().unwrap(), 0)];
    }
    let newest = |table: String| {
        let sql = format!(
            "SELECT coalesce(max(CAST(CAST(xmin AS TEXT) AS BIGINT)), 0), count(*) FROM {table}"
        );
        let found = database.peek(|connection| {
            Tx::new(connection).one(sql.leak(), &[], |row| Ok((row.get(0)?, row.get(1)?)))
        });
        let (writer, rows) = found.unwrap();
        (table, writer, rows)
    };
    tables(database).into_iter().map(newest).collect()
}
