//! Refused passkeys, and what a refusal must not reveal.

use std::collections::HashSet;

use freelanceos::store::engine::Tx;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::passkey::{creation_options, proof, register, registration, request_options, sign_in};
use crate::support::{
    TestApp, spawn_app,
    webauthn::{Authenticator, PRESENT, VERIFIED, decode, encode},
};

const JOHN: &str = "john@example.com";
const MARY: &str = "mary@example.com";
const NOT_REGISTERED: &str = "Passkey registration failed - invalid attestation";
const NOT_SIGNED_IN: &str = "Passkey authentication failed";

/// An app with a user who has a passkey.
async fn with_passkey() -> (TestApp, Authenticator) {
    let app = spawn_app().await;
    let mut authenticator = Authenticator::new();
    register(&app.register(JOHN).await, &authenticator).await.bare(200);
    authenticator.counter += 1;
    (app, authenticator)
}

#[tokio::test]
async fn a_challenge_works_once() {
    let app = spawn_app().await;
    let user = app.register(JOHN).await;
    let mut authenticator = Authenticator::new();
    let options = creation_options(&user).await;
    let body = registration(&options, authenticator.create(&options));
    user.hub_post("/auth/passkey/register", body.clone()).await.bare(200);
    let answer = user.hub_post("/auth/passkey/register", body).await;
    assert_eq!(answer.refusal(400), NOT_REGISTERED);

    authenticator.counter += 1;
    let options = request_options(&app, JOHN).await;
    let body = proof(JOHN, &options, authenticator.get(&options));
    app.hub_post("/auth/login/verify", body.clone()).await.bare(200);
    let answer = app.hub_post("/auth/login/verify", body).await;
    assert_eq!(answer.refusal(401), NOT_SIGNED_IN);

    // A failure uses it up too.
    authenticator.counter += 1;
    let options = request_options(&app, JOHN).await;
    let (wrong, right) = (Authenticator::new().get(&options), authenticator.get(&options));
    app.hub_post("/auth/login/verify", proof(JOHN, &options, wrong)).await.refusal(401);
    app.hub_post("/auth/login/verify", proof(JOHN, &options, right)).await.refusal(401);
}

#[tokio::test]
async fn a_challenge_expires_after_five_minutes() {
    let (app, mut authenticator) = with_passkey().await;
    for (seconds, is_in_time) in [(299, true), (300, false)] {
        authenticator.counter += 1;
        let options = request_options(&app, JOHN).await;
        app.clock.advance(SignedDuration::from_secs(seconds));
        let body = proof(JOHN, &options, authenticator.get(&options));
        let answer = app.hub_post("/auth/login/verify", body).await;
        assert_eq!(answer.status.is_success(), is_in_time, "{seconds}");
    }
    let mary = app.register(MARY).await;
    let options = creation_options(&mary).await;
    app.clock.advance(SignedDuration::from_secs(300));
    let body = registration(&options, Authenticator::new().create(&options));
    let answer = mary.hub_post("/auth/passkey/register", body).await;
    assert_eq!(answer.refusal(400), NOT_REGISTERED);
    let waiting = || {
        app.database().peek(|connection| {
            let count = "SELECT COUNT(*) FROM passkey_challenges";
            Tx::new(connection).one(count, &[], |row| row.get::<i64>(0))
        })
    };
    assert_eq!(waiting().unwrap(), 2);
    app.app.sweep().await.unwrap();
    assert_eq!(waiting().unwrap(), 0);
}

#[tokio::test]
async fn a_challenge_works_only_for_its_own_purpose() {
    let (app, authenticator) = with_passkey().await;
    let mary = app.register(MARY).await;
    let mut options = creation_options(&mary).await;
    options["rpId"] = "localhost".into();
    let body = proof(MARY, &options, authenticator.get(&options));
    app.hub_post("/auth/login/verify", body).await.refusal(401);
    // The attempt did not use it up.
    let body = registration(&options, Authenticator::new().create(&options));
    mary.hub_post("/auth/passkey/register", body).await.bare(200);

    let mut options = request_options(&app, MARY).await;
    options["rp"] = json!({"id": "localhost"});
    let body = registration(&options, Authenticator::new().create(&options));
    mary.hub_post("/auth/passkey/register", body).await.refusal(400);
}

#[tokio::test]
async fn only_the_newest_five_pending_registrations_can_be_finished() {
    let app = spawn_app().await;
    let user = app.register(JOHN).await;
    let mut begun = Vec::new();
    for _ in 0..7 {
        begun.push(creation_options(&user).await);
        app.clock.advance(SignedDuration::from_secs(1));
    }
    for (index, options) in begun.iter().enumerate() {
        let body = registration(options, Authenticator::new().create(options));
        let answer = user.hub_post("/auth/passkey/register", body).await;
        assert_eq!(answer.status.is_success(), index >= 2, "{index}");
    }
}

/// A fault of the authenticator or of the page.
type Lie = fn(&mut Authenticator);

const LIES: [(&str, Lie); 10] = [
    ("another port", |a| a.origin = "http://localhost:5001".to_owned()),
    ("another scheme", |a| a.origin = "https://localhost:5000".to_owned()),
    ("another host", |a| a.origin = "http://localhost.evil.example:5000".to_owned()),
    ("a host below", |a| a.origin = "http://sub.localhost:5000".to_owned()),
    ("no origin", |a| a.origin = String::new()),
    ("a frame of another's", |a| a.is_embedded = true),
    ("another party", |a| a.rp_id = Some("evil.example".to_owned())),
    ("user not verified", |a| a.flags = PRESENT),
    ("user not present", |a| a.flags = VERIFIED),
    ("nobody there", |a| a.flags = 0),
];

#[tokio::test]
async fn an_incorrect_registration_is_refused() {
    let app = spawn_app().await;
    let user = app.register(JOHN).await;
    for (name, lie) in LIES {
        let mut authenticator = Authenticator::new();
        lie(&mut authenticator);
        let answer = register(&user, &authenticator).await;
        assert_eq!(answer.refusal(400), NOT_REGISTERED, "{name}");
    }
    // An unsupported algorithm, and ids longer than the standard allows.
    let answer = register(&user, &Authenticator::es384()).await;
    assert_eq!(answer.refusal(400), NOT_REGISTERED);
    for length in [0, 1024] {
        let mut authenticator = Authenticator::new();
        authenticator.credential_id = vec![7; length];
        register(&user, &authenticator).await.refusal(400);
    }

    let changes: [(&str, Value); 7] = [
        ("/registrationResponse/id", encode(b"another").into()),
        ("/registrationResponse/rawId", encode(b"another").into()),
        ("/registrationResponse/type", "password".into()),
        ("/registrationResponse/response/clientDataJSON", encode(b"{}").into()),
        ("/registrationResponse/response/attestationObject", encode(b"\xa0").into()),
        ("/registrationResponse/response/attestationObject", "not base64!".into()),
        ("/challenge", encode(&[7; 32]).into()),
    ];
    for (pointer, value) in changes {
        let options = creation_options(&user).await;
        let mut body = registration(&options, Authenticator::new().create(&options));
        *body.pointer_mut(pointer).unwrap() = value;
        let answer = user.hub_post("/auth/passkey/register", body).await;
        assert_eq!(answer.refusal(400), NOT_REGISTERED, "{pointer}");
    }
    assert_eq!(user.hub_get("/auth/passkeys").await.bare(200), &json!([]));
}

#[tokio::test]
async fn an_incorrect_sign_in_is_refused() {
    let (app, mut honest) = with_passkey().await;
    for (name, lie) in LIES {
        let (origin, flags) = (honest.origin.clone(), honest.flags);
        lie(&mut honest);
        let answer = sign_in(&app, JOHN, &honest).await;
        assert_eq!(answer.refusal(401), NOT_SIGNED_IN, "{name}");
        (honest.origin, honest.flags) = (origin, flags);
        (honest.is_embedded, honest.rp_id) = (false, None);
    }
    honest.user_handle = Some(encode(&[7; 16]));
    sign_in(&app, JOHN, &honest).await.refusal(401);
    honest.user_handle = None;

    let flip = |text: &Value, at: usize| {
        let mut bytes = decode(text.as_str().unwrap());
        bytes[at] ^= 1;
        Value::from(encode(&bytes))
    };
    for (part, at) in [("signature", 20), ("signature", 60), ("authenticatorData", 36)] {
        let options = request_options(&app, JOHN).await;
        let mut response = honest.get(&options);
        response["response"][part] = flip(&response["response"][part], at);
        let body = proof(JOHN, &options, response);
        let answer = app.hub_post("/auth/login/verify", body).await;
        assert_eq!(answer.refusal(401), NOT_SIGNED_IN, "{part} {at}");
    }
    for (part, value) in [
        ("signature", String::new()),
        ("signature", encode(b"0")),
        ("authenticatorData", String::new()),
        ("clientDataJSON", encode(b"null")),
        ("clientDataJSON", "not base64!".to_owned()),
    ] {
        let options = request_options(&app, JOHN).await;
        let mut response = honest.get(&options);
        response["response"][part] = value.into();
        let body = proof(JOHN, &options, response);
        app.hub_post("/auth/login/verify", body).await.refusal(401);
    }
    // Signed for one challenge, sent with another.
    let (one, other) = (request_options(&app, JOHN).await, request_options(&app, JOHN).await);
    let body = proof(JOHN, &other, honest.get(&one));
    app.hub_post("/auth/login/verify", body).await.refusal(401);
    // None of this has locked the owner out.
    sign_in(&app, JOHN, &honest).await.bare(200);
}

#[tokio::test]
async fn a_passkey_and_a_challenge_work_only_for_their_own_account() {
    let (app, john) = with_passkey().await;
    let mary_user = app.register(MARY).await;
    let mut mary = Authenticator::new();
    register(&mary_user, &mary).await.bare(200);
    mary.counter += 1;
    // Another user's key for the caller's own challenge.
    sign_in(&app, MARY, &john).await.refusal(401);
    sign_in(&app, JOHN, &mary).await.refusal(401);
    // The caller's own key and challenge with another username.
    let options = request_options(&app, MARY).await;
    let body = proof(JOHN, &options, mary.get(&options));
    app.hub_post("/auth/login/verify", body).await.refusal(401);
    // A registration that another user began.
    let options = creation_options(&mary_user).await;
    let body = registration(&options, Authenticator::new().create(&options));
    let john_user = sign_in(&app, JOHN, &john).await;
    let token = john_user.bare(200)["tokens"]["accessToken"].as_str().unwrap();
    let request = app.hub(Method::POST, "/auth/passkey/register").bearer_auth(token);
    let answer = app.send(request.json(&body)).await;
    assert_eq!(answer.refusal(400), NOT_REGISTERED);
    // The attempt did not use it up.
    mary_user.hub_post("/auth/passkey/register", body).await.bare(200);
}

#[tokio::test]
async fn a_counter_that_does_not_increase_is_refused() {
    let (app, mut authenticator) = with_passkey().await;
    authenticator.counter = 7;
    sign_in(&app, JOHN, &authenticator).await.bare(200);
    for counter in [7, 6, 0] {
        authenticator.counter = counter;
        let answer = sign_in(&app, JOHN, &authenticator).await;
        assert_eq!(answer.refusal(401), NOT_SIGNED_IN, "{counter}");
    }
    // Earlier challenges do not override a counter that has increased since.
    let (one, other) = (request_options(&app, JOHN).await, request_options(&app, JOHN).await);
    authenticator.counter = 9;
    let body = proof(JOHN, &one, authenticator.get(&one));
    app.hub_post("/auth/login/verify", body).await.bare(200);
    for counter in [8, 9] {
        authenticator.counter = counter;
        let body = proof(JOHN, &other, authenticator.get(&other));
        app.hub_post("/auth/login/verify", body).await.refusal(401);
    }
}

#[tokio::test]
async fn of_concurrent_sign_ins_with_the_same_counter_one_succeeds() {
    let (app, authenticator) = with_passkey().await;
    let mut bodies = Vec::new();
    for _ in 0..4 {
        let options = request_options(&app, JOHN).await;
        bodies.push(proof(JOHN, &options, authenticator.get(&options)));
    }
    let mut running = tokio::task::JoinSet::new();
    for body in bodies {
        let request = app.hub(Method::POST, "/auth/login/verify").json(&body);
        running.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let mut statuses = running.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401]);
}

#[tokio::test]
async fn locked_and_pending_accounts_cannot_sign_in() {
    let (app, mut authenticator) = with_passkey().await;
    let before = request_options(&app, JOHN).await;
    app.app.set_disabled(JOHN.to_owned(), true).await.unwrap();
    let body = proof(JOHN, &before, authenticator.get(&before));
    assert_eq!(app.hub_post("/auth/login/verify", body).await.refusal(401), NOT_SIGNED_IN);
    let locked = request_options(&app, JOHN).await;
    assert_ne!(locked["allowCredentials"], before["allowCredentials"]);
    sign_in(&app, JOHN, &authenticator).await.refusal(401);
    app.app.set_disabled(JOHN.to_owned(), false).await.unwrap();
    authenticator.counter += 1;
    sign_in(&app, JOHN, &authenticator).await.bare(200);

    app.hub_post("/auth/register", super::registration(MARY, "mary")).await.bare(201);
    sign_in(&app, MARY, &authenticator).await.refusal(401);
}

#[tokio::test]
async fn an_unknown_identifier_gets_the_same_response_as_a_known_one() {
    let (app, authenticator) = with_passkey().await;
    app.register(MARY).await;
    let pending = super::registration("pending@example.com", "pending");
    app.hub_post("/auth/register", pending).await.bare(201);
    let known = request_options(&app, JOHN).await;
    let shape = |options: &Value| {
        let keys: Vec<_> = options.as_object().unwrap().keys().cloned().collect();
        let credentials = options["allowCredentials"].as_array().unwrap();
        let credential: Vec<_> = credentials[0].as_object().unwrap().keys().cloned().collect();
        let challenge = decode(options["challenge"].as_str().unwrap()).len();
        (keys, credentials.len(), credential, challenge, options["timeout"].clone())
    };
    let mut ids = HashSet::new();
    let mut lengths = HashSet::new();
    let unknown: Vec<_> = (0..30).map(|n| format!("nobody{n}@example.com")).collect();
    let named = [MARY, "pending@example.com", "nobody"];
    for identifier in named.into_iter().chain(unknown.iter().map(String::as_str)) {
        let options = request_options(&app, identifier).await;
        assert_eq!(shape(&options), shape(&known), "{identifier}");
        let id = options["allowCredentials"][0]["id"].as_str().unwrap().to_owned();
        lengths.insert(decode(&id).len());
        // The ids stay the same for repeated requests in any case.
        let again = request_options(&app, &identifier.to_uppercase()).await;
        assert_eq!(again["allowCredentials"][0]["id"], id);
        assert_ne!(again["challenge"], options["challenge"]);
        assert!(ids.insert(id), "{identifier}");

        // An impostor cannot sign in with one, and gets the usual refusal.
        let mut imposter = Authenticator::new();
        imposter.credential_id = decode(options["allowCredentials"][0]["id"].as_str().unwrap());
        let body = proof(identifier, &options, imposter.get(&options));
        let refused = app.hub_post("/auth/login/verify", body).await;
        assert_eq!(refused.refusal(401), NOT_SIGNED_IN);
    }
    // An account gets the same response by email and by username, with or without passkeys.
    let by_name =
        async |identifier| request_options(&app, identifier).await["allowCredentials"].clone();
    assert_eq!(by_name("pending").await, by_name("pending@example.com").await);
    assert!(lengths.len() > 2 && lengths.iter().all(|length| (16..=64).contains(length)));
    // A valid key does not work under an unknown email either.
    let options = request_options(&app, JOHN).await;
    let body = proof("nobody@example.com", &options, authenticator.get(&options));
    app.hub_post("/auth/login/verify", body).await.refusal(401);
}
