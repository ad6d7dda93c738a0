//! Pages of payments: the forms that record and undo them, and their lists.

use serde_json::json;

use super::browser::Browser;
use crate::support::{PUBLIC_URL, User, spawn_app};

/// Pays part of a sent invoice on its page, and returns its path.
async fn part_paid(user: &User<'_>, browser: &Browser<'_>) -> String {
    let client = user.client("Kamala & <Co>").await;
    let path = format!("/invoices/{}", user.sent_invoice(&client, json!(1000)).await);
    let page = browser.open(&path).await.expect(200);
    let typed = [
        ("amount", "350.50"),
        ("withheld", "49.50"),
        ("paidAt", "2026-03-10"),
        ("method", "bank_transfer"),
        ("reference", "TRX <1>"),
    ];
    let paid = browser.send(&page, &format!("{path}/payments/new"), &typed).await.expect(200);
    assert_eq!(paid.path, path);
    paid.says("Payment recorded.");
    path
}

#[tokio::test]
async fn a_part_payment_is_shown_with_what_is_due_wherever_the_invoice_is() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let path = part_paid(&user, &browser).await;
    let page = browser.open(&path).await;
    page.says("Amount due Partially paid US$ 600 .00").says("US$400.00 of US$1,000.00 paid.");
    page.says("US$400.00 10 Mar 2026 · Bank transfer · TRX <1> · US$49.50 withheld");
    page.says("Total 1,000.00 Paid −400.00 Amount due US$600.00");
    browser.open("/invoices").await.says("Partially paid").says("US$600.00 due");
    browser.open("/payments").await.says("Kamala & <Co>").says("Bank transfer · TRX <1>");

    let link = page.link(PUBLIC_URL).replace(PUBLIC_URL, "");
    let public = Browser::new(&app).open(&link).await.expect(200);
    public.says("US$ 600 .00").says("US$400.00 of US$1,000.00 paid.");
    public.says("Paid −400.00 Amount due US$600.00");

    // The form suggests the amount due for the next payment.
    let form = browser.open(&format!("{path}/payments/new")).await.expect(200);
    assert!(form.html.contains("name=\"amount\" value=\"600\""), "{}", form.html);
    let typed = [("amount", "600.01"), ("paidAt", "2026-03-18")];
    let refused = browser.send(&form, &format!("{path}/payments/new"), &typed).await.expect(400);
    refused.says("This is more than the amount due, USD 600.00.");
    let typed = [("amount", "620"), ("paidAt", "2026-03-18"), ("allowOverpayment", "on")];
    let paid = browser.send(&refused, &format!("{path}/payments/new"), &typed).await.expect(200);
    paid.says("Overpaid").says("US$20.00 more than the amount due was paid.");

    let refund = browser.open(&format!("{path}/refunds/new")).await.expect(200);
    assert!(refund.html.contains("name=\"amount\" value=\"20\""), "{}", refund.html);
    let typed = [("amount", "20"), ("paidAt", "2026-03-18")];
    let done = browser.send(&refund, &format!("{path}/refunds/new"), &typed).await.expect(200);
    done.says("Refund recorded.").says("−US$20.00 Refund · 18 Mar 2026").hides("Overpaid");
}

#[tokio::test]
async fn a_payment_is_undone_once_and_both_entries_stay() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let browser = Browser::of(&user);
    let path = part_paid(&user, &browser).await;
    let payments = user.get("/payments").await;
    let id = payments.data(200)[0]["id"].as_str().unwrap().to_owned();
    let undo = format!("/payments/{id}/undo");

    let page = browser.open(&path).await;
    page.says("Undo this payment? US$400.00 from 10 Mar 2026 will no longer count as received.");
    let theirs = Browser::of(&other);
    let token = theirs.open("/clients/new").await.value("_token").unwrap();
    theirs.post(&undo, &[("_token", &token)]).await.expect(404);
    let undone = browser.send(&page, &undo, &[]).await.expect(200);
    undone.says("Undone.").says("−US$400.00 Reversal · 10 Mar 2026");
    undone.says("US$400.00 Undone · 10 Mar 2026").says("Amount due Sent US$ 1,000 .00");
    assert!(!undone.html.contains(&undo), "{}", undone.html);
    browser.send(&page, &undo, &[]).await.says("This payment is already undone");
    browser.open("/payments").await.says("Reversal").says("Undone");
}

#[tokio::test]
async fn marking_as_paid_asks_nothing_and_can_be_undone() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let path = part_paid(&user, &browser).await;
    let page = browser.open(&path).await.expect(200);
    let mark = format!("{path}/mark-paid");
    assert!(!page.html.contains("id=\"ask-paid\""), "{}", page.html);
    let paid = browser.send(&page, &mark, &[]).await.expect(200);
    paid.says("Invoice marked as paid. Undo").says("Paid on 18 Mar 2026.");
    // Pressing the button twice books one payment, and the second response offers to undo it too.
    let paid = browser.send(&page, &mark, &[]).await.expect(200);
    paid.says("Invoice marked as paid. Undo");
    assert_eq!(user.get("/payments").await.body["total"], 2);
    // The notice is shown once, and names this payment: 600 of 1000 were due.
    browser.open(&path).await.hides("Invoice marked as paid.");
    let newest = user.get("/payments").await.data(200)[0].clone();
    assert_eq!(newest["amount"], 600);
    let undo = format!("/payments/{}/undo", newest["id"].as_str().unwrap());
    assert!(paid.html.contains(&format!("action=\"{undo}\"")), "{}", paid.html);
    let undone = browser.send(&paid, &undo, &[]).await.expect(200);
    assert_eq!(undone.path, path);
    undone.says("Undone.").says("Amount due Partially paid US$ 600 .00");

    // A paid invoice stays unchanged, with no payment to undo.
    let page = browser.open(&path).await;
    let pay = json!({"amount": 600});
    user.post(&format!("{path}/payments"), pay).await.data(201);
    browser.send(&page, &mark, &[]).await.hides("Invoice marked as paid. Undo");
}

#[tokio::test]
async fn payments_are_filtered_by_client_method_and_period() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    browser.open("/payments").await.expect(200).says("No payments yet");
    part_paid(&user, &browser).await;
    let other = user.client("Bob").await;
    for (query, is_found) in [
        ("method=bank_transfer&from=2026-03-10&to=2026-03-10".to_owned(), true),
        ("method=cash".to_owned(), false),
        ("from=2026-03-11".to_owned(), false),
        (format!("clientId={other}"), false),
    ] {
        let page = browser.open(&format!("/payments?{query}")).await.expect(200);
        match is_found {
            true => page.says("TRX <1>").says("Paid 10 Mar 2026 to 10 Mar 2026"),
            false => page.says("No payments found").hides("TRX"),
        };
    }
    let month = browser.open("/payments?from=2026-03-01&to=2026-03-31").await;
    month.says("Paid: this month");
}
