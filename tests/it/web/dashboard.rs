//! `/`.

use jiff::SignedDuration;
use serde_json::json;

use super::browser::Browser;
use crate::support::{PASSWORD, TestApp, User, spawn_app};

#[tokio::test]
async fn a_new_account_sees_its_first_steps_until_they_are_done_or_hidden() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/").await.expect(200);
    page.says("Get set up").says("Owed to you US$ 0 .00 Nothing is owed to you");
    page.says("Paid to you in 2026 US$ 0 .00").says("Nothing is due").says("No activity yet");
    for step in ["/clients/new", "/settings/invoices", "/invoices/new", "/profile"] {
        page.link(step);
    }
    user.client("Kamala").await;
    let page = browser.open("/").await;
    page.hides("Add a client A name").says("Today You added Kamala").says("Create an invoice");

    browser.send(&page, "/setup/hide", &[]).await.expect(200).hides("Get set up");
    browser.open("/").await.hides("Get set up");
    // Each account has its own.
    let other = app.register("b@example.com").await;
    browser.cookies.borrow_mut().insert("fos_session".to_owned(), other.token.clone());
    browser.open("/").await.says("Get set up");
}

#[tokio::test]
async fn home_shows_paid_due_and_overdue_amounts() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala <b>").await;
    for (amount, currency) in [(1250.5, "USD"), (300.0, "USD"), (90.0, "EUR")] {
        let body = json!({
            "clientId": client, "amount": amount, "currency": currency, "dueDate": "2026-03-20",
        });
        let id = user.post("/invoices", body).await.data(201)["id"].clone();
        let path = format!("/invoices/{}", id.as_str().unwrap());
        user.post(&format!("{path}/send"), json!({})).await.data(200);
        if amount > 1000.0 {
            user.post(&format!("{path}/mark-paid"), json!({})).await.data(200);
        }
    }
    let project =
        json!({"clientId": client, "name": "Shop", "status": "active", "deadline": "2026-03-25"});
    user.post("/projects", project).await.data(201);
    app.clock.advance(SignedDuration::from_hours(24 * 3));
    let page = Browser::of(&user).open("/").await.expect(200);
    page.says("Paid to you in 2026 US$ 1,250 .50 March 1,250.50");
    page.says(
        "Owed to you US$ 300 .00 Overdue 2 invoices 300.00 Due within 14 days 0 invoices 0.00",
    );
    page.says("Kamala <b> 1 day late · INV-2026-002 300.00 USD Remind… INV-2026-002");
    page.says("there is no exchange rate to USD: €90.00").says("Mar 1,250.50 Apr 0.00");
    page.says("25 Wed Shop Project · Kamala <b>").says("Shop Kamala <b> · due 25 Mar");
    page.says("Wednesday You created “ Shop ” for Kamala <b>");
    page.says("Kamala <b> paid US$1,250.50");
    assert!(!page.html.contains("Kamala <b>"), "{}", page.html);
    assert!(!page.html.contains("style="), "{}", page.html);
    // The confirmation names the client and the amount.
    page.says("Remind Kamala <b> now? They’ll get an email about INV-2026-002 : US$300.00 , 1 day");
    let remind = page.link("/invoices/inv_");
    let reminded = Browser::of(&user).send(&page, &format!("{remind}/remind"), &[]).await;
    reminded.says("No mail server is set up, so the reminder was saved");
    Browser::of(&user).open("/").await.says("1 day late · INV-2026-002 · reminded 21 Mar");
}

#[tokio::test]
async fn overdue_invoices_do_not_hide_the_next_due_ones() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    for day in 1..=11 {
        let due = format!("2026-03-{day:02}");
        let body = json!({"clientId": client, "amount": 10, "dueDate": due});
        let id = user.post("/invoices", body).await.data(201)["id"].clone();
        user.post(&format!("/invoices/{}/send", id.as_str().unwrap()), json!({})).await.data(200);
    }
    let project = json!({"clientId": client, "name": "Shop", "deadline": "2026-03-25"});
    user.post("/projects", project).await.data(201);
    let page = Browser::of(&user).open("/").await.expect(200);
    // The longest overdue comes first.
    page.says("Kamala 17 days late · INV-2026-001").says("All 11");
    page.says("Coming up 25 Mar Shop Project · Kamala");
}

#[tokio::test]
async fn tasks_for_the_reader_are_one_list_of_three() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let client = user.client("Kamala").await;
    user.invoice(&client, json!(70), "2026-04-15").await;
    // The first list that is not empty.
    let page = browser.open("/").await;
    page.says("Overdue 0 Due next 0 Drafts 1 K Kamala INV-2026-001 · edited 18 Mar 70.00 USD");
    user.sent_invoice(&client, json!(80)).await;
    let page = browser.open("/").await;
    page.says("Overdue 0 Due next 1 Drafts 1 K Kamala INV-2026-002 · due 15 Apr 80.00 USD");
    page.hides("Remind…").says("Later 1 invoice 80.00");
    let asked = |name| format!("/?needs={name}");
    browser.open(&asked("drafts")).await.says("INV-2026-001 · edited").hides("INV-2026-002 · due");
    browser.open(&asked("overdue")).await.says("Nothing is overdue.");
    browser.open(&asked("next")).await.says("INV-2026-002 · due 15 Apr");
    browser.open(&asked("everything")).await.expect(200).says("INV-2026-002 · due 15 Apr");
}

/// Records a payment of an amount on this day.
async fn paid_on<'a>(app: &'a TestApp, email: &str, at: &str, amount: u32) -> User<'a> {
    app.clock.set(at);
    let body = json!({"email": email, "password": PASSWORD});
    let answer = app.post("/auth/login", body).await;
    let data = answer.data(200);
    let (token, id) = (data["token"].as_str().unwrap(), data["user"]["id"].as_str().unwrap());
    let user = User { app, token: token.to_owned(), id: id.to_owned() };
    let client = user.client("Kamala").await;
    let invoice = user.invoice(&client, json!(amount), &at[..10]).await;
    user.post(&format!("/invoices/{invoice}/send"), json!({})).await.data(200);
    user.post(&format!("/invoices/{invoice}/mark-paid"), json!({})).await.data(200);
    user
}

#[tokio::test]
async fn a_year_is_shown_next_to_the_previous_one_and_upcoming_income() {
    let app = spawn_app().await;
    app.clock.set("2025-01-02T12:00:00Z");
    app.register("a@example.com").await;
    // In Lagos, 18 March has just begun, or has just ended.
    for (at, amount) in [
        ("2025-03-17T23:30:00Z", 100),
        ("2025-03-18T23:30:00Z", 30),
        ("2025-12-05T12:00:00Z", 400),
        ("2026-02-01T12:00:00Z", 200),
    ] {
        paid_on(&app, "a@example.com", at, amount).await;
    }
    let user = paid_on(&app, "a@example.com", "2026-03-18T12:00:00Z", 150).await;
    let client = user.client("Kamala").await;
    user.sent_invoice(&client, json!(500)).await;
    let page = Browser::of(&user).open("/").await.expect(200);
    page.says("Paid to you in 2026 US$ 350 .00 March 150.00 −25% compared with February");
    page.says("Compared with 2025 so far +250.00 +250%");
    page.says("Mar 150.00 130.00 0.00 Apr 0.00 0.00 500.00").says("Dec 0.00 400.00 0.00");
    page.says("Total 350.00 530.00 500.00");
    page.says("March: US$150.00 paid, US$130.00 last year");
    page.says("April: US$500.00 expected, US$0.00 last year");
}
