//! One server per database file.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use freelanceos::store::{migrate, sqlite::ServeLock};

use super::{
    program::{PATIENCE, Place},
    upgrade,
};

#[tokio::test]
async fn a_second_server_and_a_restore_are_refused_while_one_is_running() {
    let place = Place::new();
    let server = place.serve();
    let caller = server.register("ada").await;
    let copy = place.data.join("copy.db");
    let copy = copy.to_str().unwrap();
    place.run(&["backup", copy]).done();
    let ended = place.run(&["serve"]);
    let said = format!("another freelanceos is already serving {}", place.file().display());
    assert_eq!(ended.refused(), said);
    let ended = place.run(&["restore", copy, "--yes"]);
    assert!(ended.refused().contains("a server is using"), "{ended:?}");
    // There is nothing to migrate, so the running server is no obstacle.
    assert!(place.run(&["migrate"]).done().contains("is up to date"));
    caller.client("After").await;
    assert!(server.stop().0.success());
    place.run(&["restore", copy, "--yes"]).done();
}

#[test]
fn a_database_is_not_migrated_under_a_running_server() {
    let place = upgrade::place_of_version(2);
    let lock = ServeLock::take(&place.file()).unwrap().unwrap();
    let ended = place.run(&["migrate"]);
    assert!(ended.refused().contains("a server is using"), "{ended:?}");
    assert_eq!(migrate::version(&place.database()).unwrap(), 2);
    drop(lock);
    place.run(&["migrate"]).done();
    assert_eq!(migrate::version(&place.database()).unwrap(), migrate::latest());
}

#[test]
fn of_servers_started_at_once_in_an_empty_folder_one_serves() {
    for _ in 0..3 {
        let place = Place::new();
        let mut servers: Vec<Child> = (0..4)
            .map(|_| {
                let mut command = place.command(&["serve"]);
                command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        let deadline = Instant::now() + PATIENCE;
        // All but one exit by themselves.
        while servers.iter_mut().filter_map(|server| server.try_wait().unwrap()).count() < 3 {
            assert!(Instant::now() < deadline, "two serve one database");
            thread::sleep(Duration::from_millis(5));
        }
        let mut refused = 0;
        for server in &mut servers {
            if let Some(status) = server.try_wait().unwrap() {
                let mut said = String::new();
                server.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                assert!(said.contains("another freelanceos is already serving"), "{said}");
                assert_eq!(status.code(), Some(1));
                refused += 1;
            }
        }
        assert_eq!(refused, 3);
        for server in &mut servers {
            if let Some(log) = server.stderr.take() {
                let mut lines = BufReader::new(log).lines().map(Result::unwrap);
                assert!(lines.any(|line| line.contains("listening on")));
            }
            let _ = server.kill();
            server.wait().unwrap();
        }
        // The stored key is the one the database was created with.
        assert!(place.serve().stop().0.success());
    }
}
