//! No secret is readable in the database, the log, or a response that must not contain it.

use std::{
    fs,
    sync::Mutex,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{PATIENCE, Place, Server};
use crate::support::{
    content,
    eml::Eml,
    provider::{self, Mood, StandIns},
};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "StrongPassword123!";
const NEW_PASSWORD: &str = "EvenStronger456?";

impl Server {
    /// Posts to FreelanceHub and returns the body of a successful response.
    async fn hub(&self, path: &str, token: Option<&str>, body: Value) -> Value {
        let url = self.base.replace("/api/v1", "/v1") + path;
        let mut request = self.http.post(url).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert!(status.is_success(), "{path}: {body}");
        body
    }
}

/// The whole log of a stopped server.
async fn last_words(log: &Mutex<String>) -> String {
    let begin = Instant::now();
    loop {
        let read = log.lock().unwrap().clone();
        if read.contains("\"stopped\"") {
            return read;
        }
        assert!(begin.elapsed() < PATIENCE, "{read}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_log_shows_sign_ins_and_refusals() {
    let place = Place::new();
    let server = place.serve_with(&[("RATE_LIMIT", "off"), ("LOG_FORMAT", "json")]);
    let registration = json!({
        "email": EMAIL, "password": PASSWORD, "firstName": "Ada", "lastName": "Obi",
    });
    let (status, made) = server.post("/auth/register", None, &registration).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let account = text(&made["data"]["user"]["id"]);
    assert!(server.login(EMAIL, PASSWORD).await.is_ok());
    assert!(server.login(EMAIL, "Wrong456?").await.is_err());
    assert!(server.login("nobody@example.com", "Wrong456?").await.is_err());
    let (status, _) = server.get("/clients", "no.token.ofours").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    let log = server.log.clone();
    server.stop();
    let log = last_words(&log).await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<(&str, Option<&str>)> = lines
        .iter()
        .filter(|line| line["target"] == "freelanceos::security")
        .map(|line| {
            assert_eq!(line["address"], "127.0.0.1", "{line}");
            (line["message"].as_str().unwrap(), line["account"].as_str())
        })
        .collect();
    let refused = "sign-in rejected: wrong email or password";
    let expected = [
        ("account created and signed in", Some(&*account)),
        ("signed in with a password", Some(&*account)),
        (refused, Some(&*account)),
        ("request rejected", None),
        (refused, None),
        ("request rejected", None),
        ("request rejected", None),
    ];
    assert_eq!(told, expected, "{log}");
    for typed in [EMAIL, "nobody@example.com", PASSWORD, "Wrong456?", "ofours"] {
        assert!(!log.contains(typed), "{typed}: {log}");
    }
}

/// All emails written, oldest first, once there are that many.
async fn mails(place: &Place, expected: usize) -> Vec<Eml> {
    let folder = place.path("data/mail");
    let begin = Instant::now();
    loop {
        let mut files: Vec<_> = fs::read_dir(&folder)
            .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
            .unwrap_or_default();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "eml"));
        files.sort();
        if files.len() >= expected {
            return files.iter().map(|file| Eml::parse(&fs::read(file).unwrap())).collect();
        }
        assert!(begin.elapsed() < PATIENCE, "only {} mails were written", files.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn no_secret_is_in_the_database_or_the_log() {
    let place = Place::new();
    let stand_ins = StandIns::spawn().await;
    stand_ins.set(Mood::Refusing);
    let server = place.serve_with(&[
        ("RATE_LIMIT", "off"),
        ("LOG", "trace"),
        ("PAYSTACK_URL", &stand_ins.url),
    ]);
    let mut secrets = vec![PASSWORD.to_owned(), NEW_PASSWORD.to_owned()];

    let registration = json!({
        "email": EMAIL, "username": "ada", "firstName": "Ada", "lastName": "Obi",
        "primaryRole": "freelancer", "password": PASSWORD,
    });
    server.hub("/auth/register", None, registration).await;
    let mail = mails(&place, 1).await.remove(0);
    let (_, link) = mail.text.split_once("token=").unwrap();
    secrets.push(link.split('&').next().unwrap().to_owned());
    let code = mail.code().to_owned();
    server.hub("/auth/verify-email-otp", None, json!({"email": EMAIL, "otp": code})).await;
    secrets.push(code);

    let login = json!({"email": EMAIL, "password": PASSWORD});
    let tokens = server.hub("/auth/login", None, login.clone()).await["tokens"].clone();
    let access = text(&tokens["accessToken"]);
    secrets.extend([access.clone(), text(&tokens["refreshToken"])]);
    let (status, shared) = server.post("/auth/login", None, &login).await;
    assert_eq!(status, StatusCode::OK, "{shared}");
    secrets.extend([
        text(&shared["data"]["token"]),
        text(&shared["access_token"]),
        text(&shared["refresh_token"]),
    ]);
    let refresh = json!({"refreshToken": shared["refresh_token"]});
    secrets.push(text(&server.hub("/auth/refresh", None, refresh).await["accessToken"]));

    let two_factor = server.hub("/auth/2fa/enable", Some(&access), json!({})).await;
    secrets.extend(two_factor["backupCodes"].as_array().unwrap().iter().map(text));

    let client = json!({"name": "Client", "email": "client@example.com"});
    let (_, client) = server.post("/clients", Some(&access), &client).await;
    let proposal = json!({"clientId": client["data"]["id"], "title": "Website"});
    let (_, proposal) = server.post("/proposals", Some(&access), &proposal).await;
    let send = format!("/proposals/{}/send", text(&proposal["data"]["id"]));
    let (_, sent) = server.post(&send, Some(&access), &json!({})).await;
    let token = text(&sent["data"]["publicLink"]).rsplit('/').next().unwrap().to_owned();
    for page in [format!("/v1/public/proposals/{token}"), format!("/p/{token}")] {
        // Pages redirect from the IP address to the public URL.
        let url = server.base.replace("/api/v1", &page).replace("127.0.0.1", "localhost");
        assert!(server.http.get(url).send().await.unwrap().status().is_success(), "{page}");
    }
    secrets.push(token);

    // A provider that quotes the key that it rejects.
    let keys = json!({"providers": {"paystack": {"secretKey": provider::PAYSTACK_KEY}}});
    let settings = server.http.put(format!("{}/settings", server.base)).bearer_auth(&access);
    let settings: Value = settings.json(&keys).send().await.unwrap().json().await.unwrap();
    let hook = text(&settings["data"]["providers"]["paystack"]["webhookUrl"]);
    let invoice = json!({
        "clientId": client["data"]["id"], "amount": 100, "currency": "NGN", "dueDate": "2099-01-01",
    });
    let (_, invoice) = server.post("/invoices", Some(&access), &invoice).await;
    let send = format!("/invoices/{}/send", text(&invoice["data"]["id"]));
    server.post(&send, Some(&access), &json!({})).await;
    let mail = mails(&place, 2).await.remove(1);
    let (_, link) = mail.text.split_once("/i/").unwrap();
    let link = link.split_whitespace().next().unwrap().to_owned();
    let url = server.base.replace("/api/v1", &format!("/i/{link}/pay"));
    let paid = server.http.get(url.replace("127.0.0.1", "localhost")).send().await.unwrap();
    assert_eq!(paid.status(), StatusCode::SERVICE_UNAVAILABLE);
    let key = hook.rsplit('/').next().unwrap().to_owned();
    let url = server.base.replace("/api/v1", &format!("/hooks/paystack/{key}"));
    assert_eq!(server.http.post(url).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    secrets.extend([link, key, provider::PAYSTACK_KEY.to_owned()]);

    server.hub("/auth/forgot-password", None, json!({"email": EMAIL})).await;
    let code = mails(&place, 3).await[2].code().to_owned();
    let reset = json!({"email": EMAIL, "otp": code, "newPassword": NEW_PASSWORD});
    server.hub("/auth/reset-password", None, reset).await;
    secrets.push(code);

    let log = server.log.lock().unwrap().clone();
    server.stop();
    assert!(log.contains("answered"), "the log was not read");
    assert!(log.contains("could not open a checkout"), "the provider was not asked");
    secrets.extend(place.secrets());
    assert!(content::holds(place.database(), EMAIL), "it is the right database");
    for secret in &secrets {
        assert!(!content::holds(place.database(), secret), "the database holds {secret}");
    }
    // Without timestamps, whose digits may match a code by chance.
    let lines: Vec<&str> =
        log.lines().filter_map(|line| line.split_once("Z ")).map(|(_, line)| line).collect();
    for secret in &secrets {
        for line in &lines {
            let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let stands = line.match_indices(secret.as_str()).any(|(at, found)| {
                let (before, after) = (&line[..at], &line[at + found.len()..]);
                !is_part(before.chars().next_back()) && !is_part(after.chars().next())
            });
            assert!(!stands, "the log holds {secret}: {line}");
        }
    }
}
