//! `/settings/security`.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::Value;

use super::{
    browser::{Browser, Page},
    session::sign_in,
};
use crate::support::{PASSWORD, authenticator, spawn_app, webauthn::Authenticator};

const SECURITY: &str = "/settings/security";

#[tokio::test]
async fn changing_a_password_requires_the_current_one() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let (browser, elsewhere) = (Browser::of(&user), Browser::new(&app));
    sign_in(&elsewhere, "a@example.com", PASSWORD).await.expect(200);
    let page = browser.open(SECURITY).await.expect(200);
    let path = "/settings/security/password";
    let wrong = [("currentPassword", "WrongPass123"), ("newPassword", "AnotherPass1")];
    browser.send(&page, path, &wrong).await.expect(400).says("Wrong password.");
    let short = [("currentPassword", PASSWORD), ("newPassword", "short")];
    browser.send(&page, path, &short).await.expect(400).says("at least 8 characters");
    let right = [("currentPassword", PASSWORD), ("newPassword", "AnotherPass1")];
    browser.send(&page, path, &right).await.says("Password changed.");
    assert!(elsewhere.open(SECURITY).await.path.starts_with("/login"));
    sign_in(&Browser::new(&app), "a@example.com", "AnotherPass1").await.expect(200);
}

#[tokio::test]
async fn devices_are_distinguished_and_signed_out() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    app.clock.advance(SignedDuration::from_hours(26));
    let others = [Browser::new(&app), Browser::new(&app)];
    for other in &others {
        sign_in(other, "a@example.com", PASSWORD).await.expect(200);
    }
    app.clock.advance(SignedDuration::from_hours(24));
    others[0].open("/clients").await.expect(200);
    let page = browser.open(SECURITY).await.expect(200);
    page.says("This device Signed in 18 Mar 2026");
    page.says("Signed in 19 Mar 2026, last used 20 Mar 2026");
    page.says("Signed in 19 Mar 2026, last used 19 Mar 2026");

    // The newest is first: the one that has not been used since.
    let at = page.html.find("/settings/security/sessions/sess_").unwrap();
    let path = page.html[at..].split('"').next().unwrap();
    browser.send(&page, path, &[]).await.says("Device signed out.");
    assert!(others[1].open("/clients").await.path.starts_with("/login"));
    others[0].open("/clients").await.expect(200);
    let page = browser.open(SECURITY).await;
    let page = browser.send(&page, "/settings/security/sessions/end-others", &[]).await;
    page.says("All other devices were signed out.").hides("Sign out all other devices");
    assert!(others[0].open("/clients").await.path.starts_with("/login"));

    let eve = app.register("e@example.com").await;
    let intruder = Browser::of(&eve);
    let token = intruder.open(SECURITY).await.value("_token").unwrap();
    let session = user.claims().session;
    let path = format!("/settings/security/sessions/{session}/end");
    intruder.post(&path, &[("_token", &token)]).await.expect(404);
    browser.open(SECURITY).await.expect(200);
}

#[tokio::test]
async fn two_factor_sign_in_is_set_up_and_turned_off() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open(SECURITY).await;
    let setup = browser.send(&page, "/settings/security/two-factor", &[]).await.expect(200);
    let app_of = scan(&setup);
    let now = "2026-03-18T12:00:00Z".parse().unwrap();
    let key: String =
        setup.text().split("Or enter this key: ").nth(1).unwrap().chars().take(39).collect();
    assert_eq!(key.replace(' ', ""), app_of.parameters["secret"]);

    let path = "/settings/security/two-factor/confirm";
    let wrong = app_of.wrong_code(now);
    let again = browser.send(&setup, path, &[("totpCode", &wrong)]).await.expect(400);
    again.says("This code is wrong");
    // Codes that are shown once stay visible after an error.
    assert_eq!(scan(&again).uri, app_of.uri);
    assert_eq!(again.value("codes"), setup.value("codes"));
    let done = browser.send(&again, path, &[("totpCode", &app_of.code(now, 0))]).await.expect(200);
    done.says("Two-factor sign-in is on").says("5 backup codes left.");

    let backup = setup.value("codes").unwrap().split(' ').next().unwrap().to_owned();
    let other = Browser::new(&app);
    let step = sign_in(&other, "a@example.com", PASSWORD).await;
    other.send(&step, "/login", &[("totpCode", &backup)]).await.expect(200);
    let page = other.open(SECURITY).await;
    page.says("4 backup codes left.");
    let path = "/settings/security/two-factor/disable";
    let code = app_of.code(now, 1);
    let wrong = [("password", "WrongPass123"), ("totpCode", &*code)];
    let refused = other.send(&page, path, &wrong).await.expect(401);
    refused.says("Wrong password or code.");
    let right = [("password", PASSWORD), ("totpCode", &*code)];
    other.send(&refused, path, &right).await.says("Two-factor sign-in is off.");
}

#[track_caller]
pub fn scan(page: &Page) -> authenticator::Authenticator {
    let at = page.html.find("data:image/png").unwrap();
    authenticator::Authenticator::scan(page.html[at..].split('"').next().unwrap())
}

#[tokio::test]
async fn a_passkey_is_added_signs_in_and_is_deleted() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let mut key = Authenticator::new();
    let page = browser.open(SECURITY).await;
    let token = page.value("_token").unwrap();
    let options =
        json(browser.post("/settings/security/passkeys/options", &[("_token", &token)]).await);
    let answer = key.create(&options).to_string();
    let challenge = options["challenge"].as_str().unwrap();
    let fields = [("name", ""), ("challenge", challenge), ("answer", &*answer)];
    let path = "/settings/security/passkeys";
    browser.send(&page, path, &fields).await.expect(400).says("Fill in this field.");
    let fields = [("name", "<b>Phone</b>"), ("challenge", challenge), ("answer", &*answer)];
    let added = browser.send(&page, path, &fields).await.expect(200);
    added.says("Passkey added.").says("<b>Phone</b> Added 18 Mar 2026, never used");
    let used = browser.send(&added, path, &fields).await.expect(400);
    used.says("We couldn’t verify the passkey.");

    let other = Browser::new(&app);
    let ask = [("identifier", "a@example.com")];
    let options = json(other.post("/login/passkey/options", &ask).await);
    key.counter += 1;
    let answer = key.get(&options).to_string();
    let challenge = options["challenge"].as_str().unwrap();
    let fields = [
        ("identifier", "a@example.com"),
        ("challenge", challenge),
        ("answer", &*answer),
        ("next", "/settings/security"),
    ];
    let page = other.post("/login/passkey", &fields).await.expect(200);
    page.says("last used 18 Mar 2026");
    other
        .post("/login/passkey", &fields)
        .await
        .expect(401)
        .says("This passkey doesn’t belong to any account here.");
    let empty = json(other.post("/login/passkey/options", &[]).await);
    assert_eq!(empty["error"], "Enter your email address first.");

    let at = page.html.find("/settings/security/passkeys/").unwrap();
    let path = page.html[at..].split('"').next().unwrap();
    let eve = app.register("e@example.com").await;
    let intruder = Browser::of(&eve);
    let token = intruder.open(SECURITY).await.value("_token").unwrap();
    intruder.post(path, &[("_token", &token)]).await.expect(404);
    other.send(&page, path, &[]).await.says("Passkey deleted").hides("<b>Phone</b>");
}

#[track_caller]
fn json(page: Page) -> Value {
    serde_json::from_str(&page.html).unwrap_or_else(|_| panic!("{}", page.html))
}

#[tokio::test]
async fn passkey_options_are_only_available_to_our_own_pages() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    browser.post("/settings/security/passkeys/options", &[]).await.expect(403);
    let url = format!("{}/login/passkey/options", app.base);
    let request = app.http.request(Method::POST, url).header("sec-fetch-site", "cross-site");
    let answer = request.form(&[("identifier", "a@example.com")]).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 403);
}
