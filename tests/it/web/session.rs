//! `/login` and `/logout`.

use jiff::SignedDuration;
use reqwest::{Method, header};

use super::browser::{Browser, Page};
use crate::{
    freelancehub::two_factor::Guarded,
    support::{Options, PASSWORD, TestApp, spawn_app, spawn_app_with},
};

/// Signs in with the form and returns the resulting page.
pub async fn sign_in(browser: &Browser<'_>, email: &str, password: &str) -> Page {
    let page = browser.open("/login").await;
    browser.send(&page, "/login", &[("email", email), ("password", password)]).await
}

fn session(browser: &Browser) -> Option<String> {
    browser.cookies.borrow().get("fos_session").cloned()
}

async fn status_of(app: &TestApp, token: &str) -> u16 {
    app.request(Method::GET, "/auth/me").bearer_auth(token).send().await.unwrap().status().into()
}

#[tokio::test]
async fn after_signing_in_the_requested_page_opens_and_signing_out_works() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    user.client("Kamala").await;
    let browser = Browser::new(&app);
    let page = browser.open("/clients?search=kam").await.expect(200);
    page.says("Sign in");
    let typed = [("email", "A@example.com"), ("password", PASSWORD)];
    let wanted = browser.send(&page, "/login", &typed).await.expect(200);
    wanted.says("Kamala");
    assert_eq!(wanted.path, "/clients?search=kam");
    // A signed-in user skips the sign-in page.
    let again = browser.once(&Method::GET, "/login?next=%2Fclients", &[]).await;
    assert_eq!(again.headers[header::LOCATION], "/clients");

    let token = session(&browser).unwrap();
    assert_eq!(status_of(&app, &token).await, 200);
    let form_token = wanted.value("_token").unwrap();
    let out = browser.once(&Method::POST, "/logout", &[("_token", &form_token)]).await;
    assert_eq!(out.headers[header::LOCATION], "/login");
    assert_eq!(out.headers["clear-site-data"], "\"cache\", \"prefetchCache\"");
    assert_eq!(session(&browser), None);
    assert_eq!(status_of(&app, &token).await, 401);
    browser.open("/login").await.says("You’re signed out.");
    browser.open("/login").await.hides("You’re signed out.");
}

#[tokio::test]
async fn every_refused_sign_in_has_the_same_message() {
    let app = spawn_app().await;
    app.register("a@example.com").await;
    let pending = serde_json::json!({
        "firstName": "P", "lastName": "Q", "email": "p@example.com", "password": "SecurePass123!",
        "role": "freelancer",
    });
    app.post("/auth/register", pending).await;
    let browser = Browser::new(&app);
    for (email, password) in [
        ("a@example.com", "WrongPass123"),
        ("nobody@example.com", PASSWORD),
        ("p@example.com", "SecurePass123!"),
    ] {
        let page = sign_in(&browser, email, password).await.expect(401);
        page.says("Wrong email or password.");
        assert_eq!(page.value("email").as_deref(), Some(email));
        assert!(!page.html.contains(password), "{}", page.html);
        assert_eq!(session(&browser), None);
    }
    let page = sign_in(&browser, "a", "").await.expect(400);
    page.says("Enter a valid email").says("Fill in this field.");
}

#[tokio::test]
async fn a_sign_in_never_redirects_to_another_site() {
    let app = spawn_app().await;
    app.register("a@example.com").await;
    for next in ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"] {
        let typed = [("email", "a@example.com"), ("password", PASSWORD), ("next", next)];
        let answer = Browser::new(&app).once(&Method::POST, "/login", &typed).await;
        assert_eq!(answer.headers[header::LOCATION], "/", "{next}");
    }
}

#[tokio::test]
async fn a_new_sign_in_ends_the_previous_session_of_the_browser() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    app.register("b@example.com").await;
    let browser = Browser::of(&user);
    let typed = [("email", "b@example.com"), ("password", PASSWORD)];
    browser.post("/login", &typed).await.expect(200);
    assert_ne!(session(&browser).as_ref(), Some(&user.token));
    assert_eq!(status_of(&app, &user.token).await, 401);
}

#[tokio::test]
async fn the_second_factor_is_requested_in_a_second_step() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "a@example.com").await;
    let browser = Browser::new(&app);
    let step = sign_in(&browser, "a@example.com", PASSWORD).await.expect(200);
    step.says("Two-factor sign-in");
    assert!(!step.html.contains(PASSWORD));
    assert_eq!(session(&browser), None);
    let wrong = guarded.wrong_code();
    let again = browser.send(&step, "/login", &[("totpCode", &wrong)]).await.expect(401);
    again.says("This code is wrong or was already used.");
    let empty = browser.send(&again, "/login", &[("totpCode", " ")]).await.expect(400);
    empty.says("Fill in this field.");
    browser.send(&empty, "/login", &[("totpCode", &guarded.code(0))]).await.expect(200);
    assert!(session(&browser).is_some());

    // The first step is valid for five minutes, and only if it was sealed by this server.
    let late = Browser::new(&app);
    let step = sign_in(&late, "a@example.com", PASSWORD).await;
    app.clock.advance(SignedDuration::from_mins(5));
    let code = guarded.code(0);
    let page = late.send(&step, "/login", &[("totpCode", &code)]).await.expect(401);
    page.says("Your sign-in expired.");
    let forged = [("held", "AAAA"), ("totpCode", &*code)];
    late.post("/login", &forged).await.expect(401).says("Your sign-in expired.");
    assert_eq!(session(&late), None);
}

#[tokio::test]
async fn page_and_api_share_the_sign_in_limits() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    app.register("a@example.com").await;
    let browser = Browser::new(&app);
    for _ in 0..10 {
        sign_in(&browser, "a@example.com", "WrongPass123").await.expect(401);
    }
    let refused = sign_in(&browser, "a@example.com", PASSWORD).await.expect(429);
    refused.says("Too many attempts");
}
