//! Limits on what anonymous visitors may send to pages.

use reqwest::{Method, header};
use serde_json::json;

use super::{browser::Browser, session::sign_in};
use crate::{
    freelancehub::freelancer::freelancer,
    support::{Options, PASSWORD, TestApp, spawn_app, spawn_app_with},
};

async fn limited() -> TestApp {
    spawn_app_with(Options { rate_limit: true, trust_proxy: true, ..Options::default() }).await
}

async fn post(app: &TestApp, path: &str, from: &str, body: String) -> (u16, String) {
    let request = app
        .http
        .post(format!("{}{path}", app.base))
        .header("X-Forwarded-For", from)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = request.body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn every_public_form_is_limited_by_address() {
    let app = limited().await;
    // A form with its own limit has this one too.
    let paths = ["/welcome", "/verify-email", "/u/nobody/messages", "/p/nothing"];
    for n in 0..200 {
        let (status, page) = post(&app, paths[n % 2], "203.0.113.1", "a=b".to_owned()).await;
        assert!(matches!(status, 400 | 303), "{status} {page}");
    }
    for path in paths {
        let (status, page) = post(&app, path, "203.0.113.1", "a=b".to_owned()).await;
        assert_eq!(status, 429, "{path} {page}");
    }
    let (status, _) = post(&app, "/verify-email", "203.0.113.2", "a=b".to_owned()).await;
    assert_eq!(status, 400);
    // Signed-in users are not affected.
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let form = browser.open("/clients/new").await.expect(200);
    browser.send(&form, "/clients", &[("name", "A"), ("email", "b@example.com")]).await.expect(200);
}

#[tokio::test]
async fn a_form_with_more_fields_than_any_page_has_is_refused_unread() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    for path in ["/login", "/verify-email"] {
        assert_eq!(post(&app, path, "", "a&".repeat(500_000)).await.0, 413, "{path}");
        assert_ne!(post(&app, path, "", "a&".repeat(4_000)).await.0, 413, "{path}");
    }
    let parts: String = (0..8000)
        .map(|_| "--edge\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n\r\n")
        .collect();
    let answer = app
        .http
        .post(format!("{}/settings/invoices/logo", app.base))
        .header(header::COOKIE, format!("fos_session={}", user.token))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .body(format!("{parts}--edge--\r\n"));
    assert_eq!(answer.send().await.unwrap().status(), 413);
}

#[tokio::test]
async fn attacks_do_not_lock_out_a_browser_that_signed_in_before() {
    let app = limited().await;
    app.register("a@example.com").await;
    app.register("b@example.com").await;
    let (own, other) = (Browser::new(&app), Browser::new(&app));
    sign_in(&own, "a@example.com", PASSWORD).await.expect(200);
    sign_in(&other, "b@example.com", PASSWORD).await.expect(200);
    for browser in [&own, &other] {
        browser.cookies.borrow_mut().remove("fos_session");
    }
    // The attackers are in the same network.
    for n in 0..20 {
        let form = "email=a%40example.com&password=wrong".to_owned();
        assert_eq!(post(&app, "/login", &format!("127.0.0.{}", 2 + n), form).await.0, 401);
    }
    sign_in(&other, "a@example.com", PASSWORD).await.expect(429);
    sign_in(&own, "a@example.com", PASSWORD).await.expect(200);
    // The cookie works only for its own account and cannot be forged.
    let marks = own.cookies.borrow()["fos_known"].clone();
    other.cookies.borrow_mut().insert("fos_known".to_owned(), marks.replace('A', "B"));
    sign_in(&other, "a@example.com", PASSWORD).await.expect(429);
    // The known browser can request a reset even after three requests by others.
    for browser in [&other, &other, &other, &own] {
        browser.post("/forgot", &[("email", "a@example.com")]).await.expect(200);
    }
    other.post("/forgot", &[("email", "a@example.com")]).await.expect(429);
}

#[tokio::test]
async fn a_browser_is_known_for_a_year_and_for_each_account_it_signed_in_to() {
    let app = limited().await;
    let browser = Browser::new(&app);
    for email in ["a@example.com", "b@example.com"] {
        app.register(email).await;
        sign_in(&browser, email, PASSWORD).await.expect(200);
        browser.cookies.borrow_mut().remove("fos_session");
    }
    let guess = async |n: u8| {
        let form = "email=a%40example.com&password=wrong".to_owned();
        post(&app, "/login", &format!("127.0.0.{n}"), form).await.0
    };
    for n in 2..22 {
        assert_eq!(guess(n).await, 401);
    }
    sign_in(&browser, "a@example.com", PASSWORD).await.expect(200);
    browser.cookies.borrow_mut().remove("fos_session");
    app.clock.advance(jiff::SignedDuration::from_hours(366 * 24));
    for n in 2..22 {
        assert_eq!(guess(n).await, 401);
    }
    sign_in(&browser, "a@example.com", PASSWORD).await.expect(429);
}

#[tokio::test]
async fn a_reset_checks_the_code_before_the_password_strength() {
    let app = spawn_app().await;
    app.register("a@example.com").await;
    // The strength of such a password takes long to estimate.
    let password = "4@8({[</369!1|0$57+%2Zz4@8({[</369!1|0$A".to_owned();
    let typed = [("email", "a@example.com"), ("otp", "000000"), ("newPassword", &*password)];
    let page = Browser::new(&app).post("/reset", &typed).await.expect(400);
    page.says("This code is wrong");
    let typed = [("email", "a@example.com"), ("otp", "000000"), ("newPassword", "Password123!")];
    let page = Browser::new(&app).post("/reset", &typed).await.expect(400);
    page.says("This code is wrong").hides("too common");
}

#[tokio::test]
async fn search_engines_may_index_only_a_profile_with_content() {
    let app = spawn_app().await;
    let user = freelancer(&app, "JohnDoe").await;
    let robots = async |method: Method, path: &str| {
        let request = app.http.request(method, format!("{}{path}", app.base));
        let answer = request.bearer_auth(&user.token).send().await.unwrap();
        let value = answer.headers().get("x-robots-tag").map(|value| value.to_str().unwrap());
        value.unwrap_or_default().to_owned()
    };
    assert_eq!(robots(Method::GET, "/u/JohnDoe").await, "noindex", "nothing is shown yet");
    user.hub_put("/freelancer/profile", json!({"bio": "I build shops."})).await.bare(200);
    assert_eq!(robots(Method::GET, "/u/JohnDoe").await, "index, follow");
    let client = user.client("Kamala").await;
    let invoice = user.sent_invoice(&client, json!(10)).await;
    let png = super::picture::png(8, 8);
    let purpose = freelanceos::domain::image::ImagePurpose::Avatar;
    let image = app.app.upload_image(user.claims(), purpose, png).await.unwrap();
    for path in [
        "/healthz",
        "/login",
        "/u/nobody",
        "/nothing",
        "/v1/public/freelancers/JohnDoe",
        "/v1/docs",
        &format!("/images/{image}"),
        &format!("/api/v1/invoices/{invoice}/pdf"),
    ] {
        assert_eq!(robots(Method::GET, path).await, "noindex", "{path}");
    }
    assert_eq!(robots(Method::POST, "/u/JohnDoe/messages").await, "noindex");
}

#[tokio::test]
async fn a_sign_in_whose_cookie_would_be_lost_explains_why() {
    let app = spawn_app_with(Options {
        public_url: Some("https://office.example.com"),
        ..Options::default()
    })
    .await;
    app.register("a@example.com").await;
    let send = async |origin: &str, cookie: &str, path: &str| {
        let request = app
            .http
            .post(format!("{}{path}", app.base))
            .header(header::ORIGIN, origin)
            .header("sec-fetch-site", "same-origin")
            .header(header::COOKIE, cookie)
            .form(&[("email", "a@example.com"), ("password", PASSWORD)]);
        let answer = request.send().await.unwrap();
        let cookies = answer.headers().contains_key(header::SET_COOKIE);
        (answer.status().as_u16(), cookies, answer.text().await.unwrap())
    };
    // Opened over plain HTTP in the local network.
    let (status, _, page) = send("http://192.168.1.5:5000", "", "/login").await;
    assert!(status == 409 && page.contains("https://office.example.com/login"), "{status} {page}");
    assert!(page.contains("over HTTP"), "{page}");
    let (status, _, page) = send("http://192.168.1.5:5000", "", "/register").await;
    assert!(status == 409 && page.contains("over HTTP"), "{status} {page}");
    // With cookies switched off.
    let (status, _, page) = send("https://office.example.com", "", "/login").await;
    assert!(status == 409 && page.contains("Allow cookies"), "{status} {page}");
    // Normally the sign-in page has set a cookie, and it comes back.
    let opened = app.http.get(format!("{}/login", app.base)).send().await.unwrap();
    let cookie = opened.headers()[header::SET_COOKIE].to_str().unwrap();
    let kept = cookie.split(';').next().unwrap();
    assert!(cookie.contains("; Secure"), "{cookie}");
    let (status, has_cookies, _) = send("https://office.example.com", kept, "/login").await;
    assert_eq!((status, has_cookies), (200, true), "the page that follows");
}
