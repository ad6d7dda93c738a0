//! `/auth/2fa`: setting up, turning on and turning off the second factor.

use freelanceos::app::environment::Clock;
use futures_util::join;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, PASSWORD, TestApp, User,
    authenticator::{Authenticator, is_white, picture},
    content, spawn_app,
};

pub const STEP: SignedDuration = SignedDuration::from_secs(30);
const ON_ALREADY: &str = "Two-factor authentication is on already: disable it first";
const OFF: &str = "Two-factor authentication is not on";

/// An account with the second factor on.
pub struct Guarded<'a> {
    pub user: User<'a>,
    pub email: &'a str,
    pub authenticator: Authenticator,
    pub backup_codes: Vec<String>,
}

impl<'a> Guarded<'a> {
    /// Registers, turns the second factor on, and waits until the code used for that has expired.
    pub async fn new(app: &'a TestApp, email: &'a str) -> Self {
        let user = app.register(email).await;
        let (authenticator, backup_codes) = enable(&user).await;
        let code = authenticator.code(app.clock.now(), 0);
        let answer = verify_setup(&user, &code).await;
        assert_eq!(answer.bare(200)["success"], true);
        app.clock.advance(STEP);
        Self { user, email, authenticator, backup_codes }
    }

    pub fn app(&self) -> &'a TestApp {
        self.user.app
    }

    pub fn now(&self) -> Timestamp {
        self.app().clock.now()
    }

    pub fn code(&self, steps: i64) -> String {
        self.authenticator.code(self.now(), steps)
    }

    pub fn wrong_code(&self) -> String {
        self.authenticator.wrong_code(self.now())
    }

    /// Signs in to FreelanceHub with the right password.
    pub async fn login(&self, code: Option<&str>) -> Answer {
        self.app().hub_post("/auth/login", credentials(self.email, code)).await
    }

    pub async fn disable(&self, password: &str, code: &str) -> Answer {
        let body = json!({"password": password, "totpCode": code});
        self.user.hub_post("/auth/2fa/disable", body).await
    }

    pub async fn status(&self) -> Value {
        self.user.hub_get("/auth/2fa").await.bare(200).clone()
    }
}

pub async fn enable(user: &User<'_>) -> (Authenticator, Vec<String>) {
    let answer = user.app.send(user.hub(Method::POST, "/auth/2fa/enable")).await;
    let body = answer.bare(200);
    let codes = serde_json::from_value(body["backupCodes"].clone()).unwrap();
    (Authenticator::scan(body["qrCode"].as_str().unwrap()), codes)
}

pub async fn verify_setup(user: &User<'_>, code: &str) -> Answer {
    user.hub_post("/auth/2fa/verify-setup", json!({"totpCode": code})).await
}

pub fn credentials(email: &str, code: Option<&str>) -> Value {
    let mut body = json!({"email": email, "password": PASSWORD});
    if let Some(code) = code {
        body["totpCode"] = code.into();
    }
    body
}

/// Fails unless a sign-in was refused for its second factor.
#[track_caller]
pub fn asks_for_code(answer: &Answer) {
    assert_eq!(answer.refusal(401), "Invalid credentials or email not verified");
    assert_eq!(answer.body["twoFactorRequired"], true, "{}", answer.body);
}

#[tokio::test]
async fn enable_returns_a_qr_code_and_five_backup_codes_and_nothing_else() {
    let app = spawn_app().await;
    let user = app.register("John.Doe+work@example.com").await;
    let answer = user.app.send(user.hub(Method::POST, "/auth/2fa/enable").body("ignored")).await;
    let body = answer.bare(200).as_object().unwrap();
    assert_eq!(body.keys().collect::<Vec<_>>(), ["qrCode", "secret", "backupCodes", "message"]);
    assert_eq!(
        body["message"],
        "2FA setup initiated. Scan the QR code with your authenticator app."
    );
    let mut codes: Vec<&str> =
        body["backupCodes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
    for code in &codes {
        assert_eq!(code.len(), 8);
        assert!(code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()), "{code}");
    }
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 5);
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn the_qr_code_contains_the_otpauth_uri_of_the_account() {
    let app = spawn_app().await;
    let user = app.register("John.Doe+work&play=fun@example.com").await;
    let scanned = enable(&user).await.0;
    let path = "otpauth://totp/FreelanceHub:John.Doe%2Bwork%26play%3Dfun%40example.com?";
    assert!(scanned.uri.starts_with(path), "{}", scanned.uri);
    assert_eq!(scanned.label, "FreelanceHub:John.Doe+work&play=fun@example.com");
    assert_eq!(scanned.secret.len(), 20);
    for (name, value) in
        [("issuer", "FreelanceHub"), ("algorithm", "SHA1"), ("digits", "6"), ("period", "30")]
    {
        assert_eq!(scanned.parameters[name], value);
    }
}

#[tokio::test]
async fn the_qr_code_is_small_and_has_a_white_margin_whatever_the_email() {
    let app = spawn_app().await;
    let domain = [["d"; 60].concat(), ["e"; 60].concat(), ["f"; 60].concat()].join(".");
    for email in ["a@example.com", &format!("{}@{domain}.com", ["+"; 64].concat())] {
        let user = app.register(email).await;
        let answer = user.hub_post("/auth/2fa/enable", json!({})).await;
        let url = answer.bare(200)["qrCode"].as_str().unwrap();
        assert!(url.len() < 8_000, "{} characters", url.len());
        assert_eq!(Authenticator::scan(url).label, format!("FreelanceHub:{email}"));
        let (width, height, pixels) = picture(url);
        assert_eq!(width, height);
        let black = |(x, y): &(usize, usize)| !is_white(&pixels, width, *x, *y);
        let points = (0..width).flat_map(|x| (0..height).map(move |y| (x, y)));
        let (xs, ys): (Vec<_>, Vec<_>) = points.filter(black).unzip();
        let side = xs.iter().max().unwrap() - xs.iter().min().unwrap() + 1;
        // The black frame of a finder pattern is seven modules wide.
        let corner = (0..width).take_while(|x| !black(&(*x, xs[0]))).count();
        let module = (corner..).take_while(|x| black(&(*x, corner))).count() / 7;
        assert!(module >= 3, "{module} pixels a module");
        for edge in [&xs, &ys].map(|edge| *edge.iter().min().unwrap()) {
            assert_eq!(edge, 4 * module);
            assert_eq!(edge + side + 4 * module, width);
        }
    }
}

#[tokio::test]
async fn codes_are_required_only_after_verify_setup() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let is_on = async || user.hub_get("/auth/2fa").await.bare(200).clone();
    assert_eq!(is_on().await, json!({"enabled": false, "backupCodesLeft": 0}));
    let (authenticator, backup_codes) = enable(&user).await;
    assert_eq!(is_on().await, json!({"enabled": false, "backupCodesLeft": 0}));
    let login = async || app.hub_post("/auth/login", credentials("user@example.com", None)).await;
    login().await.bare(200);

    let now = app.clock.now();
    for code in [authenticator.wrong_code(now), backup_codes[0].clone(), "x".to_owned()] {
        let refused = verify_setup(&user, &code).await;
        assert!(refused.refusal(400).as_str().unwrap().starts_with("Invalid two-factor code"));
        login().await.bare(200);
    }
    let answer = verify_setup(&user, &authenticator.code(now, 0)).await;
    assert_eq!(*answer.bare(200), json!({"success": true, "message": "2FA enabled successfully"}));
    asks_for_code(&login().await);
    assert_eq!(is_on().await, json!({"enabled": true, "backupCodesLeft": 5}));
}

#[tokio::test]
async fn enabling_again_before_verify_setup_replaces_seed_and_backup_codes() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (first, first_codes) = enable(&user).await;
    let (second, second_codes) = enable(&user).await;
    assert_ne!(first.secret, second.secret);
    let now = app.clock.now();
    verify_setup(&user, &first.code(now, 0)).await.refusal(400);
    verify_setup(&user, &second.code(now, 0)).await.bare(200);
    for code in &first_codes {
        let body = credentials("user@example.com", Some(code));
        asks_for_code(&app.hub_post("/auth/login", body).await);
    }
    let body = credentials("user@example.com", Some(&second_codes[0]));
    app.hub_post("/auth/login", body).await.bare(200);
}

#[tokio::test]
async fn requests_in_the_wrong_state_are_409() {
    let app = spawn_app().await;
    let user = app.register("off@example.com").await;
    let refused = verify_setup(&user, "123456").await;
    assert_eq!(
        refused.refusal(409),
        "Two-factor authentication is not set up yet: ask for a QR code first"
    );
    let body = json!({"password": PASSWORD, "totpCode": "123456"});
    assert_eq!(user.hub_post("/auth/2fa/disable", body.clone()).await.refusal(409), OFF);
    enable(&user).await;
    assert_eq!(user.hub_post("/auth/2fa/disable", body).await.refusal(409), OFF);

    let on = Guarded::new(&app, "on@example.com").await;
    assert_eq!(on.user.hub_post("/auth/2fa/enable", json!({})).await.refusal(409), ON_ALREADY);
    assert_eq!(verify_setup(&on.user, &on.code(0)).await.refusal(409), ON_ALREADY);
    on.login(Some(&on.code(0))).await.bare(200);
}

#[tokio::test]
async fn the_routes_need_a_session_and_complete_bodies() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let required = |name: &str| format!("{name} is required");
    let answer = user.hub_post("/auth/2fa/verify-setup", json!({})).await;
    assert_eq!(answer.refusal(400), "Validation failed");
    assert_eq!(answer.body["details"], json!([required("TOTP code")]));
    let answer = user.hub_post("/auth/2fa/disable", json!({"totpCode": null})).await;
    assert_eq!(answer.refusal(400), "Validation failed");
    assert_eq!(answer.body["details"], json!([required("Password"), required("TOTP code")]));

    user.hub_post("/auth/logout", json!({})).await.bare(200);
    for (method, path) in [
        (Method::GET, "/auth/2fa"),
        (Method::POST, "/auth/2fa/enable"),
        (Method::POST, "/auth/2fa/verify-setup"),
        (Method::POST, "/auth/2fa/disable"),
    ] {
        app.send(user.hub(method.clone(), path).json(&json!({}))).await.refusal(401);
        app.send(app.hub(method, path).json(&json!({}))).await.refusal(401);
    }
}

#[tokio::test]
async fn disable_requires_password_and_code_and_keeps_every_session() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    let other = guarded.login(Some(&guarded.backup_codes[0])).await;
    let other = other.bare(200)["tokens"]["accessToken"].as_str().unwrap().to_owned();
    let wrong = "Invalid password or two-factor code";
    let code = guarded.code(0);
    assert_eq!(guarded.disable("WrongPass123!", &code).await.refusal(401), wrong);
    assert_eq!(guarded.disable(PASSWORD, &guarded.wrong_code()).await.refusal(401), wrong);
    let used = guarded.backup_codes[0].clone();
    let refused = guarded.disable(PASSWORD, &used).await;
    assert_eq!(refused.refusal(401), wrong);
    assert!(refused.body.get("twoFactorRequired").is_none());
    assert_eq!(guarded.status().await["enabled"], true);

    let done = json!({"success": true, "message": "2FA disabled successfully"});
    assert_eq!(*guarded.disable(PASSWORD, &code).await.bare(200), done);
    assert_eq!(guarded.disable(PASSWORD, &code).await.refusal(409), OFF);
    assert_eq!(guarded.status().await, json!({"enabled": false, "backupCodesLeft": 0}));
    guarded.login(None).await.bare(200);
    app.send(app.hub(Method::GET, "/auth/me").bearer_auth(other)).await.bare(200);

    let (authenticator, backup_codes) = enable(&guarded.user).await;
    assert_ne!(authenticator.secret, guarded.authenticator.secret);
    verify_setup(&guarded.user, &authenticator.code(app.clock.now(), 0)).await.bare(200);
    asks_for_code(&guarded.login(Some(&guarded.backup_codes[1])).await);
    assert_eq!(*guarded.disable(PASSWORD, &backup_codes[1]).await.bare(200), done);
}

#[tokio::test]
async fn of_two_concurrent_requests_to_disable_one_is_refused() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    let [one, two] = [&guarded.backup_codes[0], &guarded.backup_codes[1]];
    let (one, two) = join!(guarded.disable(PASSWORD, one), guarded.disable(PASSWORD, two));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn the_database_contains_neither_seed_nor_backup_codes() {
    let app = spawn_app().await;
    let guarded = Guarded::new(&app, "user@example.com").await;
    let mut secrets = vec![
        guarded.authenticator.secret.clone(),
        guarded.authenticator.parameters["secret"].clone().into_bytes(),
    ];
    secrets.extend(guarded.backup_codes.iter().map(|code| code.clone().into_bytes()));
    assert!(content::holds(app.database(), "user@example.com"), "it is the right one");
    for secret in &secrets {
        assert!(!content::holds(app.database(), secret));
    }
}
