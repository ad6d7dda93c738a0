//! `doctor`.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    thread,
};

use freelanceos::{
    app::environment::{Clock, SystemClock},
    store::engine::Value as Sql,
};
use serde_json::Value;

use super::{Place, demo};

/// The findings other than "ok", as "verdict what".
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
    place.change(sql, &[]);
}

#[test]
fn doctor_names_each_problem_and_its_fix() {
    let place = Place::with_file();
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
fn doctor_detects_a_running_server() {
    let place = Place::new();
    let server = place.serve();
    let ended = place.run(&["doctor"]);
    assert!(ended.done().contains("ok    server       is running\n"), "{}", ended.stdout);
    server.stop();
    let ended = place.run(&["doctor"]);
    assert!(ended.done().contains("ok    server       is not running\n"), "{}", ended.stdout);
}

#[test]
fn doctor_reports_failing_mail_with_its_reason() {
    let place = Place::new();
    place.serve().stop();
    let insert = "INSERT INTO mails (id, kind, recipient, subject, tries, created_at) \
                  VALUES (?1, 'verification', 'a@example.com', 'Hello', 0, ?2)";
    let now = SystemClock.now().as_second();
    place.change(insert, &[Sql::Bytes(&[7; 16]), Sql::Int(now - 240)]);
    let insert = "INSERT INTO jobs (kind, subject, due_at, tries, last_error, created_at) \
                  SELECT 'mail', id, 1700000000, 3, 'no such host', created_at FROM mails";
    change(&place, insert);
    assert!(findings(&place, &[]).is_empty(), "it has not waited for long");
    change(&place, "UPDATE mails SET created_at = created_at - 120");
    assert_eq!(findings(&place, &[]), ["warn mail"]);
    let ended = place.run(&["doctor"]);
    let said = "1 waiting for more than 5 minutes, last error: no such host";
    assert!(ended.done().contains(said), "{}", ended.stdout);
    let listed = "; verification to a@example.com: no such host";
    assert!(ended.stdout.contains(listed), "{}", ended.stdout);
    let gave_up = |days: i64| {
        place.change("UPDATE mails SET failed_at = ?1", &[Sql::Int(now - days * 86400)]);
    };
    change(&place, "DELETE FROM jobs WHERE kind = 'mail'");
    gave_up(6);
    assert_eq!(findings(&place, &[]), ["warn mail"]);
    let ended = place.run(&["doctor"]);
    assert!(ended.done().contains("1 failed in the last 7 days"), "{}", ended.stdout);
    gave_up(8);
    assert!(findings(&place, &[]).is_empty());
}

/// Starts a mail server that greets, reads two commands and takes no email. Returns its port.
fn mail_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for answer in ["220 here\r\n", "250 hello\r\n", "221 bye\r\n"] {
                stream.write_all(answer.as_bytes()).unwrap();
                lines.next();
            }
        }
    });
    port
}

#[test]
fn doctor_checks_the_mail_server() {
    let place = Place::new();
    place.serve().stop();
    let here = format!("smtp://127.0.0.1:{}?tls=none", mail_server());
    let here = ("SMTP_URL", here.as_str());
    assert!(findings(&place, &[here]).is_empty());
    let ended = place.run_with(&["doctor"], &[here, ("MAIL_FROM", "office@example.com")]);
    let said = "sent from office@example.com";
    assert!(ended.done().contains(said), "{}", ended.stdout);

    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gone = format!("smtp://me:hunter2@127.0.0.1:{port}");
    let ended = place.run_with(&["doctor"], &[("SMTP_URL", &gone)]);
    assert_eq!(ended.code, 1);
    let said = format!("fail  mail         127.0.0.1:{port}: ");
    assert!(ended.stdout.contains(&said), "{}", ended.stdout);
    assert!(ended.stdout.contains("onnection refused"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("hunter2"), "{}", ended.stdout);
    // The links in emails only matter if the mail server is on another machine.
    let relay = ("SMTP_URL", "smtp://localhost.localdomain.invalid?tls=none");
    let named = ("PUBLIC_URL", "https://office.example.com");
    let proxy = ("TRUST_PROXY", "on");
    let links = |found: Vec<String>| found.contains(&"warn links".to_owned());
    assert!(findings(&place, &[relay]).contains(&"fail mail".to_owned()));
    assert!(!links(findings(&place, &[relay, named, proxy])));
    for url in ["http://localhost:5000", "http://192.168.7.9:5000", "http://studio.local:5000"] {
        assert!(links(findings(&place, &[relay, ("PUBLIC_URL", url)])), "{url}");
    }
}

#[test]
fn doctor_reports_what_others_can_do() {
    let place = Place::new();
    place.serve().stop();
    let open = ("LISTEN", "0.0.0.0:5000");
    let named = ("PUBLIC_URL", "https://office.example.com");
    let proxy = ("TRUST_PROXY", "on");
    for (settings, expected) in [
        (vec![("PUBLIC_URL", "http://127.0.0.1:5000")], vec!["warn public url"]),
        (
            vec![("LISTEN", "127.0.0.1:5001"), ("PUBLIC_URL", "http://localhost:5000")],
            vec!["warn public url"],
        ),
        (vec![("LISTEN", "[::1]:5000"), ("PUBLIC_URL", "http://localhost:5000")], vec![]),
        (vec![open], vec!["warn public url", "warn encryption", "warn accounts"]),
        (
            vec![("PUBLIC_URL", "http://office.example.com"), proxy],
            vec!["warn https", "warn accounts"],
        ),
        (vec![named], vec!["warn proxy", "warn accounts"]),
        (vec![named, proxy], vec!["warn accounts"]),
        (vec![named, proxy, open], vec!["warn encryption", "warn proxy", "warn accounts"]),
        (vec![named, proxy, ("RATE_LIMIT", "off")], vec!["warn limits", "warn accounts"]),
        (vec![("RATE_LIMIT", "off")], vec![]),
        (vec![("METRICS_LISTEN", "127.0.0.1:9464")], vec![]),
        (vec![("METRICS_LISTEN", "0.0.0.0:9464")], vec!["warn metrics"]),
    ] {
        assert_eq!(findings(&place, &settings), expected, "{settings:?}");
    }

    let said = |settings: &[(&str, &str)]| {
        let ended = place.run_with(&["doctor"], settings);
        let line = ended.done().lines().find(|line| line.contains("  accounts "));
        line.expect(&ended.stdout).to_owned()
    };
    assert!(said(&[named, proxy]).contains("the first person to open /welcome will"));
    place.create_user("owner@example.com");
    assert!(said(&[named, proxy]).contains("anyone who can reach this server can create one"));
    let closed = ("OPEN_REGISTRATION", "off");
    assert!(said(&[named, proxy, closed]).starts_with("ok "));
}

#[test]
fn doctor_reports_files_the_server_cannot_use() {
    let place = Place::with_file();
    place.serve().stop();
    let database = place.path("data/freelanceos.db");
    // Only root may change owners; otherwise a file mode blocks access.
    if chown(&database, Some(65534), Some(65534)).is_ok() {
        assert_eq!(findings(&place, &[]), ["fail owner"]);
        let ended = place.run(&["doctor"]);
        let said = "chown -R --reference=./data ./data/freelanceos.db";
        assert!(ended.stdout.contains(said), "{}", ended.stdout);
    } else {
        fs::set_permissions(&database, fs::Permissions::from_mode(0o400)).unwrap();
        assert_eq!(findings(&place, &[])[0], "fail owner");
        fs::set_permissions(place.path("data"), fs::Permissions::from_mode(0o000)).unwrap();
        assert_eq!(findings(&place, &[]), ["fail data folder"]);
        fs::set_permissions(place.path("data"), fs::Permissions::from_mode(0o700)).unwrap();
    }
    let file = place.path("file");
    fs::write(&file, "").unwrap();
    assert_eq!(findings(&place, &[("DATA_DIR", file.to_str().unwrap())]), ["fail data folder"]);
}

#[test]
fn doctor_finds_totals_that_do_not_match_their_rows() {
    let place = demo::place();
    // No server has created secrets here.
    let usual: &[&str] = if place.database().file().is_some() { &["warn secrets"] } else { &[] };
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
    for (spoil, mend) in [
        (
            "UPDATE invoices SET deducted_in = NULL WHERE kind = 'deposit'",
            "UPDATE invoices SET deducted_in = (SELECT invoice_id FROM invoice_items \
             WHERE deposit_id = invoices.id) WHERE kind = 'deposit'",
        ),
        (
            "UPDATE invoices SET deducted_in = id WHERE kind = 'deposit'",
            "UPDATE invoices SET deducted_in = (SELECT invoice_id FROM invoice_items \
             WHERE deposit_id = invoices.id) WHERE kind = 'deposit'",
        ),
        (
            "UPDATE milestones SET invoice_id = project_id WHERE invoice_id IS NOT NULL",
            "UPDATE milestones SET invoice_id = NULL WHERE invoice_id IS NOT NULL",
        ),
    ] {
        change(&place, spoil);
        assert!(findings(&place, &[]).contains(&"fail references".to_owned()), "{spoil}");
        change(&place, mend);
        assert_eq!(findings(&place, &[]), usual, "{mend}");
    }
    change(&place, "UPDATE activity SET at = at + 1000000000");
    assert_eq!(findings(&place, &[]), [usual, &["fail newest row"]].concat());
}
