//! `/settings`: the account and its currency.

use serde_json::json;

use super::browser::Browser;
use crate::support::spawn_app;

#[tokio::test]
async fn the_account_can_be_edited_and_errors_are_shown_at_their_fields() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/settings").await.expect(200);
    page.says("a@example.com").says("Not verified").says("18 Mar 2026").says("03/18/2026");
    assert_eq!(page.value("firstName").as_deref(), Some("John"));
    let typed = [
        ("firstName", "<i>Jane</i>"),
        ("lastName", "Doe"),
        ("timezone", "Asia/Colombo"),
        ("dateFormat", "yyyy-mm-dd"),
    ];
    let wrong = [&typed[..], &[("firstName", ""), ("timezone", "Nowhere")]].concat();
    let again = browser.send(&page, "/settings", &wrong).await.expect(400);
    again.says("Check the 2 fields below.").says("Choose a timezone");
    let saved = browser.send(&page, "/settings", &typed).await.expect(200);
    saved.says("Settings saved.").says("<i>Jane</i> Doe");
    assert!(saved.html.contains("<option value=\"yyyy-mm-dd\" selected>"));
    let me = user.get("/auth/me").await;
    assert_eq!(me.data(200)["timezone"], "Asia/Colombo");
    assert_eq!(me.data(200)["currency"], "USD");

    let mailed = browser.send(&saved, "/settings/verify-email", &[]).await;
    mailed.says("the email was saved");
    let mails = app.mails().await;
    assert!(mails.last().unwrap().text.contains("/verify-email?token="));
}

#[tokio::test]
async fn changing_the_base_currency_explains_the_consequences() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/settings/money").await.expect(200);
    page.says("Totals are shown in USD.").says("doesn’t change any invoice");
    browser.send(&page, "/settings/money", &[("currency", "XXX")]).await.expect(400);
    let saved = browser.send(&page, "/settings/money", &[("currency", "NGN")]).await.expect(200);
    saved.says("Totals are now shown in NGN.");

    let path = "/settings/money/rates";
    let wrong = [("from", "NGN"), ("rate", "0"), ("day", "2026-03-19")];
    browser.send(&saved, path, &wrong).await.expect(400);
    let rate = [("from", "USD"), ("rate", "1,540.25"), ("day", "2026-03-17")];
    let listed = browser.send(&saved, path, &rate).await.expect(200);
    listed.says("Rate for USD saved.").says("1 USD = 1540.25 NGN Effective from 17 Mar 2026");
    let older = [("from", "USD"), ("rate", "1"), ("day", "2026-03-16")];
    let saved = browser.send(&listed, path, &older).await.expect(200);
    saved.says("Rate for USD saved. It applies to payments from 16 Mar 2026 until the day of the");
    saved.says("1 USD = 1540.25 NGN Effective from 17 Mar 2026");
    // A payment on that day is converted at this rate.
    let client = user.client("Kamala").await;
    let body = json!({"clientId": client, "amount": 5, "currency": "USD", "dueDate": "2026-04-15"});
    let invoice = user.post("/invoices", body).await;
    let invoice = format!("/invoices/{}", invoice.data(201)["id"].as_str().unwrap());
    user.post(&format!("{invoice}/send"), json!({})).await.data(200);
    let paid = json!({"amount": 5, "paidAt": "2026-03-16"});
    user.post(&format!("{invoice}/payments"), paid).await.data(201);
    assert_eq!(user.get("/dashboard/stats").await.data(200)["totalEarnings"], 5);
    let path = "/settings/money/rates/delete";
    browser.send(&listed, path, &[]).await.expect(200).says("No exchange rates yet.");
    browser.send(&listed, path, &[]).await.expect(404);

    let me = user.get("/auth/me").await;
    assert_eq!(
        (&me.data(200)["currency"], &me.data(200)["firstName"]),
        (&"NGN".into(), &"John".into())
    );
}
