//! The OpenAPI document of FreelanceHub.

use std::collections::HashSet;

use serde_json::Value;

use crate::support::{document::hub_document, pretty, spawn_app};

#[tokio::test]
async fn the_document_is_unchanged() {
    let app = spawn_app().await;
    let mut document = hub_document(&app).await.json.clone();
    document["info"]["version"] = "[version]".into();
    insta::assert_snapshot!("document", pretty(&document));
}

#[tokio::test]
async fn the_documented_routes_exist() {
    let app = spawn_app().await;
    let document = hub_document(&app).await;
    let known: HashSet<String> = document.operations.iter().map(|o| o.name()).collect();
    for route in [
        "POST /auth/register",
        "POST /auth/verify-email",
        "POST /auth/send-email-otp",
        "POST /auth/verify-email-otp",
        "POST /auth/login",
        "PUT /freelancer/profile",
        "POST /freelancer/portfolio",
        "GET /freelancer/portfolio",
        "GET /freelancer/dashboard",
        "POST /auth/passkey/registration-challenge",
        "POST /auth/passkey/register",
        "POST /auth/login/challenge",
        "POST /auth/login/verify",
        "POST /auth/2fa/enable",
        "POST /auth/refresh",
        "POST /auth/logout",
        "GET /freelancer/stats",
        "GET /freelancer/activity",
        "POST /auth/forgot-password",
        "POST /auth/reset-password",
        "POST /auth/2fa/verify-setup",
        "POST /auth/2fa/disable",
        "POST /auth/logout-all",
        "GET /auth/me",
        "GET /auth/passkeys",
        "DELETE /auth/passkeys/{id}",
        "GET /freelancer/profile",
        "PUT /freelancer/portfolio/{id}",
        "DELETE /freelancer/portfolio/{id}",
        "GET /public/freelancers/{username}",
        "POST /public/freelancers/{username}/messages",
        "GET /public/proposals/{token}",
        "POST /public/proposals/{token}/accept",
        "POST /public/proposals/{token}/decline",
    ] {
        assert!(known.contains(route), "{route}");
    }
}

#[tokio::test]
async fn every_operation_has_a_unique_id_a_summary_and_a_tag() {
    let app = spawn_app().await;
    let mut ids = HashSet::new();
    for operation in &hub_document(&app).await.operations {
        let spec = &operation.spec;
        assert!(ids.insert(spec["operationId"].as_str().unwrap()), "{}", operation.name());
        assert!(!spec["summary"].as_str().unwrap().is_empty(), "{}", operation.name());
        assert_eq!(spec["tags"].as_array().unwrap().len(), 1, "{}", operation.name());
    }
}

#[tokio::test]
async fn the_documentation_page_contains_the_document() {
    let app = spawn_app().await;
    let page = app.http.get(format!("{}/v1/docs", app.base)).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'sha256-"), "{policy}");
    let text = page.text().await.unwrap();
    assert!(text.contains("FreelanceHub API") && text.contains("/freelancer/portfolio"));
    let _: Value = serde_json::from_str(&pretty(&hub_document(&app).await.json)).unwrap();
}
