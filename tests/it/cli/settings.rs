//! Settings and secrets.

use std::fs;

use super::{Place, mode};

#[test]
fn an_invalid_setting_stops_with_one_line_that_names_it() {
    let place = Place::new();
    let file = place.path("log-format");
    fs::write(&file, "yaml\n").unwrap();
    let file = file.to_str().unwrap();
    for (name, value, said) in [
        ("LISTEN", "5000", r#"LISTEN is "5000"; it must be host:port"#),
        ("RATE_LIMIT", "maybe", r#"RATE_LIMIT is "maybe"; it must be on or off"#),
        ("OPEN_REGISTRATION", "closed", r#"OPEN_REGISTRATION is "closed"; it must be on or off"#),
        ("TRUST_PROXY", "yes", "TRUST_PROXY"),
        ("JWT_SECRET", "short", "JWT_SECRET must be at least 32 characters long"),
        ("SECRET_KEY", "xyz", "SECRET_KEY must be 64 hexadecimal digits"),
        ("DATABASE_URL", "mysql://u:hunter2@h/d", "DATABASE_URL must be sqlite:PATH"),
        ("DATABASE_URL", "postgres://u:hunter2@h:x/d", "DATABASE_URL must be postgres://USER:"),
        (
            "DATABASE_URL",
            "postgres://u:hunter2@h/d?sslmode=off",
            "DATABASE_URL must be a URL whose sslmode is disable, prefer, require,",
        ),
        ("DATABASE_CONNECTIONS", "1", r#"DATABASE_CONNECTIONS is "1"; it must be a number from 2"#),
        ("PUBLIC_URL", "example.com", "PUBLIC_URL"),
        // Valid URLs that the program could not honour.
        (
            "PUBLIC_URL",
            "https://a.example/office",
            r#"PUBLIC_URL is "https://a.example/office"; it must be an origin such as"#,
        ),
        ("PUBLIC_URL", "https://a.example/office/", "PUBLIC_URL"),
        ("PUBLIC_URL", "https://a.example?page=1", "PUBLIC_URL"),
        ("PUBLIC_URL", "https://a.example/#top", "PUBLIC_URL"),
        ("PUBLIC_URL", "https://me:hunter2@a.example", "PUBLIC_URL must be a URL that"),
        ("PUBLIC_URL", "https://a.example:99999", "PUBLIC_URL"),
        ("PUBLIC_URL", "https://:443", "PUBLIC_URL"),
        ("CORS_ORIGIN", "https://a.example, https://b.example/app", "CORS_ORIGIN"),
        ("CORS_ORIGIN", "https://a.example#x", "CORS_ORIGIN"),
        ("CORS_ORIGIN", "https://me@a.example", "CORS_ORIGIN"),
        ("CORS_ORIGIN", "*", "CORS_ORIGIN"),
        ("FRONTEND_URL", "https://a.example/?x", "FRONTEND_URL"),
        ("PAYMENT_LINK_BASE", "https://pay.example/?to=", "PAYMENT_LINK_BASE"),
        ("PAYMENT_LINK_BASE", "https://pay.example/#", "PAYMENT_LINK_BASE"),
        ("PAYSTACK_URL", "ftp://pay.example", "PAYSTACK_URL"),
        ("FLUTTERWAVE_URL", "pay.example", "FLUTTERWAVE_URL"),
        ("STRIPE_URL", "https://me@pay.example", "STRIPE_URL"),
        ("DATABASE_URL", "sqlite::memory:", "DATABASE_URL must be sqlite:PATH"),
        ("DATABASE_URL", "sqlite:file:a.db", "DATABASE_URL must be sqlite:PATH"),
        ("DATABASE_URL", "sqlite:a.db?mode=ro", "DATABASE_URL must be sqlite:PATH"),
        ("BACKUP_KEEP", "3", r#"BACKUP_KEEP is "3"; it must be unset if BACKUP_EVERY is unset"#),
        ("BACKUP_DIR", "/else", r#"BACKUP_DIR is "/else"; it must be unset if"#),
        ("LOG", "verbose", r#"LOG is "verbose"; it must be error, warn,"#),
        ("LOG", "info,acess", "LOG"),
        ("PORT", "70000", r#"PORT is "70000"; it must be"#),
        ("SMTP_URL", "smtp://mail.example/path", "SMTP_URL"),
        ("SMTP_URL", "smtp://mail.example?auth=plain", "SMTP_URL"),
        ("CORS_ORIGIN", "http://a/b", "CORS_ORIGIN"),
        ("FRONTEND_URL", "ftp://a", "FRONTEND_URL"),
        ("OTP_EXPIRY", "soon", "OTP_EXPIRY"),
        ("LOG", "info=loud", "LOG"),
        ("SMTP_URL", "smtp://me:hunter2@h:port", "SMTP_URL must be smtp://USER:PASSWORD@HOST:PORT"),
        ("SMTP_URL", "http://me:hunter2@h", "SMTP_URL must be smtp://"),
        ("MAIL_FROM", "nobody", r#"MAIL_FROM is "nobody"; it must be a mailbox"#),
        ("METRICS_LISTEN", "9464", r#"METRICS_LISTEN is "9464"; it must be one host:port"#),
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
    let ended = place.run_with(&["admin", "list-users"], &[("DATABASE_URL", "mysql://h/d")]);
    ended.refused(2);
}

#[test]
fn secrets_are_created_once_and_are_private() {
    let place = Place::with_file();
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

/// Every setting in `serve --help`: its flag and its variable.
fn all_settings(place: &Place) -> Vec<(String, String)> {
    let help = place.run(&["serve", "--help"]).done().to_owned();
    let mut settings = vec![("--frontend-url".to_owned(), "FRONTEND_URL".to_owned())];
    let mut flag = None;
    let mut words = help.split_whitespace();
    while let Some(word) = words.next() {
        if word.starts_with("--") {
            flag = Some(word.to_owned());
        } else if word == "[env:" {
            let name = words.next().unwrap().split(['=', ']']).next().unwrap();
            settings.push((flag.take().unwrap(), name.to_owned()));
        }
    }
    settings
}

#[test]
fn every_setting_is_documented() {
    let page = include_str!("../../../docs/settings.md");
    let mut documented: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next())
        .flat_map(|names| names.trim_end_matches('`').split("` `"))
        .collect();
    let settings = all_settings(&Place::with_file());
    let mut known: Vec<&str> = settings.iter().map(|(_, name)| name.as_str()).collect();
    documented.sort_unstable();
    known.sort_unstable();
    assert_eq!(documented, known);
}

#[test]
fn an_empty_setting_counts_as_not_set() {
    let place = Place::with_file();
    let settings = all_settings(&place);
    for known in ["SMTP_URL", "PORT", "TLS_CERT", "DATABASE_URL", "LOG", "PUBLIC_URL"] {
        assert!(settings.iter().any(|(_, name)| name == known), "{known}: {settings:?}");
    }
    assert!(settings.len() > 25, "{settings:?}");
    let empty = place.path("empty");
    fs::write(&empty, "\n").unwrap();
    let empty = empty.to_str().unwrap();
    let plain = place.run(&["doctor"]);
    let sound = |ended: super::Ended, what: &str| {
        assert!(
            ended.stdout.contains("ok    settings"),
            "{what}: {}{}",
            ended.stdout,
            ended.stderr
        );
        assert_eq!((ended.code, ended.stderr), (plain.code, plain.stderr.clone()), "{what}");
    };
    for (flag, name) in &settings {
        let (in_file, file) = (format!("{name}_FILE"), empty);
        sound(place.run_with(&["doctor"], &[(name, "")]), name);
        sound(place.run_with(&["doctor"], &[(&in_file, "")]), &in_file);
        sound(place.run_with(&["doctor"], &[(&in_file, file), (name, "")]), &in_file);
        sound(place.run(&["doctor", flag, ""]), flag);
        sound(place.run(&["doctor", &format!("{flag}=")]), flag);
    }
    // All at once; if the variable is empty, the file is read.
    fs::write(place.path("port"), "0\n").unwrap();
    let mut command = place.command(&["serve", "--public-url", "", "--trust-proxy="]);
    command.envs(settings.iter().map(|(_, name)| (name, ""))).env("PORT_FILE", "port");
    let server = super::Server::start(command);
    assert!(place.path("data/freelanceos.db").exists());
    server.stop();
    let help = place.run_with(&["serve", "--help"], &[("SMTP_URL", "")]);
    assert!(help.done().contains("[env: SMTP_URL]"), "{}", help.stdout);
}

#[tokio::test]
async fn origins_are_accepted_as_browsers_write_them() {
    let place = Place::new();
    let server = place.serve_with(&[
        ("CORS_ORIGIN", "HTTPS://App.Example:443/ , http://b.example:8080"),
        ("FRONTEND_URL", "http://c.example:80"),
    ]);
    let origins = ["https://app.example", "http://b.example:8080", "http://c.example"];
    for origin in origins {
        let request = server.http.get(format!("{}/clients", server.base));
        let answer = request.header("Origin", origin).send().await.unwrap();
        assert_eq!(answer.headers()["access-control-allow-origin"], origin);
    }
    server.stop();
}

#[test]
fn a_connection_limit_is_refused_for_a_database_file() {
    let place = Place::with_file();
    let ended = place.run_with(&["serve"], &[("DATABASE_CONNECTIONS", "8")]);
    let said = r#"DATABASE_CONNECTIONS is "8"; it must be unset unless DATABASE_URL names a"#;
    assert!(ended.refused(2).starts_with(said), "{}", ended.stderr);
    assert!(!place.path("data").exists());
}

#[test]
fn a_setting_can_come_from_a_file_but_the_environment_wins() {
    let place = Place::with_file();
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
fn two_servers_cannot_share_a_file() {
    let place = Place::with_file();
    let server = place.serve();
    let ended = place.run(&["serve"]);
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("is already serving ./data/freelanceos.db"));
    let folder = ("DATA_DIR", "another");
    let database = ("DATABASE_URL", "sqlite:./data/freelanceos.db");
    let ended = place.run_with(&["serve"], &[folder, database]);
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("is already serving ./data/freelanceos.db"));
    server.stop();
}

#[test]
fn help_shows_no_secret_from_any_source() {
    let place = Place::new();
    let file = place.path("secret");
    fs::write(&file, "smtp://me:hunter2@h\n").unwrap();
    let file = file.to_str().unwrap();
    for name in ["SMTP_URL", "JWT_SECRET", "SECRET_KEY", "DATABASE_URL"] {
        for (name, value) in [(name.to_owned(), "hunter2"), (format!("{name}_FILE"), file)] {
            let help = place.run_with(&["serve", "--help"], &[(&name, value)]);
            assert!(!help.done().contains("hunter2"), "{name}: {}", help.stdout);
        }
    }
    let help = place.run_with(&["serve", "--help"], &[("PORT", "7000")]);
    assert!(help.done().contains("7000"), "what is no secret is shown");
}

#[tokio::test]
async fn without_a_mail_server_emails_are_written_to_files() {
    let place = Place::new();
    let server = place.serve_with(&[("PUBLIC_URL", "https://freelance.example")]);
    let body = serde_json::json!({
        "firstName": "Kamala", "lastName": "Perera", "email": "kamala@example.com",
        "password": "securepass1!", "role": "client",
    });
    server.post("/auth/register", None, &body).await;
    let folder = place.path("data/mail");
    let found = || {
        let mut files = fs::read_dir(&folder).ok()?.map(|file| file.unwrap().path());
        files.find(|file| file.extension().is_some_and(|extension| extension == "eml"))
    };
    let start = std::time::Instant::now();
    while found().is_none() && start.elapsed() < super::PATIENCE {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let mail = fs::read_to_string(found().unwrap()).unwrap();
    assert!(mail.contains("From: FreelanceOS <no-reply@freelance.example>\r\n"), "{mail}");
    assert_eq!((mode(&folder), mode(&found().unwrap())), (0o700, 0o600));
    server.stop();
    let ended = place.run(&["admin", "list-mail", "--all"]);
    assert!(ended.done().contains("saved"), "{}", ended.stdout);
}
