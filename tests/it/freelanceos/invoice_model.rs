//! Random invoices: API, page, PDF and export agree on every sum.

use freelanceos::domain::export::ExportList;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::export::{document, table},
    pdf::read::File,
    support::spawn_app,
    web::browser::Browser,
};

const INVOICES: usize = 150;

/// An invoice with any taxes, discounts and terms; prices are positive, so that it adds up.
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

/// An amount as pages and PDFs write it: `1,234.50`.
fn shown(amount: &Value, currency: &str) -> String {
    let decimals = match currency {
        "XOF" => 0,
        "KWD" => 3,
        _ => 2,
    };
    let text = amount.to_string();
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

#[tokio::test]
async fn api_page_pdf_and_export_agree_on_random_invoices() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    let mut runner = TestRunner::deterministic();
    let mut made = Vec::new();
    while made.len() < INVOICES {
        let mut body = invoice().new_tree(&mut runner).unwrap().current();
        body["clientId"] = client.as_str().into();
        let answer = user.post("/invoices", body.clone()).await;
        // The same tax twice on a line.
        if answer.status == 400 {
            assert!(answer.error(400).contains("twice"), "{body} {}", answer.body);
            continue;
        }
        made.push(answer.data(201).clone());
    }
    let export = document(&user).await;
    let lines = table(&user, ExportList::InvoiceItems).await;
    for (invoice, exported) in made.iter().zip(export["invoices"].as_array().unwrap()) {
        let (id, currency) =
            (invoice["id"].as_str().unwrap(), invoice["currency"].as_str().unwrap());
        let page = browser.open(&format!("/invoices/{id}")).await.expect(200).text();
        let request = user.request(Method::GET, &format!("/invoices/{id}/pdf"));
        let pdf = File::read(&request.send().await.unwrap().bytes().await.unwrap()).text();
        let mut sums = vec![&invoice["amount"]];
        let taxes = invoice["taxes"].as_array().unwrap();
        sums.extend(taxes.iter().map(|tax| &tax["amount"]));
        sums.extend(invoice["items"].as_array().unwrap().iter().map(|item| &item["amount"]));
        if invoice.get("discount").is_some() {
            sums.push(&invoice["discountAmount"]);
        }
        if invoice.get("withholding").is_some() {
            sums.push(&invoice["withheldAmount"]);
        }
        for sum in sums {
            let text = shown(sum, currency);
            assert!(page.contains(&text), "{text} is not on the page: {invoice} {page}");
            assert!(pdf.contains(&text), "{text} is not in the PDF: {invoice} {pdf}");
        }
        assert_eq!(exported["id"], invoice["id"]);
        for (field, name) in [
            ("amount", "amount"),
            ("subtotal", "subtotal"),
            ("taxAmount", "taxAmount"),
            ("discountAmount", "discount"),
            ("withheldAmount", "withheldAmount"),
        ] {
            assert_eq!(exported[name], invoice[field], "{field}: {invoice} {exported}");
        }
        for (line, item) in
            exported["items"].as_array().unwrap().iter().zip(invoice["items"].as_array().unwrap())
        {
            assert_eq!(line["amount"], item["amount"]);
            let row = lines.lines().find(|row| row.contains(item["id"].as_str().unwrap())).unwrap();
            assert!(row.ends_with(&format!(",{currency},{},", item["amount"])), "{row} {item}");
        }
        // The shown sums add up.
        let minor = |value: &Value| -> rust_decimal::Decimal { value.to_string().parse().unwrap() };
        assert_eq!(
            minor(&invoice["subtotal"]) - minor(&invoice["discountAmount"])
                + minor(&invoice["taxAmount"]),
            minor(&invoice["amount"])
        );
    }
}
