//! Who may create an account.

use freelanceos::{
    app::{account::update_account, session::SignIn},
    domain::{
        account::{AccountChange, Password},
        date::DateFormat,
        error::{Kind, Result},
        input::Input,
        invoice_defaults::InvoiceDefaultsChange,
        registration::Registration,
        session::Device,
    },
};
use serde_json::{Value, json};

use crate::support::{FromPage, Options, PASSWORD, TestApp, spawn_app, spawn_app_with};

const CLOSED: &str = "Registration is closed";

fn os(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "firstName": "John", "lastName": "Doe"})
}

fn auth(email: &str) -> Value {
    json!({
        "email": email, "password": "SecurePass123!", "firstName": "John", "lastName": "Doe",
        "role": "freelancer",
    })
}

fn hub(email: &str) -> Value {
    json!({
        "email": email, "username": "johndoe123", "firstName": "John", "lastName": "Doe",
        "primaryRole": "freelancer", "password": "StrongPassword123!",
    })
}

async fn assert_closed(app: &TestApp) {
    assert_eq!(app.post("/auth/register", os("new@example.com")).await.error(403), CLOSED);
    let answer = app.post("/auth/register", auth("new@example.com")).await;
    assert_eq!(answer.refusal(403), CLOSED);
    assert_eq!(app.hub_post("/auth/register", hub("new@example.com")).await.refusal(403), CLOSED);
    // A closed registration reports no field errors.
    assert_eq!(app.post("/auth/register", json!({})).await.error(403), CLOSED);
    assert_eq!(app.post("/auth/register", json!({"role": 7})).await.refusal(403), CLOSED);
    assert_eq!(app.hub_post("/auth/register", json!({})).await.refusal(403), CLOSED);
}

#[tokio::test]
async fn a_setting_closes_registration_for_everyone_but_the_owner() {
    let options = Options { open_registration: Some(false), ..Options::default() };
    let app = spawn_app_with(options).await;
    assert!(!app.app.has_accounts().await.unwrap());
    assert_closed(&app).await;
    let first = set_up(&app, "first@example.com", true).await.unwrap();
    assert!(app.app.has_accounts().await.unwrap());
    assert!(!app.app.registration_is_open().await.unwrap());
    assert_closed(&app).await;
    let refused = app.app.set_open_registration(first.claims, true).await.unwrap_err();
    assert!(matches!(refused.kind(), Kind::Conflict), "{refused}");
    assert!(refused.to_string().contains("OPEN_REGISTRATION"));
}

#[tokio::test]
async fn only_the_owner_closes_and_opens_registration() {
    let app = spawn_app().await;
    let owner = app.register("owner@example.com").await;
    let other = app.register("other@example.com").await;
    app.app.make_owner("owner@example.com".to_owned()).await.unwrap();
    assert!(app.app.registration_is_open().await.unwrap());
    let refused = app.app.set_open_registration(other.claims(), false).await.unwrap_err();
    assert_eq!(refused.kind(), &Kind::Forbidden);
    app.app.set_open_registration(owner.claims(), false).await.unwrap();
    assert!(!app.app.registration_is_open().await.unwrap());
    assert_closed(&app).await;
    app.app.set_open_registration(owner.claims(), true).await.unwrap();
    app.register("third@example.com").await;
}

#[tokio::test]
async fn a_setting_overrides_the_owners_choice() {
    let options = Options { open_registration: Some(true), ..Options::default() };
    let app = spawn_app_with(options).await;
    set_up(&app, "owner@example.com", true).await.unwrap();
    assert!(app.app.registration_is_open().await.unwrap());
    app.register("other@example.com").await;
}

fn registration(email: &str) -> Registration {
    let password = Password::new(PASSWORD.to_owned());
    Registration::new(email.to_owned(), password, "Ada".to_owned(), "Obi".to_owned())
}

async fn set_up(app: &TestApp, email: &str, close: bool) -> Result<SignIn> {
    let choice = json!({"currency": "NGN", "timezone": "Asia/Colombo", "dateFormat": "dd.mm.yyyy"});
    let choice = AccountChange::read(&FromPage(&choice)).unwrap();
    let business = json!({
        "businessName": "Obi Studio", "paymentInstructions": "IBAN DE02 1203", "accent": "#b5411c",
    });
    let business = InvoiceDefaultsChange::read(&FromPage(&business)).unwrap();
    app.app.register_owner(registration(email), choice, business, close, Device::default()).await
}

#[tokio::test]
async fn the_first_visit_creates_the_owner_with_all_chosen_settings() {
    let app = spawn_app().await;
    let sign_in = set_up(&app, "owner@example.com", true).await.unwrap();
    let frame = app.app.frame(sign_in.claims).await.unwrap();
    let account = &frame.account;
    assert!(account.is_owner && account.is_active());
    assert_eq!((account.currency.code(), account.zone.name()), ("NGN", "Asia/Colombo"));
    assert_eq!(account.date_format, DateFormat::Dotted);
    let defaults = &frame.defaults;
    assert_eq!(defaults.business.name.as_deref(), Some("Obi Studio"));
    assert_eq!(defaults.payment_instructions.as_deref(), Some("IBAN DE02 1203"));
    assert_eq!(defaults.accent.to_string(), "#b5411c");
    assert_closed(&app).await;
    let login = json!({"email": "owner@example.com", "password": PASSWORD});
    assert_eq!(app.post("/auth/login", login).await.status, 200);
}

#[tokio::test]
async fn concurrent_setups_create_one_owner() {
    let app = spawn_app().await;
    let all = (0..4).map(|n| {
        let (app, email) = (&app, format!("owner{n}@example.com"));
        async move { set_up(app, &email, false).await }
    });
    let outcomes = futures_util::future::join_all(all).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let late = set_up(&app, "late@example.com", false).await.err().unwrap();
    assert!(matches!(late.kind(), Kind::Conflict), "{late}");
    assert!(app.app.registration_is_open().await.unwrap());
}

#[tokio::test]
async fn the_documented_account_update_ignores_the_date_format() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    ada.put("/auth/me", json!({"dateFormat": "nonsense", "firstName": "Ada"})).await.data(200);
    let change = json!({"dateFormat": "yyyy-mm-dd"});
    let change = AccountChange::read(&FromPage(&change)).unwrap();
    let account =
        app.app.run(ada.claims(), move |work| update_account(work, &change, None)).await.unwrap();
    assert_eq!((account.date_format, &*account.first_name), (DateFormat::Iso, "Ada"));
    let wrong = json!({"dateFormat": "nonsense"});
    let wrong = AccountChange::read(&FromPage(&wrong)).unwrap_err();
    assert!(wrong.to_string().contains("dateFormat must be one of day-month-year"), "{wrong}");
}
