//! `/`.

use jiff::SignedDuration;
use serde_json::json;

use super::browser::Browser;
use crate::support::spawn_app;

#[tokio::test]
async fn a_new_account_is_told_its_first_steps_until_they_are_done() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/").await.expect(200);
    page.says("Hello, John").says("Get started").says("Total earned USD 0.00");
    for step in ["/clients/new", "/settings/invoices", "/invoices/new", "/profile"] {
        page.link(step);
    }
    user.client("Kamala").await;
    browser.open("/").await.says("Add a client (done)").says("Kamala was added as a client");
}

#[tokio::test]
async fn the_dashboard_tells_what_is_earned_owed_and_late() {
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
    page.says("Earned this month USD 1,250.50 Nothing last month");
    page.says("Overdue USD 300.00 2 invoices").says("1 day late").says("Remind about INV-2026-002");
    page.says("there is no exchange rate to USD: €90.00").says("Mar 2026 USD 1,250.50");
    page.says("Active projects 1").says("Shop Project · Kamala <b> 25 Mar 2026");
    page.says("Invoice INV-2026-001 was paid by Kamala <b>");
    assert!(!page.html.contains("<b>"), "{}", page.html);
    assert!(!page.html.contains("style="), "{}", page.html);
    let remind = page.link("/invoices/inv_");
    let reminded = Browser::of(&user).send(&page, &format!("{remind}/remind"), &[]).await;
    reminded.says("No mail server is set up, so the reminder was saved");
}

#[tokio::test]
async fn what_is_late_does_not_hide_what_is_due_next() {
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
    page.says("Show all 11").says("Due next Shop Project · Kamala 25 Mar 2026");
}
