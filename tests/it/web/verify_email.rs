//! The page that the link in a verification email opens.

use reqwest::StatusCode;
use serde_json::json;

use crate::{
    freelancehub::{HUB_PASSWORD, registration},
    support::{PUBLIC_URL, TestApp, spawn_app},
};

const EMAIL: &str = "john+doe@example.com";

/// The link in the email, with this app's address.
async fn link(app: &TestApp) -> String {
    app.hub_post("/auth/register", registration(EMAIL, "johndoe123")).await.bare(201);
    let mails = app.mails().await;
    let text = &mails[0].text;
    let (_, rest) = text.split_once(&format!("{PUBLIC_URL}/verify-email")).unwrap();
    format!("{}/verify-email{}", app.base, rest.split_whitespace().next().unwrap())
}

/// The fields of the form on a page.
fn fields(html: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let rest = tag.split_once(&format!("{name}=\"")).unwrap().1;
        rest.split('"').next().unwrap().replace("&#38;", "&").replace("&#43;", "+")
    };
    html.split("<input ")
        .skip(1)
        .map(|tag| (attribute(tag, "name"), attribute(tag, "value")))
        .collect()
}

async fn post(app: &TestApp, fields: &[(String, String)]) -> (StatusCode, String) {
    let url = format!("{}/verify-email", app.base);
    let response = app.http.post(url).form(fields).send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

async fn can_log_in(app: &TestApp) -> bool {
    let body = json!({"email": EMAIL, "password": HUB_PASSWORD});
    app.hub_post("/auth/login", body).await.status == 200
}

#[tokio::test]
async fn the_link_in_the_email_opens_a_page_whose_button_verifies_the_address_once() {
    let app = spawn_app().await;
    let link = link(&app).await;
    let page = app.http.get(&link).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["referrer-policy"], "same-origin");
    assert_eq!(page.headers()["cache-control"], "no-store");
    let html = page.text().await.unwrap();
    assert!(html.contains("john+doe@example.com") || html.contains("john&#43;doe"), "{html}");
    assert!(!can_log_in(&app).await, "opening the link changes nothing");

    let form = fields(&html);
    let (status, html) = post(&app, &form).await;
    assert_eq!(status, 200, "{html}");
    assert!(html.contains("address verified"), "{html}");
    assert!(can_log_in(&app).await);
    let (status, html) = post(&app, &form).await;
    assert_eq!(status, 400);
    assert!(html.contains("has expired"), "{html}");
}

#[tokio::test]
async fn a_broken_link_is_an_error_page() {
    let app = spawn_app().await;
    for query in ["", "?token=", "?token=x&email=nobody", "?email=a@b.co", "?token=%FF"] {
        let url = format!("{}/verify-email{query}", app.base);
        let page = app.http.get(url).send().await.unwrap();
        assert_eq!(page.status(), 400, "{query}");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    }
    let fields = [("token".to_owned(), "x".to_owned()), ("email".to_owned(), "a@b.co".to_owned())];
    assert_eq!(post(&app, &fields).await.0, 400);
    assert_eq!(post(&app, &[]).await.0, 400);
}

#[tokio::test]
async fn values_from_the_url_are_escaped_on_the_page() {
    let app = spawn_app().await;
    let url =
        format!("{}/verify-email?token=%22%3E%3Cscript%3E&email=%22%3Cb%3E%22@b.co", app.base);
    let html = app.http.get(url).send().await.unwrap().text().await.unwrap();
    assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
}

#[tokio::test]
async fn wrong_methods_and_errors_are_answered_with_pages() {
    let app = spawn_app().await;
    let url = format!("{}/verify-email", app.base);
    let page = app.http.delete(&url).send().await.unwrap();
    assert_eq!(page.status(), 405);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let page = app.http.post(&url).body(vec![b'x'; (1 << 20) + 1]).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.status(), 413);
    let style = app.http.get(format!("{}/assets/app.css", app.base)).send().await.unwrap();
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
}
