//! The tables that the program parses from `schema.sql` match those of the engines.

use freelanceos::store::{
    engine::Tx,
    migrate,
    transfer::{ColumnKind, tables},
};
use jiff::Timestamp;

use super::{Place, server_database};

#[test]
fn the_parsed_schema_matches_a_file() {
    let place = Place::new();
    let connection = place.migrated("new.db");
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        .unwrap();
    let mut found: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut known: Vec<String> = tables().unwrap().iter().map(|t| t.name.clone()).collect();
    found.sort();
    known.sort();
    assert_eq!(known, found);
    for table in tables().unwrap() {
        let mut statement = connection
            .prepare("SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid")
            .unwrap();
        let columns: Vec<(String, String, isize)> = statement
            .query_map([&table.name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let known: Vec<(String, String, isize)> = (0..)
            .zip(&table.columns)
            .map(|(place, column)| {
                let kind = match column.kind {
                    ColumnKind::Int => "INTEGER",
                    ColumnKind::Text => "TEXT",
                    ColumnKind::Bytes => "BLOB",
                };
                let part =
                    table.key.iter().position(|key| *key == place).map_or(0, |at| at as isize + 1);
                (column.name.clone(), kind.to_owned(), part)
            })
            .collect();
        assert_eq!(known, columns, "{}", table.name);
    }
}

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn the_parsed_schema_matches_a_server() {
    let server = server_database();
    migrate::run(server.database(), Timestamp::UNIX_EPOCH).unwrap();
    let (columns, keys) = server
        .database()
        .peek(|connection| {
            let mut tx = Tx::new(connection);
            let columns: Vec<(String, String, String)> = tx.list(
                "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), \
                 CAST(data_type AS TEXT) FROM information_schema.columns \
                 WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position",
                &[],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            let keys: Vec<(String, String)> = tx.list(
                "SELECT CAST(k.table_name AS TEXT), CAST(k.column_name AS TEXT) \
                 FROM information_schema.key_column_usage k \
                 JOIN information_schema.table_constraints c \
                 USING (constraint_schema, constraint_name, table_name) \
                 WHERE k.table_schema = current_schema() AND c.constraint_type = 'PRIMARY KEY' \
                 ORDER BY k.table_name, k.ordinal_position",
                &[],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            Ok((columns, keys))
        })
        .unwrap();
    let (mut known_columns, mut known_keys) = (Vec::new(), Vec::new());
    let mut known: Vec<_> = tables().unwrap().iter().collect();
    known.sort_by_key(|table| &table.name);
    for table in known {
        for column in &table.columns {
            let kind = match column.kind {
                ColumnKind::Int => "bigint",
                ColumnKind::Text => "text",
                ColumnKind::Bytes => "bytea",
            };
            known_columns.push((table.name.clone(), column.name.clone(), kind.to_owned()));
        }
        for part in &table.key {
            known_keys.push((table.name.clone(), table.columns[*part].name.clone()));
        }
    }
    assert_eq!(known_columns, columns);
    assert_eq!(known_keys, keys);
}
