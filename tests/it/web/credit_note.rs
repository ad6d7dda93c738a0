//! Pages of credit notes: the form for a new one, by amount and by lines, and their own pages.

use reqwest::Method;
use serde_json::{Value, json};

use super::browser::{Browser, Page};
use crate::support::{User, spawn_app};

/// Sends an invoice with two lines, 440 including tax, and returns its path.
async fn sent(user: &User<'_>) -> String {
    let client = user.client("Kamala & <Co>").await;
    let items = json!([
        {"description": "Design <1>", "quantity": 3, "rate": 100},
        {"description": "Print", "quantity": 2, "rate": 50},
    ]);
    let body = json!({
        "clientId": client, "items": items, "taxRate": 10, "currency": "USD",
        "dueDate": "2026-04-15",
    });
    let answer = user.post("/invoices", body).await;
    let id = answer.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    format!("/invoices/{id}")
}

/// The amount, whether it voids the invoice, and the credited quantities of each credit note,
/// newest first.
async fn notes(user: &User<'_>) -> Vec<String> {
    let answer = user.get("/credit-notes").await;
    let note = |note: &Value| {
        let items = note["items"].as_array().unwrap().iter();
        let counts: Vec<_> = items.map(|item| item["quantity"].to_string()).collect();
        format!("{} {} {}", note["amount"], note["isVoid"], counts.join(","))
    };
    answer.data(200).as_array().unwrap().iter().map(note).collect()
}

async fn credit(browser: &Browser<'_>, page: &Page, path: &str, typed: &[(&str, &str)]) -> Page {
    browser.send(page, &format!("{path}/credit"), typed).await
}

#[tokio::test]
async fn lines_are_credited_by_what_is_left_of_each() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let path = sent(&user).await;
    let form = browser.open(&path).await.link(&format!("{path}/credit"));
    let page = browser.open(&form).await.expect(200);
    page.says("USD 440.00 of this invoice can be credited.");
    page.says("Quantity of Design <1> (optional) 3 of 3 can be credited.");
    page.says("2 of 2 can be credited.").says("Crediting the full amount voids the invoice");
    assert_eq!(page.value("amount").as_deref(), Some("440"));
    assert_eq!(page.value("items.0.quantity").as_deref(), Some(""));

    // The entries stay, and the error is shown at its line.
    let typed = [("amount", "440"), ("items.1.quantity", "5"), ("reason", "Late & <late>")];
    let refused = credit(&browser, &page, &path, &typed).await.expect(400);
    refused.says("Quantity of Print on line 2: Enter at most 2.");
    assert!(refused.html.contains("id=\"f-items.1.quantity-error\""), "{}", refused.html);
    for (name, value) in [
        ("amount", "440"),
        ("items.0.quantity", ""),
        ("items.1.quantity", "5"),
        ("reason", "Late & <late>"),
    ] {
        assert_eq!(refused.value(name).as_deref(), Some(value), "{name}");
    }
    let typed = [("amount", "440"), ("items.1.quantity", "x"), ("reason", "Late")];
    credit(&browser, &refused, &path, &typed).await.expect(400).says("on line 2");
    // Either lines, or an amount that differs from the suggested one.
    let typed = [("amount", "10"), ("items.1.quantity", "1"), ("reason", "Late")];
    let refused = credit(&browser, &refused, &path, &typed).await.expect(400);
    refused.says("Enter only one of the two.");
    assert_eq!(notes(&user).await, Vec::<String>::new());

    let typed = [("amount", "440"), ("items.1.quantity", "1"), ("reason", "Late & <late>")];
    let done = credit(&browser, &refused, &path, &typed).await.expect(200);
    assert_eq!(done.path, path);
    done.says("Credit note issued").says("Credit notes CN-2026-001 55.00 USD");
    assert_eq!(notes(&user).await, ["55 false 1"]);
    // Submitted again, it counts once.
    credit(&browser, &refused, &path, &typed).await.expect(200);
    assert_eq!(notes(&user).await, ["55 false 1"]);

    // A line with nothing left has no field, and the others keep their places.
    let page = browser.open(&form).await.expect(200);
    page.says("USD 385.00 of this invoice").says("1 of 2 can be credited.");
    let typed = [("amount", ""), ("items.0.quantity", "3"), ("reason", "Late")];
    credit(&browser, &page, &path, &typed).await.expect(200);
    assert_eq!(notes(&user).await, ["330 false 3", "55 false 1"]);
    let page = browser.open(&form).await.expect(200);
    page.says("Quantity of Print").hides("Quantity of Design");
    let typed = [("amount", "55"), ("items.1.quantity", "1"), ("reason", "Late")];
    credit(&browser, &page, &path, &typed).await.expect(200).says("Voided");
    assert_eq!(notes(&user).await[0], "55 true 1");
}

#[tokio::test]
async fn an_amount_is_credited_and_an_empty_one_is_no_wish_for_all() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let browser = Browser::of(&user);
    let path = sent(&user).await;
    let form = format!("{path}/credit");
    let page = browser.open(&form).await.expect(200);
    for (amount, error) in [
        ("", "Fill in this field."),
        ("440.01", "This is more than is left to credit, USD 440.00."),
        ("0", "greater than 0"),
    ] {
        let typed = [("amount", amount), ("reason", "Half")];
        let refused = credit(&browser, &page, &path, &typed).await.expect(400);
        refused.says(error);
        assert_eq!(refused.value("reason").as_deref(), Some("Half"));
    }
    let typed = [("amount", "220"), ("reason", "")];
    let refused = credit(&browser, &page, &path, &typed).await.expect(400);
    assert_eq!(refused.value("amount").as_deref(), Some("220"));
    let typed = [("amount", "220"), ("reason", "Half")];
    credit(&browser, &refused, &path, &typed).await.expect(200);
    assert_eq!(notes(&user).await, ["220 false "]);

    let theirs = Browser::of(&other);
    theirs.open(&form).await.expect(404);
    let token = theirs.open("/clients/new").await.value("_token").unwrap();
    theirs.post(&form, &[("_token", &token), ("amount", "1"), ("reason", "R")]).await.expect(404);
    assert_eq!(notes(&user).await.len(), 1);
}

#[tokio::test]
async fn a_credit_note_has_a_page_a_pdf_and_an_email() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let browser = Browser::of(&user);
    let path = sent(&user).await;
    let page = browser.open(&format!("{path}/credit")).await.expect(200);
    let typed = [("amount", "440"), ("items.0.quantity", "2"), ("reason", "Wrong <size>")];
    let invoice = credit(&browser, &page, &path, &typed).await.expect(200);
    let own = invoice.link("/credit-notes/");
    let page = browser.open(&own).await.expect(200);
    page.says("Design <1> Quantity: 2 2 200.00").says("Subtotal 200.00 Tax 10% 20.00");
    page.says("Total credit US$220.00").says("Reason Wrong <size>");
    page.says("Client Kamala & <Co> Invoice INV-2026-001 Issued 18 Mar 2026");
    page.hides("Voids the invoice");
    assert_eq!(page.link("/invoices/inv_"), path);
    let file = browser.open(&page.link(&format!("{own}/pdf"))).await.expect(200);
    assert_eq!(file.headers["content-type"], "application/pdf");
    let sent = browser.send(&page, &format!("{own}/send"), &[]).await.expect(200);
    assert_eq!(sent.path, own);
    sent.says("Email with the credit note saved to a file");
    assert_eq!(app.mails().await.last().unwrap().pdf.as_ref().unwrap().0, "CN-2026-001.pdf");

    // A credit note for an amount says so.
    let typed = json!({"amount": 22, "reason": "R"});
    let note = user.post(&format!("{path}/credit-notes"), typed).await;
    let second = format!("/credit-notes/{}", note.data(201)["id"].as_str().unwrap());
    let page = browser.open(&second).await.expect(200);
    page.says("Credit on invoice INV-2026-001 20.00").says("Tax 10% 2.00");
    user.post(&format!("{path}/void"), json!({"reason": "R"})).await.data(201);
    let void = browser.open(&path).await.link("/credit-notes/");
    browser.open(&void).await.expect(200).says("Voids the invoice");

    let theirs = Browser::of(&other);
    for path in [&own, &format!("{own}/pdf")] {
        theirs.open(path).await.expect(404);
    }
    let token = theirs.open("/clients/new").await.value("_token").unwrap();
    theirs.post(&format!("{own}/send"), &[("_token", &token)]).await.expect(404);
    let nobody = Browser::new(&app).once(&Method::GET, &own, &[]).await;
    assert_eq!(nobody.status, 303);
}

#[tokio::test]
async fn home_tells_of_credited_and_voided_invoices() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let path = sent(&user).await;
    let typed = json!({"amount": 22, "reason": "R"});
    user.post(&format!("{path}/credit-notes"), typed).await.data(201);
    user.post(&format!("{path}/void"), json!({"reason": "R"})).await.data(201);
    let home = browser.open("/").await.expect(200);
    home.says("You credited Kamala & <Co> US$22.00 with CN-2026-001");
    home.says("You voided INV-2026-001 for Kamala & <Co>");
    browser.open(&home.link("/credit-notes/")).await.expect(200).says("CN-2026-001");
}
