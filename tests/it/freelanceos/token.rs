//! Tokens are valid for 7 days, and forgeries are refused.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use reqwest::{Method, header::AUTHORIZATION};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

use crate::support::{PASSWORD, START, TestApp, spawn_app};

const SECRET: &[u8] = b"a secret of the tests, long enough to be one";
const REFUSED: &str = "Invalid or expired token";
const ENDED: &str = "You were signed out, please log in again";
const MISSING: &str = "Authentication required";

async fn refused(app: &TestApp, authorization: &str, error: &str) {
    let request = app.request(Method::GET, "/auth/me").header(AUTHORIZATION, authorization);
    let answer = app.send(request).await;
    assert_eq!(answer.error(401), error, "{authorization}");
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
}

/// The claims of a token.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// A token built by hand, without the library that the program uses.
fn sign<D: EagerHash>(algorithm: &str, claims: &Value, secret: &[u8]) -> String {
    let header = json!({ "alg": algorithm, "typ": "JWT" });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(claims));
    let mut mac = Hmac::<D>::new_from_slice(secret).unwrap();
    mac.update(message.as_bytes());
    format!("Bearer {message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The same with the algorithm that the program uses.
fn hs256(claims: &Value, secret: &[u8]) -> String {
    sign::<Sha256>("HS256", claims, secret)
}

#[tokio::test]
async fn a_token_is_valid_for_seven_days() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    app.clock.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_secs(1));
    user.get("/auth/me").await.data(200);
    // One minute of leeway is allowed.
    app.clock.advance(SignedDuration::from_secs(61));
    refused(&app, &format!("Bearer {}", user.token), REFUSED).await;
}

#[tokio::test]
async fn a_token_from_login_is_valid_for_seven_days_too() {
    let app = spawn_app().await;
    app.register("user@example.com").await;
    app.clock.advance(SignedDuration::from_hours(24));
    let credentials = json!({"email": "user@example.com", "password": PASSWORD});
    let answer = app.send(app.request(Method::POST, "/auth/login").json(&credentials)).await;
    let token = answer.data(200)["token"].as_str().unwrap().to_owned();
    app.clock.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_secs(1));
    app.send(app.request(Method::GET, "/auth/me").bearer_auth(&token)).await.data(200);
}

#[tokio::test]
async fn the_scheme_is_matched_regardless_of_case() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let header = format!("{scheme} {}", user.token);
        let request = app.request(Method::GET, "/auth/me").header(AUTHORIZATION, header);
        app.send(request).await.data(200);
    }
}

#[tokio::test]
async fn anything_but_a_bearer_token_is_401() {
    let app = spawn_app().await;
    let token = app.register("user@example.com").await.token;
    app.send(app.request(Method::GET, "/auth/me")).await.error(401);
    for missing in ["", "Bearer", &token, &format!("Basic {token}"), &format!("Token {token}")] {
        refused(&app, missing, MISSING).await;
    }
    for bad in ["x", "a.b.c", "...", "null", "undefined", &token[1..], &token[..token.len() - 2]] {
        refused(&app, &format!("Bearer {bad}"), REFUSED).await;
    }
    let cookie = format!("token={token}; session={token}");
    let request = app.request(Method::GET, "/auth/me").header("cookie", cookie);
    assert_eq!(app.send(request).await.error(401), MISSING);
}

#[tokio::test]
async fn a_token_with_a_wrong_algorithm_secret_type_or_session_is_401() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let own = claims(&user.token);
    let with = |field: &str, value: Value| {
        let mut claims = own.clone();
        claims[field] = value;
        claims
    };
    let start: jiff::Timestamp = START.parse().unwrap();
    assert_eq!(own["exp"], start.as_second() + 7 * 24 * 3600);

    let same = hs256(&own, SECRET);
    let request = app.request(Method::GET, "/auth/me").header(AUTHORIZATION, same);
    app.send(request).await.data(200);

    for forged in [
        sign::<Sha384>("HS384", &own, SECRET),
        sign::<Sha512>("HS512", &own, SECRET),
        hs256(&own, b"another secret, which is long enough too"),
        hs256(&own, b""),
        hs256(&with("typ", json!("refresh")), SECRET),
        hs256(&with("exp", json!(start.as_second() - 61)), SECRET),
    ] {
        refused(&app, &forged, REFUSED).await;
    }
    for session in ["sess_00000000000000000000000000", own["sub"].as_str().unwrap(), ""] {
        refused(&app, &hs256(&with("sid", json!(session)), SECRET), ENDED).await;
    }
    // {"alg":"none"}, with its signature and without one.
    let [_, payload, signature] = user.token.split('.').collect::<Vec<_>>()[..] else { panic!() };
    for signature in [signature, ""] {
        refused(&app, &format!("Bearer eyJhbGciOiJub25lIn0.{payload}.{signature}"), REFUSED).await;
    }
}

#[tokio::test]
async fn a_token_is_valid_only_for_the_account_of_its_session() {
    let app = spawn_app().await;
    let one = app.register("one@example.com").await;
    let two = app.register("two@example.com").await;
    let mut mixed = claims(&one.token);
    mixed["sub"] = claims(&two.token)["sub"].clone();
    refused(&app, &hs256(&mixed, SECRET), ENDED).await;
}
