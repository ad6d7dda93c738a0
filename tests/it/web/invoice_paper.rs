//! The client's view of an invoice: page, email and PDF.

use freelanceos::{
    app::{invoice_defaults::update_invoice_defaults, unit_of_work::Work},
    domain::{input::Input, invoice_defaults::InvoiceDefaultsChange},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::browser::Browser;
use crate::{
    pdf::read::File,
    support::{Options, PUBLIC_URL, TestApp, User, spawn_app, spawn_app_with},
};

async fn change_defaults(user: &User<'_>, fields: Value) {
    let change = InvoiceDefaultsChange::read(fields.as_object().unwrap()).unwrap();
    let update = move |work: &mut Work| update_invoice_defaults(work, &change, None);
    user.app.app.run(user.claims(), update).await.unwrap();
}

/// Sends a new invoice and returns the paths of its own page and of its client's page.
async fn sent(user: &User<'_>, body: Value) -> (String, String) {
    let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    let page = Browser::of(user).open(&format!("/invoices/{id}")).await.expect(200);
    (format!("/invoices/{id}"), page.link(&format!("{PUBLIC_URL}/i/")).replace(PUBLIC_URL, ""))
}

async fn paper(app: &TestApp, link: &str) -> File {
    let answer = app.http.get(format!("{}{link}/pdf", app.base)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    File::read(&answer.bytes().await.unwrap())
}

async fn frozen_file(user: &User<'_>, path: &str) -> Vec<u8> {
    let request = user.request(Method::GET, &format!("{path}/pdf"));
    request.send().await.unwrap().bytes().await.unwrap().to_vec()
}

/// Everything the client of an invoice can read: page, email, PDF.
async fn surfaces(app: &TestApp, link: &str) -> [String; 3] {
    let page = Browser::new(app).open(link).await.expect(200);
    let mail = app.mails().await.last().unwrap().text.clone();
    [page.text(), mail, paper(app, link).await.text()]
}

#[tokio::test]
async fn the_business_name_is_above_the_person_everywhere() {
    let app = spawn_app().await;
    let user = app.register("ngozi@example.com").await;
    user.put("/auth/me", json!({"firstName": "Ngozi", "lastName": "Eze"})).await.data(200);
    change_defaults(&user, json!({"businessName": "Eze Studio"})).await;
    let client = json!({"name": "Lars Berg", "email": "lars@example.com", "company": "Fjord AS"});
    let client = user.post("/clients", client).await.data(201)["id"].clone();
    let body = json!({"clientId": client, "amount": 120, "dueDate": "2026-04-15"});
    let (own, link) = sent(&user, body).await;
    let [page, mail, paper] = surfaces(&app, &link).await;
    let own = Browser::of(&user).open(&own).await.text();
    for (surface, text) in [("page", &page), ("own page", &own), ("paper", &paper)] {
        for (first, second) in [("Eze Studio", "Ngozi Eze"), ("Fjord AS", "Lars Berg")] {
            assert!(text.contains(&format!("{first} {second}")), "{surface}: {text}");
        }
    }
    assert!(page.contains("Invoice INV-2026-001 for Fjord AS"), "{page}");
    assert!(mail.contains("Eze Studio has sent you"), "{mail}");
    assert!(!mail.contains("Ngozi Eze has"), "{mail}");
    let from = app.mails().await.last().unwrap().header("From");
    assert!(from.contains("Eze Studio via FreelanceOS"), "{from}");

    let proposal = json!({"clientId": client, "title": "Website", "amount": 10});
    let id = user.post("/proposals", proposal).await.data(201)["id"].clone();
    let path = format!("/proposals/{}/send", id.as_str().unwrap());
    user.post(&path, json!({})).await.data(200);
    let page = Browser::of(&user).open(&format!("/proposals/{}", id.as_str().unwrap())).await;
    let link = page.link(&format!("{PUBLIC_URL}/p/")).replace(PUBLIC_URL, "");
    let page = Browser::new(&app).open(&link).await.expect(200).text();
    let paper = self::paper(&app, &link).await.text();
    for (surface, text) in [("proposal", page), ("its paper", paper)] {
        for (first, second) in [("Eze Studio", "Ngozi Eze"), ("Fjord AS", "Lars Berg")] {
            assert!(text.contains(&format!("{first} {second}")), "{surface}: {text}");
        }
    }
}

#[tokio::test]
async fn a_placeholder_payment_link_is_not_shown_to_clients() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    change_defaults(&user, json!({"paymentInstructions": "MoMo 024 555"})).await;
    let client = user.client("Kamala").await;
    let body = json!({"clientId": client, "amount": 120, "dueDate": "2026-04-15"});
    let (own, link) = sent(&user, body).await;
    // The API returns it anyway, as documented.
    let answer = user.post(&format!("{own}/payment-link"), json!({})).await;
    let made = answer.data(200).to_string();
    assert!(made.contains("https://pay.raenest.com/fos-"), "{made}");
    for text in surfaces(&app, &link).await {
        assert!(!text.contains("raenest") && !text.contains("Pay USD"), "{text}");
        assert!(text.contains("How to pay") && text.contains("MoMo 024 555"), "{text}");
    }
    let page = Browser::of(&user).open(&own).await;
    assert!(!page.html.contains("raenest"), "{}", page.html);
    assert!(paper(&app, &link).await.links().is_empty());
}

#[tokio::test]
async fn a_link_to_a_configured_payment_service_is_shown_until_nothing_is_due() {
    let base = Some("https://pay.example");
    let app = spawn_app_with(Options { payment_link_base: base, ..Options::default() }).await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let body = json!({"clientId": client, "amount": 120, "dueDate": "2026-04-15"});
    let (own, link) = sent(&user, body).await;
    let page = Browser::new(&app).open(&link).await;
    page.says("Pay USD");
    assert!(page.html.contains("href=\"https://pay.example/fos-"), "{}", page.html);
    let [_, mail, paper] = surfaces(&app, &link).await;
    assert!(mail.contains("https://pay.example/fos-"), "{mail}");
    assert!(paper.contains("Pay online"), "{paper}");

    user.post(&format!("{own}/mark-paid"), json!({})).await.data(200);
    let page = Browser::new(&app).open(&link).await;
    page.hides("Pay USD").says("Paid on");
    assert!(!page.html.contains("pay.example"), "{}", page.html);
}

#[tokio::test]
async fn a_paid_invoice_asks_for_no_payment_and_its_frozen_file_stays() {
    let app = spawn_app().await;
    app.clock.set("2026-04-01T23:30:00Z");
    let user = app.register("a@example.com").await;
    user.put("/auth/me", json!({"timezone": "Africa/Nairobi"})).await.data(200);
    change_defaults(&user, json!({"paymentInstructions": "MoMo 024 555"})).await;
    let client = user.client("Kamala").await;
    let body = json!({"clientId": client, "amount": 120, "dueDate": "2026-04-15"});
    let (own, link) = sent(&user, body).await;
    let frozen = frozen_file(&user, &own).await;
    assert!(paper(&app, &link).await.text().contains("Amount due USD 120.00"));

    user.post(&format!("{own}/mark-paid"), json!({})).await.data(200);
    let copy = paper(&app, &link).await.text();
    // The date in the freelancer's timezone.
    for wanted in ["Paid on 2 Apr 2026", "Total paid USD 120.00"] {
        assert!(copy.contains(wanted), "{wanted}: {copy}");
    }
    let page = Browser::new(&app).open(&link).await.text();
    assert!(page.contains("Paid on 2 Apr 2026"), "{page}");
    for text in [copy, page] {
        for asking in ["Amount due", "How to pay", "MoMo", "Pay online", "Pay USD"] {
            assert!(!text.contains(asking), "{asking}: {text}");
        }
    }
    assert!(frozen_file(&user, &own).await == frozen);
}

#[tokio::test]
async fn the_business_name_in_settings_is_on_the_mailed_pdf() {
    let app = spawn_app().await;
    let user = app.register("ngozi@example.com").await;
    let browser = Browser::of(&user);
    let set = async |name| {
        let page = browser.open("/settings/invoices").await.expect(200);
        let typed = [("businessName", name), ("paymentTermsDays", "14"), ("taxRate", "0")];
        browser.send(&page, "/settings/invoices", &typed).await.expect(200);
    };
    set("Eze Studio").await;
    let client = user.client("Lars Berg").await;
    let id = user.sent_invoice(&client, json!(120)).await;
    // A change after sending applies to the next invoice, even before this one is emailed.
    set("Somebody Else").await;
    let served = frozen_file(&user, &format!("/invoices/{id}")).await;
    let mail = app.mails().await.pop().unwrap();
    let (name, mailed) = mail.pdf.unwrap();
    assert_eq!(name, "INV-2026-001.pdf");
    assert!(mailed == served, "the mail carries other bytes than are served");
    let paper = File::read(&mailed).text();
    assert!(paper.contains("Eze Studio John Doe") && !paper.contains("Somebody"), "{paper}");
    assert!(mail.text.contains("Eze Studio has sent you"), "{}", mail.text);
}

#[tokio::test]
async fn an_invoice_with_total_zero_asks_for_no_payment() {
    let base = Some("https://pay.example");
    let app = spawn_app_with(Options { payment_link_base: base, ..Options::default() }).await;
    let user = app.register("a@example.com").await;
    change_defaults(&user, json!({"paymentInstructions": "MoMo 024 555"})).await;
    let client = user.client("Kamala").await;
    let items = json!([
        {"description": "Website", "quantity": 1, "rate": 300},
        {"description": "Returned", "quantity": 1, "rate": -300},
    ]);
    let body = json!({"clientId": client, "items": items, "dueDate": "2026-03-01"});
    let (own, link) = sent(&user, body).await;
    for text in surfaces(&app, &link).await {
        for asking in
            ["due USD", "due: USD", "Pay USD", "How to pay", "MoMo", "pay.example", "was due"]
        {
            assert!(!text.contains(asking), "{asking}: {text}");
        }
    }
    Browser::new(&app).open(&link).await.says("There is nothing to pay.");
    // It was paid when it was sent, so no reminder is sent.
    assert!(!Browser::of(&user).open(&own).await.html.contains("/remind"));
}

#[tokio::test]
async fn unprintable_text_blocks_sending_and_is_named() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("王小明").await;
    let item = |text: &str| json!([{"description": text, "quantity": 1, "rate": 300}]);
    let body = |text| json!({"clientId": client, "items": item(text), "dueDate": "2026-04-15"});
    let id = user.post("/invoices", body("Seal \u{13000}")).await.data(201)["id"].clone();
    let path = format!("/invoices/{}", id.as_str().unwrap());
    let said = user.post(&format!("{path}/send"), json!({})).await.error(409).to_owned();
    assert!(said.contains("“\u{13000}” (U+13000)"), "{said}");
    assert_eq!(user.get(&path).await.data(200)["status"], "draft");
    assert_eq!(app.mails().await.len(), 0);
    // The draft page shows a warning beforehand.
    let browser = Browser::of(&user);
    let page = browser.open(&path).await.expect(200);
    page.says("U+13000");
    let typed = [("email", "kamala@example.com")];
    let refused = browser.send(&page, &format!("{path}/send"), &typed).await;
    refused.expect(409).says("cannot be printed");
    user.put(&path, json!({"items": item("설계 デザイン 🎨")})).await.data(200);
    browser.open(&path).await.hides("cannot be printed");
    user.post(&format!("{path}/send"), json!({})).await.data(200);

    let offer = json!({"clientId": client, "title": "Temple", "content": "\u{1b170}"});
    let id = user.post("/proposals", offer).await.data(201)["id"].clone();
    let path = format!("/proposals/{}", id.as_str().unwrap());
    let said = user.post(&format!("{path}/send"), json!({})).await.error(409).to_owned();
    assert!(said.contains("(U+1B170)"), "{said}");
    browser.open(&path).await.expect(200).says("U+1B170");
    user.put(&path, json!({"content": "漢字"})).await.data(200);
    user.post(&format!("{path}/send"), json!({})).await.data(200);
}
