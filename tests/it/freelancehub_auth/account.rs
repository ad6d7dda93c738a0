//! Registration with a role, one-time passwords, the shared login, and the profile.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use super::{HUB_PASSWORD, registration, verified, wrong};
use crate::{
    freelanceos::shown,
    support::{PASSWORD, TestApp, spawn_app},
};

const EMAIL: &str = "john@example.com";

async fn verify(app: &TestApp, otp: &str) -> crate::support::Answer {
    app.post("/auth/verify-otp", json!({"email": EMAIL, "otp": otp})).await
}

#[tokio::test]
async fn the_documented_flow_from_registration_to_profile_works() {
    let app = spawn_app().await;
    let registered = app.post("/auth/register", registration(EMAIL)).await;
    assert_eq!(
        *registered.bare(201),
        json!({"message": "Registration successful. Please verify your email with the OTP sent."})
    );
    let verified = verify(&app, &app.code_of(EMAIL).await).await;
    insta::assert_snapshot!(shown(verified.bare(200)), @r##"
    {
      "message": "Email verified successfully",
      "access_token": "…",
      "refresh_token": "…",
      "user": {
        "id": "user_…",
        "email": "john@example.com",
        "name": "John Doe",
        "role": "freelancer"
      }
    }
    "##);

    let credentials = json!({"email": EMAIL, "password": HUB_PASSWORD});
    let login = app.post("/auth/login", credentials).await;
    insta::assert_snapshot!(shown(login.bare(200)), @r##"
    {
      "success": true,
      "data": {
        "token": "…",
        "user": {
          "id": "user_…",
          "email": "john@example.com",
          "firstName": "John",
          "lastName": "Doe",
          "currency": "USD",
          "timezone": "Africa/Lagos",
          "createdAt": "2026-03-18T12:00:00Z",
          "updatedAt": "2026-03-18T12:00:00Z",
          "role": "freelancer",
          "emailVerified": true
        }
      },
      "access_token": "…",
      "refresh_token": "…",
      "user": {
        "id": "user_…",
        "email": "john@example.com",
        "name": "John Doe",
        "role": "freelancer"
      }
    }
    "##);

    let refresh = json!({"refreshToken": login.body["refresh_token"]});
    let refreshed = app.post("/auth/refresh", refresh).await;
    insta::assert_snapshot!(shown(refreshed.bare(200)), @r##"
    {
      "accessToken": "…",
      "access_token": "…"
    }
    "##);
    let token = refreshed.body["accessToken"].as_str().unwrap();
    let profile = app.send(app.request(Method::GET, "/auth/profile").bearer_auth(token)).await;
    insta::assert_snapshot!(shown(profile.bare(200)), @r##"
    {
      "id": "user_…",
      "email": "john@example.com",
      "name": "John Doe",
      "role": "freelancer",
      "emailVerified": true,
      "lastLoginAt": "2026-03-18T12:00:00Z",
      "isActive": true,
      "createdAt": "2026-03-18T12:00:00Z",
      "updatedAt": "2026-03-18T12:00:00Z"
    }
    "##);
}

#[tokio::test]
async fn any_role_in_the_body_selects_this_document() {
    let app = spawn_app().await;
    for role in [json!("admin"), json!(null), json!(5), json!("")] {
        let mut body = registration(EMAIL);
        body["role"] = role;
        let answer = app.post("/auth/register", body).await;
        let message = answer.refusal(400);
        assert!(message[0].as_str().unwrap().starts_with("role "), "{message}");
    }
    let mut body = registration(EMAIL);
    body.as_object_mut().unwrap().remove("role");
    app.post("/auth/register", body).await.data(201);
}

#[tokio::test]
async fn every_invalid_field_is_reported_in_the_words_and_order_of_the_document() {
    let app = spawn_app().await;
    let answer = app.post("/auth/register", json!({"role": "boss", "email": "john@"})).await;
    assert_eq!(
        answer.body,
        json!({
            "statusCode": 400,
            "message": [
                "firstName should not be empty",
                "lastName should not be empty",
                "email must be a valid email",
                "password should not be empty",
                "role must be one of the following values: freelancer, client",
            ],
            "error": "Bad Request",
        })
    );
    let answer = app.post("/auth/verify-otp", json!({"email": EMAIL, "otp": "12345"})).await;
    assert_eq!(*answer.refusal(400), json!(["otp must be exactly 6 digits"]));
}

#[tokio::test]
async fn a_password_must_match_the_documented_pattern_exactly() {
    let app = spawn_app().await;
    let long = format!("aA1!{}", "x".repeat(125));
    for (n, (password, fits)) in [
        ("securepass1!", true),
        ("SECUREPASS1!", false),
        ("#secure1!", false),
        ("secure pass 1!", true),
        ("!secure1", true),
        ("secure1#", false),
        ("securepass!", false),
        ("sec1!", false),
        ("éa1!bcdefg", false),
        ("aaaa\n1!aaaa", false),
        (long.as_str(), false),
        (&long[..128], true),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = registration(&format!("user{n}@example.com"));
        body["password"] = password.into();
        let answer = app.post("/auth/register", body).await;
        assert_eq!(answer.status, if fits { 201 } else { 400 }, "{password:?} {}", answer.body);
    }
}

#[tokio::test]
async fn an_existing_email_is_409_on_every_api() {
    let app = spawn_app().await;
    app.post("/auth/register", registration("John@Example.com")).await.bare(201);
    let again = app.post("/auth/register", registration(EMAIL)).await;
    assert_eq!(*again.refusal(409), "User already exists");
    let mut other = registration(EMAIL);
    other.as_object_mut().unwrap().remove("role");
    let other = app.post("/auth/register", other).await;
    assert_eq!(other.error(409), "An account with this email already exists");
}

#[tokio::test]
async fn a_pending_account_cannot_sign_in_until_its_email_is_verified() {
    let app = spawn_app().await;
    app.post("/auth/register", registration(EMAIL)).await.bare(201);
    let credentials = json!({"email": EMAIL, "password": HUB_PASSWORD});
    let refused = app.post("/auth/login", credentials.clone()).await;
    let unknown = json!({"email": "nobody@example.com", "password": HUB_PASSWORD});
    assert_eq!(refused.body, app.post("/auth/login", unknown).await.body);
    assert_eq!(refused.error(401), "Invalid email or password");
    verify(&app, &app.code_of(EMAIL).await).await.bare(200);
    app.post("/auth/login", credentials).await.bare(200);
}

#[tokio::test]
async fn five_wrong_otps_void_the_code_and_a_new_one_works() {
    let app = spawn_app().await;
    app.post("/auth/register", registration(EMAIL)).await.bare(201);
    let otp = app.code_of(EMAIL).await;
    for _ in 0..5 {
        assert_eq!(*verify(&app, &wrong(&otp)).await.refusal(400), "Invalid or expired OTP");
    }
    assert_eq!(*verify(&app, &otp).await.refusal(400), "Invalid or expired OTP");
    let said = app.post("/auth/resend-otp", json!({"email": EMAIL})).await;
    let unknown = app.post("/auth/resend-otp", json!({"email": "nobody@example.com"})).await;
    assert_eq!(said.bare(200), unknown.bare(200));
    let fresh = app.code_of(EMAIL).await;
    assert_ne!(fresh, otp);
    verify(&app, &fresh).await.bare(200);
    assert_eq!(app.mails().await.len(), 2, "an unknown address gets no mail");
}

#[tokio::test]
async fn four_wrong_otps_leave_the_right_one_valid() {
    let app = spawn_app().await;
    app.post("/auth/register", registration(EMAIL)).await.bare(201);
    let otp = app.code_of(EMAIL).await;
    for _ in 0..4 {
        verify(&app, &wrong(&otp)).await.refusal(400);
    }
    verify(&app, &otp).await.bare(200);
}

#[tokio::test]
async fn only_the_newest_otp_works_once_before_it_expires() {
    let app = spawn_app().await;
    app.post("/auth/register", registration(EMAIL)).await.bare(201);
    let first = app.code_of(EMAIL).await;
    app.clock.advance(SignedDuration::from_secs(600));
    assert_eq!(*verify(&app, &first).await.refusal(400), "Invalid or expired OTP");
    app.post("/auth/resend-otp", json!({"email": EMAIL})).await.bare(200);
    let second = app.code_of(EMAIL).await;
    verify(&app, &first).await.refusal(400);
    app.clock.advance(SignedDuration::from_secs(599));
    verify(&app, &second).await.bare(200);
    verify(&app, &second).await.refusal(400);
    // There is nothing left to verify.
    app.post("/auth/resend-otp", json!({"email": EMAIL})).await.bare(200);
    assert_eq!(app.mails().await.len(), 2);
}

#[tokio::test]
async fn of_two_concurrent_uses_of_an_otp_one_signs_in() {
    let app = spawn_app().await;
    app.post("/auth/register", registration(EMAIL)).await.bare(201);
    let otp = app.code_of(EMAIL).await;
    let (one, two) = futures_util::join!(verify(&app, &otp), verify(&app, &otp));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test]
async fn an_otp_of_another_account_does_not_work() {
    let app = spawn_app().await;
    app.post("/auth/register", registration(EMAIL)).await.bare(201);
    app.post("/auth/register", registration("other@example.com")).await.bare(201);
    let (his, hers) = (app.code_of("other@example.com").await, app.code_of(EMAIL).await);
    assert_ne!(his, hers);
    verify(&app, &his).await.refusal(400);
    verify(&app, &hers).await.bare(200);
}

#[tokio::test]
async fn an_account_created_here_works_with_all_three_apis() {
    let app = spawn_app().await;
    let token = verified(&app, EMAIL).await.bare(200)["access_token"].as_str().unwrap().to_owned();
    let os = app.send(app.request(Method::GET, "/auth/me").bearer_auth(&token)).await;
    assert_eq!(os.data(200)["email"], EMAIL);
    let hub = app.send(app.hub(Method::GET, "/auth/me").bearer_auth(&token)).await;
    assert_eq!(hub.bare(200)["isEmailVerified"], true);
    assert_eq!(hub.bare(200)["username"], json!(null));
    let login = json!({"email": EMAIL, "password": HUB_PASSWORD});
    app.hub_post("/auth/login", login).await.bare(200);
}

#[tokio::test]
async fn a_freelanceos_account_is_active_but_unverified_until_a_code_verifies_it() {
    let app = spawn_app().await;
    let user = app.register(EMAIL).await;
    let profile = user.get("/auth/profile").await;
    assert_eq!(profile.bare(200)["emailVerified"], false);
    assert_eq!(profile.bare(200)["isActive"], true);
    assert_eq!(profile.bare(200)["role"], "freelancer");
    assert_eq!(profile.bare(200)["lastLoginAt"], json!(null));
    app.post("/auth/resend-otp", json!({"email": EMAIL})).await.bare(200);
    let proof = json!({"email": EMAIL, "otp": app.code_of(EMAIL).await});
    user.post("/auth/verify-otp", proof).await.bare(200);
    let credentials = json!({"email": EMAIL, "password": PASSWORD});
    app.post("/auth/login", credentials).await.bare(200);
    let profile = user.get("/auth/profile").await;
    assert_eq!(profile.bare(200)["emailVerified"], true);
    assert_eq!(profile.bare(200)["lastLoginAt"], "2026-03-18T12:00:00Z");
}

#[tokio::test]
async fn errors_of_every_route_have_the_format_of_this_document() {
    let app = spawn_app().await;
    for (method, path, status, message) in [
        (Method::GET, "/auth/profile", 401, "Authentication required"),
        (Method::GET, "/auth/verify-otp", 405, "Method not allowed"),
        (Method::POST, "/auth/verify-otp", 415, "Content-Type must be application/json"),
        (Method::DELETE, "/auth/refresh", 405, "Method not allowed"),
    ] {
        let answer = app.send(app.request(method, path)).await;
        assert_eq!(*answer.refusal(status), message, "{path}");
    }
    let garbled = app.request(Method::POST, "/auth/refresh").body("{");
    let answer = app.send(garbled.header("Content-Type", "application/json")).await;
    assert_eq!(*answer.refusal(400), "The request body is not valid JSON");
    let large = app.request(Method::POST, "/auth/resend-otp").body(vec![b' '; 2 << 20]);
    let answer = app.send(large.header("Content-Type", "application/json")).await;
    assert_eq!(*answer.refusal(413), "Payload Too Large");
}
