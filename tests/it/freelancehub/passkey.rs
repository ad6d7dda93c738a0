//! Passkeys: registration, listing, deletion and sign-in.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use webauthn_authenticator_rs::{WebauthnAuthenticator, softpasskey::SoftPasskey};

use super::{sign_up, two_factor::Guarded};
use crate::support::{
    Answer, ORIGIN, Options, PUBLIC_URL, TestApp, User, spawn_app, spawn_app_with,
    webauthn::{Authenticator, decode, encode},
};

/// The options for creating a passkey.
pub async fn creation_options(user: &User<'_>) -> Value {
    let request = user.hub(Method::POST, "/auth/passkey/registration-challenge");
    user.app.send(request).await.bare(200).clone()
}

/// The body that registers an authenticator's response.
pub fn registration(options: &Value, response: Value) -> Value {
    json!({
        "name": "iPhone TouchID",
        "registrationResponse": response,
        "challenge": options["challenge"],
    })
}

/// Registers a passkey and returns the response.
pub async fn register(user: &User<'_>, authenticator: &Authenticator) -> Answer {
    let options = creation_options(user).await;
    let body = registration(&options, authenticator.create(&options));
    user.hub_post("/auth/passkey/register", body).await
}

/// The options for signing in.
pub async fn request_options(app: &TestApp, identifier: &str) -> Value {
    let body = json!({ "identifier": identifier });
    app.hub_post("/auth/login/challenge", body).await.bare(200).clone()
}

/// The body that signs in with an authenticator's signature.
pub fn proof(identifier: &str, options: &Value, response: Value) -> Value {
    json!({
        "identifier": identifier,
        "authenticationResponse": response,
        "challenge": options["challenge"],
    })
}

/// Signs in and returns the response.
pub async fn sign_in(app: &TestApp, identifier: &str, authenticator: &Authenticator) -> Answer {
    let options = request_options(app, identifier).await;
    let body = proof(identifier, &options, authenticator.get(&options));
    app.hub_post("/auth/login/verify", body).await
}

#[tokio::test]
async fn a_passkey_is_registered_and_signs_in() {
    let app = spawn_app().await;
    let user = app.register("john.doe@example.com").await;
    let mut authenticator = Authenticator::new();
    let answer = register(&user, &authenticator).await;
    assert_eq!(
        answer.bare(200),
        &json!({"success": true, "message": "Passkey registered successfully"})
    );

    app.clock.advance(SignedDuration::from_hours(1));
    authenticator.counter += 1;
    let answer = sign_in(&app, "John.Doe@example.com", &authenticator).await;
    let body = answer.bare(200);
    assert_eq!(
        (&body["success"], &body["message"]),
        (&json!(true), &json!("Authentication successful"))
    );
    let expected = json!({
        "id": user.id, "email": "john.doe@example.com", "username": null,
        "roles": ["freelancer"],
    });
    assert_eq!(body["user"], expected);
    assert_eq!(body["tokens"]["expiresIn"], 3600);
    let keys: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["success", "message", "user", "tokens"]);

    let token = body["tokens"]["accessToken"].as_str().unwrap();
    let me = app.send(app.hub(Method::GET, "/auth/me").bearer_auth(token)).await;
    assert_eq!(me.bare(200)["id"], user.id);
    let refresh = json!({"refreshToken": body["tokens"]["refreshToken"]});
    app.hub_post("/auth/refresh", refresh).await.bare(200);
    let profile = user.get("/auth/profile").await;
    assert_eq!(profile.bare(200)["lastLoginAt"], "2026-03-18T13:00:00Z");
    let passkeys = user.hub_get("/auth/passkeys").await;
    let passkey = &passkeys.bare(200)[0];
    assert_eq!(passkey["createdAt"], "2026-03-18T12:00:00Z");
    assert_eq!(passkey["lastUsedAt"], "2026-03-18T13:00:00Z");
}

#[tokio::test]
async fn an_authenticator_from_another_implementation_registers_and_signs_in() {
    let app = spawn_app().await;
    let user = app.register("john.doe@example.com").await;
    let mut soft = SoftPasskey::new(true);
    let origin = PUBLIC_URL.parse().unwrap();
    let mut options = creation_options(&user).await;
    // It emulates a roaming security key.
    options["authenticatorSelection"]["authenticatorAttachment"] = Value::Null;
    options["authenticatorSelection"]["requireResidentKey"] = false.into();
    let asked = serde_json::from_value(json!({"publicKey": options})).unwrap();
    let made = serde_json::to_value(soft.do_registration(origin, asked).unwrap()).unwrap();
    user.hub_post("/auth/passkey/register", registration(&options, made)).await.bare(200);

    for _ in 0..2 {
        let options = request_options(&app, "john.doe@example.com").await;
        let asked = serde_json::from_value(json!({"publicKey": options})).unwrap();
        let origin = PUBLIC_URL.parse().unwrap();
        let signed = serde_json::to_value(soft.do_authentication(origin, asked).unwrap()).unwrap();
        let body = proof("john.doe@example.com", &options, signed);
        app.hub_post("/auth/login/verify", body).await.bare(200);
    }
}

#[tokio::test]
async fn the_options_match_the_document() {
    let app = spawn_app().await;
    let user = app.register("john.doe@example.com").await;
    let options = creation_options(&user).await;
    let (challenge, id) = (&options["challenge"], &options["user"]["id"]);
    assert_eq!(decode(challenge.as_str().unwrap()).len(), 32);
    assert_eq!(decode(id.as_str().unwrap()).len(), 16);
    // Written as a string, since the order of keys matters.
    assert_eq!(
        options.to_string(),
        format!(r#"{{"challenge":{challenge},"rp":{{"name":"FreelanceHub","id":"localhost"}},"#)
            + &format!(
                r#""user":{{"id":{id},"name":"john.doe@example.com","displayName":"John Doe"}},"#
            )
            + r#""pubKeyCredParams":[{"type":"public-key","alg":-7},"#
            + r#"{"type":"public-key","alg":-257}],"timeout":60000,"attestation":"none","#
            + r#""authenticatorSelection":{"authenticatorAttachment":"platform","#
            + r#""userVerification":"required"}}"#
    );

    let authenticator = Authenticator::new();
    register(&user, &authenticator).await.bare(200);
    let credential = json!([
        {"type": "public-key", "id": encode(&authenticator.credential_id)}
    ]);
    let again = creation_options(&user).await;
    assert_eq!(again["excludeCredentials"], credential);
    assert_eq!(again["user"]["id"], *id);
    assert_ne!(again["challenge"], *challenge);

    let options = request_options(&app, "john.doe@example.com").await;
    let challenge = &options["challenge"];
    assert_eq!(
        options.to_string(),
        format!(r#"{{"challenge":{challenge},"timeout":60000,"rpId":"localhost","#)
            + &format!(r#""allowCredentials":{credential},"userVerification":"required"}}"#)
    );
}

#[tokio::test]
async fn the_username_signs_in_regardless_of_case() {
    let app = spawn_app().await;
    let user = sign_up(&app, "john.doe@example.com", "johndoe123", "freelancer").await;
    let mut authenticator = Authenticator::new();
    register(&user, &authenticator).await.bare(200);
    for identifier in ["johndoe123", "JohnDoe123", "  john.doe@EXAMPLE.com "] {
        authenticator.counter += 1;
        let answer = sign_in(&app, identifier, &authenticator).await;
        assert_eq!(answer.bare(200)["user"]["username"], "johndoe123");
    }
    // A challenge requested with the username may be answered with the email.
    authenticator.counter += 1;
    let options = request_options(&app, "johndoe123").await;
    let body = proof("john.doe@example.com", &options, authenticator.get(&options));
    app.hub_post("/auth/login/verify", body).await.bare(200);
}

#[tokio::test]
async fn a_passkey_needs_no_second_factor() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "john.doe@example.com").await;
    let mut authenticator = Authenticator::new();
    register(&guarded.user, &authenticator).await.bare(200);
    guarded.login(None).await.refusal(401);
    authenticator.counter += 1;
    sign_in(&app, guarded.email, &authenticator).await.bare(200);
}

#[tokio::test]
async fn an_rs256_key_is_accepted_too() {
    let app = spawn_app().await;
    let user = app.register("john.doe@example.com").await;
    let mut authenticator = Authenticator::rsa();
    register(&user, &authenticator).await.bare(200);
    authenticator.counter += 1;
    sign_in(&app, "john.doe@example.com", &authenticator).await.bare(200);
}

#[tokio::test]
async fn an_authenticator_without_a_counter_can_sign_in_repeatedly() {
    let app = spawn_app().await;
    let user = app.register("john.doe@example.com").await;
    let mut authenticator = Authenticator::new();
    authenticator.counter = 0;
    authenticator.user_handle =
        Some(creation_options(&user).await["user"]["id"].as_str().unwrap().to_owned());
    register(&user, &authenticator).await.bare(200);
    for _ in 0..3 {
        sign_in(&app, "john.doe@example.com", &authenticator).await.bare(200);
    }
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_on_the_same_host_may_use_passkeys() {
    let app = spawn_app().await;
    let user = app.register("john.doe@example.com").await;
    let mut authenticator = Authenticator::new();
    authenticator.origin = ORIGIN.to_owned();
    register(&user, &authenticator).await.bare(200);
    authenticator.counter += 1;
    sign_in(&app, "john.doe@example.com", &authenticator).await.bare(200);
}

#[tokio::test]
async fn passkeys_are_listed_newest_first_and_deleted_only_by_their_owner() {
    let app = spawn_app().await;
    let (john, mary) =
        (app.register("john@example.com").await, app.register("mary@example.com").await);
    let (first, second) = (Authenticator::new(), Authenticator::new());
    register(&john, &first).await.bare(200);
    app.clock.advance(SignedDuration::from_secs(1));
    register(&john, &second).await.bare(200);

    let list = john.hub_get("/auth/passkeys").await;
    let list = list.bare(200).as_array().unwrap();
    assert_eq!(list.len(), 2);
    let keys: Vec<_> = list[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "name", "createdAt", "lastUsedAt"]);
    assert_eq!(list[0]["createdAt"], "2026-03-18T12:00:01Z");
    assert_eq!(list[0]["lastUsedAt"], Value::Null);
    assert_eq!(list[0]["name"], "iPhone TouchID");
    assert_eq!(mary.hub_get("/auth/passkeys").await.bare(200), &json!([]));

    let path = format!("/auth/passkeys/{}", list[0]["id"].as_str().unwrap());
    for path in [&*path, "/auth/passkeys/passkey_01", "/auth/passkeys/x"] {
        assert_eq!(mary.hub_delete(path).await.refusal(404), "Passkey not found");
    }
    let answer = john.hub_delete(&path).await;
    assert_eq!(
        answer.bare(200),
        &json!({"success": true, "message": "Passkey deleted successfully"})
    );
    john.hub_delete(&path).await.refusal(404);
    assert_eq!(john.hub_get("/auth/passkeys").await.bare(200).as_array().unwrap().len(), 1);

    // A deleted passkey cannot sign in, not even with an earlier challenge.
    sign_in(&app, "john@example.com", &second).await.refusal(401);
    let options = request_options(&app, "john@example.com").await;
    let path = format!("/auth/passkeys/{}", list[1]["id"].as_str().unwrap());
    john.hub_delete(&path).await.bare(200);
    let body = proof("john@example.com", &options, first.get(&options));
    app.hub_post("/auth/login/verify", body).await.refusal(401);
}

#[tokio::test]
async fn a_passkey_is_registered_once_and_an_account_has_at_most_twenty() {
    let app = spawn_app().await;
    let (john, mary) =
        (app.register("john@example.com").await, app.register("mary@example.com").await);
    let authenticator = Authenticator::new();
    register(&john, &authenticator).await.bare(200);
    for user in [&john, &mary] {
        let answer = register(user, &authenticator).await;
        assert_eq!(answer.refusal(409), "This passkey is already registered");
    }
    for _ in 0..18 {
        register(&john, &Authenticator::new()).await.bare(200);
    }
    // Two registrations begin while there is room for one.
    let (last, late) = (creation_options(&john).await, creation_options(&john).await);
    let body = registration(&last, Authenticator::new().create(&last));
    john.hub_post("/auth/passkey/register", body).await.bare(200);
    let body = registration(&late, Authenticator::new().create(&late));
    john.hub_post("/auth/passkey/register", body).await.refusal(409);
    john.hub_post("/auth/passkey/registration-challenge", json!({})).await.refusal(409);
    assert_eq!(john.hub_get("/auth/passkeys").await.bare(200).as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn without_a_host_name_in_the_public_url_passkeys_report_it_and_everything_else_works() {
    let public_url = Some("http://192.0.2.7:5000");
    let app = spawn_app_with(Options { public_url, ..Options::default() }).await;
    let user = app.register("john.doe@example.com").await;
    let authenticator = Authenticator::new();
    let options = json!({"challenge": "AAAA", "rp": {"id": "x"}, "rpId": "x"});
    let answers = [
        user.hub_post("/auth/passkey/registration-challenge", json!({})).await,
        user.hub_post(
            "/auth/passkey/register",
            registration(&options, authenticator.create(&options)),
        )
        .await,
        app.hub_post("/auth/login/challenge", json!({"identifier": "john.doe@example.com"})).await,
        app.hub_post("/auth/login/verify", proof("john", &options, authenticator.get(&options)))
            .await,
    ];
    for answer in answers {
        assert!(answer.refusal(409).as_str().unwrap().contains("PUBLIC_URL"));
    }
    assert_eq!(user.hub_get("/auth/passkeys").await.bare(200), &json!([]));
    // Without a token the response is only 401.
    let request = app.hub(Method::POST, "/auth/passkey/registration-challenge");
    app.send(request).await.refusal(401);
}
