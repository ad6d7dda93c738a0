//! The FreelanceHub API, under `/v1`.

mod account;
mod dashboard;
mod dashboard_history;
mod envelope;
pub mod freelancer;
mod message;
mod openapi;
pub mod passkey;
mod passkey_body;
mod passkey_refusal;
mod portfolio;
mod profile;
mod proposal;
mod public;
mod security;
mod session;
pub mod two_factor;
mod two_factor_login;

use serde_json::{Value, json};

use crate::support::{TestApp, User};

/// The password in the document's example.
pub const HUB_PASSWORD: &str = "StrongPassword123!";

/// The registration in the document's example.
pub fn registration(email: &str, username: &str) -> Value {
    json!({
        "email": email,
        "username": username,
        "firstName": "John",
        "lastName": "Doe",
        "primaryRole": "freelancer",
        "phone": "+94701234567",
        "location": {
            "country": "Sri Lanka",
            "city": "Colombo",
            "coordinates": [79.8612, 6.9271]
        },
        "dateOfBirth": "1990-01-15",
        "password": HUB_PASSWORD
    })
}

/// Registers, verifies the email address and signs in.
pub async fn sign_up<'a>(app: &'a TestApp, email: &str, username: &str, role: &str) -> User<'a> {
    let mut body = registration(email, username);
    body["primaryRole"] = role.into();
    app.hub_post("/auth/register", body).await.bare(201);
    let otp = app.code_of(email).await;
    let proof = json!({"email": email, "otp": otp});
    app.hub_post("/auth/verify-email-otp", proof).await.bare(200);
    let login = json!({"email": email, "password": HUB_PASSWORD});
    let login = app.hub_post("/auth/login", login).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let body = login.bare(200);
    User { app, token: text(&body["tokens"]["accessToken"]), id: text(&body["user"]["id"]) }
}
