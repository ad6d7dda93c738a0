//! Random invoices, their credit notes and the statements of their clients: API, page, PDF and export
//! agree on every sum.

use std::collections::BTreeMap;

use freelanceos::domain::export::ExportList;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    app::export::{document, table},
    pdf::read::File,
    support::{User, spawn_app},
    web::browser::Browser,
};

/// `MODEL_INVOICES` overrides this.
const INVOICES: usize = 150;
/// How many of them each account has.
const BATCH: usize = 150;
/// How many of them each client gets.
const OF_CLIENT: usize = 30;

/// An invoice with random taxes, discounts and terms. Prices are positive, so that the total is not
/// negative.
fn invoice() -> impl Strategy<Value = Value> {
    let tax = (0..3usize, 0..=250_000i64).prop_map(|(name, rate)| {
        let name = ["VAT", "NHIL", "GST"][name];
        json!({"name": name, "rate": rate as f64 / 10_000.0})
    });
    let taxes = prop::option::of(prop::collection::vec(tax, 0..3));
    let discount =
        prop::option::of((0..=10_000i64).prop_map(|of| json!({"percent": of as f64 / 100.0})));
    let unit = prop::option::of(prop::sample::select(vec!["hour", "piece", "fixed"]));
    let line = (1..50_000i64, 1..500_000i64, taxes, discount.clone(), unit).prop_map(
        |(quantity, rate, taxes, discount, unit)| {
            json!({
                "description": "Work", "quantity": quantity as f64 / 1000.0, "rate": rate,
                "taxes": taxes, "discount": discount.filter(|_| quantity >= 500), "unit": unit,
            })
        },
    );
    let withholding = prop::option::of(
        (0..=100_000i64).prop_map(|rate| json!({"name": "WHT", "rate": rate as f64 / 10_000.0})),
    );
    let currency = prop::sample::select(vec!["USD", "XOF", "KWD", "NGN"]);
    let lines = prop::collection::vec(line, 1..6);
    (lines, discount, withholding, currency, any::<bool>(), 0..=200_000i64).prop_map(
        |(items, discount, withholding, currency, includes_tax, rate)| {
            json!({
                "items": items, "discount": discount, "withholding": withholding,
                "currency": currency, "pricesIncludeTax": includes_tax,
                "taxRate": rate as f64 / 10_000.0, "dueDate": "2026-12-31",
            })
        },
    )
}

fn decimals(currency: &str) -> u32 {
    match currency {
        "XOF" => 0,
        "KWD" => 3,
        _ => 2,
    }
}

fn decimal(amount: &Value) -> Decimal {
    amount.to_string().parse().unwrap()
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_else(|| panic!("{field} of {object}"))
}

/// An amount without its sign, as pages and PDFs write it: `1,234.50`.
fn shown(amount: &Value, currency: &str) -> String {
    let decimals = decimals(currency) as usize;
    let text = decimal(amount).abs().normalize().to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if decimals == 0 { grouped } else { format!("{grouped}.{part:0<decimals$}") }
}

async fn pdf(user: &User<'_>, path: &str) -> String {
    let answer = user.request(Method::GET, path).send().await.unwrap();
    File::read(&answer.error_for_status().unwrap().bytes().await.unwrap()).text()
}

/// Asserts that every sum occurs in each text.
#[track_caller]
fn contains(sums: &[&Value], currency: &str, texts: &[&str], of: &Value) {
    for sum in sums {
        let sum = shown(sum, currency);
        for text in texts {
            assert!(text.contains(&sum), "{sum} is missing: {of} {text}");
        }
    }
}

async fn create(user: &User<'_>, client: &str, runner: &mut TestRunner) -> Value {
    loop {
        let mut body = invoice().new_tree(runner).unwrap().current();
        body["clientId"] = client.into();
        let answer = user.post("/invoices", body.clone()).await;
        // The same tax twice on a line.
        if answer.status == 400 {
            assert!(answer.error(400).contains("twice"), "{body} {}", answer.body);
            continue;
        }
        return answer.data(201).clone();
    }
}

/// Compares an invoice with its page, its PDF, and its export.
async fn compare(user: &User<'_>, browser: &Browser<'_>, invoice: &Value, exported: &Value) {
    let (id, currency) = (text(invoice, "id"), text(invoice, "currency"));
    let page = browser.open(&format!("/invoices/{id}")).await.expect(200).text();
    let pdf = pdf(user, &format!("/invoices/{id}/pdf")).await;
    let mut sums = vec![&invoice["amount"]];
    let taxes = invoice["taxes"].as_array().unwrap();
    sums.extend(taxes.iter().map(|tax| &tax["amount"]));
    sums.extend(invoice["items"].as_array().unwrap().iter().map(|item| &item["amount"]));
    if invoice.get("discount").is_some() {
        sums.push(&invoice["discountAmount"]);
    }
    contains(&sums, currency, &[&page, &pdf], invoice);
    // The PDF of a sent invoice stays as it was sent; its page shows what is due.
    let (credited, due) = (&invoice["amountCredited"], &invoice["amountDue"]);
    if invoice.get("withholding").is_some() {
        let withheld = [&invoice["withheldAmount"]];
        contains(&withheld, currency, &[&pdf], invoice);
        if decimal(credited).is_zero() {
            contains(&withheld, currency, &[&page], invoice);
        }
    }
    if !decimal(credited).is_zero() && !decimal(due).is_zero() {
        contains(&[credited, due], currency, &[&page], invoice);
    }
    assert_eq!(exported["id"], invoice["id"]);
    for (field, name) in [
        ("amount", "amount"),
        ("subtotal", "subtotal"),
        ("taxAmount", "taxAmount"),
        ("discountAmount", "discount"),
        ("withheldAmount", "withheldAmount"),
        ("amountCredited", "amountCredited"),
    ] {
        assert_eq!(exported[name], invoice[field], "{field}: {invoice} {exported}");
    }
    // The shown sums add up.
    assert_eq!(
        decimal(&invoice["subtotal"]) - decimal(&invoice["discountAmount"])
            + decimal(&invoice["taxAmount"]),
        decimal(&invoice["amount"])
    );
}

/// Sends an invoice and credits half of it, its first line, or all of it.
async fn credit(user: &User<'_>, invoice: &Value, how: usize) -> Option<Value> {
    let (id, currency) = (text(invoice, "id"), text(invoice, "currency"));
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    if decimal(&invoice["amount"]).is_zero() {
        return None;
    }
    let half = (decimal(&invoice["amount"]) / Decimal::TWO).trunc_with_scale(decimals(currency));
    let number: serde_json::Number = half.to_string().parse().unwrap();
    let line = &invoice["items"][0];
    let part = match how % 3 {
        0 if !half.is_zero() => json!({"amount": number}),
        1 if !decimal(&line["amount"]).is_zero() => {
            json!({"items": [{"itemId": line["id"], "quantity": line["quantity"]}]})
        }
        _ => json!({}),
    };
    let mut body = part;
    body["reason"] = "Agreed".into();
    let path = format!("/invoices/{id}/credit-notes");
    Some(user.post(&path, body).await.data(201).clone())
}

/// Compares a credit note with its PDF and its export.
async fn compare_note(user: &User<'_>, note: &Value, exported: &Value) {
    let (id, currency) = (text(note, "id"), text(note, "currency"));
    let pdf = pdf(user, &format!("/credit-notes/{id}/pdf")).await;
    let mut sums = vec![&note["amount"]];
    sums.extend(note["taxes"].as_array().unwrap().iter().map(|tax| &tax["amount"]));
    sums.extend(note["items"].as_array().unwrap().iter().map(|item| &item["amount"]));
    contains(&sums, currency, &[&pdf], note);
    assert_eq!(exported["id"], note["id"]);
    assert_eq!(exported["amount"], note["amount"], "{note} {exported}");
    assert_eq!(exported["tax"], note["taxAmount"], "{note} {exported}");
    let taxes = note["taxes"].as_array().unwrap().iter();
    let sum: Decimal = taxes.map(|tax| decimal(&tax["amount"])).sum();
    assert_eq!(sum, decimal(&note["taxAmount"]), "{note}");
}

/// Compares the statement of a client with its page, its PDF, and the balances of these invoices.
async fn compare_statement(
    user: &User<'_>,
    browser: &Browser<'_>,
    client: &str,
    invoices: &[Value],
) {
    let statement = user.get(&format!("/clients/{client}/statement")).await.data(200).clone();
    let page = browser.open(&format!("/clients/{client}/statement")).await.expect(200).text();
    let pdf = pdf(user, &format!("/clients/{client}/statement/pdf")).await;
    let mut left = BTreeMap::<String, Decimal>::new();
    for invoice in invoices.iter().filter(|invoice| invoice["status"] != "draft") {
        *left.entry(text(invoice, "currency").to_owned()).or_default() +=
            decimal(&invoice["amount"]) - decimal(&invoice["amountCredited"]);
    }
    let own = statement["currencies"].as_array().unwrap();
    let closing = own.iter().map(|own| {
        let entries = own["entries"].as_array().unwrap().iter();
        let mut sums = vec![&own["openingBalance"], &own["closingBalance"]];
        sums.extend(entries.flat_map(|entry| [&entry["amount"], &entry["balance"]]));
        contains(&sums, text(own, "currency"), &[&page, &pdf], &statement);
        (text(own, "currency").to_owned(), decimal(&own["closingBalance"]))
    });
    assert_eq!(closing.collect::<BTreeMap<_, _>>(), left, "{statement}");
}

/// Creates this many invoices in a new account, credits every third, and compares everything.
async fn compare_batch(user: &User<'_>, runner: &mut TestRunner, count: usize) {
    let browser = Browser::of(user);
    let (mut clients, mut made, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for place in 0..count {
        if place % OF_CLIENT == 0 {
            clients.push(user.client(&format!("Kamala {place}")).await);
        }
        let mut invoice = create(user, clients.last().unwrap(), runner).await;
        if place % 3 == 0 {
            notes.extend(credit(user, &invoice, place / 3).await);
            let path = format!("/invoices/{}", text(&invoice, "id"));
            invoice = user.get(&path).await.data(200).clone();
        }
        made.push(invoice);
    }
    let export = document(user).await;
    let lines = table(user, ExportList::InvoiceItems).await;
    let lines: BTreeMap<_, _> = lines
        .lines()
        .filter_map(|line| Some((line.split(',').find(|cell| cell.starts_with("item_"))?, line)))
        .collect();
    let exported = export["invoices"].as_array().unwrap();
    assert_eq!(exported.len(), made.len());
    for (invoice, exported) in made.iter().zip(exported) {
        compare(user, &browser, invoice, exported).await;
        let own = exported["items"].as_array().unwrap();
        let items = invoice["items"].as_array().unwrap();
        assert_eq!(own.len(), items.len());
        for (line, item) in own.iter().zip(items) {
            assert_eq!(line["amount"], item["amount"]);
            let row = lines[text(item, "id")];
            let end = format!(",{},{},", text(invoice, "currency"), item["amount"]);
            assert!(row.ends_with(&end), "{row} {item}");
        }
    }
    let exported = export["creditNotes"].as_array().unwrap();
    assert_eq!(exported.len(), notes.len());
    for (note, exported) in notes.iter().zip(exported) {
        compare_note(user, note, exported).await;
    }
    for (client, invoices) in clients.iter().zip(made.chunks(OF_CLIENT)) {
        compare_statement(user, &browser, client, invoices).await;
    }
}

#[tokio::test]
async fn api_page_pdf_and_export_agree_on_random_invoices() {
    let all = std::env::var("MODEL_INVOICES").map_or(INVOICES, |count| count.parse().unwrap());
    let app = spawn_app().await;
    let mut runner = TestRunner::deterministic();
    let mut done = 0;
    while done < all {
        let user = app.register(&format!("user{done}@example.com")).await;
        let count = BATCH.min(all - done);
        compare_batch(&user, &mut runner, count).await;
        done += count;
        println!("{done} invoices compared");
    }
}
