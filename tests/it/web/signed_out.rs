//! A session ends while the user is typing: no input is lost, nothing is submitted without the
//! user, and nobody else sees it.

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    browser::{Browser, Page},
    picture::png,
    security::scan,
};
use crate::support::{PASSWORD, TestApp, User, spawn_app, webauthn::Authenticator};

const OWNER: &str = "a@example.com";
const AGAIN: &str = "You were signed out before this was saved.";

async fn sign_in(browser: &Browser<'_>, page: &Page, email: &str) -> Page {
    browser.send(page, "/login", &[("email", email), ("password", PASSWORD)]).await
}

/// The values of the form for `action`, without its internal fields.
fn typed(page: &Page, action: &str) -> Vec<(String, String)> {
    let is_mark = |(name, _): &(String, String)| name.starts_with('_');
    page.fields(action).into_iter().filter(|field| !is_mark(field)).collect()
}

/// A form and the input for it.
struct Case {
    page: String,
    action: String,
    fields: Vec<(&'static str, &'static str)>,
}

async fn cases(user: &User<'_>) -> Vec<Case> {
    let client = user.client("Kamala").await;
    let project = user.project(&client, "Site").await;
    let milestone = user.milestone(&project, "Design").await;
    let proposal = user.proposal(&client, "Offer").await;
    let invoice = user.invoice(&client, json!(100), "2026-04-01").await;
    let sent = user.sent_invoice(&client, json!(100)).await;
    let work = json!({"title": "Shop", "description": "A shop", "technologies": [], "links": []});
    let work = user.hub_post("/freelancer/portfolio", work).await.bare(201)["item"]["id"].clone();
    let work = work.as_str().unwrap().to_owned();
    let case = |page: &str, action: &str, fields: &[(&'static str, &'static str)]| Case {
        page: page.to_owned(),
        action: action.to_owned(),
        fields: fields.to_vec(),
    };
    let edit = |path: &str, id: &str, fields: &[(&'static str, &'static str)]| {
        let page = format!("{path}/{id}/edit");
        case(&page, &page, fields)
    };
    let shown = format!("/projects/{project}");
    let lines = [("items.1.description", "Logo & <b>"), ("items.1.rate", "12.50")];
    vec![
        case("/clients/new", "/clients", &[("name", "Zoë <i>"), ("email", "zoe@example.com")]),
        edit("/clients", &client, &[("phone", "+1 \"2\"")]),
        case("/projects/new", "/projects", &[("name", "New"), ("description", "One\nTwo")]),
        edit("/projects", &project, &[("budget", "900"), ("status", "active")]),
        case(&shown, &format!("{shown}/milestones"), &[("name", "M"), ("amount", "5")]),
        edit(&format!("{shown}/milestones"), &milestone, &[("dueDate", "2026-05-01")]),
        case("/proposals/new", "/proposals", &[("title", "T"), ("content", "Long\n\ntext")]),
        edit("/proposals", &proposal, &[("amount", "12")]),
        case("/invoices/new", "/invoices", &lines),
        edit("/invoices", &invoice, &lines),
        edit("/invoices", &sent, &[("notes", "Thanks")]),
        case("/profile", "/profile", &[("bio", "About me"), ("location.country", "Sri Lanka")]),
        edit(
            "/profile/portfolio",
            &work,
            &[("links.0.type", "live"), ("links.0.url", "https://a.example")],
        ),
        case("/settings", "/settings", &[("firstName", "Ama")]),
        case("/settings/money", "/settings/money", &[("currency", "GHS")]),
        case("/settings/money", "/settings/money/rates", &[("from", "EUR"), ("rate", "1.1")]),
        case(
            "/settings/invoices",
            "/settings/invoices",
            &[("address.street", "1 Road"), ("address.city", "Town")],
        ),
    ]
}

/// Everything in the account, to detect changes.
async fn kept(user: &User<'_>) -> Value {
    let mut all = Vec::new();
    for path in ["/clients", "/projects", "/milestones", "/proposals", "/invoices", "/auth/me"] {
        all.push(user.get(path).await.body.clone());
    }
    all.push(user.hub_get("/freelancer/profile").await.body.clone());
    all.push(user.hub_get("/freelancer/portfolio").await.body.clone());
    Value::Array(all)
}

#[tokio::test]
async fn every_form_comes_back_filled_in_after_the_sign_in_and_is_saved_by_hand() {
    let app = spawn_app().await;
    let user = app.register(OWNER).await;
    for Case { page, action, fields } in cases(&user).await {
        let browser = Browser::new(&app);
        let login = browser.open("/login").await;
        sign_in(&browser, &login, OWNER).await.expect(200);
        let form = browser.open(&page).await.expect(200);
        let mut sent: Vec<_> = form.fields(&action);
        for (name, value) in &fields {
            sent.retain(|(known, _)| known != name);
            sent.push(((*name).to_owned(), (*value).to_owned()));
        }
        // Fills in a client and dates where a form requires them.
        for (name, value) in sent.iter_mut().filter(|(_, value)| value.is_empty()) {
            if name == "clientId" {
                let at = form.html.split("value=\"client_").nth(1).unwrap();
                *value = format!("client_{}", at.split('"').next().unwrap());
            }
        }
        let pairs: Vec<_> = sent.iter().map(|(name, value)| (&**name, &**value)).collect();
        browser.cookies.borrow_mut().clear();
        let before = kept(&user).await;
        let login = browser.post(&action, &pairs).await.expect(401);
        login.says("Sign in").says("to get your entries back").hides("12.50");
        let again = sign_in(&browser, &login, OWNER).await.expect(200);
        again.says(AGAIN);
        assert_eq!(kept(&user).await, before, "{action} was carried out by itself");
        let back = typed(&again, &action);
        for (name, value) in &fields {
            let found = back.iter().find(|(known, _)| known == name);
            let found = found.map(|(_, value)| value.replace("\r\n", "\n"));
            // Empty rows are dropped, as after any refusal.
            let moved = name.replace("items.1.", "items.0.");
            let first = back.iter().find(|(known, _)| *known == moved).map(|(_, v)| v.clone());
            assert!(
                found.as_deref() == Some(value) || first.as_deref() == Some(value),
                "{action}: {name} came back as {found:?} in {back:?}",
            );
        }
        let now = again.fields(&action);
        let pairs: Vec<_> = now.iter().map(|(name, value)| (&**name, &**value)).collect();
        let saved = browser.post(&action, &pairs).await.expect(200);
        saved.hides(AGAIN).hides("another look");
    }
}

/// A filled-in form for a new client, in a signed-in browser.
async fn begun<'a>(app: &'a TestApp) -> (Browser<'a>, Vec<(String, String)>) {
    let browser = Browser::new(app);
    let login = browser.open("/login").await;
    sign_in(&browser, &login, OWNER).await.expect(200);
    let form = browser.open("/clients/new").await.expect(200);
    let token = form.value("_token").unwrap();
    let fields = [("_token", &*token), ("name", "Zoë"), ("email", "zoe@example.com")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    (browser, fields.to_vec())
}

async fn send(browser: &Browser<'_>, fields: &[(String, String)]) -> Page {
    let pairs: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    browser.post("/clients", &pairs).await
}

#[tokio::test]
async fn it_does_not_matter_how_the_session_ended() {
    let app = spawn_app().await;
    app.register(OWNER).await;
    for (way, days) in [("signed out", 0), ("idle", 4), ("expired", 8)] {
        let (browser, fields) = begun(&app).await;
        match days {
            0 => {
                let token = browser.cookies.borrow()["fos_session"].clone();
                let out = app.request(Method::POST, "/auth/logout").bearer_auth(token);
                assert!(out.send().await.unwrap().status().is_success());
            }
            days => app.clock.advance(SignedDuration::from_hours(days * 24)),
        }
        let login = send(&browser, &fields).await.expect(401);
        let again = sign_in(&browser, &login, OWNER).await.expect(200);
        assert_eq!(again.value("name").as_deref(), Some("Zoë"), "{way}");
    }
    // A form from the previous session, after the same person has signed in again.
    let (browser, fields) = begun(&app).await;
    browser.cookies.borrow_mut().clear();
    let login = browser.open("/login").await;
    sign_in(&browser, &login, OWNER).await.expect(200);
    let again = send(&browser, &fields).await.expect(200);
    again.says(AGAIN);
    assert_eq!(again.value("name").as_deref(), Some("Zoë"));
    let token = again.value("_token").unwrap();
    let mut fields = fields;
    fields[0].1 = token;
    send(&browser, &fields).await.expect(200).says("Client added.");
}

#[tokio::test]
async fn a_wrong_password_and_a_second_factor_lose_no_input_either() {
    let app = spawn_app().await;
    let user = app.register(OWNER).await;
    let browser = Browser::of(&user);
    let security = browser.open("/settings/security").await;
    let setup = browser.send(&security, "/settings/security/two-factor", &[]).await;
    let device = scan(&setup);
    let now = "2026-03-18T12:00:00Z".parse().unwrap();
    let confirm = "/settings/security/two-factor/confirm";
    browser.send(&setup, confirm, &[("totpCode", &device.code(now, 0))]).await.expect(200);

    let form = browser.open("/clients/new").await;
    browser.cookies.borrow_mut().clear();
    let fields = [("name", "Zoë"), ("email", "zoe@example.com")];
    let login = browser.send(&form, "/clients", &fields).await.expect(401);
    let wrong = [("email", OWNER), ("password", "WrongPass123")];
    let login = browser.send(&login, "/login", &wrong).await.expect(401);
    let step = sign_in(&browser, &login, OWNER).await.expect(200);
    let step = browser.send(&step, "/login", &[("totpCode", "000000")]).await.expect(401);
    let code = device.code(now, 1);
    let again = browser.send(&step, "/login", &[("totpCode", &code)]).await.expect(200);
    again.says(AGAIN);
    assert_eq!(again.value("name").as_deref(), Some("Zoë"));
    assert_eq!(user.get("/clients").await.body["total"], 0);
}

#[tokio::test]
async fn a_sign_in_with_a_passkey_restores_the_form_too() {
    let app = spawn_app().await;
    let user = app.register(OWNER).await;
    let browser = Browser::of(&user);
    let mut key = Authenticator::new();
    let page = browser.open("/settings/security").await;
    let token = page.value("_token").unwrap();
    let json = |page: Page| serde_json::from_str::<Value>(&page.html).unwrap();
    let asked = "/settings/security/passkeys/options";
    let options = json(browser.post(asked, &[("_token", &token)]).await);
    let answer = key.create(&options).to_string();
    let challenge = options["challenge"].as_str().unwrap();
    let fields = [("name", "Phone"), ("challenge", challenge), ("answer", &*answer)];
    browser.send(&page, "/settings/security/passkeys", &fields).await.expect(200);

    let form = browser.open("/clients/new").await;
    browser.cookies.borrow_mut().clear();
    let fields = [("name", "Zoë"), ("email", "zoe@example.com")];
    let login = browser.send(&form, "/clients", &fields).await.expect(401);
    let options = json(browser.post("/login/passkey/options", &[("identifier", OWNER)]).await);
    key.counter += 1;
    let answer = key.get(&options).to_string();
    let challenge = options["challenge"].as_str().unwrap();
    let fields = [("identifier", OWNER), ("challenge", challenge), ("answer", &*answer)];
    let again = browser.send(&login, "/login/passkey", &fields).await.expect(200);
    again.says(AGAIN);
    assert_eq!(again.value("name").as_deref(), Some("Zoë"));
}

#[tokio::test]
async fn input_is_restored_only_for_its_own_account() {
    let app = spawn_app().await;
    app.register(OWNER).await;
    let other = app.register("b@example.com").await;
    let (browser, fields) = begun(&app).await;
    browser.cookies.borrow_mut().clear();
    let login = send(&browser, &fields).await.expect(401);
    assert!(!login.html.contains("Zoë"), "the sign-in page shows what was typed");
    let page = sign_in(&browser, &login, "b@example.com").await.expect(200);
    page.says("was for another account").hides("Zoë");
    assert_eq!(other.get("/clients").await.body["total"], 0);
    // A form of another account is refused in this session too.
    send(&browser, &fields).await.expect(403).hides("Zoë");
}

#[tokio::test]
async fn another_site_cannot_plant_a_form() {
    let app = spawn_app().await;
    let user = app.register(OWNER).await;
    // Without a valid token, nothing is stored.
    let stranger = Browser::new(&app);
    for token in ["", "x", &"A".repeat(128)] {
        let fields = [("_token", token), ("name", "Evil"), ("email", "e@example.com")];
        let answer = stranger.once(&Method::POST, "/clients", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    let login = stranger.open("/login").await;
    for kept in ["x", &"A".repeat(400)] {
        let typed = [("email", OWNER), ("password", PASSWORD), ("kept", kept)];
        let page = stranger.send(&login, "/login", &typed).await.expect(200);
        page.says("is no longer available");
    }
    // A form of another site is not even read.
    let (_, fields) = begun(&app).await;
    let request = app.http.post(format!("{}/clients", app.base)).form(&fields);
    let answer = request.header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(user.get("/clients").await.body["total"], 0);
}

#[tokio::test]
async fn passwords_and_codes_are_not_restored() {
    let app = spawn_app().await;
    let user = app.register(OWNER).await;
    let browser = Browser::of(&user);
    let action = "/settings/security/password";
    let form = browser.open("/settings/security").await;
    browser.cookies.borrow_mut().clear();
    let typed = [("currentPassword", PASSWORD), ("newPassword", "NewSecret123!")];
    let login = browser.send(&form, action, &typed).await.expect(401);
    let again = sign_in(&browser, &login, OWNER).await.expect(200);
    again.says(AGAIN);
    assert!(!again.html.contains("NewSecret123!") && !again.html.contains(PASSWORD));
    let login = Browser::new(&app);
    let page = login.open("/login").await;
    sign_in(&login, &page, OWNER).await.expect(200).hides("is wrong");
}

#[tokio::test]
async fn a_button_has_to_be_pressed_again() {
    let app = spawn_app().await;
    let user = app.register(OWNER).await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    let shown = format!("/clients/{client}");
    let page = browser.open(&shown).await;
    browser.cookies.borrow_mut().clear();
    let login = browser.send(&page, &format!("{shown}/delete"), &[]).await.expect(401);
    let answer = sign_in(&browser, &login, OWNER).await.expect(200);
    answer.says(AGAIN).says("Kamala");
    assert_eq!(user.get("/clients").await.body["total"], 1);
    // Signing out works without a session.
    let page = browser.open(&shown).await;
    browser.cookies.borrow_mut().clear();
    let page = browser.send(&page, "/logout", &[]).await.expect(200);
    assert_eq!(page.path, "/login");
}

#[tokio::test]
async fn a_file_has_to_be_chosen_again_but_the_text_is_restored() {
    let app = spawn_app().await;
    let user = app.register(OWNER).await;
    let browser = Browser::of(&user);
    let form = browser.open("/profile/portfolio/new").await.expect(200);
    browser.cookies.borrow_mut().clear();
    let fields = [("title", "Shop"), ("description", "A shop")];
    let file = png(8, 8);
    let login = browser.upload(&form, "/profile/portfolio", &fields, &file).await.expect(401);
    let again = sign_in(&browser, &login, OWNER).await.expect(200);
    again.says(AGAIN).says("choose the file again");
    assert_eq!(again.value("title").as_deref(), Some("Shop"));
    assert_eq!(user.hub_get("/freelancer/portfolio").await.body.as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn input_that_is_too_large_to_restore_is_reported() {
    let app = spawn_app().await;
    let user = app.register(OWNER).await;
    let browser = Browser::of(&user);
    let form = browser.open("/clients/new").await.expect(200);
    browser.cookies.borrow_mut().clear();
    let long = "x".repeat(800 * 1024);
    let login = browser.send(&form, "/clients", &[("name", &long)]).await.expect(401);
    login.says("too long to keep here");
    assert!(login.value("kept").is_none());
}
