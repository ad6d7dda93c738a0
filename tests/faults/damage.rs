//! Damaged pages are detected and reported as failures.

use std::{fs::File, os::unix::fs::FileExt, path::Path};

use rusqlite::Connection;

use super::program::{Caller, Place};

/// Overwrites the first page of a table or index with garbage.
fn damage(database: &Path, name: &str) {
    let (page, size): (i64, i64) = {
        let connection = Connection::open(database).unwrap();
        let size = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
        let sql = "SELECT rootpage FROM sqlite_master WHERE name = ?1";
        (connection.query_row(sql, [name], |row| row.get(0)).unwrap(), size)
    };
    let file = File::options().write(true).open(database).unwrap();
    file.write_all_at(&vec![0xA5; size as usize], ((page - 1) * size) as u64).unwrap();
    file.sync_all().unwrap();
}

/// A place with an account that has clients and invoices.
async fn filled() -> (Place, Caller) {
    let place = Place::new();
    let server = place.serve();
    let caller = server.register("ada").await;
    for number in 0..5 {
        let client = caller.client(&format!("Client {number}")).await;
        caller.invoice(&client, 100).await;
    }
    assert!(server.stop().0.success());
    (place, caller)
}

#[tokio::test]
async fn doctor_finds_damaged_tables_and_indexes_and_the_server_does_not_crash() {
    for (name, broken, whole) in [
        ("clients", "/clients", "/dashboard/activity"),
        ("clients_listed", "/clients", "/invoices"),
        ("activity", "/dashboard/activity", "/clients"),
    ] {
        let (place, caller) = filled().await;
        let copy = place.data.join("copy.db");
        place.run(&["backup", copy.to_str().unwrap()]).done();
        damage(&place.file(), name);

        let ended = place.run(&["doctor"]);
        assert_eq!(ended.code, 1, "{name}: {ended:?}");
        let told = ended.stdout.lines().find(|line| line.starts_with("fail  integrity"));
        let told = told.unwrap_or_else(|| panic!("{name}: {ended:?}"));
        assert!(told.contains("`freelanceos restore FILE`"), "{name}: {told}");

        let mut server = place.serve();
        let caller = caller.at(&server);
        let answer = caller.get(broken).await;
        assert_eq!(answer.status, 500, "{name}: {}", answer.body);
        assert_eq!(answer.body["error"], "Internal server error", "{name}");
        caller.get(whole).await.data();
        assert!(server.is_running());
        server.wait_for("the database is damaged: run `freelanceos doctor`");
        assert!(server.stop().0.success());

        // A copy of a damaged database is not kept as a backup.
        let second = place.data.join("second.db");
        let ended = place.run(&["backup", second.to_str().unwrap()]);
        assert!(ended.refused().contains("is damaged"), "{name}: {ended:?}");
        assert!(!second.exists(), "{name}");

        place.run(&["restore", copy.to_str().unwrap(), "--yes"]).done();
        let server = place.serve();
        assert_eq!(caller.at(&server).get("/clients").await.body["total"], 5, "{name}");
        assert!(server.stop().0.success());
        assert!(place.run(&["doctor"]).done().contains("no damage found"), "{name}");
    }
}
