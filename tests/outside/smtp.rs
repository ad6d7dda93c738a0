//! Delivery to a real SMTP server, over TLS with a password.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    eml::Eml,
    program::{PATIENCE, Place},
};

const USER: &str = "mailer@example.com";
const PASSWORD: &str = "pass/wörd@1:2%";
/// User and password, encoded for a URL.
const CREDENTIALS: &str = "mailer@example.com:pass/w%C3%B6rd@1:2%25";

/// The future address of an SMTP server, its certificate, and the emails it takes.
struct Office {
    folder: TempDir,
    port: u16,
}

/// A running SMTP server, which exits when its standard input closes.
struct Postmaster {
    child: Child,
    input: Option<ChildStdin>,
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// A received email and its connection.
struct Taken {
    envelope: String,
    mail: Eml,
}

impl Office {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("taken")).unwrap();
        let settings = "[req]\ndistinguished_name = name\nx509_extensions = v3\nprompt = no\n\
                        [name]\nCN = localhost\n\
                        [v3]\nbasicConstraints = critical, CA:FALSE\n\
                        subjectAltName = DNS:localhost\n";
        fs::write(folder.path().join("openssl.cnf"), settings).unwrap();
        let arguments = "req -x509 -newkey rsa:2048 -nodes -days 2 -config openssl.cnf \
                         -keyout key.pem -out cert.pem";
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(&folder)
            .output()
            .expect("openssl is missing; tests/run installs it");
        assert!(output.status.success(), "{output:?}");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder, port }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self) -> Postmaster {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside/smtp_server.py");
        let mut child = Command::new(python())
            .arg(script)
            .arg(self.port.to_string())
            .args([self.file("cert.pem"), self.file("key.pem"), self.file("taken")])
            .args([USER, PASSWORD])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(self.file("log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), self.port.to_string(), "the SMTP server does not start");
        let input = child.stdin.take();
        Postmaster { child, input }
    }

    /// A place that mails through this server.
    fn place(&self, credentials: &str) -> Place {
        let url = format!("smtp://{credentials}@localhost:{}", self.port);
        let cert = self.file("cert.pem");
        Place::new(&[
            ("SMTP_URL", &url),
            ("SSL_CERT_FILE", cert.to_str().unwrap()),
            ("MAIL_FROM", "FreelanceOS <office@example.com>"),
        ])
    }

    fn taken(&self) -> Vec<Taken> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(self.file("taken")).unwrap().map(|file| file.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "eml"));
        files.sort();
        let read = |file: &PathBuf| {
            let bytes = fs::read(file).unwrap();
            let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
            let envelope = String::from_utf8(bytes[..end].to_vec()).unwrap();
            Taken { envelope, mail: Eml::parse(&bytes[end + 1..]) }
        };
        files.iter().map(read).collect()
    }
}

/// A Python with the server's library: the system's own, as with the Debian package, or the one in
/// the PATH.
fn python() -> &'static str {
    let has_library = |python: &&str| {
        let output = Command::new(python).args(["-c", "import aiosmtpd"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    ["/usr/bin/python3", "python3"]
        .into_iter()
        .find(has_library)
        .expect("aiosmtpd is missing; tests/run installs it (Debian: python3-aiosmtpd)")
}

/// Repeats `found` until it returns something.
async fn wait<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(200)).await;
    }
}

/// The only email of the outbox, once its delivery was tried.
async fn tried(place: &Place) -> Value {
    wait("the mail is not tried", || {
        let letters = place.list(&["admin", "list-mail", "--all"]);
        assert!(letters.len() < 2, "{letters:?}");
        letters
            .into_iter()
            .find(|letter| letter["state"] != "waiting" || letter["lastError"].is_string())
    })
    .await
}

#[tokio::test]
async fn a_registration_email_arrives_encrypted_and_once() {
    let office = Office::new();
    let _postmaster = office.open();
    let place = office.place(CREDENTIALS);
    let server = place.serve();
    server.register("kamala@example.com").await;
    assert_eq!(tried(&place).await["state"], "delivered");
    let taken = office.taken();
    let [Taken { envelope, mail }] = &taken[..] else { panic!("{} mails", taken.len()) };
    assert_eq!(envelope, "office@example.com kamala@example.com tls");
    assert_eq!(mail.header("From"), "FreelanceOS <office@example.com>");
    assert_eq!(mail.to(), "kamala@example.com");
    assert!(mail.header("Message-ID").ends_with("@example.com>"));
    assert!(mail.text.contains("Hello Kamala,") && mail.html.contains(mail.code()));
    assert!(place.list(&["admin", "list-mail"]).is_empty());
    let folder = place.path("data/mail");
    assert!(!folder.exists(), "mail goes to the server alone");
}

#[tokio::test]
async fn every_email_arrives_although_both_servers_go_down() {
    let office = Office::new();
    let place = office.place(CREDENTIALS);
    let mut everybody = Vec::new();
    // No mail server is running, and the program is killed right after it has accepted emails.
    for round in 0..2 {
        let server = place.serve();
        for number in 0..4 {
            let email = format!("person{round}{number}@example.com");
            server.register(&email).await;
            everybody.push(email);
        }
        server.kill();
    }
    assert_eq!(place.list(&["admin", "list-mail"]).len(), everybody.len());
    let server = place.serve();
    let postmaster = office.open();
    wait("nothing arrives", || (!office.taken().is_empty()).then_some(())).await;
    // Both go down again during delivery.
    server.kill();
    drop(postmaster);
    let _server = place.serve();
    let _postmaster = office.open();
    wait("some mail does not arrive", || {
        place.list(&["admin", "list-mail"]).is_empty().then_some(())
    })
    .await;
    let taken = office.taken();
    let recipients: Vec<String> = taken.iter().map(|taken| taken.mail.to()).collect();
    for email in &everybody {
        assert!(recipients.contains(email), "{email} is not among {recipients:?}");
    }
    // Emails delivered twice, because the acknowledgement was lost, have the same Message-ID.
    for email in &everybody {
        let mut ids: Vec<String> = taken
            .iter()
            .filter(|taken| taken.mail.to() == *email)
            .map(|taken| taken.mail.header("Message-ID"))
            .collect();
        ids.dedup();
        assert_eq!(ids.len(), 1, "{email}");
    }
}

#[tokio::test]
async fn with_a_wrong_password_mail_waits_and_doctor_reports_it() {
    let office = Office::new();
    let _postmaster = office.open();
    let place = office.place("mailer@example.com:hunter2");
    let server = place.serve();
    server.register("kamala@example.com").await;
    let letter = tried(&place).await;
    assert_eq!(letter["state"], "waiting");
    assert!(letter["lastError"].as_str().unwrap().contains("535"), "{letter}");
    assert!(letter["nextTryAt"].is_string());

    // As if some time had passed.
    let sql = "UPDATE mails SET created_at = created_at - 600";
    place.database().change(|connection| connection.execute(sql, &[])).unwrap();
    let findings = place.list(&["doctor"]);
    let finding = findings.iter().find(|finding| finding["verdict"] == "warn").unwrap();
    assert_eq!(finding["what"], "mail", "{finding}");
    assert!(finding["text"].as_str().unwrap().contains("1 waiting for more than 5 minutes"));
    assert!(finding["text"].as_str().unwrap().contains("535"), "{finding}");
    for arguments in [&["doctor"][..], &["admin", "list-mail"], &["serve", "--help"]] {
        let output = place.run(arguments);
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(!shown.is_empty() && !shown.contains("hunter2"), "{shown}");
    }
    drop(server);

    // With the right password it is delivered automatically.
    let url = format!("smtp://{CREDENTIALS}@localhost:{}", office.port);
    let place = place.with("SMTP_URL", &url);
    let _server = place.serve();
    let output = place.run(&["admin", "retry-mail", letter["id"].as_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    wait("the mail does not arrive", || (office.taken().len() == 1).then_some(())).await;
}

#[tokio::test]
async fn a_refused_recipient_fails_at_once_and_a_deferred_one_does_not() {
    for (email, state, said) in
        [("refused@example.com", "failed", "550"), ("later@example.com", "waiting", "451")]
    {
        let office = Office::new();
        let _postmaster = office.open();
        let place = office.place(CREDENTIALS);
        let server = place.serve();
        server.register(email).await;
        let letter = tried(&place).await;
        assert_eq!(letter["state"], state, "{letter}");
        assert!(letter["lastError"].as_str().unwrap().contains(said), "{letter}");
        let id = letter["id"].as_str().unwrap();
        let output = place.run(&["admin", "retry-mail", id]);
        assert_eq!(output.status.success(), state == "waiting", "{output:?}");
        let warned = place.list(&["doctor"]).iter().any(|finding| {
            finding["text"].as_str().unwrap().contains("1 failed in the last 7 days")
        });
        assert_eq!(warned, state == "failed");
    }
}

#[tokio::test]
async fn no_password_is_sent_to_a_server_that_cannot_prove_its_name() {
    let office = Office::new();
    let _postmaster = office.open();
    let place = office.place(CREDENTIALS).with("SSL_CERT_FILE", "/dev/null");
    let server = place.serve();
    server.register("kamala@example.com").await;
    let letter = tried(&place).await;
    assert_eq!(letter["state"], "waiting");
    assert!(letter["lastError"].as_str().unwrap().contains("certificate"), "{letter}");
    assert!(office.taken().is_empty());
}

#[tokio::test]
async fn a_hanging_mail_server_blocks_nothing() {
    // The machine accepts the connection, but nothing ever responds.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{CREDENTIALS}@{}", silent.local_addr().unwrap());
    let place = Place::new(&[("SMTP_URL", &url)]);
    let server = place.serve();
    server.register("kamala@example.com").await;
    let start = Instant::now();
    server.register("nimal@example.com").await;
    assert!(start.elapsed() < Duration::from_secs(10));
    let reason = wait("the delivery does not end", || {
        let letters = place.list(&["admin", "list-mail"]);
        letters.iter().find_map(|letter| letter["lastError"].as_str().map(str::to_owned))
    })
    .await;
    assert!(reason.contains("did not answer in 30 seconds"), "{reason}");
    // It is waiting for the next response by now, and stops anyway.
    let start = Instant::now();
    server.stop();
    assert!(start.elapsed() < Duration::from_secs(20));
}
