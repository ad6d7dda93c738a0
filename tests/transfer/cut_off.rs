//! An interrupted transfer leaves nothing behind and does not block the next one.

use std::{io::Read, process::Command};

use freelanceos::store::transfer;

use super::{Place, contents, is_seen, server_database, until};

#[test]
fn a_killed_transfer_leaves_no_file_and_the_next_succeeds() {
    let place = Place::new();
    place.large("large.db");
    let (from, to) = (place.url("large.db"), place.url("copy.db"));
    let part = place.path("copy.db.transferring");
    let mut child = place.begin(&from, &to);
    until("nothing is written", || part.metadata().is_ok_and(|part| part.len() > 1 << 20));
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(part.exists() && !place.path("copy.db").exists());
    place.transfer(&from, &to).done();
    assert!(!part.exists());
    assert_eq!(contents(&place.path("large.db")), contents(&place.path("copy.db")));
}

#[test]
#[ignore = "asks a PostgreSQL server; tests/run runs it"]
fn a_killed_transfer_leaves_an_empty_database_on_a_server_and_the_next_succeeds() {
    let server = server_database();
    let place = Place::new();
    place.large("large.db");
    let (from, to) = (place.url("large.db"), server.url().unwrap());
    let mut child = place.begin(&from, to);
    let insert = "INSERT INTO program_state%";
    until("nothing is written", || is_seen(server.database(), insert));
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    until("the server goes on", || !is_seen(server.database(), insert));
    assert_eq!(transfer::occupied(server.database()).unwrap(), None);
    place.transfer(&from, to).done();
    place.transfer(to, "sqlite:back.db").done();
    assert_eq!(contents(&place.path("large.db")), contents(&place.path("back.db")));
}

#[test]
fn a_stopped_transfer_deletes_its_partial_file() {
    let place = Place::new();
    place.large("large.db");
    let part = place.path("copy.db.transferring");
    for signal in ["INT", "TERM"] {
        let mut child = place.begin(&place.url("large.db"), &place.url("copy.db"));
        until("nothing is written", || part.metadata().is_ok_and(|part| part.len() > 1 << 20));
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(said, "freelanceos: stopped, nothing was copied\n");
        assert_eq!(child.wait().unwrap().code(), Some(1));
        let left = place.files();
        assert!(!left.iter().any(|name| name.starts_with("copy.db")), "{left:?}");
    }
}
