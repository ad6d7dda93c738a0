//! Settings and secrets.

use std::fs;

use super::{Place, mode};

#[test]
fn a_wrong_setting_stops_with_one_line_that_names_it() {
    let place = Place::new();
    let file = place.path("log-format");
    fs::write(&file, "yaml\n").unwrap();
    let file = file.to_str().unwrap();
    for (name, value, said) in [
        ("LISTEN", "5000", r#"LISTEN is "5000"; it must be host:port"#),
        ("RATE_LIMIT", "maybe", r#"RATE_LIMIT is "maybe"; it must be on or off"#),
        ("TRUST_PROXY", "yes", "TRUST_PROXY"),
        ("JWT_SECRET", "short", "JWT_SECRET must be 32 characters or longer"),
        ("SECRET_KEY", "xyz", "SECRET_KEY must be 64 hexadecimal digits"),
        ("DATABASE_URL", "postgres://u:hunter2@h/d", "DATABASE_URL must be sqlite:PATH"),
        ("PUBLIC_URL", "example.com", "PUBLIC_URL"),
        ("CORS_ORIGIN", "http://a/b", "CORS_ORIGIN"),
        ("FRONTEND_URL", "ftp://a", "FRONTEND_URL"),
        ("OTP_EXPIRY", "soon", "OTP_EXPIRY"),
        ("LOG", "info=loud", "LOG"),
        ("LOG_FORMAT", "yaml", "LOG_FORMAT is \"yaml\"; it must be text or json"),
        ("LOG_FORMAT_FILE", file, "LOG_FORMAT is \"yaml\""),
        ("PUBLIC_URL_FILE", "/nowhere/at/all", "PUBLIC_URL_FILE is /nowhere/at/all"),
    ] {
        let ended = place.run_with(&["serve"], &[(name, value)]);
        assert!(ended.refused(2).starts_with(said), "{name}={value}: {}", ended.stderr);
        assert!(!ended.stderr.contains("hunter2") && !ended.stderr.contains("short"));
    }
    assert!(!place.path("data").exists(), "nothing is made before the settings are sound");

    let mut command = place.command(&["serve"]);
    let output = command.env_remove("LISTEN").env("PORT", "abc").output().unwrap();
    let said = super::Ended::of(output);
    assert_eq!(said.refused(2), r#"PORT is "abc"; it must be a number from 0 to 65535"#);

    assert_eq!(place.run(&["serve", "--no-such-flag"]).code, 2);
    assert_eq!(place.run(&[]).code, 2);
    let ended = place.run_with(&["admin", "list-users"], &[("DATABASE_URL", "postgres://h/d")]);
    ended.refused(2);
}

#[test]
fn secrets_are_made_once_and_are_private() {
    let place = Place::new();
    place.serve().stop();
    let files = ["data/jwt.secret", "data/secret.key"].map(|name| place.path(name));
    let read = || files.clone().map(|file| fs::read_to_string(file).unwrap());
    let made = read();
    for (file, secret) in files.iter().zip(&made) {
        assert_eq!(mode(file), 0o600);
        assert!(secret.len() >= 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
    assert_ne!(made[0], made[1]);
    assert_eq!(mode(&place.path("data")), 0o700);
    place.serve().stop();
    assert_eq!(read(), made);
}

#[test]
fn a_file_gives_a_setting_and_the_environment_goes_first() {
    let place = Place::new();
    fs::write(place.path("dir"), "elsewhere\r\n").unwrap();
    let file = place.path("dir");
    let variable = ("DATA_DIR_FILE", file.to_str().unwrap());
    place.run_with(&["migrate"], &[variable]).done();
    assert!(place.path("elsewhere/freelanceos.db").exists());
    place.run_with(&["admin", "list-users"], &[variable]).done();
    place.run_with(&["migrate"], &[variable, ("DATA_DIR", "first")]).done();
    assert!(place.path("first/freelanceos.db").exists());
}

#[test]
fn two_servers_do_not_share_a_database() {
    let place = Place::new();
    let server = place.serve();
    let ended = place.run(&["serve"]);
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("is serving ./data/freelanceos.db already"));
    let folder = ("DATA_DIR", "another");
    let database = ("DATABASE_URL", "sqlite:./data/freelanceos.db");
    let ended = place.run_with(&["serve"], &[folder, database]);
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("is serving ./data/freelanceos.db already"));
    server.stop();
}
