//! The owner of the server is stored.

use freelanceos::{
    app::session::SignIn,
    domain::{
        account::AccountChange,
        error::Kind,
        input::Input,
        invoice_defaults::InvoiceDefaultsChange,
        registration::{NewFreelancer, Registration},
        session::Device,
    },
};
use reqwest::Method;
use serde_json::json;

use crate::{
    freelancehub::registration as hub_registration,
    support::{Options, PASSWORD, TestApp, spawn_app, spawn_app_with},
    web::browser::Browser,
};

fn registration(email: &str) -> Registration {
    let body = json!({
        "email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Obi",
    });
    NewFreelancer::read(body.as_object().unwrap()).unwrap().into()
}

async fn set_up(app: &TestApp, email: &str) -> freelanceos::domain::error::Result<SignIn> {
    let choice = AccountChange::read(json!({}).as_object().unwrap()).unwrap();
    let business = InvoiceDefaultsChange::read(json!({}).as_object().unwrap()).unwrap();
    app.app.register_owner(registration(email), choice, business, true, Device::default()).await
}

/// The addresses of all accounts marked as owner.
async fn owners(app: &TestApp) -> Vec<String> {
    let users = app.app.list_users().await.unwrap();
    users.into_iter().filter(|user| user.account.is_owner).map(|user| user.account.email).collect()
}

#[tokio::test]
async fn a_registration_through_an_api_neither_closes_welcome_nor_creates_an_owner() {
    for stranger in ["os", "hub", "auth"] {
        let app = spawn_app().await;
        match stranger {
            "os" => {
                app.register("stranger@example.com").await;
            }
            "hub" => {
                let body = hub_registration("stranger@example.com", "stranger");
                app.hub_post("/auth/register", body).await.bare(201);
            }
            _ => {
                let body = crate::freelancehub_auth::registration("stranger@example.com");
                app.post("/auth/register", body).await.bare(201);
            }
        }
        assert_eq!(owners(&app).await, [""; 0], "{stranger}");
        let browser = Browser::new(&app);
        let page = browser.open("/login").await.expect(200);
        assert_eq!(page.link("/welcome"), "/welcome");
        let page = browser.open("/welcome").await.expect(200);
        assert_eq!(page.path, "/welcome");
        let typed = [
            ("name", "Ama Owusu"),
            ("email", "ama@example.com"),
            ("password", PASSWORD),
            ("currency", "GHS"),
            ("timezone", "Africa/Accra"),
            ("dateFormat", "dd.mm.yyyy"),
            ("closed", "on"),
        ];
        browser.send(&page, "/welcome", &typed).await.expect(200).says("Welcome, Ama!");
        assert_eq!(owners(&app).await, ["ama@example.com"]);
        assert_eq!(Browser::new(&app).open("/welcome").await.path, "/login");
    }
}

#[tokio::test]
async fn registration_closed_by_the_setting_is_closed_from_the_start() {
    let options = Options { open_registration: Some(false), ..Options::default() };
    let app = spawn_app_with(options).await;
    let body = hub_registration("stranger@example.com", "stranger");
    app.hub_post("/auth/register", body).await.refusal(403);
    let os = json!({
        "email": "stranger@example.com", "password": PASSWORD, "firstName": "J", "lastName": "D",
    });
    app.post("/auth/register", os).await.error(403);
    assert!(!app.app.has_accounts().await.unwrap());
    let page = Browser::new(&app).open("/").await.expect(200);
    assert_eq!(page.path, "/welcome");
    set_up(&app, "ada@example.com").await.unwrap();
    assert_eq!(owners(&app).await, ["ada@example.com"]);
}

#[tokio::test]
async fn the_first_account_created_by_a_command_is_the_owner_and_no_later_one() {
    let app = spawn_app().await;
    app.register("stranger@example.com").await;
    app.app.create_user(registration("ada@example.com")).await.unwrap();
    app.app.create_user(registration("obi@example.com")).await.unwrap();
    assert_eq!(owners(&app).await, ["ada@example.com"]);
    assert_eq!(set_up(&app, "eve@example.com").await.err().unwrap().kind(), &Kind::Conflict);
}

#[tokio::test]
async fn a_command_transfers_ownership_to_an_active_account() {
    let app = spawn_app().await;
    let ada = set_up(&app, "ada@example.com").await.unwrap();
    app.app.create_user(registration("obi@example.com")).await.unwrap();
    app.app.make_owner("OBI@example.com".to_owned()).await.unwrap();
    assert_eq!(owners(&app).await, ["obi@example.com"]);
    let refused = app.app.set_open_registration(ada.claims, true).await.unwrap_err();
    assert_eq!(refused.kind(), &Kind::Forbidden);
    let unknown = app.app.make_owner("eve@example.com".to_owned()).await.unwrap_err();
    assert_eq!(unknown.kind(), &Kind::NotFound);
    app.app.set_disabled("ada@example.com".to_owned(), true).await.unwrap();
    let locked = app.app.make_owner("ada@example.com".to_owned()).await.unwrap_err();
    assert_eq!(locked.kind(), &Kind::Conflict);
    assert_eq!(owners(&app).await, ["obi@example.com"]);
}

#[tokio::test]
async fn without_the_owner_nobody_takes_over() {
    let app = spawn_app().await;
    let ada = set_up(&app, "ada@example.com").await.unwrap();
    app.app.set_open_registration(ada.claims, true).await.unwrap();
    let obi = app.register("obi@example.com").await;
    let password = freelanceos::domain::account::Password::new(PASSWORD.to_owned());
    app.app.delete_account(ada.claims, password, None).await.unwrap();
    app.app.sweep().await.unwrap();
    assert_eq!(owners(&app).await, [""; 0]);
    let refused = app.app.set_open_registration(obi.claims(), false).await.unwrap_err();
    assert_eq!(refused.kind(), &Kind::Forbidden);
    let browser = Browser::new(&app);
    assert_eq!(browser.open("/welcome").await.path, "/login");
    let page = browser.once(&Method::GET, "/login", &[]).await.expect(200);
    page.hides("Set it up");
    app.app.make_owner("obi@example.com".to_owned()).await.unwrap();
    app.app.set_open_registration(obi.claims(), false).await.unwrap();
}
