//! Files: their permissions, and locks that hold under every name of a database.

use std::{
    fs,
    io::Read,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use flate2::read::GzDecoder;
use serde_json::json;

use super::{Ended, Place, Server, mode};

/// A command of the program with umask 0.
fn unmasked(place: &Place, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", r#"umask 0; exec "$0" "$@""#, env!("CARGO_BIN_EXE_freelanceos")]);
    command.args(arguments).env_clear().env("LISTEN", "127.0.0.1:0").current_dir(&place.folder);
    command.stdin(Stdio::null());
    command
}

/// Runs it and expects success.
fn done(place: &Place, arguments: &[&str]) {
    let ended = Ended::of(unmasked(place, arguments).output().unwrap());
    assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.stderr);
}

/// Every file and folder below that others can access, with its mode.
fn open_to_others(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let rights = mode(&path);
            if rights & 0o077 != 0 {
                found.push((path.clone(), rights));
            }
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

/// Copies the database of an old version there, readable by everyone.
fn put_old_database(place: &Place) {
    let packed: &[u8] = include_bytes!("../store/fixtures/version-1.db.gz");
    let mut whole = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut whole).unwrap();
    fs::create_dir_all(place.path("data")).unwrap();
    fs::write(place.path("data/freelanceos.db"), whole).unwrap();
    fs::write(place.path("data/freelanceos.lock"), "").unwrap();
}

#[tokio::test]
async fn created_files_are_private_whatever_the_umask() {
    let place = Place::with_file();
    put_old_database(&place);
    let mut command = unmasked(&place, &["serve"]);
    command.envs([("BACKUP_EVERY", "1h")]);
    let server = Server::start(command);
    server.logged("backup written: ", 1);
    place.create_user("ada@example.com");
    // This email is written to a file.
    let body = json!({
        "firstName": "Kamala", "lastName": "Perera", "email": "kamala@example.com",
        "password": "securepass1!", "role": "client",
    });
    server.post("/auth/register", None, &body).await;
    server.logged("email saved to file", 1);
    assert_eq!(open_to_others(&place.path("data")), [], "while it serves");
    for name in ["freelanceos.db-wal", "freelanceos.db-shm", "freelanceos.lock", "mail", "backups"]
    {
        assert!(place.path("data").join(name).exists(), "{name} is not looked at");
    }
    server.stop();
    let copies = fs::read_dir(place.path("data")).unwrap();
    let copies = copies.filter(|entry| {
        entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("freelanceos.v1-")
    });
    assert_eq!(copies.count(), 1, "the copy of the old database is not looked at");

    done(&place, &["backup", "data/by-hand.db", "--with-secrets"]);
    done(&place, &["restore", "data/by-hand.db", "--yes"]);
    done(&place, &["admin", "export", "ada@example.com", "--csv", "data/of/ada"]);
    done(
        &place,
        &["transfer", "--from", "sqlite:data/freelanceos.db", "--to", "sqlite:data/to/x.db"],
    );
    done(&place, &["doctor"]);
    assert_eq!(open_to_others(&place.path("data")), []);
    assert_eq!(mode(&place.path("data/of")), 0o700);
}

#[test]
fn parent_folders_that_are_created_are_private() {
    let place = Place::with_file();
    let mut command = unmasked(&place, &["migrate"]);
    command.env("DATABASE_URL", "sqlite:some/where/else.db").env("DATA_DIR", "a/b/c");
    assert_eq!(Ended::of(command.output().unwrap()).code, 0);
    for folder in ["some", "a"] {
        assert_eq!(mode(&place.path(folder)), 0o700, "{folder}");
        assert_eq!(open_to_others(&place.path(folder)), []);
    }
}

/// Starts a second server on that database and expects a refusal.
fn assert_refused(place: &Place, variables: &[(&str, &str)]) {
    let ended = place.run_with(&["serve"], variables);
    assert_eq!(ended.code, 1, "{variables:?}: {}", ended.stderr);
    let told = ended.stderr.lines().last().unwrap();
    let begin = "freelanceos: another freelanceos is already serving ";
    assert!(told.starts_with(begin), "{variables:?}: {told}");
}

#[test]
fn a_database_is_served_once_under_all_its_names() {
    let place = Place::with_file();
    place.create_user("ada@example.com");
    for folder in ["by-link", "by-name", "by-links"] {
        fs::create_dir(place.path(folder)).unwrap();
    }
    let file = place.path("data/freelanceos.db");
    symlink(&file, place.path("by-link/freelanceos.db")).unwrap();
    symlink("../by-link/freelanceos.db", place.path("by-links/other.sqlite")).unwrap();
    symlink("data", place.path("same-folder")).unwrap();
    fs::hard_link(&file, place.path("by-name/freelanceos.db")).unwrap();
    let names = [
        ("DATA_DIR", "by-link"),
        ("DATABASE_URL", "sqlite:by-links/other.sqlite"),
        ("DATA_DIR", "same-folder"),
        ("DATA_DIR", "by-name/../data/./"),
        ("DATA_DIR", "by-name"),
        ("DATABASE_URL", "sqlite:by-name/freelanceos.db"),
    ];
    let server = place.serve();
    for name in names {
        assert_refused(&place, &[name]);
    }
    // It cannot be replaced, migrated or copied under another name either.
    place.run(&["backup", "copy.db"]).done();
    for name in names {
        let ended = place.run_with(&["restore", "copy.db", "--yes"], &[name]);
        assert!(ended.refused(1).contains("a server is using"), "{name:?}");
    }
    let from = ["transfer", "--from", "sqlite:by-name/freelanceos.db", "--to", "sqlite:new.db"];
    assert!(place.run(&from).refused(1).contains("a server is using"));
    server.stop();

    // The other way round.
    for name in names {
        let secrets = place.secrets();
        let server =
            place.serve_with(&[name, ("SECRET_KEY", &secrets[0]), ("JWT_SECRET", &secrets[1])]);
        assert_refused(&place, &[]);
        server.stop();
    }
}

#[test]
fn a_database_behind_a_symbolic_link_is_restored_in_place() {
    let place = Place::with_file();
    place.create_user("ada@example.com");
    place.run(&["backup", "copy.db"]).done();
    fs::create_dir(place.path("disk")).unwrap();
    fs::rename(place.path("data/freelanceos.db"), place.path("disk/real.db")).unwrap();
    symlink(place.path("disk/real.db"), place.path("data/freelanceos.db")).unwrap();
    place.create_user("later@example.com");
    place.run(&["restore", "copy.db", "--yes"]).done();
    assert!(place.path("data/freelanceos.db").is_symlink());
    assert_eq!(place.users().len(), 1);
    assert!(!place.path("disk/real.db").is_symlink());
}
