//! Required fields in the bodies of passkey requests.

use serde_json::{Value, json};

use super::passkey::{creation_options, request_options};
use crate::support::{Answer, spawn_app};

#[tokio::test]
async fn every_missing_field_is_named() {
    let app = spawn_app().await;
    let user = app.register("john@example.com").await;
    let details = |answer: Answer| {
        assert_eq!(answer.refusal(400), "Validation failed");
        answer.body["details"].clone()
    };
    let answer = user.hub_post("/auth/passkey/register", json!({})).await;
    assert_eq!(
        details(answer),
        json!(["Name is required", "Registration response is required", "Challenge is required"])
    );
    let body = json!({
        "name": "x".repeat(101), "challenge": 7, "registrationResponse": {"response": {}},
    });
    assert_eq!(
        details(user.hub_post("/auth/passkey/register", body).await),
        json!([
            "Name must be at most 100 characters long",
            "Registration response id is required",
            "Registration response raw id is required",
            "Registration response response client data json is required",
            "Registration response response attestation object is required",
            "Registration response type is required",
            "Challenge must be a string",
        ])
    );
    assert_eq!(
        details(app.hub_post("/auth/login/challenge", json!({"identifier": " "})).await),
        json!(["Identifier must not be empty"])
    );
    let answer = app.hub_post("/auth/login/verify", json!({"authenticationResponse": 7})).await;
    assert_eq!(
        details(answer),
        json!([
            "Identifier is required",
            "Authentication response must be an object",
            "Challenge is required",
        ])
    );
}

#[tokio::test]
async fn the_examples_of_the_document_are_refused_as_documented() {
    let app = spawn_app().await;
    let user = app.register("john.doe@example.com").await;
    let credential = |response: Value| {
        json!({
            "id": "credential_id_base64",
            "rawId": "credential_raw_id_buffer",
            "response": response,
            "type": "public-key",
        })
    };
    let response = credential(json!({
        "clientDataJSON": "client_data_json_base64",
        "attestationObject": "attestation_object_base64",
    }));
    let options = creation_options(&user).await;
    for challenge in [&options["challenge"], &json!("Y2hhbGxlbmdlX2V4YW1wbGU")] {
        let body = json!({
            "name": "iPhone TouchID", "registrationResponse": response, "challenge": challenge,
        });
        let answer = user.hub_post("/auth/passkey/register", body).await;
        assert_eq!(answer.refusal(400), "Passkey registration failed - invalid attestation");
    }
    let response = credential(json!({
        "clientDataJSON": "client_data_json_base64",
        "authenticatorData": "authenticator_data_base64",
        "signature": "signature_base64",
    }));
    let options = request_options(&app, "john.doe@example.com").await;
    for challenge in [&options["challenge"], &json!("YXV0aF9jaGFsbGVuZ2VfZXhhbXBsZQ")] {
        let body = json!({
            "identifier": "john.doe@example.com", "authenticationResponse": response,
            "challenge": challenge,
        });
        let answer = app.hub_post("/auth/login/verify", body).await;
        assert_eq!(answer.refusal(401), "Passkey authentication failed");
    }
}
