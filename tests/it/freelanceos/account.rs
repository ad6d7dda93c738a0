//! `/auth`.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use super::shown;
use crate::support::{PASSWORD, content, spawn_app};

#[tokio::test]
async fn register_signs_in_at_once() {
    let app = spawn_app().await;
    let user = app.register("User@Example.com").await;
    insta::assert_json_snapshot!(user.get("/auth/me").await.data(200), @r#"
    {
      "id": "user_01km0d29g0fdarcs5ctw6pmk39",
      "email": "User@Example.com",
      "firstName": "John",
      "lastName": "Doe",
      "currency": "USD",
      "timezone": "Africa/Lagos",
      "createdAt": "2026-03-18T12:00:00Z",
      "updatedAt": "2026-03-18T12:00:00Z",
      "role": "freelancer",
      "emailVerified": false
    }
    "#);
    let again = json!({
        "email": "user@example.COM", "password": "SecurePass123", "firstName": "J", "lastName": "D",
    });
    assert_eq!(
        user.post("/auth/register", again).await.error(409),
        "An account with this email already exists"
    );
}

#[tokio::test]
async fn the_documented_registration_and_login_return_a_token_and_the_user() {
    let app = spawn_app().await;
    let new = json!({
        "email": "user@example.com",
        "password": "SecurePass123",
        "firstName": "John",
        "lastName": "Doe",
    });
    let registered = app.send(app.request(Method::POST, "/auth/register").json(&new)).await;
    insta::assert_snapshot!(shown(registered.data(201)), @r##"
    {
      "token": "…",
      "user": {
        "id": "user_…",
        "email": "user@example.com",
        "firstName": "John",
        "lastName": "Doe",
        "currency": "USD",
        "timezone": "Africa/Lagos",
        "createdAt": "2026-03-18T12:00:00Z",
        "updatedAt": "2026-03-18T12:00:00Z",
        "role": "freelancer",
        "emailVerified": false
      }
    }
    "##);
    assert!(registered.data(201)["user"]["id"].as_str().unwrap().starts_with("user_"));
    assert!(registered.data(201)["token"].as_str().unwrap().starts_with("eyJ"));

    let credentials = json!({"email": "user@example.com", "password": "SecurePass123"});
    let login = app.send(app.request(Method::POST, "/auth/login").json(&credentials)).await;
    assert_eq!(login.data(200)["user"], registered.data(201)["user"]);
    let token = login.data(200)["token"].as_str().unwrap();
    let me = app.send(app.request(Method::GET, "/auth/me").bearer_auth(token)).await;
    assert_eq!(*me.data(200), registered.data(201)["user"]);
}

#[tokio::test]
async fn an_email_is_compared_regardless_of_case_and_stored_as_typed() {
    let app = spawn_app().await;
    app.register("User.Name+Tag@Example.com").await;
    for email in
        ["user.name+tag@example.com", "USER.NAME+TAG@EXAMPLE.COM", "  User.Name+Tag@Example.com "]
    {
        let credentials = json!({"email": email, "password": PASSWORD});
        let login = app.send(app.request(Method::POST, "/auth/login").json(&credentials)).await;
        assert_eq!(login.data(200)["user"]["email"], "User.Name+Tag@Example.com");
        let new = json!({"email": email, "password": PASSWORD, "firstName": "A", "lastName": "B"});
        let again = app.send(app.request(Method::POST, "/auth/register").json(&new)).await;
        assert_eq!(again.error(409), "An account with this email already exists");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_email_get_the_same_401() {
    let app = spawn_app().await;
    app.register("user@example.com").await;
    let long = "x".repeat(10_000);
    for (email, password) in [
        ("user@example.com", "wrong"),
        ("user@example.com", "securepass123"),
        ("user@example.com", "SecurePass123 "),
        ("user@example.com", ""),
        ("user@example.com", long.as_str()),
        ("nobody@example.com", PASSWORD),
    ] {
        let credentials = json!({"email": email, "password": password});
        let answer = app.send(app.request(Method::POST, "/auth/login").json(&credentials)).await;
        assert_eq!(answer.error(401), "Invalid email or password", "{email}");
    }
}

#[tokio::test]
async fn a_password_needs_only_8_to_128_characters() {
    let app = spawn_app().await;
    let passwords =
        ["        ", "12345678", "🦁🦁🦁🦁🦁🦁🦁🦁", "tab\tnew\nline\0", " leading and trailing "];
    let longest = "ü".repeat(128);
    for (n, password) in passwords.into_iter().chain([longest.as_str()]).enumerate() {
        let email = format!("{n}@example.com");
        let new = json!({"email": email, "password": password, "firstName": "A", "lastName": "B"});
        app.send(app.request(Method::POST, "/auth/register").json(&new)).await.data(201);
        let credentials = json!({"email": email, "password": password});
        app.send(app.request(Method::POST, "/auth/login").json(&credentials)).await.data(200);
        let trimmed = json!({"email": email, "password": password.trim()});
        let answer = app.send(app.request(Method::POST, "/auth/login").json(&trimmed)).await;
        assert_eq!(answer.status, if password == password.trim() { 200 } else { 401 });
    }
}

#[tokio::test]
async fn put_me_changes_names_currency_and_timezone_and_nothing_else() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let before = user.get("/auth/me").await.data(200).clone();
    app.clock.advance(SignedDuration::from_secs(60));
    let body = json!({
        "id": "user_1", "email": "other@example.com", "password": "another1",
        "firstName": "කමල්", "lastName": "پیریرا", "currency": "LKR", "timezone": "asia/colombo",
        "createdAt": "2000-01-01T00:00:00Z",
    });
    let changed = user.put("/auth/me", body).await;
    let mut expected = before;
    expected["firstName"] = "කමල්".into();
    expected["lastName"] = "پیریرا".into();
    expected["currency"] = "LKR".into();
    expected["timezone"] = "Asia/Colombo".into();
    expected["updatedAt"] = "2026-03-18T12:01:00Z".into();
    assert_eq!(*changed.data(200), expected);
    let request = user.request(Method::PATCH, "/auth/me").json(&json!({"firstName": "Kamal"}));
    expected["firstName"] = "Kamal".into();
    assert_eq!(*app.send(request).await.data(200), expected);
    assert_eq!(*user.get("/auth/me").await.data(200), expected);
}

#[tokio::test]
async fn of_two_concurrent_registrations_of_one_email_one_is_409() {
    let app = spawn_app().await;
    let new = json!({"email": "user@example.com", "password": PASSWORD, "firstName": "A", "lastName": "B"});
    let register = || app.send(app.request(Method::POST, "/auth/register").json(&new));
    let (one, two) = futures_util::join!(register(), register());
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn no_response_contains_a_password_or_its_hash() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for answer in [user.get("/auth/me").await, user.put("/auth/me", json!({})).await] {
        let text = answer.body.to_string().to_lowercase();
        assert!(!text.contains("password") && !text.contains("argon"), "{text}");
    }
}

#[tokio::test]
async fn the_database_contains_no_password() {
    let app = spawn_app().await;
    app.register("user@example.com").await;
    assert!(content::holds(app.database(), "user@example.com"), "it is the right one");
    assert!(!content::holds(app.database(), PASSWORD));
}
