//! The FreelanceHub Auth API, next to FreelanceOS under `/api/v1/auth`.

mod account;
mod limit;
mod password;
mod session;
mod shared;

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

/// A password that matches this document's pattern.
pub const HUB_PASSWORD: &str = "SecurePass123!";

/// The registration in the document's example.
pub fn registration(email: &str) -> Value {
    json!({
        "firstName": "John",
        "lastName": "Doe",
        "email": email,
        "password": HUB_PASSWORD,
        "role": "freelancer",
    })
}

/// Registers and verifies the email address. Returns the response of `verify-otp`.
pub async fn verified(app: &TestApp, email: &str) -> Answer {
    app.post("/auth/register", registration(email)).await.bare(201);
    let otp = app.code_of(email).await;
    app.post("/auth/verify-otp", json!({"email": email, "otp": otp})).await
}

/// A code other than this one.
pub fn wrong(otp: &str) -> String {
    format!("{:06}", (otp.parse::<u32>().unwrap() + 1) % 1_000_000)
}
