//! The first minutes: what works in an empty folder, and what is refused before anything is
//! created.

use std::{fs, io::Read, net::TcpListener};

use flate2::read::GzDecoder;

use super::{PASSWORD, Place};

#[tokio::test]
async fn the_first_account_needs_no_server() {
    let place = Place::new();
    assert!(place.create_user("ada.obi@example.com").starts_with("user_"));
    // The server uses the secrets it created.
    let secrets = place.secrets();
    let server = place.serve();
    assert!(server.login("ada.obi@example.com", PASSWORD).await.is_ok());
    assert_eq!(place.secrets(), secrets);
    server.stop();
    let ended = place.run(&["doctor"]);
    assert!(ended.done().lines().all(|line| line.starts_with("ok")), "{}", ended.stdout);
}

#[tokio::test]
async fn the_demo_needs_no_server() {
    let place = Place::new();
    place.run_told(&["demo"], PASSWORD).done();
    let secrets = place.secrets();
    let server = place.serve();
    let token = server.login("demo@example.com", PASSWORD).await.unwrap();
    assert!(server.get("/clients", &token).await.1["total"].as_u64().unwrap() > 10);
    assert_eq!(place.secrets(), secrets);
    server.stop();
}

#[test]
fn creating_an_account_migrates_an_older_database_and_keeps_a_copy() {
    let place = Place::with_file();
    let packed: &[u8] = include_bytes!("../store/fixtures/version-2.db.gz");
    let mut whole = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut whole).unwrap();
    fs::create_dir(place.path("data")).unwrap();
    fs::write(place.path("data/freelanceos.db"), whole).unwrap();
    let ended = place.run_told(&["admin", "create-user", "new@example.com"], PASSWORD);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let (_, copy) = ended.stderr.trim_end().split_once(" is kept in ").expect(&ended.stderr);
    assert!(place.path(copy).exists());
    assert!(!place.path("data/secret.key").exists(), "it has its secrets elsewhere");
    assert!(place.users().iter().any(|user| user["email"] == "new@example.com"));
}

#[test]
fn invalid_input_creates_nothing() {
    let place = Place::new();
    for (arguments, variables, code) in [
        (&["admin", "create-user", "nobody"][..], ("LOG", "info"), 1),
        (&["admin", "create-user", "a@example.com", "--first-name", " "], ("LOG", "info"), 1),
        (&["admin", "create-user", "a@example.com"], ("DATABASE_URL", "mysql://h/d"), 2),
        (&["demo", "--email", "nobody"], ("LOG", "info"), 1),
        (&["demo"], ("PAYMENT_LINK_BASE", "nowhere"), 2),
    ] {
        place.run_with(arguments, &[variables]).refused(code);
        assert!(!place.path("data").exists(), "{arguments:?}");
    }
}

#[test]
fn an_unavailable_address_is_reported_before_anything_is_created() {
    let place = Place::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let public = ("PUBLIC_URL", "https://office.example.com");
    let once = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let twice = format!("{once},{once}");
    for (name, address) in [
        ("LISTEN", &*taken),
        ("LISTEN", "127.0.0.1:0,192.0.2.1:0"),
        ("LISTEN", "nowhere.invalid:5000"),
        ("LISTEN", &twice),
        ("REDIRECT_LISTEN", &taken),
        ("METRICS_LISTEN", &taken),
    ] {
        let ended = place.run_with(&["serve"], &[public, (name, address)]);
        assert!(ended.refused(2).starts_with(&format!("{name} has \"")), "{}", ended.stderr);
        assert!(ended.stderr.contains("which the server cannot listen on"), "{}", ended.stderr);
        assert!(!place.path("data").exists(), "{name}={address}");
    }
}
