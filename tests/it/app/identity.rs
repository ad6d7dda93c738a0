//! How passwords and addresses are compared, and how long a browser stays signed in.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD as STANDARD_NO_PAD};
use freelanceos::{
    app::{account::find_account, session::list_sessions},
    domain::{
        account::{Credentials, Password},
        session::Device,
        text,
    },
    store::{Store, engine::Tx},
};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    freelancehub::registration as hub_registration,
    support::{PASSWORD, TestApp, User, spawn_app},
    web::browser::Browser,
};

const COMPOSED: &str = "p\u{e4}ssw\u{f6}rter und \u{e9}";
const DECOMPOSED: &str = "pa\u{308}sswo\u{308}rter und e\u{301}";

fn os(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password, "firstName": "John", "lastName": "Doe"})
}

fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

/// The hash of the only account.
fn hash(app: &TestApp) -> String {
    let read = |connection: &mut dyn freelanceos::store::engine::Connection| {
        Tx::new(connection).one("SELECT password_hash FROM accounts", &[], |row| row.get(0))
    };
    app.database().peek(read).unwrap()
}

#[tokio::test]
async fn a_password_is_the_same_composed_decomposed_and_in_full_width() {
    for (made, typed) in [
        (COMPOSED, DECOMPOSED),
        (DECOMPOSED, COMPOSED),
        ("secret １２３４５", "secret 12345"),
        ("\u{fb01}shing in the sea", "fishing in the sea"),
    ] {
        let app = spawn_app().await;
        app.post("/auth/register", os("a@example.com", made)).await.data(201);
        for password in [made, typed] {
            app.post("/auth/login", credentials("a@example.com", password)).await.data(200);
        }
        let before = hash(&app);
        app.post("/auth/login", credentials("a@example.com", typed)).await.data(200);
        assert_eq!(hash(&app), before, "there is nothing to renew");
        let wrong = credentials("a@example.com", "pässwörter und e");
        app.post("/auth/login", wrong).await.error(401);
    }
}

#[tokio::test]
async fn an_unnormalised_password_hash_stays_valid_and_is_renewed() {
    let app = spawn_app().await;
    app.register("a@example.com").await;
    let (salt, mut output) = ([5; 16], [0; 32]);
    let argon2 = argon2::Argon2::default();
    argon2.hash_password_into(DECOMPOSED.as_bytes(), &salt, &mut output).unwrap();
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
    let old = format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${output}");
    let store = Store::open(app.database()).unwrap();
    let kept = old.clone();
    let put = move |tx: &mut Tx| {
        let sql = "UPDATE accounts SET password_hash = ?1";
        tx.change(sql, &[kept.as_str().into()])
    };
    store.write(put).await.unwrap();
    store.close();
    app.post("/auth/login", credentials("a@example.com", COMPOSED)).await.error(401);
    app.post("/auth/login", credentials("a@example.com", DECOMPOSED)).await.data(200);
    assert_ne!(hash(&app), old);
    app.post("/auth/login", credentials("a@example.com", COMPOSED)).await.data(200);
    app.post("/auth/login", credentials("a@example.com", DECOMPOSED)).await.data(200);
}

#[tokio::test]
async fn an_undeliverable_address_is_refused_everywhere() {
    let app = spawn_app().await;
    let user = app.register("fi@example.com").await;
    for email in ["\u{fb01}@example.com", "ｆｉ@example.com", "නිමල්@example.com", "jörg@example.com"]
    {
        app.post("/auth/register", os(email, PASSWORD)).await.error(400);
        let answer = app.hub_post("/auth/register", hub_registration(email, "johndoe")).await;
        answer.refusal(400);
        let body = crate::freelancehub_auth::registration(email);
        app.post("/auth/register", body).await.refusal(400);
        user.post("/clients", json!({"name": "A", "email": email})).await.error(400);
        let page = Browser::new(&app).open("/welcome").await;
        let typed = [("email", email), ("name", "A B")];
        let page = Browser::new(&app).send(&page, "/welcome", &typed).await.expect(400);
        page.says("Enter a valid email");
    }
}

#[tokio::test]
async fn a_domain_is_the_same_in_its_own_script_in_ascii_and_in_full_width() {
    let app = spawn_app().await;
    app.post("/auth/register", os("a@müller.example", PASSWORD)).await.data(201);
    for same in ["a@xn--mller-kva.example", "A@MÜLLER.example", "a@mu\u{308}ller.example"] {
        app.post("/auth/register", os(same, PASSWORD)).await.error(409);
        app.post("/auth/login", credentials(same, PASSWORD)).await.data(200);
    }
    let other = app.post("/auth/register", os("a@ｅxample.com", PASSWORD)).await;
    assert_eq!(other.data(201)["user"]["email"], "a@example.com");
    app.post("/auth/register", os("a@example.com", PASSWORD)).await.error(409);
    assert!(text::parse_email("a@xn--\u{e9}.example").is_err());
}

#[tokio::test]
async fn accounts_with_addresses_from_earlier_versions_still_work() {
    // Not every mail server accepts non-ASCII characters before the @.
    for (address, mails) in [("jörg@example.com", 0), ("a@xn--mller-kva.example", 1)] {
        let app = spawn_app().await;
        app.register("old@example.com").await;
        let store = Store::open(app.database()).unwrap();
        let put = move |tx: &mut Tx| {
            let sql = "UPDATE accounts SET email = ?1, email_key = ?2";
            tx.change(sql, &[address.into(), address.into()])
        };
        store.write(put).await.unwrap();
        store.close();
        app.post("/auth/login", credentials(address, PASSWORD)).await.data(200);
        app.hub_post("/auth/forgot-password", json!({"email": address})).await.bare(200);
        assert_eq!(app.mails().await.len(), mails, "{address}");
        let letters = app.app.list_mail(false).await.unwrap();
        let failed = letters.iter().filter(|letter| letter.failed_at.is_some()).count();
        assert_eq!(failed, 1 - mails, "{address}");
    }
}

#[tokio::test]
async fn a_browser_session_ends_after_four_days_without_use_at_the_apis_too() {
    let app = spawn_app().await;
    app.register("a@example.com").await;
    let browser = Browser::new(&app);
    let page = browser.open("/login").await;
    let typed = [("email", "a@example.com"), ("password", PASSWORD)];
    browser.send(&page, "/login", &typed).await.expect(200);
    let token = browser.cookies.borrow()["fos_session"].clone();
    let user = User { app: &app, token, id: String::new() };
    let other = app.post("/auth/login", credentials("a@example.com", PASSWORD)).await;
    let token = other.data(200)["token"].as_str().unwrap().to_owned();
    let program = User { app: &app, token, id: String::new() };

    app.clock.advance(SignedDuration::from_hours(95));
    browser.open("/clients").await.expect(200);
    app.clock.advance(SignedDuration::from_hours(47));
    user.get("/clients").await.data(200);
    app.clock.advance(SignedDuration::from_hours(24));
    // Neither has been unused for seven days.
    program.get("/clients").await.data(200);
    let listed = app.app.query(program.claims(), list_sessions).await.unwrap();
    assert_eq!(listed.len(), 3);
    let credentials = Credentials {
        email: "a@example.com".to_owned(),
        password: Password::new(PASSWORD.to_owned()),
        totp_code: None,
    };
    let device = Device::browser(Some("Mozilla/5.0"));
    let idle = app.app.login(credentials.clone(), device).await.unwrap();
    let kept = app.app.login(credentials, Device::default()).await.unwrap();
    app.clock.advance(SignedDuration::from_hours(96));
    assert!(app.app.query(idle.claims, find_account).await.is_err());
    assert!(app.app.query(kept.claims, find_account).await.is_ok());
    let refresh = json!({"refreshToken": idle.refresh_token});
    app.post("/auth/refresh", refresh).await.refusal(401);
    let listed = app.app.query(kept.claims, list_sessions).await.unwrap();
    assert!(listed.iter().all(|session| session.id != idle.claims.session));
}

#[tokio::test]
async fn an_api_token_that_opened_a_page_becomes_a_browser_session() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    Browser::of(&user).open("/clients").await.expect(200);
    app.clock.advance(SignedDuration::from_hours(96));
    user.get("/clients").await.error(401);
    app.send(user.request(Method::POST, "/clients").json(&json!({}))).await.error(401);
}

#[tokio::test]
async fn pages_have_one_password_rule_and_show_it_up_front() {
    let app = spawn_app().await;
    let rule = "At least 8 characters. Avoid common passwords";
    let browser = Browser::new(&app);
    browser.open("/welcome").await.expect(200).says(rule);
    let user = app.register("a@example.com").await;
    browser.open("/register").await.expect(200).says(rule);
    browser.open("/reset").await.expect(200).says(rule);
    Browser::of(&user).open("/settings/security").await.expect(200).says(rule);
    app.hub_post("/auth/register", hub_registration("h@example.com", "johndoe")).await.bare(201);
    for (email, password, status) in [
        ("a@example.com", "correct horse battery 10", 200),
        ("h@example.com", "kelp and amber lamps", 200),
        ("a@example.com", "Password123", 400),
    ] {
        let page = browser.open("/forgot").await;
        let page = browser.send(&page, "/forgot", &[("email", email)]).await.expect(200);
        let otp = app.code_of(email).await;
        let typed = [("email", email), ("otp", &*otp), ("newPassword", password)];
        browser.send(&page, "/reset", &typed).await.expect(status);
    }
}

#[tokio::test]
async fn a_reset_through_an_api_follows_the_password_rule_of_the_api_that_created_the_account() {
    let app = spawn_app().await;
    app.register("os@example.com").await;
    app.hub_post("/auth/register", hub_registration("hub@example.com", "johndoe")).await.bare(201);
    let auth = crate::freelancehub_auth::registration("auth@example.com");
    app.post("/auth/register", auth).await.bare(201);
    for (email, refused, taken) in [
        ("os@example.com", "short", "all small letters"),
        ("hub@example.com", "all small letters", "Varied password 1!"),
        ("auth@example.com", "#secure1!", "securepass1!"),
    ] {
        app.hub_post("/auth/forgot-password", json!({"email": email})).await.bare(200);
        let otp = app.code_of(email).await;
        let body = json!({"email": email, "otp": otp, "newPassword": refused});
        let answer = app.hub_post("/auth/reset-password", body).await;
        assert_eq!(answer.refusal(400), "Validation failed", "{email}");
        assert_eq!(answer.body["details"].as_array().unwrap().len(), 1, "{}", answer.body);
        let body = json!({"email": email, "otp": otp, "newPassword": taken});
        app.hub_post("/auth/reset-password", body).await.bare(200);
        app.post("/auth/login", credentials(email, taken)).await.data(200);
    }
}
