//! Backups under load, and scheduled backups.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    ledger::{Count, Ledger, account_of, check_whole},
    program::{PATIENCE, Place},
    small_disk::SmallDisk,
};
use futures_util::future::join_all;

/// The backups in a folder, oldest first.
fn backups(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    files
}

fn names(files: &[PathBuf]) -> Vec<&str> {
    files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_intact_and_holds_everything_acknowledged_before_it_began() {
    let place = Place::new();
    let server = place.serve();
    let mut copies = Vec::new();
    for round in 0..4 {
        let name = format!("a{round}");
        let caller = server.register(&name).await;
        let account = account_of(&place.database(), &name);
        // Rows from before the backup, written by a worker that has finished.
        let count = Count::default();
        let first = Ledger::default().turns(caller.clone(), 9, 3, Arc::clone(&count)).await;
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let work = Ledger::default().fill(caller.clone(), worker, Arc::clone(&count));
                tokio::spawn(work)
            })
            .collect();
        let under_load = count.load(Ordering::Relaxed) + 10;
        while count.load(Ordering::Relaxed) < under_load {
            tokio::task::yield_now().await;
        }
        let copy = place.data.join(format!("copy-{round}.db"));
        let mut command = place.command(&["backup", copy.to_str().unwrap()]);
        let before = count.load(Ordering::Relaxed);
        let begun = Instant::now();
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        assert!(output.await.unwrap().status.success());
        let took = begun.elapsed();
        let during = count.load(Ordering::Relaxed) - before;
        println!("a backup of {took:?}; {during} writes acknowledged meanwhile");
        workers.iter().for_each(|worker| worker.abort());
        join_all(workers).await;
        copies.push((copy, account, first));
    }
    assert!(server.stop().0.success());
    for (copy, account, first) in copies {
        let copy = copy.into();
        check_whole(&copy);
        first.compare_part(&copy, &account);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_makes_scheduled_backups_and_keeps_the_newest() {
    let place = Place::new();
    let folder = place.data.join("backups");
    fs::create_dir_all(&folder).unwrap();
    // A leftover from a killed server, and a file that is not the server's to delete.
    fs::write(folder.join("freelanceos-20260101T000000Z.db.part"), "half").unwrap();
    fs::write(folder.join("by-hand.db"), "mine").unwrap();
    let settings = [("BACKUP_EVERY", "1s"), ("BACKUP_KEEP", "3")];
    let server = place.serve_with(&settings);
    let caller = server.register("ada").await;
    caller.client("First").await;
    let count = Count::default();
    let account = account_of(&place.database(), "ada");
    let worker = tokio::spawn(Ledger::default().fill(caller.clone(), 0, Arc::clone(&count)));
    server.wait_for_more("backup written: ", 6);
    worker.abort();
    let _ = worker.await;
    // A running server is already writing the next one.
    assert!(server.stop().0.success());
    let files = backups(&folder);
    assert_eq!(names(&files)[0], "by-hand.db");
    assert!((4..=5).contains(&files.len()), "{files:?}");
    for file in &files[1..] {
        check_whole(&file.clone().into());
    }
    let ended = place.command(&["doctor"]).envs([("BACKUP_EVERY", "1s")]).output().unwrap();
    let told = String::from_utf8(ended.stdout).unwrap();
    assert!(told.contains("ok    backups      the newest in "), "{told}");

    // The newest backup restores everything that existed when it was made.
    let newest = backups(&folder).pop().unwrap();
    place.run(&["restore", newest.to_str().unwrap(), "--yes"]).done();
    let server = place.serve();
    let first = caller.at(&server).get("/clients?search=First").await;
    assert_eq!(first.body["total"], 1);
    assert_eq!(account_of(&place.database(), "ada"), account);

    // After a restart the server does not repeat a recent backup.
    assert!(server.stop().0.success());
    let before = names(&backups(&folder)).len();
    let server = place.serve_with(&[("BACKUP_EVERY", "24h")]);
    caller.at(&server).client("Last").await;
    assert!(server.stop().0.success());
    assert_eq!(backups(&folder).len(), before);
}

#[tokio::test]
#[ignore = "mounts a file system; tests/run runs it"]
async fn a_backup_without_room_is_reported_and_deletes_no_older_one() {
    let disk = SmallDisk::mount(2 * 1024);
    let elsewhere = Place::new();
    fs::create_dir_all(&elsewhere.data).unwrap();
    let folder = disk.place.data.with_file_name("backups");
    let database = format!("sqlite:{}", elsewhere.file().display());
    let settings = [
        ("DATABASE_URL", database.as_str()),
        ("BACKUP_DIR", folder.to_str().unwrap()),
        ("BACKUP_EVERY", "1s"),
        ("BACKUP_KEEP", "1"),
    ];
    let server = disk.serve(&settings);
    server.wait_for("backup written: ");
    let caller = server.register("ada").await;
    disk.fill();
    let told = server.wait_for("backup failed, retrying in 10 minutes");
    assert!(told.contains("full"), "{told}");
    // The server still works.
    caller.client("Meanwhile").await;
    let kept = backups(&disk.outside(&folder));
    assert_eq!(kept.len(), 1, "{kept:?}");
    let mut command = disk.command(&[env!("CARGO_BIN_EXE_freelanceos"), "doctor", "--json"]);
    let output = command.envs(settings).output().unwrap();
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = findings.as_array().unwrap().iter().find(|finding| finding["what"] == "backups");
    let finding = finding.unwrap();
    assert_eq!(finding["verdict"], "warn", "{finding}");
    assert!(finding["text"].as_str().unwrap().contains("the last attempt failed: "), "{finding}");
    assert!(server.stop().0.success());
}

#[test]
fn stopping_a_server_does_not_wait_for_a_backup() {
    let place = Place::new();
    assert!(place.serve().stop().0.success());
    // Large enough that the backup is still running when the server is told to stop.
    let connection = rusqlite::Connection::open(place.file()).unwrap();
    connection.execute_batch("CREATE TABLE ballast (bytes BLOB)").unwrap();
    for _ in 0..30 {
        connection.execute("INSERT INTO ballast VALUES (zeroblob(10000000))", []).unwrap();
    }
    connection.close().unwrap();
    let server = place.serve_with(&[("BACKUP_EVERY", "24h")]);
    let folder = place.data.join("backups");
    let deadline = Instant::now() + PATIENCE;
    while backups(&folder).is_empty() {
        assert!(Instant::now() < deadline, "no backup is begun");
        thread::sleep(Duration::from_millis(1));
    }
    let (status, took) = server.stop();
    assert!(status.success() && took < Duration::from_secs(5), "{status} after {took:?}");
    assert_eq!(backups(&folder), Vec::<PathBuf>::new(), "nothing half done is left");
}
