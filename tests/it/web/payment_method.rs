//! `/settings/getting-paid`, and how clients see payment methods.

use serde_json::{Value, json};

use super::browser::{Browser, Page};
use crate::{
    pdf::read::File,
    support::{PUBLIC_URL, TestApp, User, authenticator::scan, spawn_app},
};

const PLACE: &str = "/settings/getting-paid";

fn bank(label: &str, currency: &str) -> Value {
    json!({
        "label": label, "type": "bank_account", "currency": currency,
        "accountName": "Adaeze Obi", "bankName": "DKB", "iban": "DE02 1203 0000 0000 2020 51",
        "bic": "BYLADEM1001",
    })
}

async fn set(user: &User<'_>, methods: Value) {
    user.put("/settings", json!({"paymentMethods": methods})).await.data(200);
}

/// Sends a new invoice and returns its id and the path of its client's page.
async fn sent(user: &User<'_>, body: Value) -> (String, String) {
    let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    let page = Browser::of(user).open(&format!("/invoices/{id}")).await.expect(200);
    (id, page.link(&format!("{PUBLIC_URL}/i/")).replace(PUBLIC_URL, ""))
}

/// The content of the QR code on a page, if it has one.
fn code(page: &Page) -> Option<String> {
    let (_, rest) = page.html.split_once("<img src=\"data:image/png")?;
    let (data, _) = rest.split_once('"').unwrap();
    Some(scan(&format!("data:image/png{data}")))
}

async fn paper(app: &TestApp, link: &str) -> File {
    let answer = app.http.get(format!("{}{link}/pdf", app.base)).send().await.unwrap();
    File::read(&answer.bytes().await.unwrap())
}

#[tokio::test]
async fn a_bank_app_reads_every_field_of_an_euro_transfer() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    set(&user, json!([bank("Euro account", "EUR")])).await;
    let client = user.client("Fjord").await;
    let amounts = [
        "0.01",
        "1",
        "12.3",
        "99.99",
        "100",
        "1234.56",
        "10000",
        "98765.4",
        "1000000",
        "999999999.99",
    ];
    for (index, amount) in (1..).zip(amounts) {
        let amount: Value = serde_json::from_str(amount).unwrap();
        let body = json!({"clientId": client, "amount": amount, "currency": "EUR", "dueDate": "2026-05-01"});
        let (_, link) = sent(&user, body).await;
        let page = Browser::new(&app).open(&link).await.expect(200);
        page.says("Euro account").says("DE02 1203 0000 0000 2020 51").says("banking app");
        let content = code(&page).unwrap();
        let lines: Vec<_> = content.split('\n').collect();
        let [service, version, charset, kind, bic, name, iban, sum, purpose, structured, text] =
            lines.try_into().unwrap();
        assert_eq!((service, version, charset, kind), ("BCD", "002", "1", "SCT"));
        assert_eq!((bic, name, iban), ("BYLADEM1001", "Adaeze Obi", "DE02120300000000202051"));
        let sum: f64 = sum.strip_prefix("EUR").unwrap().parse().unwrap();
        assert!((sum - amount.as_f64().unwrap()).abs() < 0.001, "{sum} for {amount}");
        assert_eq!((purpose, structured), ("", ""));
        assert_eq!(text, format!("INV-2026-{index:03}"));
        assert!(content.len() <= 331, "{content}");
    }
}

#[tokio::test]
async fn clients_see_the_methods_of_their_currency_and_without_one_no_way_to_pay() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let invoice = |currency: &str| json!({"clientId": client, "amount": 120, "currency": currency, "dueDate": "2026-05-01"});
    let (_, link) = sent(&user, invoice("USD")).await;
    let page = Browser::new(&app).open(&link).await.expect(200);
    page.hides("How to pay").hides("Pay USD");
    assert_eq!(code(&page), None);

    let methods = json!([
        bank("Euro account", "EUR"),
        {"label": "UPI", "type": "upi", "currency": "INR", "vpa": "obi@okbank", "name": "Ada & Obi"},
        {"label": "MoMo", "type": "mobile_money", "currency": "GHS", "provider": "MTN",
         "number": "024 555", "name": "ලාගෝස්"},
        {"label": "Card", "type": "link", "currency": "USD",
         "url": "https://pay.example/{number}?sum={amount}&in={currency}"},
        {"label": "Any bank", "type": "text", "text": "Ask me for the details."},
    ]);
    set(&user, methods).await;
    // A sent invoice keeps the payment methods that its client has seen.
    Browser::new(&app).open(&link).await.hides("Ask me");

    let (_, link) = sent(&user, invoice("INR")).await;
    let page = Browser::new(&app).open(&link).await.expect(200);
    page.says("obi@okbank").says("Ask me for the details.").hides("MoMo").hides("Euro account");
    assert_eq!(
        code(&page).unwrap(),
        "upi://pay?pa=obi@okbank&pn=Ada%20%26%20Obi&am=120.00&cu=INR&tn=INV-2026-002"
    );
    let (_, link) = sent(&user, invoice("GHS")).await;
    let page = Browser::new(&app).open(&link).await.expect(200);
    page.says("MTN").says("024 555").says("ලාගෝස්").hides("obi@okbank");
    assert_eq!(code(&page), None);
    let (id, link) = sent(&user, invoice("USD")).await;
    let page = Browser::new(&app).open(&link).await.expect(200);
    let address = "https://pay.example/INV-2026-004?sum=120.00&in=USD";
    assert_eq!(code(&page).unwrap(), address);
    page.says("Pay USD");
    let mail = app.mails().await.pop().unwrap();
    assert!(mail.text.contains(address) && mail.text.contains("Ask me for"), "{}", mail.text);
    let paper = paper(&app, &link).await;
    assert_eq!(paper.links(), [address]);
    assert!(paper.text().contains("Any bank"), "{}", paper.text());

    // Once nothing is due, nothing asks for money.
    user.post(&format!("/invoices/{id}/mark-paid"), json!({})).await.data(200);
    let page = Browser::new(&app).open(&link).await.expect(200);
    page.hides("Pay USD").hides("Ask me");
    assert_eq!(code(&page), None);
}

#[tokio::test]
async fn the_documented_link_is_shown_only_where_the_account_says_so() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let body = json!({"clientId": client, "amount": 120, "dueDate": "2026-05-01"});
    set(&user, json!([{"label": "Raenest", "type": "raenest"}])).await;
    let (id, link) = sent(&user, body).await;
    let shown = user.get(&format!("/invoices/{id}")).await.data(200)["paymentLink"].clone();
    let page = Browser::new(&app).open(&link).await.expect(200);
    page.says("Pay USD");
    assert_eq!(code(&page).as_deref(), shown.as_str());
}

#[tokio::test]
async fn what_the_client_withholds_is_not_asked_for() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    set(&user, json!([bank("Euro account", "EUR")])).await;
    let client = user.client("Fjord").await;
    let body = json!({
        "clientId": client, "amount": 1000, "currency": "EUR", "dueDate": "2026-05-01",
        "withholding": {"name": "WHT", "rate": 5},
    });
    let (_, link) = sent(&user, body).await;
    let page = Browser::new(&app).open(&link).await.expect(200);
    assert!(code(&page).unwrap().contains("EUR950.00"));
}

#[tokio::test]
async fn methods_are_checked_kept_and_replaced_as_a_whole_by_the_api() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let wrong = json!([
        {"label": "Euro", "type": "bank_account", "accountName": "A", "bankName": "B",
         "iban": "DE02120300000000202052"},
        {"label": "UPI", "type": "upi", "vpa": "obi"},
    ]);
    let answer = user.put("/settings", json!({"paymentMethods": wrong})).await;
    let error = answer.error(400);
    for field in [
        "paymentMethods[0].iban must be an IBAN",
        "paymentMethods[1].vpa must be a UPI ID",
        "paymentMethods[1].name is required",
    ] {
        assert!(error.contains(field), "{error}");
    }
    assert_eq!(user.get("/settings").await.data(200)["paymentMethods"], json!([]));
    let many = vec![bank("Euro", "EUR"); 21];
    user.put("/settings", json!({"paymentMethods": many})).await.error(400);

    set(&user, json!([bank("Euro", "EUR")])).await;
    let mut kept = bank("Euro", "EUR");
    kept["iban"] = json!("DE02120300000000202051");
    assert_eq!(user.get("/settings").await.data(200)["paymentMethods"], json!([kept]));
    // Changes to other sections keep them.
    user.put("/settings", json!({"business": {"name": "Obi"}})).await.data(200);
    assert_eq!(user.get("/settings").await.data(200)["paymentMethods"], json!([kept]));
    assert_eq!(other.get("/settings").await.data(200)["paymentMethods"], json!([]));
    set(&user, json!([])).await;
    assert_eq!(user.get("/settings").await.data(200)["paymentMethods"], json!([]));
}

#[tokio::test]
async fn methods_are_added_ordered_changed_and_deleted_on_their_page() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open(PLACE).await.expect(200);
    page.says("No payment methods yet").says("Invoices in USD don’t say how to pay.");
    let form = browser.open(&format!("{PLACE}/new?type=bank_account")).await.expect(200);
    let typed = [
        ("label", "Euro account"),
        ("currency", "EUR"),
        ("accountName", "Adaeze Obi"),
        ("bankName", "DKB"),
        ("iban", "DE02 1203 0000 0000 2020 52"),
    ];
    let add = format!("{PLACE}/new");
    let again = browser.send(&form, &add, &typed).await.expect(400);
    again.says("Check this IBAN");
    assert_eq!(again.value("bankName").as_deref(), Some("DKB"));
    let right = [("iban", "DE02 1203 0000 0000 2020 51")];
    let page = browser.send(&again, &add, &[&typed[..4], &right].concat()).await.expect(200);
    page.says("Payment method added.").says("Euro account").says("Invoice in EUR");
    let form = browser.open(&format!("{PLACE}/new?type=text")).await.expect(200);
    let typed = [("label", "Cash"), ("text", "At the office")];
    let page = browser.send(&form, &add, &typed).await.expect(200);
    page.says("At the office");
    let labels = async || {
        let settings = user.get("/settings").await;
        let methods = settings.data(200)["paymentMethods"].as_array().unwrap().clone();
        methods
            .iter()
            .map(|method| method["label"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(labels().await, ["Euro account", "Cash"]);
    let edits = page.html.split("href=\"").filter(|part| part.contains("/edit\""));
    let last = edits.last().unwrap().split_once('"').unwrap().0;
    let form = browser.open(last).await.expect(200);
    let up = last.replace("/edit", "/up");
    let page = browser.send(&form, &up, &[]).await.expect(200);
    assert_eq!(labels().await, ["Cash", "Euro account"]);

    let edit = page.link(&format!("{PLACE}/"));
    let form = browser.open(&edit).await.expect(200);
    assert_eq!(form.value("label").as_deref(), Some("Cash"));
    let typed = [("label", "Cash only"), ("text", "At the office")];
    browser.send(&form, &edit, &typed).await.expect(200).says("Payment methods saved.");
    assert_eq!(labels().await, ["Cash only", "Euro account"]);
    // Someone else changed it in the meantime: the entries can still be saved.
    let late = [("label", "Cash or cheque"), ("text", "At the office")];
    let page = browser.send(&form, &edit, &late).await.expect(409);
    page.says("has since been changed");
    browser.send(&page, &add, &late).await.expect(200);
    assert_eq!(labels().await, ["Cash only", "Euro account", "Cash or cheque"]);

    let page = browser.open(PLACE).await.expect(200);
    let delete = page.link(&format!("{PLACE}/")).replace("/edit", "/delete");
    let form = browser.open(&page.link(&format!("{PLACE}/"))).await.expect(200);
    browser.send(&form, &delete, &[]).await.expect(200).says("Payment method deleted.");
    assert_eq!(labels().await, ["Euro account", "Cash or cheque"]);
    // Another account has no such key.
    let other = app.register("b@example.com").await;
    let foreign = Browser::of(&other).open(&page.link(&format!("{PLACE}/"))).await;
    foreign.expect(404);
}

#[tokio::test]
async fn instructions_for_every_currency_are_kept_beside_the_methods() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open(PLACE).await.expect(200);
    let typed = [("paymentInstructions", "MoMo 024 555")];
    let page = browser.send(&page, PLACE, &typed).await.expect(200);
    page.says("MoMo 024 555").says("Payment methods saved.");
    // Nothing else changes with them.
    let settings = user.get("/settings").await;
    assert_eq!(settings.data(200)["invoicing"]["numberPattern"], "INV-{YYYY}-{NNN}");
}
