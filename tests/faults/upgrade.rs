//! An interrupted upgrade leaves the database either unchanged or complete.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use flate2::read::GzDecoder;
use freelanceos::store::{migrate, sqlite};
use rusqlite::Connection;

use super::program::{Ended, Place};

/// A place with the database of a released version.
pub fn place_of_version(version: i64) -> Place {
    let bytes: &[u8] = match version {
        1 => include_bytes!("../it/store/fixtures/version-1.db.gz"),
        2 => include_bytes!("../it/store/fixtures/version-2.db.gz"),
        3 => include_bytes!("../it/store/fixtures/version-3.db.gz"),
        4 => include_bytes!("../it/store/fixtures/version-4.db.gz"),
        5 => include_bytes!("../it/store/fixtures/version-5.db.gz"),
        6 => include_bytes!("../it/store/fixtures/version-6.db.gz"),
        7 => include_bytes!("../it/store/fixtures/version-7.db.gz"),
        // Version 9 changed nothing.
        8 | 9 => include_bytes!("../it/store/fixtures/version-8.db.gz"),
        _ => panic!("version {version} has no fixture"),
    };
    let place = Place::new();
    fs::create_dir(&place.data).unwrap();
    let mut whole = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut whole).unwrap();
    fs::write(place.file(), whole).unwrap();
    if version == 9 {
        let connection = Connection::open(place.file()).unwrap();
        connection.execute("INSERT INTO schema_version VALUES (9, 0)", []).unwrap();
        connection.close().unwrap();
    }
    place
}

/// The number of rows of each table, and the sum of each numeric column.
fn facts(place: &Place) -> BTreeMap<String, i64> {
    let connection = Connection::open(place.file()).unwrap();
    let names = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut facts = BTreeMap::new();
    for table in names("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") {
        if table == "schema_version" {
            continue;
        }
        let mut sums = vec!["count(*)".to_owned()];
        let columns =
            format!("SELECT name FROM pragma_table_info('{table}') WHERE type = 'INTEGER'");
        sums.extend(names(&columns).iter().map(|name| format!("coalesce(sum({name}), 0)")));
        for sum in sums {
            let sql = format!("SELECT {sum} FROM {table}");
            facts.insert(sql.clone(), connection.query_row(&sql, [], |row| row.get(0)).unwrap());
        }
    }
    facts
}

/// Everything from before is still there, to the cent.
fn assert_kept(before: &BTreeMap<String, i64>, place: &Place) {
    let after = facts(place);
    for (sql, sum) in before {
        // Migrations add totals for new lists, and record that there is an owner.
        if sql.ends_with(" list_totals") || sql.ends_with(" program_state") {
            continue;
        }
        // Version 5 moved emails to another table, without their due times. Version 7 moved invoice
        // numbers, whose years became part of a text.
        let moved = || {
            let sql = sql.replace(" outbox", " mails").replace(" invoice_series", " number_series");
            after.get(&sql.replace("sum(due_days)", "sum(payment_terms_days)"))
        };
        let is_gone = ["sum(due_at)", "sum(year)", "sum(first_number)"];
        if !is_gone.iter().any(|gone| sql.contains(gone)) {
            assert_eq!(after.get(sql).or_else(moved), Some(sum), "{sql}");
        }
    }
}

/// The copies kept of the original database.
fn copies(place: &Place) -> Vec<String> {
    let names = fs::read_dir(&place.data).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.starts_with("freelanceos.v"));
    names
}

#[test]
fn every_row_and_every_sum_survives_and_a_copy_is_kept() {
    for version in 1..migrate::latest() {
        let place = place_of_version(version);
        let before = facts(&place);
        assert!(before.len() > 50 && before["SELECT coalesce(sum(amount), 0) FROM payments"] > 0);
        let bytes = fs::read(place.file()).unwrap();
        let ended = place.run(&["migrate", "--dry-run"]);
        let told = format!("then migrated from version {version} to {}\n", migrate::latest());
        assert!(ended.done().ends_with(&told), "{ended:?}");
        assert_eq!(fs::read(place.file()).unwrap(), bytes, "a dry run changes nothing");
        assert_eq!(copies(&place), Vec::<String>::new(), "a dry run makes no copy");

        place.run(&["migrate"]).done();
        assert_kept(&before, &place);
        let kept = copies(&place);
        assert_eq!(kept.len(), 1, "{kept:?}");
        let copy = place.data.join(&kept[0]);
        assert_eq!(migrate::version(&copy.clone().into()).unwrap(), version);
        assert_eq!(sqlite::check(&copy).unwrap(), Vec::<String>::new());
        let again = place_of_version(version);
        fs::copy(&copy, again.file()).unwrap();
        assert_eq!(facts(&again), before, "the copy is the database as it was");
        assert!(place.run(&["migrate"]).done().contains("is up to date"));
    }
}

#[test]
fn a_newer_database_is_refused_and_unchanged() {
    let place = place_of_version(2);
    let connection = Connection::open(place.file()).unwrap();
    connection.execute("INSERT INTO schema_version VALUES (999, 0)", []).unwrap();
    connection.close().unwrap();
    let bytes = fs::read(place.file()).unwrap();
    for arguments in [&["serve"][..], &["migrate"], &["migrate", "--dry-run"]] {
        let ended = place.run(arguments);
        let told = ended.refused();
        assert!(told.contains("has schema version 999, newer than the"), "{told}");
        assert!(told.contains("use a newer freelanceos"), "{told}");
    }
    assert_eq!(fs::read(place.file()).unwrap(), bytes);
    assert_eq!(copies(&place), Vec::<String>::new());
}

/// Out of space at any point, a migration changes nothing and leaves nothing behind.
#[test]
fn a_failed_migration_leaves_the_file_unchanged() {
    let size = fs::metadata(place_of_version(1).file()).unwrap().len();
    let (mut failed, mut done) = (0, 0);
    for version in [1, 2] {
        for step in 0..24 {
            let place = place_of_version(version);
            let before = facts(&place);
            // From too small for the copy to large enough for everything, in blocks of 512 bytes.
            let blocks = size / 512 * (8 + step) / 14;
            let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" migrate");
            let mut command = Command::new("sh");
            command.args(["-c", &script, env!("CARGO_BIN_EXE_freelanceos")]);
            place.settle(&mut command);
            let ended = Ended::of(command.output().unwrap());
            if ended.code == 0 {
                done += 1;
                assert_kept(&before, &place);
                continue;
            }
            failed += 1;
            assert!(
                ended.refused().contains("could not be migrated and is unchanged"),
                "{ended:?}"
            );
            assert_eq!(migrate::version(&place.database()).unwrap(), version);
            assert_eq!(facts(&place), before, "{blocks} blocks");
            assert_eq!(sqlite::check(&place.file()).unwrap(), Vec::<String>::new());
            assert_eq!(copies(&place), Vec::<String>::new(), "copies would fill the disk");
            place.run(&["migrate"]).done();
            assert_kept(&before, &place);
        }
    }
    assert!(failed >= 4 && done >= 2, "{failed} failed, {done} were done");
}

#[test]
fn a_killed_migration_is_either_complete_or_not_begun() {
    // Measures a whole migration, to spread the kills over it.
    let begun = Instant::now();
    place_of_version(1).run(&["migrate"]).done();
    let whole = begun.elapsed();
    let mut cut_off = 0;
    for step in 0..30_u32 {
        let place = place_of_version(1 + i64::from(step % 4));
        let before = facts(&place);
        let from = migrate::version(&place.database()).unwrap();
        let mut command = place.command(&["migrate"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole * step / 30 + Duration::from_micros(500));
        child.kill().unwrap();
        child.wait().unwrap();
        let version = migrate::version(&place.database()).unwrap();
        assert!(version == from || version == migrate::latest(), "half way, at {version}");
        assert_kept(&before, &place);
        assert_eq!(sqlite::check(&place.file()).unwrap(), Vec::<String>::new());
        cut_off += usize::from(version == from);
        place.run(&["migrate"]).done();
        assert_eq!(migrate::version(&place.database()).unwrap(), migrate::latest());
        assert_kept(&before, &place);
    }
    println!("30 migrations killed, {cut_off} before their end");
    assert!(cut_off > 0);
}
