//! `/u/<username>`.

use reqwest::Method;
use serde_json::json;

use super::browser::{AGENT, Browser};
use crate::{
    freelancehub::freelancer::freelancer,
    support::{Options, spawn_app, spawn_app_with},
};

const MESSAGE: [(&str, &str); 3] =
    [("name", "Ngozi"), ("email", "ngozi@example.com"), ("message", "Do you have time in May?")];

#[tokio::test]
async fn anyone_sees_what_a_freelancer_shows() {
    let app = spawn_app().await;
    let user = freelancer(&app, "JohnDoe").await;
    let browser = Browser::new(&app);
    let empty = browser.open("/u/johndoe").await.expect(200);
    empty.says("Nothing here yet");
    assert!(empty.html.contains(r#"<meta name="robots" content="noindex">"#));
    let change = json!({
        "title": "මෘදුකාංග ඉංජිනේරු",
        "bio": "<script>alert(1)</script>\nI \"build\" shops.",
        "location": {"country": "Sri Lanka", "city": "Colombo", "coordinates": [79.8612, 6.9271]},
        "hourlyRate": {"amount": 12500, "currency": "XOF"},
        "skills": ["Rust"],
        "availability": "available",
        "experience": "expert",
        "phone": "+94701234567",
    });
    user.hub_put("/freelancer/profile", change).await.bare(200);
    let item = json!({
        "title": "Shop", "technologies": ["SQL"],
        "links": [{"type": "live", "url": "https://www.example.com/shop?a=1&b=2"}],
    });
    user.hub_post("/freelancer/portfolio", item).await.bare(201);
    let page = browser.open("/u/johndoe").await.expect(200);
    page.says("John Doe").says("මෘදුකාංග ඉංජිනේරු").says("<script>alert(1)</script>");
    page.says("Available for work")
        .says("XOF\u{a0}12,500 per hour".replace('\u{a0}', " ").as_str());
    page.says("Colombo, Sri Lanka").says("Rust").says("Expert").says("Member since March 2026");
    page.says("Shop").says("live example.com").hides("Edit profile");
    assert_eq!(page.link("https://"), "https://www.example.com/shop?a=1&b=2");
    for held in [
        r#"<meta name="robots" content="index, follow">"#,
        r#"<link rel="canonical" href="http://localhost:5000/u/JohnDoe">"#,
        r#"<meta property="og:title" content="John Doe, මෘදුකාංග ඉංජිනේරු">"#,
        r#"content="&#60;script&#62;alert(1)&#60;/script&#62; I &#34;build&#34; shops.""#,
    ] {
        assert!(page.html.contains(held), "{held}: {}", page.html);
    }
    for hidden in ["70123", "79.86", "@example.com", "user_", "<script>alert"] {
        assert!(!page.html.contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn views_count_once_a_day_per_visitor_and_never_for_the_freelancer() {
    let app = spawn_app().await;
    let (user, other) = (freelancer(&app, "johndoe").await, freelancer(&app, "other").await);
    let views = async || {
        let dashboard = user.hub_get("/freelancer/dashboard").await;
        dashboard.bare(200)["stats"]["profileViews"].as_u64().unwrap()
    };
    let own = Browser::of(&user).open("/u/johndoe").await.expect(200);
    own.says("Edit profile").hides("Contact John");
    assert_eq!(views().await, 0);
    let browser = Browser::of(&other);
    browser.open("/u/johndoe").await.says("Contact John").hides("Edit profile");
    Browser::new(&app).open("/u/JohnDoe").await.expect(200);
    assert_eq!(views().await, 1);
}

#[tokio::test]
async fn robots_and_prefetches_are_not_views() {
    let app = spawn_app().await;
    let user = freelancer(&app, "johndoe").await;
    let url = format!("{}/u/johndoe", app.base);
    let json = format!("{}/v1/public/freelancers/johndoe", app.base);
    let browser = |url: &str| app.http.get(url).header("user-agent", AGENT);
    for request in [
        app.http.head(&url).header("user-agent", AGENT),
        app.http.head(&json).header("user-agent", AGENT),
        app.http.get(&url).header("user-agent", "TelegramBot (like TwitterBot)"),
        app.http.get(&json).header("user-agent", "Slackbot-LinkExpanding 1.0"),
        browser(&url).header("sec-purpose", "prefetch;prerender"),
        browser(&json).header("purpose", "prefetch"),
        browser(&url).header("sec-fetch-mode", "no-cors").header("sec-fetch-dest", "image"),
    ] {
        assert!(request.send().await.unwrap().status().is_success());
    }
    let dashboard = user.hub_get("/freelancer/dashboard").await;
    assert_eq!(dashboard.bare(200)["stats"]["profileViews"], 0);
    browser(&url).header("sec-fetch-mode", "navigate").send().await.unwrap();
    let dashboard = user.hub_get("/freelancer/dashboard").await;
    assert_eq!(dashboard.bare(200)["stats"]["profileViews"], 1);
}

#[tokio::test]
async fn a_visitor_writes_to_the_freelancer_and_is_thanked_once() {
    let app = spawn_app().await;
    let user = freelancer(&app, "johndoe").await;
    let browser = Browser::new(&app);
    browser.open("/u/johndoe").await.says("Send message");
    let wrong = [("name", "Ngozi \"N\""), ("email", "ngozi"), ("message", " ")];
    let again = browser.post("/u/johndoe/messages", &wrong).await.expect(400);
    again.says("Check the 2 fields below.").says("Enter a valid email");
    assert_eq!(again.value("name").as_deref(), Some("Ngozi \"N\""));
    let thanks = browser.post("/u/johndoe/messages", &MESSAGE).await.expect(200);
    thanks.says("Thank you").says("Your message was sent.").hides("Send message");
    browser.open("/u/johndoe").await.says("Send message").hides("Thank you");
    let messages = user.hub_get("/freelancer/messages").await;
    assert_eq!(messages.bare(200).as_array().unwrap().len(), 1);
    assert_eq!(messages.body[0]["message"], MESSAGE[2].1);

    // A bot that fills in every field gets the same thanks, but its message is dropped.
    let all = [MESSAGE[0], MESSAGE[1], MESSAGE[2], ("reference", "https://spam.example")];
    browser.post("/u/johndoe/messages", &all).await.expect(200).says("Thank you");
    assert_eq!(user.hub_get("/freelancer/messages").await.body.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_visitor_over_the_limit_waits_and_keeps_the_input() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    let user = freelancer(&app, "johndoe").await;
    let browser = Browser::new(&app);
    for _ in 0..5 {
        browser.post("/u/johndoe/messages", &MESSAGE).await.expect(200);
    }
    let refused = browser.post("/u/johndoe/messages", &MESSAGE).await.expect(429);
    refused.says("Too many requests, please try again later.").says(MESSAGE[2].1);
    assert_eq!(refused.headers["retry-after"], "3600");
    // The API and the page share the limit.
    let body = json!({"name": "N", "email": "n@example.com", "message": "Hello"});
    app.hub_post("/public/freelancers/johndoe/messages", body).await.refusal(429);
    assert_eq!(
        user.hub_get("/freelancer/messages?limit=100").await.body.as_array().unwrap().len(),
        5
    );
}

#[tokio::test]
async fn an_unknown_username_is_an_error_page() {
    let app = spawn_app().await;
    freelancer(&app, "johndoe").await;
    let browser = Browser::new(&app);
    for path in ["/u/nobody", "/u/a%2Fb", "/u/%0d%0aset-cookie:x=y", "/u/johndoe%2F..", "/u"] {
        browser.open(path).await.expect(404).says("Page not found");
    }
    browser.post("/u/nobody/messages", &MESSAGE).await.expect(404);
    browser.post("/u/nobody/messages", &[("name", "")]).await.expect(404);
    let trapped = [("reference", "x")];
    let path = "/u/%0d%0aset-cookie:x=y%2F%2Fevil.example/messages";
    let answer = browser.once(&Method::POST, path, &trapped).await;
    let to = answer.headers["location"].to_str().unwrap();
    assert!(to.starts_with("/u/%0D%0Aset-cookie%3Ax%3Dy%2F%2Fevil"), "{to}");
}
