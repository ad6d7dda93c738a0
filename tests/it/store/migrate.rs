//! Databases of released versions are brought to this one without losing a row.

use std::{collections::BTreeMap, fs, io::Read};

use flate2::read::GzDecoder;
use freelanceos::store::{
    doctor,
    engine::{Connection, Tx},
    migrate, sqlite,
};
use tempfile::TempDir;

use crate::support::START;

/// The demo's account as version 1 kept it.
const VERSION_1: &[u8] = include_bytes!("fixtures/version-1.db.gz");

/// Every table of version 1 and how many rows it has.
const TABLES: &[(&str, &str)] = &[
    ("accounts", "SELECT count(*) FROM accounts"),
    ("sessions", "SELECT count(*) FROM sessions"),
    ("clients", "SELECT count(*) FROM clients"),
    ("projects", "SELECT count(*) FROM projects"),
    ("milestones", "SELECT count(*) FROM milestones"),
    ("proposals", "SELECT count(*) FROM proposals"),
    ("invoice_series", "SELECT count(*) FROM invoice_series"),
    ("invoices", "SELECT count(*) FROM invoices"),
    ("invoice_items", "SELECT count(*) FROM invoice_items"),
    ("payments", "SELECT count(*) FROM payments"),
    ("exchange_rates", "SELECT count(*) FROM exchange_rates"),
    ("activity", "SELECT count(*) FROM activity"),
    ("timeline_totals", "SELECT count(*) FROM timeline_totals"),
    ("open_totals", "SELECT count(*) FROM open_totals"),
    ("client_totals", "SELECT count(*) FROM client_totals"),
];

fn rows(connection: &mut dyn Connection) -> BTreeMap<&'static str, i64> {
    let mut tx = Tx::new(connection);
    let count = |&(table, sql)| (table, tx.one(sql, &[], |row| row.get(0)).unwrap());
    TABLES.iter().map(count).collect()
}

#[test]
fn a_database_of_version_1_migrates_without_losing_a_row() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("freelanceos.db");
    let mut bytes = Vec::new();
    GzDecoder::new(VERSION_1).read_to_end(&mut bytes).unwrap();
    fs::write(&path, bytes).unwrap();
    let before = sqlite::peek(&path, |connection| Ok(rows(connection))).unwrap();
    assert!(before["invoices"] >= 300 && before["activity"] > 500, "{before:?}");

    let migration = migrate::run(&path, START.parse().unwrap()).unwrap();
    assert_eq!((migration.from, migration.to), (1, migrate::latest()));
    assert!(migration.copy.unwrap().exists());
    let after = sqlite::peek(&path, |connection| Ok(rows(connection))).unwrap();
    assert_eq!(after, before);
    // The sums beside the rows are those a recount gives, new ones too.
    let differing = sqlite::peek(&path, |connection| doctor::rollups(&mut Tx::new(connection)));
    assert_eq!(differing.unwrap(), Vec::<String>::new());
    // Who could log in can still.
    let waiting = sqlite::peek(&path, |connection| {
        let sql =
            "SELECT count(*) FROM accounts WHERE activated_at IS NULL OR role <> 'freelancer'";
        Tx::new(connection).one(sql, &[], |row| row.get::<i64>(0))
    });
    assert_eq!(waiting.unwrap(), 0);
}
