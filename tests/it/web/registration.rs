//! `/welcome` and `/register`.

use reqwest::{Method, header};

use super::browser::Browser;
use crate::support::{Options, PASSWORD, spawn_app, spawn_app_with};

const TYPED: [(&str, &str); 6] = [
    ("name", "Ama Owusu"),
    ("email", "ama@example.com"),
    ("password", PASSWORD),
    ("currency", "GHS"),
    ("timezone", "Africa/Accra"),
    ("dateFormat", "dd.mm.yyyy"),
];

#[tokio::test]
async fn the_first_visit_creates_the_owners_account() {
    let app = spawn_app().await;
    let browser = Browser::new(&app);
    let page = browser.open("/clients").await.expect(200);
    assert_eq!(page.path, "/welcome");
    page.says("How you get paid").says("GHS – Ghanaian cedi").says("Africa/Accra");

    let wrong = [("name", "Ama"), ("email", "ama"), ("password", "short"), ("currency", "GHS")];
    let again = browser.send(&page, "/welcome", &wrong).await.expect(400);
    again.says("Enter your first and last name.").says("Enter a valid email");
    assert!(!again.html.contains("short\""));
    assert!(again.html.contains("<option value=\"GHS\" selected>"));

    let fields = [&TYPED[..], &[("paymentInstructions", "MoMo 024"), ("closed", "on")]].concat();
    let begun = browser.send(&again, "/welcome", &fields).await.expect(200);
    begun.says("Welcome, Ama! Add a client to create your first invoice.");

    let account = app.post(
        "/auth/login",
        serde_json::json!({
            "email": "ama@example.com", "password": PASSWORD,
        }),
    );
    let user = account.await.data(200)["user"].clone();
    assert_eq!((&user["firstName"], &user["lastName"]), (&"Ama".into(), &"Owusu".into()));
    assert_eq!((&user["currency"], &user["timezone"]), (&"GHS".into(), &"Africa/Accra".into()));

    // The next visitor finds a server that has an owner.
    let stranger = Browser::new(&app);
    let answer = stranger.once(&Method::GET, "/welcome", &[]).await;
    assert_eq!(answer.headers[header::LOCATION], "/login");
    stranger.post("/welcome", &TYPED).await.says("This server is already set up.");
    stranger.open("/register").await.expect(403).says("Registration is closed");
    stranger.post("/register", &TYPED).await.expect(403).says("Registration is closed");
    stranger.open("/login").await.hides("Create account");
}

#[tokio::test]
async fn pages_refuse_common_passwords() {
    let app = spawn_app().await;
    let browser = Browser::new(&app);
    let page = browser.open("/welcome").await.expect(200);
    for password in ["Password123", "qwertyuiop", "ama@example.com", "Ama Owusu"] {
        let typed = TYPED.map(|(name, value)| match name {
            "password" => (name, password),
            _ => (name, value),
        });
        let again = browser.send(&page, "/welcome", &typed).await.expect(400);
        again.says("This password is too common.");
    }
}

#[tokio::test]
async fn others_can_register_if_allowed() {
    let app = spawn_app().await;
    let stranger = Browser::new(&app);
    assert_eq!(stranger.open("/register").await.path, "/welcome");
    app.register("a@example.com").await;
    stranger.open("/login").await.says("Create account");
    let page = stranger.open("/register").await.expect(200);
    let taken = [&TYPED[..], &[("email", "A@example.com")]].concat();
    let refused = stranger.send(&page, "/register", &taken).await.expect(409);
    refused.says("already");
    assert_eq!(refused.value("name").as_deref(), Some("Ama Owusu"));
    let begun = stranger.send(&refused, "/register", &TYPED).await.expect(200);
    begun.says("Welcome, Ama!").says("Ama Owusu");
    let settings = stranger.open("/settings").await;
    assert!(settings.html.contains("<option selected>Africa/Accra<"));
    stranger.open("/settings/data").await.hides("Registration");
}

#[tokio::test]
async fn the_owner_opens_and_closes_registration_unless_a_setting_overrides_it() {
    let app = spawn_app().await;
    let owner = Browser::of(&app.register("a@example.com").await);
    app.app.make_owner("a@example.com".to_owned()).await.unwrap();
    let page = owner.open("/settings/data").await.expect(200);
    let closed = owner.send(&page, "/settings/data/registration", &[]).await;
    closed.says("Registration is now closed.");
    Browser::new(&app).open("/register").await.expect(403);
    let opened = owner.send(&closed, "/settings/data/registration", &[]).await;
    opened.says("Anyone can now create an account.");
    Browser::new(&app).open("/register").await.expect(200);

    let fixed = spawn_app_with(Options { open_registration: Some(false), ..Options::default() });
    let fixed = fixed.await;
    let page = Browser::new(&fixed).open("/welcome").await;
    page.hides("Only I can use this server");
    let owner = Browser::new(&fixed);
    owner.post("/welcome", &TYPED).await.expect(200);
    owner.open("/settings/data").await.says("OPEN_REGISTRATION").hides("Close registration");
}
