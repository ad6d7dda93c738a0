//! Read-only files and folders.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

use serde_json::json;

use super::{
    program::{Ended, Place, Server, run_until},
    small_disk::SmallDisk,
};

/// The user `nobody`, since permissions do not restrict root.
const NOBODY: u32 = 65534;

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout == b"0\n"
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Gives a place to `nobody` if the test runs as root.
fn hand_over(place: &Place) {
    if is_root() {
        let folder = place.data.parent().unwrap();
        for path in [folder, &place.data] {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
}

fn command(place: &Place, arguments: &[&str]) -> Command {
    let roots = place.command(arguments);
    if !is_root() {
        return roots;
    }
    // `nobody` cannot read the folder that root builds in.
    let program = place.data.with_file_name("program");
    if !program.exists() && fs::hard_link(roots.get_program(), &program).is_err() {
        fs::copy(roots.get_program(), &program).unwrap();
    }
    let mut command = Command::new(program);
    command.args(roots.get_args()).env_clear().uid(NOBODY).gid(NOBODY);
    command.envs(roots.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = roots.get_current_dir() {
        command.current_dir(folder);
    }
    command
}

fn run(place: &Place, arguments: &[&str]) -> Ended {
    Ended::of(command(place, arguments).output().unwrap())
}

#[tokio::test]
async fn unwritable_files_are_reported_at_the_start_and_refused_later() {
    let place = Place::new();
    fs::create_dir(&place.data).unwrap();
    hand_over(&place);
    let server = Server::start(command(&place, &["serve"]));
    let caller = server.register("ada").await;
    caller.client("Before").await;

    // Open files stay open, but later commands report it.
    allow(&place.file(), 0o400);
    caller.client("While").await;
    let ended = run(&place, &["admin", "disable", "ada@example.com"]);
    assert!(ended.refused().contains("it is read-only"), "{ended:?}");
    caller.get("/clients").await.data();
    assert!(server.stop().0.success());

    let ended = run(&place, &["serve"]);
    let told = ended.refused();
    assert!(told.contains("freelanceos.db: it is read-only"), "{told}");
    // Files created next to it meanwhile have its mode.
    for name in ["freelanceos.db", "freelanceos.db-wal", "freelanceos.db-shm"] {
        let file = place.data.join(name);
        if file.exists() {
            allow(&file, 0o600);
        }
    }

    allow(&place.data, 0o500);
    allow(&place.data.join("freelanceos.lock"), 0o400);
    let ended = run(&place, &["serve"]);
    let told = ended.refused();
    assert!(told.contains("freelanceos.lock cannot be written (Permission denied"), "{told}");
    allow(&place.data, 0o700);
    allow(&place.data.join("freelanceos.lock"), 0o600);

    let server = Server::start(command(&place, &["serve"]));
    assert_eq!(caller.at(&server).get("/clients").await.body["total"], 2);
    assert!(server.stop().0.success());
}

#[tokio::test]
async fn mail_waits_until_its_folder_is_writable() {
    let place = Place::new();
    fs::create_dir(&place.data).unwrap();
    hand_over(&place);
    let server = Server::start(command(&place, &["serve"]));
    let caller = server.register("ada").await;
    let client = caller.client("Before").await;
    let invoice = caller.invoice(&client, 100).await;
    allow(&place.data, 0o500);
    caller.post(&format!("/invoices/{invoice}/send"), &json!({})).await.data();
    let told = server.wait_for("could not deliver an email yet");
    assert!(told.contains("Permission denied"), "{told}");
    allow(&place.data, 0o700);
    run_until("Permission denied", || run(&place, &["admin", "list-mail"]));
    assert!(server.stop().0.success());
}

#[tokio::test]
#[ignore = "mounts a file system; tests/run runs it"]
async fn a_disk_mounted_read_only_is_reported_at_the_start() {
    let disk = SmallDisk::mount(8 * 1024);
    let server = disk.serve(&[]);
    let caller = server.register("ada").await;
    caller.client("Before").await;
    assert!(server.stop().0.success());
    disk.remount("ro");
    let ended = disk.run(&["serve"]);
    let told = ended.refused();
    assert!(told.contains("freelanceos.lock cannot be written (Read-only file system"), "{told}");
    disk.remount("rw");
    let server = disk.serve(&[]);
    assert_eq!(caller.at(&server).get("/clients").await.body["total"], 1);
}
