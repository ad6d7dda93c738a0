//! The page of a client's statement.

use serde_json::json;

use super::browser::Browser;
use crate::support::spawn_app;

#[tokio::test]
async fn a_statement_is_shown_for_any_days() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let browser = Browser::of(&user);
    let client = user.client("Kamala & <Co>").await;
    let place = format!("/clients/{client}");
    let path = browser.open(&place).await.link(&format!("{place}/statement"));
    browser.open(&path).await.expect(200).hides("INV-");
    let id = user.sent_invoice(&client, json!(1000)).await;
    let body = json!({"amount": 400, "paidAt": "2026-03-10"});
    user.post(&format!("/invoices/{id}/payments"), body).await.data(201);
    let body = json!({"amount": 100, "reason": "R"});
    user.post(&format!("/invoices/{id}/credit-notes"), body).await.data(201);

    let page = browser.open(&path).await.expect(200);
    page.says("Kamala & <Co>").says("Opening balance 1 Jan 2026 1 Jan 2026 0.00 USD");
    page.says("Payment for INV-2026-001 10 Mar 2026 10 Mar 2026 −400.00 USD −400.00 USD");
    page.says("CN-2026-001 18 Mar 2026 18 Mar 2026 −100.00 USD 500.00 USD");
    page.says("Closing balance 31 Dec 2026 31 Dec 2026 500.00 USD");
    let days = browser.open(&format!("{path}?from=2026-03-11&to=2026-03-17")).await.expect(200);
    days.says("Opening balance 11 Mar 2026 11 Mar 2026 −400.00 USD").hides("INV-2026-001");
    assert_eq!(days.value("from").as_deref(), Some("2026-03-11"));
    let file = days.link(&format!("{path}/pdf"));
    assert!(file.contains("from=2026-03-11"), "{file}");
    let file = browser.open(&file.replace("&amp;", "&")).await.expect(200);
    assert_eq!(file.headers["content-type"], "application/pdf");

    // Invalid days stay in their fields, above the statement for the year.
    let wrong = browser.open(&format!("{path}?from=2026-03-17&to=2026-03-11")).await.expect(400);
    assert_eq!(wrong.value("from").as_deref(), Some("2026-03-17"));
    assert_eq!(wrong.value("to").as_deref(), Some("2026-03-11"));
    wrong.says("Closing balance 31 Dec 2026");
    let wrong = browser.open(&format!("{path}?from=soon")).await.expect(400);
    assert_eq!(wrong.value("from").as_deref(), Some("soon"));

    let theirs = Browser::of(&other);
    for path in [path.clone(), format!("{path}/pdf")] {
        theirs.open(&path).await.expect(404);
    }
}
