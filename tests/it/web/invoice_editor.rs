//! `/invoices/new` and `/invoices/:id/edit`.

use reqwest::{Method, header};
use serde_json::{Value, json};

use super::{browser::Browser, numbers::write_numbers};
use crate::support::spawn_app;

#[tokio::test]
async fn an_invoice_is_written_line_by_line_without_scripts() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    browser.open("/invoices").await.expect(200).says("No invoices yet");
    browser.open("/invoices/new").await.expect(200).says("Who is this invoice for?");
    let client = user.client("Kamala").await;

    let asked = format!("/invoices/new?clientId={client}&description=Logo&amount=1,250.50");
    let page = browser.open(&asked).await.expect(200);
    assert!(page.html.contains(&format!("value=\"{client}\" selected")), "{}", page.html);
    assert_eq!(page.value("items.0.description").as_deref(), Some("Logo"));
    assert_eq!(page.value("issueDate").as_deref(), Some("2026-03-18"));
    assert_eq!(page.value("dueDate").as_deref(), Some("2026-04-17"));
    page.says("Total in USD 1,250.50");

    let typed = [
        ("clientId", &*client),
        ("issueDate", "2026-03-18"),
        ("dueDate", "2026-04-01"),
        ("currency", "USD"),
        ("taxRate", "7.5"),
        ("items.0.description", ""),
        ("items.0.rate", ""),
        ("items.1.description", "Words"),
        ("items.1.quantity", "1237"),
        ("items.1.rate", "0.085"),
        ("items.2.description", "<i>Logo</i>"),
        ("items.2.quantity", ""),
        ("items.2.rate", "1,250.50"),
    ];
    let mut sums = typed.to_vec();
    sums.push(("_action", "up.2"));
    let again = browser.send(&page, "/invoices", &sums).await.expect(200);
    again.says("Subtotal 1,355.65 Tax 101.67 Total in USD 1,457.32");
    assert_eq!(again.value("items.1.description").as_deref(), Some("<i>Logo</i>"));
    assert_eq!(user.get("/invoices").await.body["total"], 0);

    let shown = browser.send(&again, "/invoices", &typed).await.expect(200);
    shown.says("Draft saved.").says("INV-2026-001 Draft").says("<i>Logo</i>");
    shown.says("Tax 7.5% USD 101.67");
    let edit = format!("{}/edit", shown.path);
    let page = browser.open(&edit).await.expect(200);
    assert_eq!(page.value("items.0.rate").as_deref(), Some("0.085"));
    assert_eq!(page.value("items.1.quantity").as_deref(), Some("1"));
    let mut less = typed.to_vec();
    less.extend([("items.1.description", ""), ("items.1.quantity", ""), ("items.1.rate", "")]);
    let changed = browser.send(&page, &edit, &less).await.expect(200);
    changed.says("Invoice saved.").hides("Words");
}

#[tokio::test]
async fn what_is_wrong_with_a_line_stands_at_that_line() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    let page = browser.open("/invoices/new").await;
    let typed = [
        ("clientId", &*client),
        ("issueDate", "2026-03-18"),
        ("dueDate", "2026-03-17"),
        ("currency", "USD"),
        ("items.0.description", ""),
        ("items.1.description", "Logo"),
        ("items.1.rate", "100"),
        ("items.2.description", "Words"),
        ("items.2.quantity", "many"),
        ("items.2.rate", "0.085"),
    ];
    let again = browser.send(&page, "/invoices", &typed).await.expect(400);
    again.says("Check the 2 fields below.").says("Due date can’t be before the issue date.");
    again.says("Enter a number, such as 1250.50.");
    // The empty line is gone, and the wrong one is the second.
    assert_eq!(again.value("items.1.quantity").as_deref(), Some("many"));
    assert!(again.html.contains("id=\"f-items.1.quantity-error\""), "{}", again.html);
    assert_eq!(again.html.matches("aria-invalid").count(), 2);

    let page = browser.open("/invoices/new").await;
    let none = [("clientId", &*client), ("dueDate", "2026-04-01"), ("currency", "USD")];
    browser.send(&page, "/invoices", &none).await.expect(400).says("Fill in this field.");
    let discount =
        [none[0], none[1], none[2], ("items.0.description", "x"), ("items.0.rate", "-1")];
    let again = browser.send(&page, "/invoices", &discount).await.expect(400);
    again.says("Total can’t be negative.");
    assert_eq!(user.get("/invoices").await.body["total"], 0);
}

/// What the editor's script is told of a form with these lines of quantity and rate.
async fn totals(
    browser: &Browser<'_>,
    token: &str,
    currency: &str,
    tax_rate: &str,
    lines: &[(&str, &str)],
) -> Value {
    let mut fields = vec![
        ("_token".to_owned(), token),
        ("currency".to_owned(), currency),
        ("taxRate".to_owned(), tax_rate),
    ];
    for (row, (quantity, rate)) in lines.iter().enumerate() {
        fields.push((format!("items.{row}.quantity"), quantity));
        fields.push((format!("items.{row}.rate"), rate));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (&**name, *text)).collect();
    let answer = browser.once(&Method::POST, "/invoices/totals", &fields).await.expect(200);
    serde_json::from_str(&answer.html).unwrap()
}

#[tokio::test]
async fn the_totals_of_what_is_typed_are_told_as_the_reader_writes_numbers() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    user.client("Kamala").await;
    let browser = Browser::of(&user);
    let page = browser.open("/invoices/new").await.expect(200);
    let token = page.value("_token").unwrap();
    let told = |amounts: &[&str], [subtotal, tax, total]: [&str; 3], currency: &str| {
        json!({
            "amounts": amounts, "subtotal": subtotal, "tax": tax, "total": total,
            "currency": currency,
        })
    };
    let none = ["–"; 3];
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Value);
    let cases: [Case<'_>; 14] = [
        // A line may say nothing yet, or how many of nothing; one of each goes without saying.
        (
            "USD",
            "7.5",
            &[("1237", "0.085"), ("", ""), ("5", " "), ("", "1,250.50")],
            told(&["105.15", "", "", "1,250.50"], ["1,355.65", "101.67", "1,457.32"], "USD"),
        ),
        // Half away from zero, in the decimals of the currency.
        ("USD", "", &[("1", "0.005")], told(&["0.01"], ["0.01", "0.00", "0.01"], "USD")),
        ("XOF", "33.3333", &[("0.5", "1")], told(&["1"], ["1", "0", "1"], "XOF")),
        ("KWD", "0", &[(".5", "1.005")], told(&["0.503"], ["0.503", "0.000", "0.503"], "KWD")),
        (
            "USD",
            "0",
            &[("2", "20"), ("1", "-5")],
            told(&["40.00", "-5.00"], ["35.00", "0.00", "35.00"], "USD"),
        ),
        ("USD", "0", &[], told(&[], ["0.00"; 3], "USD")),
        // What cannot be calculated is told as nothing.
        ("USD", "0", &[("ten", "1"), ("1", "1")], told(&["–", "1.00"], none, "USD")),
        ("USD", "0", &[("0", "1")], told(&["–"], none, "USD")),
        ("USD", "0", &[("1", "2,17")], told(&["–"], none, "USD")),
        ("USD", "0", &[("1", "-1")], told(&["-1.00"], none, "USD")),
        ("USD", "101", &[("1", "1")], told(&["1.00"], none, "USD")),
        ("USD", "x", &[("1", "1")], told(&["1.00"], none, "USD")),
        ("USD", "0", &[("999999999999999", "999999999999.99")], told(&["–"], none, "USD")),
        // The account's currency, where the form has none.
        ("", "0", &[("1", "1")], told(&["1.00"], ["1.00", "0.00", "1.00"], "USD")),
    ];
    for (currency, tax, lines, expected) in cases {
        let totals = totals(&browser, &token, currency, tax, lines).await;
        assert_eq!(totals, expected, "{currency} {tax} {lines:?}");
    }
    write_numbers(&browser, "1.234,56").await;
    let told_so = told(&["1.250,50"], ["1.250,50", "93,79", "1.344,29"], "USD");
    assert_eq!(totals(&browser, &token, "USD", "7,5", &[("", "1.250,5")]).await, told_so);
    assert_eq!(user.get("/invoices").await.body["total"], 0);
}

#[tokio::test]
async fn totals_are_told_to_nobody_but_a_signed_in_reader_with_a_form_of_ours() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let fields = [("items.0.rate", "1")];
    let browser = Browser::of(&user);
    browser.once(&Method::POST, "/invoices/totals", &fields).await.expect(403);
    let stranger = Browser::new(&app).once(&Method::POST, "/invoices/totals", &fields).await;
    assert_eq!(stranger.headers[header::LOCATION], "/login");
}
