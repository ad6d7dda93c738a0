//! `/invoices`: taxes, discounts, prices that include tax, and withholding.

use serde_json::{Value, json};

use super::shown;
use crate::support::{Answer, User, spawn_app};

async fn post(user: &User<'_>, fields: Value) -> Answer {
    let client = user.client("C").await;
    let mut body = json!({"clientId": client, "dueDate": "2026-04-15"});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    user.post("/invoices", body).await
}

fn line(rate: Value, taxes: Value) -> Value {
    json!({"description": "Work", "quantity": 1, "rate": rate, "taxes": taxes})
}

/// `subtotal discountAmount taxAmount amount taxRate` of an invoice.
fn sums(data: &Value) -> String {
    let names = ["subtotal", "discountAmount", "taxAmount", "amount", "taxRate"];
    names.map(|name| data[name].to_string()).join(" ")
}

#[tokio::test]
async fn the_taxes_of_lines_are_listed_with_their_base() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let levies = json!([
        {"name": "VAT", "rate": 15},
        {"name": "NHIL", "rate": 2.5},
        {"name": "GETFund", "rate": 2.5},
    ]);
    let made = post(&user, json!({"currency": "GHS", "items": [line(json!(1000), levies)]})).await;
    let data = made.data(201);
    assert_eq!(sums(data), "1000 0 200 1200 0");
    insta::assert_snapshot!(shown(&data["taxes"]), @r##"
    [
      {
        "name": "VAT",
        "rate": 15,
        "category": "S",
        "base": 1000,
        "amount": 150
      },
      {
        "name": "NHIL",
        "rate": 2.5,
        "category": "S",
        "base": 1000,
        "amount": 25
      },
      {
        "name": "GETFund",
        "rate": 2.5,
        "category": "S",
        "base": 1000,
        "amount": 25
      }
    ]
    "##);
    let path = format!("/invoices/{}", data["id"].as_str().unwrap());
    assert_eq!(user.get(&path).await.data(200), data);
}

#[tokio::test]
async fn a_rate_is_one_tax_on_the_lines_without_their_own() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let plain = json!({"description": "Work", "quantity": 2, "rate": 50});
    let made = post(&user, json!({"taxRate": 7.5, "items": [plain]})).await;
    assert_eq!(sums(made.data(201)), "100 0 7.5 107.5 7.5");
    let tax = json!([{"name": "Tax", "rate": 7.5, "category": "S", "base": 100, "amount": 7.5}]);
    assert_eq!(made.data(201)["taxes"], tax);
    assert_eq!(made.data(201)["items"][0].get("taxes"), None);
    let made =
        post(&user, json!({"taxRate": 7.5, "items": [plain, line(json!(10), json!([]))]})).await;
    assert_eq!(sums(made.data(201)), "110 0 7.5 117.5 0");
    assert_eq!(made.data(201)["items"][1]["taxes"], json!([]));
    let made = post(&user, json!({"taxRate": 0, "items": [plain]})).await;
    assert_eq!(made.data(201)["taxes"], json!([]));
}

#[tokio::test]
async fn lines_copy_the_taxes_of_the_account() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let other = app.register("other@example.com").await;
    let tax = user.tax(json!({"name": "VAT", "rate": 20})).await;
    let mine = json!({"description": "Work", "quantity": 1, "rate": 10, "taxIds": [tax]});
    let made = post(&user, json!({"items": [mine]})).await;
    assert_eq!(sums(made.data(201)), "10 0 2 12 20");
    // A later change leaves the invoice alone.
    user.put(&format!("/taxes/{tax}"), json!({"rate": 25})).await.data(200);
    let path = format!("/invoices/{}", made.data(201)["id"].as_str().unwrap());
    assert_eq!(sums(user.get(&path).await.data(200)), "10 0 2 12 20");
    let changed = user.put(&path, json!({"items": [mine]})).await;
    assert_eq!(sums(changed.data(200)), "10 0 2.5 12.5 25");
    post(&other, json!({"items": [mine]}))
        .await
        .assert_error(400, "items[0].taxIds[0] does not exist");
    let both = json!({"description": "W", "quantity": 1, "rate": 1, "taxes": [{"name": "A", "rate": 1}], "taxIds": [tax]});
    post(&user, json!({"items": [both]}))
        .await
        .assert_error(400, "items[0].taxIds must not be given beside taxes");
}

#[tokio::test]
async fn discounts_and_withholding_are_computed_and_kept() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let lines = [
        line(json!(100), json!([{"name": "A", "rate": 20}])),
        line(json!(50), json!([{"name": "B", "rate": 10}])),
    ];
    let made = post(&user, json!({"items": lines, "discount": {"amount": 15}})).await;
    assert_eq!(sums(made.data(201)), "150 15 22.5 157.5 0");
    assert_eq!(made.data(201)["discount"], json!({"amount": 15}));
    let item = json!({"description": "W", "quantity": 3, "rate": 100, "unit": "hour", "discount": {"percent": 12.5}});
    let fields = json!({
        "currency": "NGN", "taxRate": 7.5, "items": [item], "reference": "PO 7",
        "withholding": {"name": "WHT", "rate": 5},
        "serviceFrom": "2026-02-01", "serviceTo": "2026-02-28",
    });
    let made = post(&user, fields).await;
    let data = made.data(201);
    assert_eq!(sums(data), "262.5 0 19.69 282.19 7.5");
    assert_eq!((&data["withheldAmount"], &data["reference"]), (&json!(13.13), &json!("PO 7")));
    assert_eq!(
        (&data["serviceFrom"], &data["serviceTo"]),
        (&json!("2026-02-01T00:00:00Z"), &json!("2026-02-28T00:00:00Z"))
    );
    assert_eq!(
        (&data["items"][0]["unit"], &data["items"][0]["amount"]),
        (&json!("hour"), &json!(262.5))
    );
    let path = format!("/invoices/{}", data["id"].as_str().unwrap());
    assert_eq!(user.get(&path).await.data(200), data);
    // Cleared one by one.
    let changed =
        user.put(&path, json!({"withholding": null, "reference": null, "serviceTo": null})).await;
    assert_eq!(changed.data(200)["withheldAmount"], 0);
    assert_eq!(changed.data(200).get("withholding"), None);
    let changed = user.put(&path, json!({"discount": {"percent": 10}})).await;
    assert_eq!(sums(changed.data(200)), "262.5 26.25 17.72 253.97 7.5");
}

#[tokio::test]
async fn prices_that_include_tax_add_up_to_what_was_written() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let item = json!({"description": "W", "quantity": 1, "rate": 100});
    let fields = json!({"pricesIncludeTax": true, "taxRate": 7.5, "items": [item]});
    let made = post(&user, fields).await;
    assert_eq!(sums(made.data(201)), "93.02 0 6.98 100 7.5");
    assert_eq!(
        (&made.data(201)["items"][0]["amount"], &made.data(201)["pricesIncludeTax"]),
        (&json!(100), &json!(true))
    );
    let alone = post(&user, json!({"pricesIncludeTax": true, "taxRate": 7.5, "amount": 100})).await;
    assert_eq!(sums(alone.data(201)), "93.02 0 6.98 100 7.5");
}

#[tokio::test]
async fn impossible_terms_are_refused_with_the_field() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let item = json!({"description": "W", "quantity": 1, "rate": 100});
    for (fields, error) in [
        (
            json!({"items": [item], "discount": {"amount": 100.01}}),
            "discount.amount must not be more than 100",
        ),
        (json!({"items": [item], "discount": {}}), "discount.percent is required"),
        (
            json!({"items": [item], "discount": {"percent": 1, "amount": 1}}),
            "discount.amount must not be given beside percent",
        ),
        (
            json!({"items": [item], "discount": {"percent": 101}}),
            "discount.percent must be between 0 and 100",
        ),
        (json!({"amount": 100, "discount": {"percent": 1}}), "discount needs items"),
        (json!({"items": [item], "withholding": {"rate": 5}}), "withholding.name is required"),
        (
            json!({"items": [item], "serviceFrom": "2026-03-02", "serviceTo": "2026-03-01"}),
            "serviceTo must not be before serviceFrom",
        ),
        (
            json!({"items": [line(json!(1), json!([{"name": "A", "rate": 5, "category": "E"}]))]}),
            "items[0].taxes[0].rate must be 0 in the category E",
        ),
        (
            json!({"items": [line(json!(1), json!([{"name": "A", "rate": 5}, {"name": "A", "rate": 5}]))]}),
            "items[0].taxes[1] must not be given twice",
        ),
    ] {
        post(&user, fields).await.assert_error(400, error);
    }
}

#[tokio::test]
async fn the_terms_of_a_sent_invoice_are_frozen() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let taxes = json!([{"name": "VAT", "rate": 20}, {"name": "Levy", "rate": 1}]);
    let fields = json!({
        "items": [line(json!(100), taxes)], "discount": {"percent": 5},
        "withholding": {"name": "WHT", "rate": 5}, "reference": "PO 7",
    });
    let made = post(&user, fields).await;
    let path = format!("/invoices/{}", made.data(201)["id"].as_str().unwrap());
    user.post(&format!("{path}/send"), json!({})).await.data(200);
    let whole = user.get(&path).await;
    // Sending everything back changes nothing.
    assert_eq!(
        user.put(&path, whole.data(200).clone()).await.data(200)["amount"],
        whole.data(200)["amount"]
    );
    for change in [
        json!({"discount": null}),
        json!({"discount": {"percent": 6}}),
        json!({"withholding": {"name": "WHT", "rate": 6}}),
        json!({"pricesIncludeTax": true}),
        json!({"reference": "PO 8"}),
        json!({"serviceFrom": "2026-02-01"}),
        json!({"items": [line(json!(100), json!([{"name": "VAT", "rate": 20}]))]}),
    ] {
        assert_eq!(user.put(&path, change.clone()).await.status, 409, "{change}");
    }
    let copy = user.get(&path).await;
    assert_eq!(copy.data(200), whole.data(200));
}

/// The parts of an invoice that depend on its taxes.
fn taxed(data: &Value) -> Value {
    let lines = data["items"].as_array().unwrap().iter();
    let lines: Vec<_> = lines.map(|item| item["taxes"].clone()).collect();
    json!({"lines": lines, "taxes": data["taxes"], "amount": data["amount"], "rate": data["taxRate"]})
}

#[tokio::test]
async fn an_invoice_sent_back_as_a_whole_keeps_its_taxes() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let vat = json!([{"name": "VAT", "rate": 20}]);
    let two = json!([{"name": "VAT", "rate": 20}, {"name": "Levy", "rate": 1}]);
    let reverse = json!([{"name": "VAT", "rate": 0, "category": "AE", "note": "Reverse charge"}]);
    for fields in [
        json!({"items": [line(json!(100), vat.clone())]}),
        json!({"items": [line(json!(100), two), line(json!(50), json!([]))]}),
        json!({"items": [line(json!(100), reverse), line(json!(50), vat)], "pricesIncludeTax": true,
            "discount": {"percent": 5}, "withholding": {"name": "WHT", "rate": 5}}),
        json!({"items": [{"description": "Work", "quantity": 1, "rate": 100}], "taxRate": 7.5}),
        json!({"amount": 107.51, "taxRate": 7.5}),
    ] {
        let made = post(&user, fields).await.data(201).clone();
        let path = format!("/invoices/{}", made["id"].as_str().unwrap());
        let whole = user.get(&path).await.data(200).clone();
        assert_eq!(user.put(&path, whole.clone()).await.data(200), &whole);
        user.post(&format!("{path}/send"), json!({})).await.data(200);
        let whole = user.get(&path).await.data(200).clone();
        assert_eq!(user.put(&path, whole.clone()).await.data(200), &whole);
    }
}

#[tokio::test]
async fn a_program_that_knows_nothing_of_taxes_does_not_remove_them() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let named = |name: &str, rate: i64, taxes: Value| json!({"description": name, "quantity": 1, "rate": rate, "taxes": taxes});
    let plain = |name: &str, rate: i64| json!({"description": name, "quantity": 1, "rate": rate});
    let vat = json!([{"name": "VAT", "rate": 20}]);
    let items = json!([named("A", 100, vat), named("B", 50, json!([])), named("C", 10, json!([]))]);
    let made = post(&user, json!({"items": items})).await.data(201).clone();
    let path = format!("/invoices/{}", made["id"].as_str().unwrap());
    let before = taxed(&made);
    assert_eq!((&before["amount"], &before["rate"]), (&json!(180), &json!(0)));
    // The unchanged lines, with or without the rate from the response.
    let same = json!([plain("A", 100), plain("B", 50), plain("C", 10)]);
    for body in [json!({"items": same}), json!({"items": same, "taxRate": 0})] {
        assert_eq!(taxed(user.put(&path, body).await.data(200)), before);
    }
    // Lines are matched by description, else by place; new ones get the taxes of the last.
    let moved = json!([plain("B", 50), plain("A", 200), plain("C2", 10), plain("D", 5)]);
    let now = user.put(&path, json!({"items": moved})).await.data(200).clone();
    assert_eq!((&now["amount"], &now["taxAmount"]), (&json!(305), &json!(40)));
    // A different rate becomes the only tax of all lines without a list. A list of taxes takes
    // precedence.
    let items = json!([plain("A", 100), named("B", 50, json!([]))]);
    let now = user.put(&path, json!({"items": items, "taxRate": 5})).await.data(200).clone();
    assert_eq!(sums(&now), "150 0 5 155 0");
    assert_eq!(now["taxes"][0]["name"], "Tax");

    // A single tax on all lines keeps its name and note if its rate is sent back.
    let tax = json!([{"name": "GST", "rate": 10, "note": "Reg. 7"}]);
    let made = post(&user, json!({"items": [named("A", 100, tax)]})).await.data(201).clone();
    let path = format!("/invoices/{}", made["id"].as_str().unwrap());
    let body = json!({"items": [plain("A", 200)], "taxRate": made["taxRate"]});
    let now = user.put(&path, body).await.data(200).clone();
    assert_eq!(sums(&now), "200 0 20 220 10");
    assert_eq!(
        (&now["taxes"][0]["name"], &now["taxes"][0]["note"]),
        (&json!("GST"), &json!("Reg. 7"))
    );
    let body = json!({"items": [plain("A", 200)], "taxRate": 0});
    assert_eq!(sums(user.put(&path, body).await.data(200)), "200 0 0 200 0");
}

#[tokio::test]
async fn new_invoices_have_the_default_taxes_of_the_account() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let other = app.register("other@example.com").await;
    let foreign = other.tax(json!({"name": "VAT", "rate": 1})).await;
    let (vat, levy) = (
        user.tax(json!({"name": "VAT", "rate": 15})).await,
        user.tax(json!({"name": "NHIL", "rate": 2.5})).await,
    );
    let set = async |ids: Value| user.put("/settings", json!({"invoicing": {"taxIds": ids}})).await;
    assert_eq!(set(json!([vat, levy])).await.data(200)["invoicing"]["taxIds"], json!([vat, levy]));
    set(json!([foreign])).await.assert_error(400, "invoicing.taxIds[0] does not exist");
    let plain = json!({"description": "Work", "quantity": 1, "rate": 100});
    assert_eq!(sums(post(&user, json!({"items": [plain]})).await.data(201)), "100 0 17.5 117.5 0");
    // An amount without lines includes them.
    assert_eq!(sums(post(&user, json!({"amount": 117.5})).await.data(201)), "100 0 17.5 117.5 0");
    // A rate or a list of taxes takes precedence.
    let made = post(&user, json!({"items": [plain], "taxRate": 0})).await;
    assert_eq!(sums(made.data(201)), "100 0 0 100 0");
    let made = post(&user, json!({"items": [plain, line(json!(1), json!([]))]})).await;
    assert_eq!(sums(made.data(201)), "101 0 17.5 118.5 0");
    assert_eq!(set(json!([])).await.data(200)["invoicing"]["taxIds"], json!([]));
    assert_eq!(sums(post(&user, json!({"items": [plain]})).await.data(201)), "100 0 0 100 0");
}
