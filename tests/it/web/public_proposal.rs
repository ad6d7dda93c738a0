//! The public page of a proposal.

use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::{Value, json};

use crate::support::{PUBLIC_URL, TestApp, User, spawn_app};

/// Creates and sends a proposal. Returns its id and the address of its page.
async fn sent(user: &User<'_>, extra: Value) -> (String, String) {
    let client = user.client("Ngozi \"Web\" <b>").await;
    let mut body = json!({
        "clientId": client, "title": "Mobile app & site", "amount": 12000.5,
        "content": "First line\n<script>alert(1)</script>",
    });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let id = user.post("/proposals", body).await.data(201)["id"].as_str().unwrap().to_owned();
    let answer = user.post(&format!("/proposals/{id}/send"), json!({})).await;
    let link = answer.data(200)["publicLink"].as_str().unwrap();
    (id, link.replace(PUBLIC_URL, &user.app.base))
}

async fn read(app: &TestApp, url: &str) -> (StatusCode, String) {
    let response = app.http.get(url).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    (response.status(), response.text().await.unwrap())
}

/// The version in the form of a page.
fn version(html: &str) -> String {
    let (_, rest) = html.split_once("name=\"version\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_proposal_that_changed_since_it_was_read_is_not_accepted() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (id, url) = sent(&user, json!({})).await;
    let read_version = version(&read(&app, &url).await.1);
    let path = format!("/proposals/{id}");
    user.put(&path, json!({"amount": 9000})).await.data(200);
    let form = [("name", "Ngozi"), ("answer", "accept"), ("version", &read_version)];
    let page = app.http.post(&url).form(&form).send().await.unwrap();
    assert_eq!(page.status(), 409);
    let html = page.text().await.unwrap();
    assert!(
        html.contains("has changed in the meantime") && html.contains("USD\u{a0}9,000.00"),
        "{html}"
    );
    assert_eq!(user.get(&path).await.data(200)["status"], "sent");
    let token = url.rsplit('/').next().unwrap();
    let accept = format!("/public/proposals/{token}/accept");
    let body = json!({"name": "Ngozi", "version": read_version});
    let refused = app.hub_post(&accept, body).await;
    assert_eq!(
        *refused.refusal(409),
        "This proposal has changed in the meantime; please read it again"
    );
    let body = json!({"name": "Ngozi", "version": version(&html)});
    app.hub_post(&accept, body).await.bare(200);
}

#[tokio::test]
async fn a_sent_proposal_stays_with_its_client() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (id, _) = sent(&user, json!({})).await;
    let other = user.client("Other").await;
    let moved = user.put(&format!("/proposals/{id}"), json!({"clientId": other})).await;
    assert_eq!(moved.error(409), "A sent proposal keeps its client, who has the link to it");
}

async fn answer(url: &str, name: &str, answer: &str) -> (StatusCode, String) {
    // As a browser does, but without following redirects.
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    let response = http.post(url).form(&[("name", name), ("answer", answer)]).send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

#[tokio::test]
async fn the_client_reads_the_proposal_and_accepts_it_once() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (id, url) = sent(&user, json!({"validUntil": "2026-05-31"})).await;
    let (status, html) = read(&app, &url).await;
    assert_eq!(status, 200);
    for text in
        ["Mobile app &#38; site", "USD\u{a0}12,000.50", "31 May 2026", "John Doe", "First line"]
    {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains("<script>") && html.contains("Web&#34; &#60;b&#62;"), "{html}");

    let (status, html) = answer(&url, " ", "accept").await;
    assert_eq!(status, 400);
    assert!(html.contains("Your full name: Fill in this field."), "{html}");
    assert_eq!(answer(&url, "Ngozi", "perhaps").await.0, 400);
    assert_eq!(user.get(&format!("/proposals/{id}")).await.data(200)["status"], "sent");

    assert_eq!(answer(&url, "Ngozi", "accept").await.0, 303);
    assert_eq!(user.get(&format!("/proposals/{id}")).await.data(200)["status"], "accepted");
    let (_, html) = read(&app, &url).await;
    assert!(html.contains("Accepted by Ngozi on 18 Mar 2026"), "{html}");
    assert!(!html.contains("<form"), "{html}");
    let (status, html) = answer(&url, "Ngozi", "decline").await;
    assert_eq!(status, 409);
    assert!(html.contains("Accepted by Ngozi on 18 Mar 2026"), "{html}");
}

#[tokio::test]
async fn headings_are_numbered_sections_followed_by_price_and_answer() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let content = "Dear Ngozi,\n\n## What you get\n\n- A **fast** site\n\n## When\n\nIn May.";
    let (_, url) = sent(&user, json!({"content": content})).await;
    let (_, html) = read(&app, &url).await;
    for wanted in [
        "<p dir=\"auto\">Dear Ngozi,</p>",
        "<span>1</span>What you get</h2>",
        "<li dir=\"auto\">A <b>fast</b> site</li>",
        "<span>2</span>When</h2>",
        "<span>3</span>What it costs</h2>",
        "<span>4</span>Your answer</h2>",
        "Accept for USD\u{a0}12,000.50</button>",
    ] {
        assert!(html.contains(wanted), "{wanted}: {html}");
    }
    // It speaks for the freelancer, without links to the program.
    assert!(!html.contains("href=\"/\"") && !html.contains("/login"), "{html}");
    let (_, url) = sent(&user, json!({"content": "", "amount": 0})).await;
    let (_, html) = read(&app, &url).await;
    assert!(html.contains("<span>1</span>Your answer</h2>"), "{html}");
    assert!(html.contains("Accept proposal</button>") && !html.contains("What it costs"), "{html}");
}

#[tokio::test]
async fn an_expired_proposal_can_be_read_but_not_answered() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (id, url) = sent(&user, json!({"validUntil": "2026-03-18"})).await;
    // The last day ends at midnight in Lagos, an hour ahead of UTC.
    app.clock.set("2026-03-18T22:59:59Z");
    assert!(read(&app, &url).await.1.contains("<form"));
    app.clock.set("2026-03-18T23:00:00Z");
    let (_, html) = read(&app, &url).await;
    assert!(html.contains("has expired") && !html.contains("<form"), "{html}");
    assert_eq!(answer(&url, "Ngozi", "accept").await.0, 409);
    assert_eq!(user.get(&format!("/proposals/{id}")).await.data(200)["status"], "sent");
}

#[tokio::test]
async fn an_unknown_link_is_an_error_page() {
    let app = spawn_app().await;
    for path in ["/p/x", "/p/%22%3Cb%3E", "/p"] {
        let response = app.http.get(format!("{}{path}", app.base)).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
    }
    assert!(read(&app, &format!("{}/p/x", app.base)).await.1.contains("This link doesn’t work"));
    let (status, _) = answer(&format!("{}/p/x", app.base), "Ngozi", "accept").await;
    assert_eq!(status, 404);
}
