//! `doctor`.

use std::{fs, os::unix::fs::PermissionsExt};

use freelanceos::store::sqlite;
use serde_json::Value;

use super::{Place, demo};

/// The findings that are not "ok", as "verdict what".
fn findings(place: &Place, variables: &[(&str, &str)]) -> Vec<String> {
    let ended = place.run_with(&["doctor", "--json"], variables);
    let findings: Vec<Value> = serde_json::from_str(&ended.stdout).expect(&ended.stderr);
    let word = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let bad: Vec<String> = findings
        .iter()
        .filter(|finding| finding["verdict"] != "ok")
        .map(|finding| {
            assert!(finding["advice"].is_string(), "{finding}");
            format!("{} {}", word(finding, "verdict"), word(finding, "what"))
        })
        .collect();
    let failed = bad.iter().any(|finding| finding.starts_with("fail"));
    assert_eq!(ended.code, i32::from(failed), "{}", ended.stdout);
    bad
}

fn change(place: &Place, sql: &'static str) {
    let database = place.path("data/freelanceos.db");
    sqlite::with_connection(&database, |connection| connection.execute(sql, &[])).unwrap();
}

#[test]
fn doctor_says_what_is_wrong_and_what_to_do() {
    let place = Place::new();
    assert_eq!(findings(&place, &[]), ["fail data folder"]);
    assert!(!place.path("data").exists());
    place.serve().stop();
    assert!(findings(&place, &[]).is_empty());
    assert_eq!(findings(&place, &[("PUBLIC_URL", "nonsense")]), ["fail settings"]);
    let key = "0".repeat(64);
    assert_eq!(findings(&place, &[("SECRET_KEY", &key)]), ["fail secret key"]);

    let secret = place.path("data/secret.key");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let ended = place.run(&["doctor"]);
    assert_eq!(ended.code, 1);
    assert!(ended.stdout.contains(" – chmod 600 ./data/secret.key\n"), "{}", ended.stdout);
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();

    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(place.path("data"), open).unwrap();
    assert_eq!(findings(&place, &[]), ["warn data folder"]);
    fs::set_permissions(place.path("data"), fs::Permissions::from_mode(0o700)).unwrap();

    change(&place, "INSERT INTO schema_version VALUES (999, 0)");
    assert_eq!(findings(&place, &[]), ["fail schema"]);
    fs::write(place.path("data/freelanceos.db"), "no database").unwrap();
    assert_eq!(findings(&place, &[]), ["fail database"]);
    fs::remove_file(place.path("data/freelanceos.db")).unwrap();
    assert_eq!(findings(&place, &[]), ["fail database"]);
}

#[test]
fn doctor_sees_a_running_server() {
    let place = Place::new();
    let server = place.serve();
    let ended = place.run(&["doctor"]);
    assert!(ended.done().contains("ok    server       is running\n"), "{}", ended.stdout);
    server.stop();
    let ended = place.run(&["doctor"]);
    assert!(ended.done().contains("ok    server       is not running\n"), "{}", ended.stdout);
}

#[test]
fn mail_in_trouble_is_told_with_its_reason() {
    let place = Place::new();
    place.serve().stop();
    let insert = "INSERT INTO outbox (id, kind, recipient, subject, tries, due_at, last_error, \
                  created_at) VALUES (randomblob(16), 'verification', 'a@example.com', 'Hello', 3, \
                  1700000000, 'no such host', unixepoch() - 240)";
    change(&place, insert);
    assert!(findings(&place, &[]).is_empty(), "it has not waited for long");
    change(&place, "UPDATE outbox SET created_at = created_at - 120");
    assert_eq!(findings(&place, &[]), ["warn mail"]);
    let ended = place.run(&["doctor"]);
    let said = "1 waiting for more than 5 minutes, lastly because: no such host";
    assert!(ended.done().contains(said), "{}", ended.stdout);
    change(&place, "UPDATE outbox SET failed_at = unixepoch() - 6 * 86400");
    assert_eq!(findings(&place, &[]), ["warn mail"]);
    let ended = place.run(&["doctor"]);
    assert!(ended.done().contains("1 given up in the last 7 days"), "{}", ended.stdout);
    change(&place, "UPDATE outbox SET failed_at = unixepoch() - 8 * 86400");
    assert!(findings(&place, &[]).is_empty());

    let server = ("SMTP_URL", "smtp://me:hunter2@mail.example.com");
    assert_eq!(findings(&place, &[server]), ["warn mail"], "nobody can answer localhost");
    let from = ("MAIL_FROM", "office@example.com");
    assert!(findings(&place, &[server, from]).is_empty());
    let ended = place.run_with(&["doctor"], &[server, from]);
    let said = "goes to mail.example.com:587 and comes from office@example.com";
    assert!(ended.done().contains(said) && !ended.stdout.contains("hunter2"), "{}", ended.stdout);
}

#[test]
fn totals_that_do_not_agree_with_their_rows_are_found() {
    let place = demo::place();
    // No server has made secrets here.
    let usual = ["warn secrets"];
    assert_eq!(findings(&place, &[]), usual);
    for (spoil, mend) in [
        (
            "UPDATE list_totals SET entries = entries + 1 WHERE list = 'clients'",
            "UPDATE list_totals SET entries = entries - 1 WHERE list = 'clients'",
        ),
        (
            "UPDATE open_totals SET amount = amount + 1 WHERE span = 'month'",
            "UPDATE open_totals SET amount = amount - 1 WHERE span = 'month'",
        ),
        (
            "UPDATE timeline_totals SET base_amount = base_amount + 1 WHERE measure = 'earned'",
            "UPDATE timeline_totals SET base_amount = base_amount - 1 WHERE measure = 'earned'",
        ),
        (
            "UPDATE timeline_totals SET entries = entries + 1 WHERE measure = 'active' \
             AND span = 'all'",
            "UPDATE timeline_totals SET entries = entries - 1 WHERE measure = 'active' \
             AND span = 'all'",
        ),
        (
            "UPDATE client_totals SET amount = amount + 1 WHERE currency = 'XOF'",
            "UPDATE client_totals SET amount = amount - 1 WHERE currency = 'XOF'",
        ),
    ] {
        change(&place, spoil);
        assert!(findings(&place, &[]).contains(&"fail totals".to_owned()), "{spoil}");
        change(&place, mend);
        assert_eq!(findings(&place, &[]), usual, "{mend}");
    }
    change(&place, "UPDATE activity SET at = at + 1000000000");
    assert_eq!(findings(&place, &[]), [usual[0], "fail newest row"]);
}
