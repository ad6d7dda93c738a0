//! Passkeys in the browser: created in the settings, used to sign in. A script requests the options
//! and fills in the authenticator's answer; otherwise the forms are ordinary.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use poem::{Response, http::StatusCode};
use serde_json::{Value, json};

use crate::{
    app::{
        passkey::{CreationOptions, RequestOptions},
        relying_party::{ALGORITHMS, TIMEOUT},
    },
    domain::{
        error::{Error, Kind, Result},
        input::Input,
        passkey::{LoginStart, NewPasskey, PasskeyLogin},
    },
    http::{answer, problem},
    locale::{Text, t},
    web::{
        fields::Fields,
        form::Form,
        security::{self, Forms},
        session::{self, Onward},
        visit::{Guest, Visit},
    },
};

const SECURITY: &str = "/settings/security";

/// Returns what the browser needs to create a passkey.
pub async fn start(visit: Visit, _: Fields) -> Result<Response> {
    let options = visit.app.start_passkey(visit.claims).await;
    Ok(told(options.map(creation)))
}

/// Stores the passkey created by the browser.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let created = async {
        let answered = fields.clone().with("registrationResponse", fields.get("answer"));
        visit.app.create_passkey(visit.claims, NewPasskey::read(&answered)?).await
    };
    match created.await {
        Ok(_) => Ok(visit.done(SECURITY, t("settings-security-passkey-added"))),
        Err(error) => {
            let (status, form) = match error.kind() {
                Kind::Malformed => {
                    let text = t("settings-security-passkey-failed");
                    (StatusCode::BAD_REQUEST, visit.form(fields).alerted(text))
                }
                _ => visit.refused(fields, error)?,
            };
            let forms = Forms { passkey: Some(form), ..Forms::default() };
            security::page(&visit, status, forms).await
        }
    }
}

/// Deletes a passkey.
pub async fn delete(visit: Visit, _: Fields) -> Result<Response> {
    visit.app.delete_passkey(visit.claims, visit.id()).await?;
    Ok(visit.done(SECURITY, t("settings-security-passkey-deleted")))
}

/// Returns what the browser needs to sign in with a passkey; it does not reveal the account.
pub async fn start_login(guest: Guest, fields: Fields) -> Result<Response> {
    let options =
        async { guest.app.start_passkey_login(LoginStart::read(&fields)?.identifier).await };
    Ok(told(options.await.map(request)))
}

/// Signs in with a passkey.
pub async fn login(guest: Guest, fields: Fields) -> Result<Response> {
    let onward = Onward::of(&fields);
    let signed_in = async {
        let answered = fields.clone().with("authenticationResponse", fields.get("answer"));
        guest.app.login_with_passkey(PasskeyLogin::read(&answered)?, guest.device()).await
    };
    match signed_in.await {
        Ok(sign_in) => session::enter(&guest, &sign_in, &onward).await,
        Err(error) if matches!(error.kind(), Kind::Unauthenticated | Kind::Invalid(_)) => {
            let typed = Fields::default().with("email", fields.get("identifier"));
            let form = Form::new(typed).alerted(t("session-login-unknown-passkey"));
            session::page(&guest, StatusCode::UNAUTHORIZED, form, &onward, None).await
        }
        Err(error) => session::refused(&guest, Fields::default(), error, &onward, None).await,
    }
}

/// Returns the response for a script: options, or a message to show.
fn told(options: Result<Value>) -> Response {
    match options {
        Ok(options) => answer::json(StatusCode::OK, answer::bytes(&options)),
        Err(error) => {
            let status = problem::status(error.kind());
            answer::json(status, answer::bytes(&json!({ "error": said(&error).to_string() })))
        }
    }
}

fn said(error: &Error) -> Text {
    match error.kind() {
        Kind::Invalid(_) => t("session-login-email-first"),
        _ => t("error-message").with("message", error.message()),
    }
}

/// Encodes options for the browser, binary fields in base64url. Any kind of authenticator may
/// answer: a phone, a security key or the device itself.
fn creation(options: CreationOptions) -> Value {
    let CreationOptions { challenge, relying_party, account, registered } = options;
    let algorithm = |alg| json!({ "type": "public-key", "alg": alg });
    json!({
        "challenge": encode(&challenge),
        "rp": { "name": "FreelanceOS", "id": relying_party.id() },
        "user": {
            "id": encode(account.id.as_bytes()),
            "name": account.email,
            "displayName": account.name(),
        },
        "pubKeyCredParams": ALGORITHMS.into_iter().map(algorithm).collect::<Vec<_>>(),
        "timeout": TIMEOUT.as_millis() as u64,
        "attestation": "none",
        "authenticatorSelection": { "residentKey": "preferred", "userVerification": "required" },
        "excludeCredentials": credentials(&registered),
    })
}

fn request(options: RequestOptions) -> Value {
    json!({
        "challenge": encode(&options.challenge),
        "timeout": TIMEOUT.as_millis() as u64,
        "rpId": options.relying_party.id(),
        "allowCredentials": credentials(&options.allowed),
        "userVerification": "required",
    })
}

fn credentials(ids: &[Vec<u8>]) -> Vec<Value> {
    ids.iter().map(|id| json!({ "type": "public-key", "id": encode(id) })).collect()
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
