//! Verifying an email address gives the account to the person who did it, alone.

use freelanceos::domain::provider::ProviderKind;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    freelancehub::{HUB_PASSWORD, passkey, registration as hub_registration, two_factor},
    freelancehub_auth::registration as auth_registration,
    support::{Answer, PASSWORD, PUBLIC_URL, TestApp, User, spawn_app, webauthn},
    web::browser::Browser,
};

const VICTIM: &str = "victim@example.com";

/// What an attacker left in an account before its address was verified.
struct Planted<'a> {
    user: User<'a>,
    refresh_token: String,
    passkey: webauthn::Authenticator,
}

impl<'a> Planted<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let user = app.register(VICTIM).await;
        let mut passkey = webauthn::Authenticator::new();
        passkey::register(&user, &passkey).await.bare(200);
        passkey.counter += 1;
        Self::keyed(&user).await.data(201);
        user.connect(ProviderKind::Paystack).await;
        let login = app.post("/auth/login", credentials(PASSWORD)).await;
        let refresh_token = login.body["refresh_token"].as_str().unwrap().to_owned();
        let (authenticator, _) = two_factor::enable(&user).await;
        let code = authenticator.code(app.app.now(), 0);
        two_factor::verify_setup(&user, &code).await.bare(200);
        Self { user, refresh_token, passkey }
    }

    async fn keyed(user: &User<'_>) -> Answer {
        let body = json!({"name": "Acme", "email": "acme@example.com"});
        let request = user.request(Method::POST, "/clients").header("Idempotency-Key", "planted");
        user.app.send(request.json(&body)).await
    }

    /// Fails if any of it still opens the account.
    async fn assert_gone(&self, new_password: Option<&str>) {
        let app = self.user.app;
        self.user.get("/auth/me").await.error(401);
        let refresh = json!({"refreshToken": self.refresh_token});
        app.post("/auth/refresh", refresh).await.refusal(401);
        passkey::sign_in(app, VICTIM, &self.passkey).await.refusal(401);
        let old = app.post("/auth/login", credentials(PASSWORD)).await;
        assert_eq!(old.error(401), "Invalid email or password");
        assert!(old.body.get("twoFactorRequired").is_none(), "{}", old.body);
        let password = match new_password {
            Some(password) => password.to_owned(),
            None => reset(app, None, "A new password 1!").await,
        };
        // The attacker's second factor is not required.
        let login = app.post("/auth/login", credentials(&password)).await;
        let token = login.data(200)["token"].as_str().unwrap().to_owned();
        let owner = User { app, token, id: self.user.id.clone() };
        let listed = owner.hub_get("/auth/passkeys").await;
        assert_eq!(listed.bare(200), &json!([]));
        // Clients must not pay the attacker.
        let settings = owner.get("/settings").await;
        let paystack = &settings.data(200)["providers"]["paystack"];
        assert_eq!(*paystack, json!({"configured": false}));
        // The stored idempotent response is gone, so the client is created again.
        Self::keyed(&owner).await.data(201);
        assert_eq!(owner.get("/clients").await.body["total"], 2);
    }

    /// Fails unless all of it is unchanged.
    async fn assert_stands(&self) {
        let app = self.user.app;
        assert_eq!(self.user.get("/auth/profile").await.bare(200)["emailVerified"], true);
        passkey::sign_in(app, VICTIM, &self.passkey).await.bare(200);
        let login = app.post("/auth/login", credentials(PASSWORD)).await;
        assert_eq!(login.body["twoFactorRequired"], true, "{}", login.body);
        let settings = self.user.get("/settings").await;
        assert_eq!(settings.data(200)["providers"]["paystack"]["configured"], true);
        Self::keyed(&self.user).await.data(201);
        assert_eq!(self.user.get("/clients").await.body["total"], 1);
    }
}

fn credentials(password: &str) -> Value {
    json!({"email": VICTIM, "password": password})
}

/// Sets a password with an emailed code and returns it.
async fn reset(app: &TestApp, by: Option<&User<'_>>, password: &str) -> String {
    app.hub_post("/auth/forgot-password", json!({"email": VICTIM})).await.bare(200);
    let otp = app.code_of(VICTIM).await;
    let body = json!({"email": VICTIM, "otp": otp, "newPassword": password});
    let request = app.hub(Method::POST, "/auth/reset-password").json(&body);
    let request = by.iter().fold(request, |request, by| request.bearer_auth(&by.token));
    app.send(request).await.bare(200);
    password.to_owned()
}

/// Requests a verification code by email.
async fn code(app: &TestApp) -> String {
    app.post("/auth/resend-otp", json!({"email": VICTIM})).await.bare(200);
    app.code_of(VICTIM).await
}

/// The path of a link in the newest email.
async fn link(app: &TestApp, page: &str) -> String {
    let mails = app.mails().await;
    let text = &mails.last().unwrap().text;
    let (_, rest) = text.split_once(&format!("{PUBLIC_URL}/{page}?")).unwrap();
    format!("/{page}?{}", rest.split_whitespace().next().unwrap())
}

/// Requests a verification link by email and returns its token.
async fn link_token(app: &TestApp, user: &User<'_>) -> String {
    let browser = Browser::of(user);
    let page = browser.open("/settings").await;
    browser.send(&page, "/settings/verify-email", &[]).await.expect(200);
    let link = link(app, "verify-email").await;
    link.split_once("token=").unwrap().1.split('&').next().unwrap().to_owned()
}

#[track_caller]
fn says_to_reset(answer: &Answer) {
    let message = answer.bare(200)["message"].as_str().unwrap();
    assert!(message.starts_with("Email verified successfully"), "{message}");
    assert!(message.contains("password reset"), "{message}");
}

#[tokio::test]
async fn verify_otp_by_someone_else_revokes_all_earlier_access() {
    let app = spawn_app().await;
    let planted = Planted::new(&app).await;
    let otp = code(&app).await;
    let proof = app.post("/auth/verify-otp", json!({"email": VICTIM, "otp": otp})).await;
    says_to_reset(&proof);
    let token = proof.body["access_token"].as_str().unwrap().to_owned();
    let owner = User { app: &app, token, id: String::new() };
    assert_eq!(owner.get("/auth/profile").await.bare(200)["emailVerified"], true);
    planted.assert_gone(None).await;
}

#[tokio::test]
async fn verify_email_otp_by_someone_else_revokes_all_earlier_access() {
    let app = spawn_app().await;
    let planted = Planted::new(&app).await;
    // A token of another account does not count.
    let other = app.register("other@example.com").await;
    let otp = code(&app).await;
    let body = json!({"email": VICTIM, "otp": otp});
    says_to_reset(&other.hub_post("/auth/verify-email-otp", body).await);
    planted.assert_gone(None).await;
}

#[tokio::test]
async fn verify_email_by_someone_else_revokes_all_earlier_access() {
    let app = spawn_app().await;
    let planted = Planted::new(&app).await;
    let token = link_token(&app, &planted.user).await;
    let body = json!({"email": VICTIM, "token": token});
    says_to_reset(&app.hub_post("/auth/verify-email", body).await);
    planted.assert_gone(None).await;
}

#[tokio::test]
async fn the_verification_page_warns_that_earlier_access_is_revoked() {
    let app = spawn_app().await;
    let planted = Planted::new(&app).await;
    link_token(&app, &planted.user).await;
    let link = link(&app, "verify-email").await;
    let browser = Browser::new(&app);
    let page = browser.open(&link).await.expect(200);
    page.says("You aren’t signed in to this account on this device.");
    let done = browser.send(&page, "/verify-email", &[]).await.expect(200);
    done.says("Set a new password");
    planted.assert_gone(None).await;
}

#[tokio::test]
async fn a_reset_by_someone_else_revokes_all_earlier_access() {
    let app = spawn_app().await;
    let planted = Planted::new(&app).await;
    let password = reset(&app, None, "A new password 1!").await;
    planted.assert_gone(Some(&password)).await;
}

#[tokio::test]
async fn a_reset_on_the_page_by_someone_else_revokes_all_earlier_access() {
    let app = spawn_app().await;
    let planted = Planted::new(&app).await;
    let browser = Browser::new(&app);
    let page = browser.open("/forgot").await;
    let page = browser.send(&page, "/forgot", &[("email", VICTIM)]).await;
    let otp = app.code_of(VICTIM).await;
    let typed = [("email", VICTIM), ("otp", &*otp), ("newPassword", "correct horse battery 10")];
    browser.send(&page, "/reset", &typed).await.expect(200);
    planted.assert_gone(Some("correct horse battery 10")).await;
}

#[tokio::test]
async fn verification_by_an_admin_revokes_all_earlier_access() {
    let app = spawn_app().await;
    let planted = Planted::new(&app).await;
    app.app.mark_email_verified(VICTIM.to_owned()).await.unwrap();
    planted.assert_gone(None).await;
}

#[tokio::test]
async fn a_signed_in_user_who_verifies_the_address_keeps_everything() {
    for route in ["/auth/verify-email-otp", "/auth/verify-email", "page", "code on a page"] {
        let app = spawn_app().await;
        let planted = Planted::new(&app).await;
        let browser = Browser::of(&planted.user);
        match route {
            "/auth/verify-email-otp" => {
                let body = json!({"email": VICTIM, "otp": code(&app).await});
                let answer = planted.user.hub_post(route, body).await;
                assert_eq!(answer.bare(200)["message"], "Email verified successfully");
            }
            "/auth/verify-email" => {
                let token = link_token(&app, &planted.user).await;
                let body = json!({"email": VICTIM, "token": token});
                planted.user.hub_post(route, body).await.bare(200);
            }
            "page" => {
                link_token(&app, &planted.user).await;
                let page = browser.open(&link(&app, "verify-email").await).await.expect(200);
                page.hides("You aren’t signed in");
                browser.send(&page, "/verify-email", &[]).await.expect(200);
            }
            _ => {
                let otp = code(&app).await;
                let page = browser.open("/settings").await.expect(200);
                let wrong = if otp == "000000" { "000001" } else { "000000" };
                let again = browser.send(&page, "/settings/verify-code", &[("otp", wrong)]).await;
                again.expect(400).says("This code is wrong");
                let spaced = format!("{} {}", &otp[..3], &otp[3..]);
                let done = browser.send(&page, "/settings/verify-code", &[("otp", &spaced)]).await;
                done.expect(200).says("Email address verified.");
            }
        }
        planted.assert_stands().await;
    }
}

#[tokio::test]
async fn verify_otp_by_a_signed_in_user_requires_the_second_factor() {
    let app = spawn_app().await;
    let guarded = two_factor::Guarded::new(&app, VICTIM).await;
    let otp = code(&app).await;
    let body = json!({"email": VICTIM, "otp": otp});
    let refused = guarded.user.post("/auth/verify-otp", body.clone()).await;
    assert_eq!(refused.status, 401, "{}", refused.body);
    let mut with_code = body;
    with_code["totpCode"] = guarded.code(0).into();
    let proven = guarded.user.post("/auth/verify-otp", with_code).await;
    assert_eq!(proven.bare(200)["message"], "Email verified successfully");
    assert!(guarded.status().await["enabled"].as_bool().unwrap());
}

#[tokio::test]
async fn a_reset_with_the_accounts_own_token_ends_its_sessions_and_keeps_passkeys_and_2fa() {
    let app = spawn_app().await;
    let planted = Planted::new(&app).await;
    let password = reset(&app, Some(&planted.user), "A new password 1!").await;
    planted.user.get("/auth/me").await.error(401);
    let login = app.post("/auth/login", credentials(&password)).await;
    assert_eq!(login.body["twoFactorRequired"], true, "{}", login.body);
    passkey::sign_in(&app, VICTIM, &planted.passkey).await.bare(200);
}

#[tokio::test]
async fn a_signed_out_token_does_not_count_as_the_accounts_own() {
    let app = spawn_app().await;
    let planted = Planted::new(&app).await;
    let otp = code(&app).await;
    planted.user.hub_post("/auth/logout", json!({})).await.bare(200);
    let body = json!({"email": VICTIM, "otp": otp});
    says_to_reset(&planted.user.hub_post("/auth/verify-email-otp", body).await);
    planted.assert_gone(None).await;
}

#[tokio::test]
async fn a_pending_account_keeps_its_password_and_its_email_offers_to_delete_it() {
    for is_hub in [true, false] {
        let app = spawn_app().await;
        let password = if is_hub {
            app.hub_post("/auth/register", hub_registration(VICTIM, "johndoe")).await.bare(201);
            HUB_PASSWORD
        } else {
            app.post("/auth/register", auth_registration(VICTIM)).await.bare(201);
            crate::freelancehub_auth::HUB_PASSWORD
        };
        let mails = app.mails().await;
        assert!(mails[0].text.contains(&format!("John Doe ({VICTIM})")), "{}", mails[0].text);
        let not_me = link(&app, "not-me").await;
        let browser = Browser::new(&app);
        let page = browser.open(&not_me).await.expect(200);
        page.says(VICTIM);
        // Opening the link changes nothing.
        let otp = app.code_of(VICTIM).await;
        let body = json!({"email": VICTIM, "otp": otp});
        app.hub_post("/auth/verify-email-otp", body).await.bare(200);
        app.post("/auth/login", credentials(password)).await.data(200);
        // Once the account is active, the link deletes nothing.
        browser.send(&page, "/not-me", &[]).await.expect(400).says("has expired");
        app.post("/auth/login", credentials(password)).await.data(200);
    }
}

#[tokio::test]
async fn this_was_not_me_deletes_a_pending_account_and_frees_its_address() {
    let app = spawn_app().await;
    app.hub_post("/auth/register", hub_registration(VICTIM, "johndoe")).await.bare(201);
    let otp = app.code_of(VICTIM).await;
    let not_me = link(&app, "not-me").await;
    let browser = Browser::new(&app);
    let page = browser.open(&not_me).await.expect(200);
    browser.send(&page, "/not-me", &[("token", "x")]).await.expect(400);
    browser.send(&page, "/not-me", &[]).await.expect(200).says("Account removed");
    let body = json!({"email": VICTIM, "otp": otp});
    app.hub_post("/auth/verify-email-otp", body).await.refusal(400);
    app.hub_post("/auth/register", hub_registration(VICTIM, "johndoe")).await.bare(201);
    browser.send(&page, "/not-me", &[]).await.expect(400);
}

#[tokio::test]
async fn setting_a_password_in_any_way_voids_pending_reset_codes() {
    for way in ["admin set-password", "page", "admin disable", "reset"] {
        let app = spawn_app().await;
        let user = app.register(VICTIM).await;
        app.hub_post("/auth/forgot-password", json!({"email": VICTIM})).await.bare(200);
        let otp = app.code_of(VICTIM).await;
        let password = freelanceos::domain::account::Password::new("Another password".to_owned());
        match way {
            "admin set-password" => {
                app.app.set_password(VICTIM.to_owned(), password).await.unwrap();
            }
            "page" => {
                let browser = Browser::of(&user);
                let page = browser.open("/settings/security").await;
                let typed = [("currentPassword", PASSWORD), ("newPassword", "Another password")];
                let sent = browser.send(&page, "/settings/security/password", &typed).await;
                sent.expect(200).says("Password changed.");
            }
            "admin disable" => {
                app.app.set_disabled(VICTIM.to_owned(), true).await.unwrap();
                app.app.set_disabled(VICTIM.to_owned(), false).await.unwrap();
            }
            _ => {
                let body = json!({"email": VICTIM, "otp": otp, "newPassword": "Another password"});
                app.hub_post("/auth/reset-password", body).await.bare(200);
            }
        }
        let body = json!({"email": VICTIM, "otp": otp, "newPassword": "Stolen password 1"});
        let refused = app.hub_post("/auth/reset-password", body).await;
        assert_eq!(refused.refusal(400), "Invalid or expired OTP", "{way}");
    }
}
