//! Registration, email verification, sign-in and password reset.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{HUB_PASSWORD, registration, sign_up};
use crate::{
    freelancehub_auth::wrong,
    freelanceos::shown,
    support::{Answer, Options, PASSWORD, PUBLIC_URL, TestApp, spawn_app, spawn_app_with},
};

const EMAIL: &str = "john.doe@example.com";

async fn register(app: &TestApp) {
    app.hub_post("/auth/register", registration(EMAIL, "johndoe123")).await.bare(201);
}

async fn login(app: &TestApp) -> Answer {
    let body = json!({"email": EMAIL, "password": HUB_PASSWORD});
    app.hub_post("/auth/login", body).await
}

/// The token in the link of the only email.
async fn link_token(app: &TestApp) -> String {
    let mails = app.mails().await;
    let start = format!("{PUBLIC_URL}/verify-email?token=");
    let text = &mails.last().unwrap().text;
    let (_, rest) = text.split_once(&start).unwrap_or_else(|| panic!("{text}"));
    rest.split('&').next().unwrap().to_owned()
}

#[tokio::test]
async fn registration_verification_and_login_match_the_document() {
    let app = spawn_app().await;
    let answer = app.hub_post("/auth/register", registration(EMAIL, "johndoe123")).await;
    assert_eq!(
        *answer.bare(201),
        json!({
            "message": "User registered successfully. Please check your email for verification.",
            "verificationRequired": true,
        })
    );
    let refused = login(&app).await;
    assert_eq!(
        refused.body,
        json!({
            "statusCode": 401,
            "message": "Invalid credentials or email not verified",
            "error": "Unauthorized",
        })
    );
    let token = link_token(&app).await;
    assert!(token.starts_with("eyJ"));
    let verified =
        app.hub_post("/auth/verify-email", json!({"token": token, "email": EMAIL})).await;
    assert_eq!(
        *verified.bare(200),
        json!({"success": true, "message": "Email verified successfully"})
    );
    insta::assert_snapshot!(shown(login(&app).await.bare(200)), @r##"
    {
      "success": true,
      "message": "Login successful",
      "user": {
        "id": "user_…",
        "email": "john.doe@example.com",
        "username": "johndoe123",
        "firstName": "John",
        "lastName": "Doe",
        "roles": [
          "freelancer"
        ],
        "isEmailVerified": true,
        "profile": {
          "avatar": null,
          "location": {
            "country": "Sri Lanka",
            "city": "Colombo"
          }
        }
      },
      "tokens": {
        "accessToken": "…",
        "refreshToken": "…",
        "expiresIn": 3600
      },
      "accessToken": "…",
      "refreshToken": "…",
      "expiresIn": 3600
    }
    "##);
}

#[tokio::test]
async fn an_email_can_be_verified_with_its_code_too() {
    let app = spawn_app().await;
    register(&app).await;
    let body = json!({"email": EMAIL, "type": "verification"});
    let sent = app.hub_post("/auth/send-email-otp", body).await;
    assert_eq!(
        *sent.bare(200),
        json!({"message": "OTP sent successfully to your email", "expiresIn": 300})
    );
    let otp = app.code_of(EMAIL).await;
    let proof = json!({"email": EMAIL, "otp": otp});
    let verified = app.hub_post("/auth/verify-email-otp", proof.clone()).await;
    assert_eq!(
        *verified.bare(200),
        json!({"success": true, "message": "Email verified successfully"})
    );
    login(&app).await.bare(200);
    let again = app.hub_post("/auth/verify-email-otp", proof).await;
    assert_eq!(*again.refusal(400), "Invalid or expired OTP");
}

#[tokio::test]
async fn a_link_works_once_within_a_day_and_for_its_own_email() {
    let app = spawn_app().await;
    register(&app).await;
    let token = link_token(&app).await;
    let verify = async |token: &str, email: &str| {
        app.hub_post("/auth/verify-email", json!({"token": token, "email": email})).await
    };
    app.hub_post("/auth/register", registration("other@example.com", "other")).await.bare(201);
    for (token, email) in [
        (token.as_str(), "other@example.com"),
        (token.as_str(), "nobody@example.com"),
        ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...", EMAIL),
        ("", EMAIL),
    ] {
        let answer = verify(token, email).await;
        assert_eq!(*answer.refusal(400), "Invalid or expired verification token");
    }
    app.clock.advance(SignedDuration::from_secs(86_399));
    verify(&token, EMAIL).await.bare(200);
    verify(&token, EMAIL).await.refusal(400);
    let late = link_token(&app).await;
    app.clock.advance(SignedDuration::from_secs(1));
    verify(&late, "other@example.com").await.refusal(400);
}

#[tokio::test]
async fn a_code_works_only_for_its_own_purpose() {
    let app = spawn_app().await;
    register(&app).await;
    let verification = app.code_of(EMAIL).await;
    let reset = json!({"email": EMAIL, "otp": verification, "newPassword": "Another1!pass"});
    app.hub_post("/auth/reset-password", reset).await.refusal(400);
    let body = json!({"email": EMAIL, "type": "password_reset"});
    app.hub_post("/auth/send-email-otp", body).await.bare(200);
    let reset = app.code_of(EMAIL).await;
    assert_ne!(reset, verification);
    let proof = json!({"email": EMAIL, "otp": reset});
    app.hub_post("/auth/verify-email-otp", proof).await.refusal(400);
    let body = json!({"email": EMAIL, "otp": reset, "newPassword": "Another1!pass"});
    app.hub_post("/auth/reset-password", body).await.bare(200);
    // Reading the email also verified the address.
    let login = json!({"email": EMAIL, "password": "Another1!pass"});
    let login = app.hub_post("/auth/login", login).await;
    assert_eq!(login.bare(200)["user"]["isEmailVerified"], true);
}

#[tokio::test]
async fn five_wrong_codes_void_a_password_reset() {
    let app = spawn_app().await;
    register(&app).await;
    app.hub_post("/auth/forgot-password", json!({"email": EMAIL})).await.bare(200);
    let otp = app.code_of(EMAIL).await;
    let reset = async |otp: &str| {
        let body = json!({"email": EMAIL, "otp": otp, "newPassword": "Another1!pass"});
        app.hub_post("/auth/reset-password", body).await
    };
    for _ in 0..5 {
        assert_eq!(*reset(&wrong(&otp)).await.refusal(400), "Invalid or expired OTP");
    }
    reset(&otp).await.refusal(400);
}

#[tokio::test]
async fn no_response_reveals_whether_an_email_is_registered() {
    let app = spawn_app().await;
    register(&app).await;
    for (path, extra) in [
        ("/auth/send-email-otp", json!({"type": "verification"})),
        ("/auth/send-email-otp", json!({"type": "password_reset"})),
        ("/auth/forgot-password", json!({})),
        ("/auth/verify-email-otp", json!({"otp": "000000"})),
        ("/auth/reset-password", json!({"otp": "000000", "newPassword": "Another1!pass"})),
        ("/auth/login", json!({"password": "wrong"})),
    ] {
        let ask = async |email: &str| {
            let mut body = extra.clone();
            body["email"] = email.into();
            let answer = app.hub_post(path, body).await;
            (answer.status, answer.body)
        };
        assert_eq!(ask(EMAIL).await, ask("nobody@example.com").await, "{path}");
    }
}

#[tokio::test]
async fn a_registration_reports_every_invalid_field_in_message_and_details() {
    let app = spawn_app().await;
    let body = json!({
        "email": "john.doe@",
        "username": "j d",
        "firstName": "",
        "primaryRole": "admin",
        "phone": "0701234567",
        "location": {"city": 5, "coordinates": [181, 0]},
        "dateOfBirth": "2030-01-15",
        "password": "strongpassword",
    });
    let answer = app.hub_post("/auth/register", body).await;
    let details = json!([
        "Email must be a valid email address",
        "Username must contain only letters, numbers, underscores and hyphens",
        "First name must not be empty",
        "Last name is required",
        "Primary role must be one of freelancer, client",
        "Phone must be a phone number in E.164 form such as +94701234567",
        "Location country is required",
        "Location city must be a string",
        "Location coordinates must be a longitude and a latitude such as [79.8612, 6.9271]",
        "Date of birth must be a date in the past such as 1990-01-15",
        "Password must contain at least one uppercase letter, one lowercase letter, one number, \
         and one special character",
    ]);
    assert_eq!(
        answer.body,
        json!({
            "statusCode": 400, "message": details, "error": "Bad Request", "details": details,
        })
    );
    let short = app.hub_post("/auth/login", json!({"email": "x"})).await;
    assert_eq!(*short.refusal(400), "Validation failed");
    assert_eq!(
        short.body["details"],
        json!(["Email must be a valid email address", "Password is required"])
    );
}

#[tokio::test]
async fn each_field_of_a_registration_is_validated() {
    let app = spawn_app().await;
    let refused = [
        ("username", json!("ab"), "Username must be at least 3 characters long"),
        ("username", json!("a".repeat(51)), "Username must be at most 50 characters long"),
        ("password", json!("Sh0rt!"), "Password must be at least 8 characters long"),
        (
            "dateOfBirth",
            json!("1990-02-30"),
            "Date of birth must be a date in the past such as 1990-01-15",
        ),
        (
            "dateOfBirth",
            json!("2026-03-18"),
            "Date of birth must be a date in the past such as 1990-01-15",
        ),
        (
            "dateOfBirth",
            json!("1990-01-15T00:00:00Z"),
            "Date of birth must be a date in the past such as 1990-01-15",
        ),
        (
            "phone",
            json!("+0701234567"),
            "Phone must be a phone number in E.164 form such as +94701234567",
        ),
        (
            "phone",
            json!("+12345678901234567"),
            "Phone must be a phone number in E.164 form such as +94701234567",
        ),
        ("location", json!("Colombo"), "Location must be an object"),
    ];
    for (field, value, message) in refused {
        let mut body = registration(EMAIL, "johndoe123");
        body[field] = value;
        let answer = app.hub_post("/auth/register", body).await;
        assert_eq!(*answer.refusal(400), json!([message]), "{field}");
    }
    for (n, (field, value)) in [
        ("dateOfBirth", json!("2026-03-17")),
        ("phone", Value::Null),
        ("location", json!({"country": "ශ්‍රී ලංකාව"})),
        ("location", Value::Null),
        ("password", json!("Пароль12!")),
        ("firstName", json!("කමලා")),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = registration(&format!("{n}@example.com"), &format!("user-{n}_"));
        body[field] = value;
        app.hub_post("/auth/register", body).await.bare(201);
    }
}

#[tokio::test]
async fn an_existing_email_or_username_is_409_regardless_of_case() {
    let app = spawn_app().await;
    register(&app).await;
    for (email, username) in
        [("John.Doe@Example.com", "another"), ("another@example.com", "JohnDoe123")]
    {
        let answer = app.hub_post("/auth/register", registration(email, username)).await;
        assert_eq!(
            answer.body,
            json!({
                "statusCode": 409,
                "message": "Email or username already exists",
                "error": "Conflict",
            })
        );
    }
    assert_eq!(app.mails().await.len(), 1, "who was refused gets no mail");
}

#[tokio::test]
async fn of_two_concurrent_registrations_of_one_username_one_is_409() {
    let app = spawn_app().await;
    let register = async |email: &str| {
        app.hub_post("/auth/register", registration(email, "johndoe123")).await.status.as_u16()
    };
    let (one, two) = futures_util::join!(register("a@example.com"), register("b@example.com"));
    assert_eq!((one.min(two), one.max(two)), (201, 409));
}

#[tokio::test]
async fn an_account_created_here_works_with_the_other_apis() {
    let app = spawn_app().await;
    let user = sign_up(&app, EMAIL, "johndoe123", "client").await;
    assert_eq!(user.get("/auth/me").await.data(200)["email"], EMAIL);
    let profile = user.get("/auth/profile").await;
    assert_eq!(profile.bare(200)["role"], "client");
    assert_eq!(profile.bare(200)["emailVerified"], true);
    let credentials = json!({"email": EMAIL, "password": HUB_PASSWORD});
    app.post("/auth/login", credentials).await.bare(200);
    let me = user.hub_get("/auth/me").await;
    assert_eq!(me.bare(200)["roles"], json!(["client"]));
}

#[tokio::test]
async fn registrations_and_logins_of_an_address_are_limited_separately_from_the_other_mount() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    for _ in 0..5 {
        let answer = app.hub_post("/auth/register", json!({})).await;
        answer.refusal(400);
        assert!(!answer.headers.contains_key("x-ratelimit-limit"));
    }
    let refused = app.hub_post("/auth/register", registration(EMAIL, "johndoe123")).await;
    assert_eq!(*refused.refusal(429), "Too many requests, please try again later");
    assert_eq!(refused.headers["x-ratelimit-limit"], "5");
    assert_eq!(refused.headers["retry-after"], "3600");
    for _ in 0..10 {
        app.hub_post("/auth/login", json!({})).await.refusal(400);
    }
    let refused = app.hub_post("/auth/login", json!({})).await;
    refused.refusal(429);
    assert_eq!(refused.headers["retry-after"], "900");
    app.post("/auth/login", json!({})).await.error(400);
}

#[tokio::test]
async fn the_fourth_password_reset_of_an_email_in_an_hour_is_429_on_either_route() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    let forgot = json!({"email": EMAIL});
    let otp = json!({"email": EMAIL, "type": "password_reset"});
    app.hub_post("/auth/forgot-password", forgot.clone()).await.bare(200);
    app.hub_post("/auth/send-email-otp", otp.clone()).await.bare(200);
    app.hub_post("/auth/forgot-password", forgot.clone()).await.bare(200);
    for refused in [
        app.hub_post("/auth/forgot-password", forgot).await,
        app.hub_post("/auth/send-email-otp", otp).await,
    ] {
        refused.refusal(429);
        assert_eq!(refused.headers["x-ratelimit-limit"], "3");
        assert_eq!(refused.headers["retry-after"], "3600");
    }
    let verification = json!({"email": EMAIL, "type": "verification"});
    app.hub_post("/auth/send-email-otp", verification).await.bare(200);
}

#[tokio::test]
async fn the_routes_of_the_other_mount_do_not_exist_here() {
    let app = spawn_app().await;
    for path in ["/auth/profile", "/clients", "/auth/verify-otp"] {
        let answer = app.send(app.hub(Method::GET, path)).await;
        assert_eq!(*answer.refusal(404), "Route not found");
    }
}

#[tokio::test]
async fn an_unverified_account_is_deleted_after_a_day() {
    let app = spawn_app().await;
    register(&app).await;
    app.register("active@example.com").await;
    app.clock.advance(SignedDuration::from_hours(24));
    app.app.sweep().await.unwrap();
    assert_eq!(app.app.list_users().await.unwrap().len(), 2, "its link is good until now");
    app.clock.advance(SignedDuration::from_secs(1));
    // A request for another code extends the time.
    let body = json!({"email": EMAIL, "type": "verification"});
    app.hub_post("/auth/send-email-otp", body).await.bare(200);
    app.app.sweep().await.unwrap();
    assert_eq!(app.app.list_users().await.unwrap().len(), 2);
    app.clock.advance(SignedDuration::from_mins(5));
    app.app.sweep().await.unwrap();
    let users = app.app.list_users().await.unwrap();
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].account.email, "active@example.com");
    register(&app).await;
}

#[tokio::test]
async fn a_verification_link_has_no_effect_on_another_account() {
    let app = spawn_app().await;
    register(&app).await;
    let hers = link_token(&app).await;
    app.hub_post("/auth/register", registration("other@example.com", "other")).await.bare(201);
    let his = link_token(&app).await;
    for _ in 0..6 {
        let body = json!({"token": his, "email": EMAIL});
        app.hub_post("/auth/verify-email", body).await.refusal(400);
    }
    let body = json!({"token": hers, "email": EMAIL});
    app.hub_post("/auth/verify-email", body).await.bare(200);
}

#[tokio::test]
async fn a_locked_account_can_neither_verify_nor_reset() {
    let app = spawn_app().await;
    register(&app).await;
    let (otp, token) = (app.code_of(EMAIL).await, link_token(&app).await);
    app.hub_post("/auth/forgot-password", json!({"email": EMAIL})).await.bare(200);
    let reset = app.code_of(EMAIL).await;
    app.app.set_disabled(EMAIL.to_owned(), true).await.unwrap();
    let by_otp = json!({"email": EMAIL, "otp": otp});
    let by_link = json!({"email": EMAIL, "token": token});
    let by_reset = json!({"email": EMAIL, "otp": reset, "newPassword": "Another1!pass"});
    app.post("/auth/verify-otp", by_otp.clone()).await.refusal(400);
    app.hub_post("/auth/verify-email-otp", by_otp.clone()).await.refusal(400);
    app.hub_post("/auth/verify-email", by_link).await.refusal(400);
    app.hub_post("/auth/reset-password", by_reset).await.refusal(400);
    app.app.set_disabled(EMAIL.to_owned(), false).await.unwrap();
    login(&app).await.refusal(401);
    // Earlier codes are void.
    app.post("/auth/verify-otp", by_otp).await.refusal(400);
    app.post("/auth/resend-otp", json!({"email": EMAIL})).await.bare(200);
    let by_otp = json!({"email": EMAIL, "otp": app.code_of(EMAIL).await});
    app.post("/auth/verify-otp", by_otp).await.bare(200);
}

#[tokio::test]
async fn an_empty_totp_code_is_ignored_at_login() {
    let app = spawn_app().await;
    app.register(EMAIL).await;
    for code in [json!(""), json!("  "), Value::Null] {
        let body = json!({"email": EMAIL, "password": PASSWORD, "totpCode": code});
        app.hub_post("/auth/login", body.clone()).await.bare(200);
        app.post("/auth/login", body).await.bare(200);
    }
}
