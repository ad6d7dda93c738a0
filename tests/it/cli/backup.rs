//! `backup` and `restore`.

use std::{
    fs,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use freelanceos::store::{Store, sqlite};
use reqwest::StatusCode;
use serde_json::json;

use super::{PASSWORD, Place, mode};

/// A place where a server has run and created secrets, with one account.
fn served() -> Place {
    let place = Place::with_file();
    place.serve().stop();
    place.create_user("ada@example.com");
    place
}

/// Changes a database file without the program.
fn change(place: &Place, file: &str, sql: &'static str) {
    sqlite::with_connection(&place.path(file), |connection| connection.execute(sql, &[])).unwrap();
}

#[test]
fn a_backup_is_private_names_the_secrets_and_is_never_overwritten() {
    let place = served();
    let ended = place.run(&["backup", "copy.db"]);
    assert!(ended.done().starts_with("copy.db ("), "{}", ended.stdout);
    assert!(ended.stdout.contains("./data/secret.key, ./data/jwt.secret"), "{}", ended.stdout);
    assert_eq!(mode(&place.path("copy.db")), 0o600);
    let before = fs::read(place.path("copy.db")).unwrap();
    let ended = place.run(&["backup", "copy.db"]);
    assert!(ended.refused(1).starts_with("copy.db already exists and is not overwritten"));
    assert_eq!(fs::read(place.path("copy.db")).unwrap(), before);

    place.run(&["backup", "whole.db", "--with-secrets"]).done();
    assert_eq!(mode(&place.path("whole.db.secrets")), 0o600);
    let packed = fs::read_to_string(place.path("whole.db.secrets")).unwrap();
    let key = fs::read_to_string(place.path("data/secret.key")).unwrap();
    assert!(packed.contains(&format!("SECRET_KEY={key}\n")));

    for (arguments, said) in [
        (["backup", "no/such/folder.db"], "cannot write no/such/folder.db.part"),
        (["backup", "data"], "data already exists"),
    ] {
        assert!(place.run(&arguments).refused(1).starts_with(said));
    }
    let names = |place: &Place| {
        let names = fs::read_dir(&place.folder).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    assert!(!names(&place).iter().any(|name| name.ends_with(".part")), "{:?}", names(&place));
    assert!(
        Place::with_file()
            .run(&["backup", "copy.db"])
            .refused(1)
            .starts_with("there is no database")
    );
}

#[tokio::test]
async fn a_backup_taken_under_load_restores_to_a_consistent_state() {
    let place = served();
    let server = place.serve_with(&[("RATE_LIMIT", "off")]);
    let token = server.login("ada@example.com", PASSWORD).await.unwrap();
    let (made, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let fill = async {
        while !enough.load(Ordering::Relaxed) {
            let number = made.load(Ordering::Relaxed);
            let body = json!({"name": format!("Client {number}"), "email": "c@example.com"});
            let (status, answer) = server.post("/clients", Some(&token), &body).await;
            assert_eq!(status, StatusCode::CREATED);
            let body = json!({
                "clientId": answer["data"]["id"], "amount": 12.5, "dueDate": "2030-01-01",
            });
            assert_eq!(server.post("/invoices", Some(&token), &body).await.0, StatusCode::CREATED);
            made.fetch_add(1, Ordering::Relaxed);
        }
    };
    let copy = async {
        while made.load(Ordering::Relaxed) < 20 {
            tokio::task::yield_now().await;
        }
        let mut command = place.command(&["backup", "copy.db", "--with-secrets"]);
        let ended = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        enough.store(true, Ordering::Relaxed);
        super::Ended::of(ended)
    };
    let ((), ended) = tokio::join!(fill, copy);
    ended.done();
    assert!(place.run(&["restore", "copy.db", "--yes"]).refused(1).contains("a server is using"));
    server.stop();

    // In an empty folder, the secrets are restored too.
    let other = Place::with_file();
    for name in ["copy.db", "copy.db.secrets"] {
        fs::copy(place.path(name), other.path(name)).unwrap();
    }
    other.run(&["restore", "copy.db"]).done();
    let ended = other.run(&["doctor"]);
    assert!(ended.done().lines().all(|line| line.starts_with("ok")), "{}", ended.stdout);
    for name in ["data/secret.key", "data/jwt.secret", "data/freelanceos.db"] {
        assert_eq!(mode(&other.path(name)), 0o600, "{name}");
    }
    let server = other.serve_with(&[("RATE_LIMIT", "off")]);
    let (status, clients) = server.get("/clients", &token).await;
    assert_eq!(status, StatusCode::OK, "the token is good with the same JWT_SECRET");
    let clients = clients["total"].as_u64().unwrap();
    let invoices = server.get("/invoices", &token).await.1["total"].as_u64().unwrap();
    assert!(clients >= 20 && clients <= made.load(Ordering::Relaxed) as u64);
    assert!(clients - invoices <= 1, "{clients} clients, {invoices} invoices");
    server.stop();
}

#[test]
fn restore_keeps_the_database_it_replaces() {
    let place = served();
    place.run(&["backup", "copy.db"]).done();
    place.create_user("later@example.com");
    let ended = place.run(&["restore", "copy.db"]);
    assert!(ended.refused(1).contains("use --yes to replace it"), "{}", ended.stderr);
    assert_eq!(place.users().len(), 2);

    let ended = place.run(&["restore", "copy.db", "--yes"]);
    let kept = ended.done().lines().find_map(|line| line.split_once(" is kept in ")).unwrap().1;
    assert_eq!(place.users().len(), 1);
    let url = format!("sqlite:{kept}");
    let ended = place.run_with(&["admin", "list-users"], &[("DATABASE_URL", &url)]);
    assert!(ended.done().contains("later@example.com"));
    assert!(!place.path("data/freelanceos.db.restoring").exists());
    place.serve().stop();
}

#[test]
fn a_damaged_database_can_be_replaced_and_is_kept_unchanged() {
    let place = served();
    place.run(&["backup", "copy.db"]).done();
    fs::write(place.path("data/freelanceos.db"), "no database any more").unwrap();
    fs::write(place.path("data/freelanceos.db-wal"), "nor this").unwrap();
    let ended = place.run(&["restore", "copy.db", "--yes"]);
    let kept = ended.done().lines().find_map(|line| line.split_once(" is kept in ")).unwrap().1;
    assert_eq!(fs::read_to_string(place.path(kept)).unwrap(), "no database any more");
    assert_eq!(place.users().len(), 1);
    place.run(&["doctor"]).done();
}

#[test]
fn restore_refuses_invalid_sources_and_changes_nothing() {
    let place = served();
    place.run(&["backup", "good.db"]).done();
    let good = fs::read(place.path("good.db")).unwrap();
    fs::write(place.path("garbage.db"), "not a database ".repeat(1000)).unwrap();
    fs::write(place.path("empty.db"), "").unwrap();
    fs::write(place.path("truncated.db"), &good[..good.len() / 2]).unwrap();
    let mut torn = good.clone();
    let page = torn.len() / 2 / 4096 * 4096;
    torn[page..page + 4096 * 4].fill(0xA5);
    fs::write(place.path("torn.db"), torn).unwrap();
    for name in ["newer.db", "foreign.db", "other-key.db"] {
        fs::write(place.path(name), &good).unwrap();
    }
    change(&place, "newer.db", "INSERT INTO schema_version VALUES (999, 0)");
    change(&place, "foreign.db", "DROP TABLE schema_version");
    change(
        &place,
        "other-key.db",
        "UPDATE program_state SET value = 'ff' WHERE name = 'secret_key_fingerprint'",
    );
    let before = fs::read(place.path("data/freelanceos.db")).unwrap();
    for (name, said) in [
        ("missing.db", "missing.db does not exist or is not a file"),
        ("data", "data does not exist or is not a file"),
        ("garbage.db", "garbage.db is not a freelanceos database"),
        ("empty.db", "empty.db is not a freelanceos database"),
        ("foreign.db", "foreign.db is not a freelanceos database"),
        ("truncated.db", "truncated.db "),
        ("torn.db", "torn.db "),
        ("newer.db", "newer.db has schema version 999, newer than"),
        ("other-key.db", "other-key.db was created with a different secret key"),
    ] {
        let ended = place.run(&["restore", name, "--yes"]);
        assert!(ended.refused(1).starts_with(said), "{name}: {}", ended.stderr);
        assert_eq!(fs::read(place.path("data/freelanceos.db")).unwrap(), before, "{name}");
    }
    assert!(!place.path("data/freelanceos.db.restoring").exists());
    assert_eq!(place.users().len(), 1);

    let other = Place::with_file();
    fs::write(other.path("good.db"), &good).unwrap();
    let ended = other.run(&["restore", "good.db"]);
    assert!(ended.refused(1).starts_with("the secret key of good.db is missing"));
    fs::write(
        other.path("good.db.secrets"),
        format!("SECRET_KEY={}\nJWT_SECRET=x\n", "0".repeat(64)),
    )
    .unwrap();
    let ended = other.run(&["restore", "good.db"]);
    assert!(ended.refused(1).starts_with("good.db.secrets does not contain the secret key"));
    let wrong = [("SECRET_KEY", &*"0".repeat(64))];
    assert_eq!(other.run_with(&["restore", "good.db"], &wrong).code, 1);
    assert!(!other.path("data/freelanceos.db").exists());
    let key = fs::read_to_string(place.path("data/secret.key")).unwrap();
    other.run_with(&["restore", "good.db"], &[("SECRET_KEY", &key)]).done();
    assert_eq!(other.users().len(), 1);
}

#[test]
fn restore_refuses_while_the_database_is_open() {
    let place = served();
    place.run(&["backup", "copy.db"]).done();
    let store = Store::open(place.database()).unwrap();
    let ended = place.run(&["restore", "copy.db", "--yes"]);
    store.close();
    assert!(ended.refused(1).contains("has ./data/freelanceos.db open: close it first"));
    place.run(&["restore", "copy.db", "--yes"]).done();
}
