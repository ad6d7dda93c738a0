//! What a page costs where a browser knows nothing yet.

use std::{collections::BTreeSet, io::Read};

use freelanceos::domain::id::InvoiceId;
use reqwest::header::{self, HeaderMap};
use serde_json::json;

use crate::support::{PUBLIC_URL, TestApp, spawn_app};

/// The most bytes that a page and what it loads may have on the wire, and the most requests for
/// them.
const WEIGHT_MAX: usize = 30_000;
const REQUESTS_MAX: usize = 4;

/// What the first look at a page costs: bytes and requests.
async fn weigh(app: &TestApp, cookie: &str, path: &str) -> (usize, usize) {
    let get = async |path: &str| {
        let request = app.http.get(format!("{}{path}", app.base)).header(header::COOKIE, cookie);
        let answer = request.header(header::ACCEPT_ENCODING, "gzip").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let headers = answer.headers().clone();
        (answer.bytes().await.unwrap(), headers)
    };
    let weight = |headers: &HeaderMap| -> usize {
        headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
    };
    let (packed, headers) = get(path).await;
    let mut html = String::new();
    flate2::read::GzDecoder::new(&*packed).read_to_string(&mut html).unwrap();
    let mut size = packed.len() + weight(&headers);
    let loaded = [" src=\"/", "<link rel=\"stylesheet\" href=\"/", "<use href=\"/"];
    let loaded: BTreeSet<String> = loaded
        .iter()
        .flat_map(|start| html.split(start).skip(1))
        .map(|rest| format!("/{}", rest.split(['"', '#']).next().unwrap()))
        .collect();
    for path in &loaded {
        let (packed, headers) = get(path).await;
        let kept = &headers[header::CACHE_CONTROL];
        assert_eq!(kept, "public, max-age=31536000, immutable", "{path}");
        size += packed.len() + weight(&headers);
    }
    (size, 1 + loaded.len())
}

#[tokio::test]
async fn the_first_look_at_any_page_is_four_requests_and_30_kb_at_most() {
    let app = spawn_app().await;
    let mut heavy = Vec::new();
    let mut check = async |cookie: &str, path: &str| {
        let (size, requests) = weigh(&app, cookie, path).await;
        if size > WEIGHT_MAX || requests > REQUESTS_MAX {
            heavy.push(format!("{path}: {size} bytes in {requests} requests"));
        }
    };
    check("", "/welcome").await;
    let user = app.register("a@example.com").await;
    let cookie = format!("fos_session={}", user.token);
    user.hub_put("/freelancer/profile", json!({"username": "ada"})).await;
    let work = json!({"title": "Shop", "description": "A shop", "technologies": [], "links": []});
    let work = user.hub_post("/freelancer/portfolio", work).await.bare(201)["item"]["id"].clone();
    let mut pages = Vec::new();
    for number in 1..=30 {
        let client = user.client(&format!("Client {number}")).await;
        let project = user.project(&client, &format!("Project {number}")).await;
        user.milestone(&project, "Design").await;
        let proposal = user.proposal(&client, &format!("Proposal {number}")).await;
        let invoice = user.invoice(&client, json!(100), "2026-04-01").await;
        let sent = user.sent_invoice(&client, json!(100)).await;
        if number == 30 {
            for path in [
                format!("/clients/{client}"),
                format!("/projects/{project}"),
                format!("/proposals/{proposal}"),
                format!("/invoices/{invoice}"),
            ] {
                pages.extend([format!("{path}/edit"), path]);
            }
            pages.push(format!("/invoices/{sent}"));
            pages.push(format!("/invoices/new?clientId={client}"));
            let link = app.app.invoice_link(user.claims(), InvoiceId::parse(&sent)).await;
            check("", &link.unwrap().unwrap().replace(PUBLIC_URL, "")).await;
        }
    }
    pages.push(format!("/profile/portfolio/{}/edit", work.as_str().unwrap()));
    let others = "/ /clients /clients/new /projects /projects?view=board /projects/new /proposals \
        /proposals/new /invoices /invoices/new /messages /profile /profile/portfolio \
        /profile/portfolio/new /search /settings /settings/money /settings/invoices \
        /settings/security /settings/data /settings/data/delete /settings/reminders \
        /settings/reminders/new /settings/reminders/7/edit /reminders";
    for path in pages.iter().map(String::as_str).chain(others.split_whitespace()) {
        check(&cookie, path).await;
    }
    for path in ["/login", "/register", "/forgot", "/reset", "/u/ada"] {
        check("", path).await;
    }
    assert!(heavy.is_empty(), "{heavy:#?}");
}
