//! HTTPS and connections, as configured by settings.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use rustls::version::TLS13;
use serde_json::Value;
use tokio::net::TcpStream;

use super::{Place, Server};
use crate::net::{
    Client, HEALTH,
    tls::{Owner, connect_to},
};

/// The settings for that owner's certificate.
fn settings(owner: &Owner) -> Vec<(&'static str, String)> {
    let file = |name| owner.file(name).to_str().unwrap().to_owned();
    vec![
        ("TLS_CERT", file("cert.pem")),
        ("TLS_KEY", file("key.pem")),
        ("PUBLIC_URL", "https://freelance.example".to_owned()),
    ]
}

fn borrowed<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[test]
fn contradictory_settings_are_refused() {
    let place = Place::new();
    let acme = ("ACME_DOMAIN", "a.example");
    for (variables, said) in [
        (vec![("TLS_CERT", "c.pem")], "TLS_KEY must be set if TLS_CERT is set"),
        (vec![("TLS_KEY", "k.pem")], "TLS_CERT must be set if TLS_KEY is set"),
        (
            vec![("TLS_CERT", "c.pem"), ("TLS_KEY", "k.pem"), acme],
            r#"ACME_DOMAIN is "a.example"; it must be unset if TLS_CERT is set"#,
        ),
        (
            vec![("TLS_CERT", "c.pem"), ("TLS_KEY", "-----BEGIN PRIVATE KEY-----\nhunter2")],
            "TLS_KEY must be the path of a PEM file, not its contents",
        ),
        (vec![("ACME_DOMAIN", "192.0.2.1")], r#"ACME_DOMAIN is "192.0.2.1"; it must be a name"#),
        (vec![("ACME_DOMAIN", "a.example,[::1]")], r#"ACME_DOMAIN is "[::1]"; it must be a name"#),
        (vec![("ACME_DOMAIN", "*.a.example")], r#"ACME_DOMAIN is "*.a.example"; it must be names"#),
        (vec![("ACME_DOMAIN", "localhost")], r#"ACME_DOMAIN is "localhost"; it must be one or"#),
        (vec![("ACME_DOMAIN", "a.example:443")], "ACME_DOMAIN is"),
        (vec![("ACME_EMAIL", "a@a.example")], "ACME_EMAIL is \"a@a.example\"; it must be unset"),
        (vec![acme, ("ACME_EMAIL", "nobody")], r#"ACME_EMAIL is "nobody"; it must be an email"#),
        (vec![acme, ("ACME_DIRECTORY", "http://ca.example")], "ACME_DIRECTORY is"),
        (
            vec![acme, ("PUBLIC_URL", "http://a.example")],
            r#"PUBLIC_URL is "http://a.example"; it must be a URL that starts with https://"#,
        ),
        (
            vec![("REDIRECT_LISTEN", "127.0.0.1:0")],
            "PUBLIC_URL is \"http://localhost:0\"; it must be a URL that starts with https:// \
             if REDIRECT_LISTEN is set",
        ),
        (vec![acme, ("REDIRECT_LISTEN", "80")], r#"REDIRECT_LISTEN is "80"; it must be host:port"#),
        (vec![("MAX_CONNECTIONS", "0")], r#"MAX_CONNECTIONS is "0"; it must be a number from 1"#),
        (vec![("MAX_CONNECTIONS", "many")], "MAX_CONNECTIONS is \"many\""),
    ] {
        let ended = place.run_with(&["serve"], &variables);
        assert!(ended.refused(2).starts_with(said), "{variables:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("hunter2"));
    }
    assert!(!place.path("data").exists());
}

#[test]
fn an_unusable_certificate_stops_the_start() {
    let (place, owner, other) = (Place::new(), Owner::new(), Owner::new());
    fs::write(owner.file("garbage.pem"), "garbage").unwrap();
    let file = |name: &str| owner.file(name).to_str().unwrap().to_owned();
    let (good, key) = (file("cert.pem"), file("key.pem"));
    let others = other.file("key.pem").to_str().unwrap().to_owned();
    for (certificate, key, name, said) in [
        ("/no/such/file".to_owned(), key.clone(), "TLS_CERT", "No such file"),
        (file("garbage.pem"), key.clone(), "TLS_CERT", "the file has none"),
        (good.clone(), "/no/such/file".to_owned(), "TLS_KEY", "No such file"),
        (good.clone(), good.clone(), "TLS_KEY", "none that can be read without a password"),
        (good, others, "TLS_KEY", "it belongs to another certificate"),
    ] {
        let variables = [("TLS_CERT", certificate.as_str()), ("TLS_KEY", &key)];
        let ended = place.run_with(&["serve"], &variables);
        let line = ended.refused(2);
        assert!(line.starts_with(&format!("{name} is ")) && line.contains(said), "{line}");
    }
    assert!(!place.path("data").exists());
}

#[tokio::test]
async fn serve_speaks_https_reloads_certificates_and_redirects_from_http() {
    let (place, owner) = (Place::new(), Owner::new());
    let mut variables = settings(&owner);
    variables.push(("REDIRECT_LISTEN", "127.0.0.1:0".to_owned()));
    let server = place.serve_with(&borrowed(&variables));
    let address = server.base.strip_prefix("https://").unwrap().strip_suffix("/api/v1").unwrap();
    let before = owner.trust(&[&TLS13]);
    let mut old = connect_to(address, &before).await.unwrap();
    old.send("GET /api/v1/docs HTTP/1.1\r\nHost: freelance.example\r\n\r\n").await;
    let answer = old.answer().await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["strict-transport-security"], "max-age=31536000");

    let log = server.logged("redirecting http", 1);
    let line = log.lines().find(|line| line.contains("redirecting http")).unwrap();
    let rest = line.split_once("http://").unwrap().1;
    let mut plain = Client::of(TcpStream::connect(rest.split(' ').next().unwrap()).await.unwrap());
    plain.send("GET /clients?page=2 HTTP/1.1\r\nHost: freelance.example\r\n\r\n").await;
    let answer = plain.answer().await.unwrap();
    assert_eq!(answer.status, 308);
    assert_eq!(answer.headers["location"], "https://freelance.example/clients?page=2");

    // SIGHUP loads a new pair, but not a broken one.
    owner.replace();
    hang_up(&server);
    server.logged("reloaded the certificate", 1);
    let after = owner.trust(&[&TLS13]);
    let mut new = connect_to(address, &after).await.unwrap();
    assert!(connect_to(address, &before).await.is_err());
    fs::write(owner.file("key.pem"), "broken").unwrap();
    hang_up(&server);
    server.logged("keeping the old one", 1);
    connect_to(address, &after).await.unwrap();
    for client in [&mut old, &mut new] {
        client.send(HEALTH).await;
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
    drop((old, new, plain));
    server.stop();
}

#[tokio::test]
async fn behind_an_https_proxy_responses_carry_hsts() {
    let public = ("PUBLIC_URL", "https://freelance.example");
    for (variables, strict) in [
        (&[public, ("TRUST_PROXY", "on")][..], true),
        (&[public], false),
        (&[("TRUST_PROXY", "on")], false),
    ] {
        let place = Place::new();
        let server = place.serve_with(variables);
        let url = server.base.replace("/api/v1", "/healthz");
        let answer = server.http.get(url).send().await.unwrap();
        let header = answer.headers().get("strict-transport-security");
        assert_eq!(header.is_some(), strict, "{variables:?}");
        server.stop();
    }
}

fn hang_up(server: &Server) {
    let id = server.child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
}

#[test]
fn doctor_reports_on_the_certificate() {
    let (place, owner) = (Place::new(), Owner::new());
    place.serve().stop();
    let variables = settings(&owner);
    let told = |variables: &[(&str, &str)]| {
        let ended = place.run_with(&["doctor", "--json"], variables);
        let findings: Vec<Value> = serde_json::from_str(&ended.stdout).expect(&ended.stderr);
        let of = |finding: &&Value| ["certificate", "https"].iter().any(|n| finding["what"] == *n);
        let line = |finding: &Value| {
            let words = ["verdict", "what", "text"].map(|name| finding[name].as_str().unwrap());
            words.join(" ")
        };
        findings.iter().filter(of).map(line).collect::<Vec<_>>()
    };
    fs::set_permissions(owner.file("key.pem"), fs::Permissions::from_mode(0o600)).unwrap();
    let [line] = &told(&borrowed(&variables))[..] else { panic!() };
    assert!(line.starts_with("ok certificate for freelance.example, "), "{line}");
    assert!(line.ends_with(" days left, until 4000-12-31"), "{line}");

    let mut elsewhere = borrowed(&variables);
    elsewhere[2].1 = "https://other.example";
    let lines = told(&elsewhere);
    assert_eq!(
        lines[1], "warn certificate it is not for other.example, the host of PUBLIC_URL",
        "{lines:?}"
    );
    owner.replace_until(2001);
    fs::set_permissions(owner.file("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let lines = told(&borrowed(&variables));
    assert!(lines[0].ends_with("can be read by others (mode 644)"), "{lines:?}");
    assert_eq!(lines[1], "fail certificate it expired on 2001-12-31");
    fs::write(owner.file("key.pem"), "broken").unwrap();
    assert!(told(&borrowed(&variables))[1].starts_with("fail certificate the key: "));

    assert_eq!(told(&[]), ["ok https is off"]);
    assert!(
        told(&[("PUBLIC_URL", "http://freelance.example")])[0].starts_with("warn https is off:")
    );
    assert_eq!(
        told(&[("PUBLIC_URL", "https://freelance.example")]),
        ["ok https is provided by a proxy"]
    );
    assert_eq!(
        told(&[("ACME_DOMAIN", "freelance.example")]),
        ["warn certificate there is none yet for freelance.example"]
    );
}

#[test]
fn the_limit_of_open_files_is_raised_and_reported_if_it_is_too_low() {
    let place = Place::new();
    let limited = |limit: &str| {
        let mut command = place.command(&["serve"]);
        let program = command.get_program().to_owned();
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit {limit}; exec \"$0\" serve")]).arg(program);
        shell.env_clear().env("MAX_CONNECTIONS", "2000");
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(place.path(""));
        command = shell;
        Server::start(command)
    };
    let server = limited("-Sn 300");
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.child.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(line.split_whitespace().nth(3), Some("2256"), "{line}");
    assert!(!server.log.lock().unwrap().contains("MAX_CONNECTIONS"));
    server.stop();

    let server = limited("-n 1000");
    let log = server.logged("MAX_CONNECTIONS is 2000", 1);
    assert!(log.contains("accepts 744 connections at a time"), "{log}");
    server.stop();
}
