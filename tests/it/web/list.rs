//! Features that all lists share: tabs, order, pages, exports, and bulk actions.

use freelanceos::domain::exchange_rate::ExchangeRate;
use jiff::SignedDuration;
use serde_json::json;

use super::browser::{Browser, Page};
use crate::support::{User, spawn_app};

/// Creates a draft and returns its id.
async fn draft(user: &User<'_>, client: &str, amount: u32, issued: &str, due: &str) -> String {
    let body = json!({
        "clientId": client, "amount": amount, "issueDate": issued, "dueDate": due,
    });
    user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned()
}

/// Creates a sent invoice and returns its id.
async fn sent(user: &User<'_>, client: &str, amount: u32, issued: &str, due: &str) -> String {
    let id = draft(user, client, amount, issued, due).await;
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    id
}

/// The numbers of the invoices on a page, in order.
fn numbers(page: &Page) -> Vec<String> {
    let parts = page.html.split("<span class=\"u-hide\"> INV-2026-").skip(1);
    parts.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn tabs_show_the_number_of_invoices_and_their_sums() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    draft(&user, &client, 100, "2026-03-18", "2026-04-18").await;
    sent(&user, &client, 200, "2026-03-18", "2026-04-18").await;
    sent(&user, &client, 1400, "2026-02-01", "2026-03-09").await;
    let paid = sent(&user, &client, 800, "2026-02-01", "2026-03-09").await;
    user.post(&format!("/invoices/{paid}/mark-paid"), json!({})).await.data(200);
    let deleted = draft(&user, &client, 1, "2026-03-18", "2026-04-18").await;
    user.delete(&format!("/invoices/{deleted}")).await.data(200);
    let browser = Browser::of(&user);
    let page = browser.open("/invoices").await.expect(200);
    page.says("All 4 US$2,500 Drafts 1 100 Sent 1 200 Overdue 1 1,400 Paid 1 800 Deleted 1 –");
    page.says("Totals in USD at today’s rates").says("9 days late").says("1–4 of 4");
    let overdue = browser.open(&page.link("/invoices?status=overdue")).await;
    assert_eq!(numbers(&overdue), ["003"]);

    let body = json!({
        "clientId": client, "amount": 5, "currency": "EUR", "dueDate": "2026-04-18",
    });
    user.post("/invoices", body).await.data(201);
    browser.open("/invoices").await.says("Totals in USD at today’s rates, excluding EUR");
}

#[tokio::test]
async fn column_headers_order_a_list_and_every_link_keeps_the_filters() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    for (issued, due) in
        [("2026-02-03", "2026-05-01"), ("2026-01-05", "2026-06-01"), ("2026-02-01", "2026-04-01")]
    {
        draft(&user, &client, 1, issued, due).await;
    }
    let browser = Browser::of(&user);
    let list = format!("/invoices?clientId={client}&status=draft&issuedFrom=2026-01-01");
    let page = browser.open(&list).await.expect(200);
    assert_eq!(numbers(&page), ["001", "003", "002"]);
    page.says("Issued: from 1 Jan 2026").hides("↓");
    let by_due = browser.open(&page.link(&format!("{list}&sort=due"))).await;
    assert_eq!(numbers(&by_due), ["003", "001", "002"]);
    by_due.tag("th", "aria-sort=\"ascending\"");
    let turned = browser.open(&by_due.link(&format!("{list}&sort=-due"))).await;
    assert_eq!(numbers(&turned), ["002", "001", "003"]);
    turned.tag("th", "aria-sort=\"descending\"");
    let month = turned
        .link(&format!("/invoices?clientId={client}&status=draft&sort=-due&issuedFrom=2026-02-01"));
    let february = browser.open(&month).await.expect(200);
    assert_eq!(numbers(&february), ["001", "003"]);
    february.says("Issued: last month");
    browser.open("/invoices?sort=total").await.expect(400);
}

#[tokio::test]
async fn invoices_are_ordered_by_what_they_are_worth_and_filtered_by_currency() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    draft(&user, &client, 300, "2026-03-01", "2026-04-01").await;
    browser.open("/invoices").await.hides("All currencies");
    for (amount, currency) in [(90_000, "NGN"), (100, "EUR"), (200, "EUR"), (5, "JPY")] {
        let body = json!({
            "clientId": client, "amount": amount, "currency": currency, "dueDate": "2026-04-01",
        });
        user.post("/invoices", body).await.data(201);
    }
    let rates = [["2026-03-01", "NGN", "USD", "0.001"], ["2026-03-01", "EUR", "USD", "1.2"]];
    let rates =
        rates.map(|[day, from, into, rate]| ExchangeRate::parse(day, from, into, rate).unwrap());
    app.app.import_rates("a@example.com".to_owned(), rates.to_vec()).await.unwrap();
    // 300, 90, 120 and 240 dollars, and yen without a rate.
    let page = browser.open("/invoices").await.expect(200);
    let down = browser.open(&page.link("/invoices?sort=-amount")).await;
    assert_eq!(numbers(&down), ["001", "004", "003", "002", "005"]);
    let up = browser.open(&down.link("/invoices?sort=amount")).await;
    assert_eq!(numbers(&up), ["005", "002", "003", "004", "001"]);

    page.says("All currencies EUR JPY NGN USD");
    let euros = browser.open("/invoices?currency=EUR&sort=-amount").await.expect(200);
    assert_eq!(numbers(&euros), ["004", "003"]);
    euros.says("1–2 of 2").tag("option", "selected").contains("EUR");
    let drafts =
        browser.open(&euros.link("/invoices?currency=EUR&sort=-amount&status=draft")).await;
    assert_eq!(numbers(&drafts), ["004", "003"]);
    assert!(numbers(&browser.open("/invoices?currency=EUR&status=sent").await).is_empty());
    let export = browser.open(&euros.link("/invoices/export.csv?currency=EUR&sort=-amount")).await;
    let lines: Vec<_> = export.html.lines().skip(1).collect();
    assert!(lines.len() == 2 && lines[0].contains("INV-2026-004"), "{}", export.html);
    browser.open("/invoices?currency=EURO").await.expect(400);
}

#[tokio::test]
async fn lists_tell_what_happened_last() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let (kamala, nimal) = (user.client("Kamala").await, user.client("Nimal").await);
    let browser = Browser::of(&user);
    user.project(&kamala, "Website").await;
    draft(&user, &kamala, 1, "2026-03-18", "2026-04-18").await;
    browser.open("/invoices").await.says("Draft Edited 13:00");
    app.clock.advance(SignedDuration::from_hours(24));
    let id = sent(&user, &kamala, 2, "2026-03-18", "2026-04-18").await;
    browser.open("/invoices").await.says("Sent Sent 13:00").says("Draft Edited yesterday");
    app.clock.advance(SignedDuration::from_hours(24));
    user.post(&format!("/invoices/{id}/mark-paid"), json!({})).await.data(200);
    app.clock.advance(SignedDuration::from_hours(48));
    user.proposal(&nimal, "Retainer").await;
    browser.open("/invoices").await.says("Paid Paid Friday").says("Edited Wednesday");
    let clients = browser.open("/clients").await.expect(200);
    clients.says("Invoice Thursday").says("Proposal 13:00");
}

#[tokio::test]
async fn the_navigation_counts_what_waits() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    browser.open("/clients").await.hides("overdue").hides("waiting for an answer");
    sent(&user, &client, 1, "2026-02-01", "2026-03-17").await;
    sent(&user, &client, 2, "2026-02-01", "2026-03-18").await;
    let offer = user.proposal(&client, "Retainer").await;
    user.put(&format!("/proposals/{offer}"), json!({"status": "sent"})).await.data(200);
    let page = browser.open("/clients").await.expect(200);
    page.says("Invoices 1 overdue").says("Proposals 1 waiting for an answer");
    page.tag("span", "data-tone=\"red\"");
}

#[tokio::test]
async fn list_and_board_show_the_same_projects() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    user.project(&client, "Website").await;
    let browser = Browser::of(&user);
    let list = browser.open(&format!("/projects?clientId={client}&search=web")).await.expect(200);
    let chosen = format!("/projects?clientId={client}&search=web");
    let board = browser.open(&list.link(&format!("{chosen}&view=board"))).await.expect(200);
    board.says("Planning 1 project Website");
    assert_eq!(board.value("search").as_deref(), Some("web"));
    assert_eq!(board.link(&chosen), chosen);
}

#[tokio::test]
async fn a_page_has_25_rows_or_50() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    for n in 1..=26 {
        user.client(&format!("Client {n}")).await;
    }
    let browser = Browser::of(&user);
    let page = browser.open("/clients").await.says("1–25 of 26").link("/clients?page=2");
    browser.open(&page).await.says("26–26 of 26").says("Client 1 ");
    let page = browser.open("/clients").await.link("/clients?pageSize=50");
    browser.open(&page).await.says("1–26 of 26");
    browser.open("/clients?page=7&search=client").await.says("No clients found");
    // The API keeps its own default.
    assert_eq!(user.get("/clients").await.body["data"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn filtered_and_selected_invoices_can_be_exported() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let other = app.register("b@example.com").await;
    let foreign = draft(&other, &other.client("X").await, 1, "2026-03-01", "2026-04-01").await;
    let (risky, calm) = (user.client("=cmd|' /C calc'!A0").await, user.client("Calm").await);
    let first = draft(&user, &risky, 10, "2026-03-01", "2026-04-02").await;
    let second = draft(&user, &calm, 20, "2026-03-02", "2026-04-01").await;
    let browser = Browser::of(&user);
    let list = browser.open("/invoices?sort=due").await.expect(200);
    let all = browser.open(&list.link("/invoices/export.csv?sort=due")).await.expect(200);
    let lines: Vec<_> = all.html.lines().collect();
    assert_eq!(lines.len(), 3, "{}", all.html);
    assert!(lines[0].starts_with("\u{feff}id,number,clientId,clientName,"), "{}", lines[0]);
    assert!(lines[1].contains("INV-2026-002") && lines[2].contains("INV-2026-001"));
    assert!(lines[2].contains("'=cmd|' /C calc'!A0"), "{}", lines[2]);
    let calm = browser.open(&format!("/invoices/export.csv?clientId={calm}")).await;
    assert_eq!(calm.html.lines().count(), 2);
    let none = browser.open("/invoices/export.csv?status=paid").await.expect(200);
    assert_eq!(none.html.lines().count(), 1);

    let picked = format!("/invoices/picked.csv?id={second}&id={first}&id={foreign}");
    let picked = browser.open(&picked).await.expect(200).html;
    let lines: Vec<_> = picked.lines().skip(1).collect();
    assert!(lines.len() == 2 && lines[0].contains("INV-2026-002"), "{picked}");
    let archive = browser.open(&format!("/invoices/picked.zip?id={second}&id={first}")).await;
    assert_eq!(archive.headers["content-type"], "application/zip");
    for name in ["INV-2026-001.pdf", "INV-2026-002.pdf"] {
        assert_eq!(archive.html.matches(name).count(), 2, "{name}");
    }
    browser.open(&format!("/invoices/picked.zip?id={foreign}")).await.expect(404);
    browser.open("/invoices/picked.csv").await.says("Choose at least one invoice");
    let many = format!("/invoices/picked.zip?{}", format!("id={first}&").repeat(51));
    browser.open(&many).await.says("Choose at most 50 invoices");
}

#[tokio::test]
async fn selected_clients_are_reminded_after_a_confirmation_names_them() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let (kamala, nimal) = (user.client("Kamala").await, user.client("Nimal").await);
    let late = sent(&user, &kamala, 10, "2026-02-01", "2026-03-01").await;
    let open = sent(&user, &nimal, 20, "2026-02-01", "2026-04-01").await;
    let unsent = draft(&user, &nimal, 30, "2026-02-01", "2026-04-01").await;
    let browser = Browser::of(&user);
    let list = browser.open("/invoices").await.expect(200);
    list.says("Remind…").tag("input", &format!("value=\"{late}\""));
    let before = app.mails().await.len();
    let asked = browser.open(&format!("/invoices/remind?id={late}&id={open}&id={unsent}")).await;
    asked.says("Email 2 reminders now?").says("Kamala").says("Nimal");
    asked.says("One selected invoice is left out");
    assert_eq!(app.mails().await.len(), before);
    let done = browser
        .post(
            "/invoices/remind",
            &[("_token", &asked.value("_token").unwrap()), ("id", &late), ("id", &open)],
        )
        .await;
    done.says("2 reminders were saved to files");
    assert_eq!(app.mails().await.len(), before + 2);
    let again = browser.open(&format!("/invoices/remind?id={late}&id={open}")).await;
    again.says("Nobody to remind");
    browser.open("/invoices/remind").await.says("Choose at least one invoice");
}

#[tokio::test]
async fn one_search_finds_everything_including_pages() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Nordlicht & <Söhne>").await;
    let project = user.project(&client, "Website").await;
    let proposal = user.proposal(&client, "Retainer").await;
    let invoice = draft(&user, &client, 4, "2026-03-01", "2026-04-01").await;
    let stranger = app.register("b@example.com").await;
    stranger.client("Nordwind").await;
    let browser = Browser::of(&user);
    let page = browser.open("/search?q=sohne").await.expect(200);
    page.says("Clients Nordlicht & <Söhne>").says("INV-2026-001").hides("Nothing found");
    for link in [
        format!("/clients/{client}"),
        format!("/projects/{project}"),
        format!("/proposals/{proposal}"),
        format!("/invoices/{invoice}"),
    ] {
        page.link(&link);
    }
    browser.open("/search?q=2026-001").await.says("Nordlicht & <Söhne>, Draft 4.00 USD");
    browser.open("/search?q=nord").await.hides("Nordwind");
    browser.open("/search?q=security").await.link("/settings/security");
    browser.open("/search?q=new+inv").await.says("Actions New invoice ↑").link("/invoices/new");
    browser.open("/search").await.says("Actions New invoice").says("Settings: Security");
    browser.open("/search?q=%3Cb%3Exyz").await.says("Nothing found for “ <b>xyz ”");
    Browser::new(&app).open("/search?q=nord").await.says("Sign in");
}
