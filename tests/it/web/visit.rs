//! Access to pages, and the checks of every form.

use jiff::SignedDuration;
use reqwest::{Method, header};

use super::browser::Browser;
use crate::support::{ORIGIN, Options, PASSWORD, spawn_app, spawn_app_with};

const TYPED: [(&str, &str); 2] = [("name", "Kamala"), ("email", "kamala@example.com")];

#[tokio::test]
async fn a_signed_out_visitor_is_sent_to_sign_in_and_back() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let stranger = Browser::new(&app);
    let answer = stranger.once(&Method::GET, "/clients?search=a%26b", &[]).await;
    assert_eq!(answer.status.as_u16(), 303);
    assert_eq!(answer.headers[header::LOCATION], "/login?next=%2Fclients%3Fsearch%3Da%2526b");
    let answer = stranger.once(&Method::POST, "/clients", &TYPED).await;
    assert_eq!(answer.headers[header::LOCATION], "/login");

    // If the session was ended elsewhere, the browser's cookie is deleted.
    let browser = Browser::of(&user);
    browser.open("/clients").await.expect(200);
    user.post("/auth/logout", serde_json::json!({})).await;
    let answer = browser.once(&Method::GET, "/clients", &[]).await;
    assert_eq!(answer.status.as_u16(), 303);
    assert!(browser.cookies.borrow().is_empty());
}

#[tokio::test]
async fn a_form_without_its_token_changes_nothing() {
    let app = spawn_app().await;
    let (ada, eve) = (app.register("a@example.com").await, app.register("e@example.com").await);
    let browser = Browser::of(&ada);
    let others = Browser::of(&eve).open("/clients/new").await.value("_token").unwrap();
    let own = browser.open("/clients/new").await.value("_token").unwrap();
    let changed = own.replacen(&own[..1], if own.starts_with('A') { "B" } else { "A" }, 1);
    for token in ["", "wrong", &others, &changed, &own[..43], &format!("{own}AA")] {
        let fields = [TYPED[0], TYPED[1], ("_token", token)];
        browser.post("/clients", &fields).await.expect(403).says("out of date");
    }
    assert_eq!(ada.get("/clients").await.body["total"], 0);

    // The token is masked differently on every page, since pages are compressed.
    let again = browser.open("/clients/new").await.value("_token").unwrap();
    assert_ne!(again, own);
    for (token, clients) in [(own, 1), (again, 2)] {
        let fields = [TYPED[0], TYPED[1], ("_token", &token)];
        browser.post("/clients", &fields).await.expect(200);
        assert_eq!(ada.get("/clients").await.body["total"], clients);
    }
}

#[tokio::test]
async fn what_a_browser_fetches_ahead_changes_nothing_and_is_forgotten_after_a_form() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/clients/new").await.expect(200);
    let address = page.headers["speculation-rules"].to_str().unwrap().trim_matches('"').to_owned();
    let answer = app.http.get(format!("{}{address}", app.base)).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/speculationrules+json");
    assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
    let rules: serde_json::Value = answer.json().await.unwrap();
    let [which, but] = [0, 1].map(|at| rules["prefetch"][0]["where"]["and"][at].clone());
    assert_eq!(but, serde_json::json!({"not": {"href_matches": "/*.*"}}));
    let patterns = which["href_matches"].as_array().unwrap();
    let is_fetched = |path: &str| {
        let parts = path.split('/').count();
        let fits = |pattern: &str| {
            let mut pairs = pattern.split('/').zip(path.split('/'));
            let count = pattern.split('/').count();
            count == parts && pairs.all(|(want, part)| want.starts_with(':') || want == part)
        };
        !path.contains('.') && patterns.iter().any(|pattern| fits(pattern.as_str().unwrap()))
    };
    for path in ["/", "/invoices", "/clients/client_1", "/proposals/prop_1/edit", "/settings/money"]
    {
        assert!(is_fetched(path), "{path}");
    }
    // What counts a visit, marks something as read, is a file or needs no account.
    for path in [
        "/i/token",
        "/p/token",
        "/u/ada",
        "/messages/msg_1",
        "/invoices/inv_1/pdf",
        "/invoices/export.csv",
        "/settings/data/export.json",
        "/settings/invoices/sample.pdf",
        "/images/img_1",
        "/login",
    ] {
        assert!(!is_fetched(path), "{path}");
    }
    let fields = [TYPED[0], TYPED[1], ("_token", &page.value("_token").unwrap())];
    let sent = browser.once(&Method::POST, "/clients", &fields).await;
    assert_eq!(sent.headers["clear-site-data"], "\"prefetchCache\"");
    let open = Browser::new(&app).open("/login").await.expect(200);
    assert!(!open.headers.contains_key("speculation-rules"));
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let token = browser.open("/clients/new").await.value("_token").unwrap();
    let send = |name: &'static str, value: String| {
        let fields = [TYPED[0], TYPED[1], ("_token", &token)].map(|(n, v)| (n, v.to_owned()));
        let url = format!("{}/clients", app.base);
        let cookie = format!("fos_session={}", user.token);
        let request = app.http.post(url).header("cookie", cookie).header(name, value);
        async move { request.form(&fields).send().await.unwrap().status().as_u16() }
    };
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost"),
    ] {
        assert_eq!(send(name, value.to_owned()).await, 403, "{name}: {value}");
    }
    assert_eq!(user.get("/clients").await.body["total"], 0);
    assert_eq!(send("origin", app.base.clone()).await, 200);
    assert_eq!(user.get("/clients").await.body["total"], 1);
}

#[tokio::test]
async fn the_ip_address_redirects_to_the_public_url() {
    let app = spawn_app().await;
    let open = |host: &'static str| {
        let url = format!("{}/clients?page=2", app.base);
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let request = http.build().unwrap().get(url).header(header::HOST, host);
        async move { request.send().await.unwrap() }
    };
    for host in ["127.0.0.1:5000", "[::1]:5000", "127.0.0.1"] {
        let answer = open(host).await;
        assert_eq!(answer.status().as_u16(), 307, "{host}");
        let to = &answer.headers()[header::LOCATION];
        assert_eq!(to, "http://localhost:5000/clients?page=2", "{host}");
    }
    // A proxy that connects to the IP address was reached by the public URL.
    let url = format!("{}/clients", app.base);
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let request = http.build().unwrap().get(url).header(header::HOST, "127.0.0.1:5000");
    let passed_on = request.header("x-forwarded-for", "203.0.113.7").send().await.unwrap();
    assert_eq!(passed_on.headers()[header::LOCATION], "/login?next=%2Fclients");
    for host in ["localhost:5000", "192.168.1.5:5000", "freelance.example"] {
        let to = open(host).await.headers()[header::LOCATION].clone();
        assert!(to.to_str().unwrap().starts_with("/login"), "{host}: {to:?}");
    }
}

#[tokio::test]
async fn cookies_are_hidden_from_scripts_and_with_https_from_plain_http() {
    for (public_url, cookie) in [
        ("http://localhost:5000", "fos_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"),
        (
            "https://freelance.example",
            "__Host-fos_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure",
        ),
    ] {
        let options = Options { public_url: Some(public_url), ..Options::default() };
        let app = spawn_app_with(options).await;
        let answer = Browser::new(&app).once(&Method::GET, "/clients", &[]).await;
        assert_eq!(answer.headers[header::SET_COOKIE], cookie);
    }
}

#[tokio::test]
async fn a_notice_too_is_protected_from_neighbouring_hosts_on_https() {
    let options = Options { public_url: Some("https://freelance.example"), ..Options::default() };
    let app = spawn_app_with(options).await;
    let user = app.register("a@example.com").await;
    let url = format!("{}/logout", app.base);
    let page = app.http.get(format!("{}/clients/new", app.base));
    let cookie = format!("__Host-fos_session={}", user.token);
    let page = page.header(header::COOKIE, &cookie).send().await.unwrap().text().await.unwrap();
    let (_, token) = page.split_once("name=\"_token\" value=\"").unwrap();
    let form = [("_token", token.split('"').next().unwrap())];
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let request = http.build().unwrap().post(url).header(header::COOKIE, &cookie).form(&form);
    let answer = request.send().await.unwrap();
    let cookies: Vec<_> = answer.headers().get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    for cookie in cookies {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.starts_with("__Host-fos_") && cookie.ends_with("; Secure"), "{cookie}");
    }
}

#[tokio::test]
async fn an_unused_browser_is_signed_out_after_four_days() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    for _ in 0..2 {
        app.clock.advance(SignedDuration::from_hours(3 * 24));
        browser.open("/clients").await.expect(200);
    }
    app.register("b@example.com").await;
    let typed = [("email", "b@example.com"), ("password", PASSWORD)];
    let idle = Browser::new(&app);
    idle.post("/login", &typed).await.expect(200);
    let token = idle.cookies.borrow()["fos_session"].clone();
    app.clock.advance(SignedDuration::from_hours(4 * 24));
    assert!(idle.open("/clients").await.path.starts_with("/login"));
    // The session has ended too, not only the cookie.
    let answer = app.request(Method::GET, "/auth/me").bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn no_other_origin_can_read_pages_not_even_a_known_one() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    for path in ["/clients", "/settings/data/export.json", "/login", "/assets/app.css"] {
        let request = app.http.get(format!("{}{path}", app.base)).header("origin", ORIGIN);
        let cookie = format!("fos_session={}", user.token);
        let answer = request.header(header::COOKIE, cookie).send().await.unwrap();
        let headers = answer.headers();
        let is_shared = |name: &header::HeaderName| name.as_str().starts_with("access-control-");
        assert!(!headers.keys().any(is_shared), "{path}: {headers:?}");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin", "{path}");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin", "{path}");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        for part in ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
    }
}

#[tokio::test]
async fn a_page_loads_nothing_from_elsewhere() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let page = Browser::of(&user).open("/clients").await.expect(200);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let url = format!("{}/assets/app.css?v=0", app.base);
    let old = app.http.get(url).send().await.unwrap();
    assert_eq!(old.headers()[header::CACHE_CONTROL], "no-cache");
}

#[tokio::test]
async fn error_pages_offer_a_way_to_continue() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    for (path, list, words) in [
        ("/clients/client_x", "/clients", "Go to Clients"),
        ("/projects/proj_x/edit", "/projects", "Go to Projects"),
    ] {
        let page = browser.open(path).await.expect(404);
        page.says("Page not found").says("Sign out").says(words);
        page.tag("a", &format!("class=\"btn\" href=\"{list}\""));
    }
    browser.open("/nothing").await.expect(404).link("/");
    // Clients have no account to sign in to.
    for path in ["/i/x", "/p/x", "/u/nobody"] {
        let page = Browser::new(&app).open(path).await.expect(404);
        assert!(!page.html.contains("<a "), "{path}: {}", page.html);
    }
}
