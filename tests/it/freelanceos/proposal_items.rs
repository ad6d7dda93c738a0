//! Proposals with items: priced like invoices.

use serde_json::{Value, json};

use crate::support::spawn_app;

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

/// Lines of 100 with 20% and 50 with 10%, with a discount of 15: 157.5 with taxes of 18 and 4.5.
fn two_rates(client: &str) -> Value {
    let taxes = |name: &str, rate: u8| json!([{"name": name, "rate": rate}]);
    json!({
        "clientId": client, "title": "Shop", "currency": "EUR", "discount": {"amount": 15},
        "items": [
            {"description": "Design", "quantity": 2, "unit": "day", "rate": 50,
                "taxes": taxes("VAT", 20)},
            {"description": "Hosting", "quantity": 1, "rate": 50, "taxes": taxes("Reduced", 10)},
        ],
    })
}

#[tokio::test]
async fn items_make_up_the_amount_as_on_an_invoice() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let made = user.post("/proposals", two_rates(&client)).await.data(201).clone();
    let path = format!("/proposals/{}", id(&made));
    assert_eq!(user.get(&path).await.data(200), &made);
    assert_eq!(user.get("/proposals").await.data(200)[0], made);
    let mut invoice = two_rates(&client);
    invoice["dueDate"] = "2026-04-15".into();
    let invoice = user.post("/invoices", invoice).await.data(201).clone();
    for field in [
        "amount",
        "subtotal",
        "discount",
        "discountAmount",
        "taxAmount",
        "taxRate",
        "taxes",
        "pricesIncludeTax",
        "currency",
    ] {
        assert_eq!(made[field], invoice[field], "{field}");
    }
    assert_eq!((&made["amount"], &made["discountAmount"]), (&json!(157.5), &json!(15)));
    let amounts = |of: &Value| -> Vec<Value> {
        of["items"].as_array().unwrap().iter().map(|item| item["amount"].clone()).collect()
    };
    assert_eq!(amounts(&made), amounts(&invoice));
    assert_eq!(made["items"][0]["unit"], "day");

    // The invoice created from it has all of that.
    user.put(&path, json!({"status": "accepted"})).await.data(200);
    let body = json!({"clientId": client, "proposalId": made["id"], "dueDate": "2026-04-15"});
    let of_it = user.post("/invoices", body).await.data(201).clone();
    for field in ["amount", "discount", "taxes", "currency", "taxAmount"] {
        assert_eq!(of_it[field], made[field], "{field}");
    }
    assert_eq!(amounts(&of_it), amounts(&made));
    assert_eq!(of_it["items"][0]["description"], "Design");
}

#[tokio::test]
async fn a_given_amount_must_be_the_total_of_the_items() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let mut body = two_rates(&client);
    body["amount"] = 150.into();
    let refused = user.post("/proposals", body.clone()).await;
    assert_eq!(refused.error(400), "amount is 150 but the items add up to 157.5");
    body["amount"] = 157.5.into();
    let made = id(user.post("/proposals", body).await.data(201));
    let path = format!("/proposals/{made}");
    let refused = user.put(&path, json!({"amount": 100})).await;
    assert_eq!(refused.error(400), "amount is 100 but the items add up to 157.5");
    let discount = json!({"clientId": client, "title": "P", "discount": {"percent": 10}});
    let refused = user.post("/proposals", discount).await;
    assert_eq!(refused.error(400), "discount needs items");
    let bad = json!({
        "clientId": client, "title": "P", "currency": "XOF",
        "items": [{"description": "A", "quantity": 1, "rate": 100,
            "discount": {"amount": 0.5}}],
    });
    let refused = user.post("/proposals", bad).await;
    assert_eq!(
        refused.error(400),
        "items[0].discount.amount must have no decimals in this currency"
    );
}

#[tokio::test]
async fn items_change_until_the_client_has_answered() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let made = user.post("/proposals", two_rates(&client)).await.data(201).clone();
    let path = format!("/proposals/{}", id(&made));
    // Sending back the response changes nothing.
    let echo = user.put(&path, made.clone()).await.data(200).clone();
    assert_eq!(echo, made);
    let change = json!({"discount": null, "pricesIncludeTax": true});
    let changed = user.put(&path, change).await.data(200).clone();
    assert_eq!((&changed["amount"], changed.get("discount")), (&json!(150), None));
    assert_eq!(changed["items"][0]["id"], made["items"][0]["id"]);
    let change = json!({"items": [{"description": "All", "quantity": 3, "rate": 0.335}]});
    let changed = user.put(&path, change).await.data(200).clone();
    assert_eq!((&changed["amount"], &changed["taxes"]), (&json!(1.01), &json!([])));
    let moved = user.put(&path, json!({"currency": "KWD"})).await.data(200).clone();
    assert_eq!(moved["amount"], 1.005);
    let plain = user.put(&path, json!({"items": [], "amount": 80})).await.data(200).clone();
    assert_eq!(plain["amount"], 80);
    for field in ["items", "subtotal", "discountAmount", "taxes", "taxAmount", "pricesIncludeTax"] {
        assert_eq!(plain.get(field), None, "{field}");
    }
    let again = json!({"items": two_rates(&client)["items"]});
    let whole = user.put(&path, again.clone()).await.data(200).clone();
    user.put(&path, json!({"status": "rejected"})).await.data(200);
    for change in [json!({"items": []}), json!({"discount": {"percent": 1}})] {
        let refused = user.put(&path, change).await;
        assert_eq!(refused.error(409), "An answered proposal cannot be changed");
    }
    let mut echo = whole;
    echo["status"] = "rejected".into();
    user.put(&path, echo).await.data(200);
}

#[tokio::test]
async fn items_without_taxes_have_the_default_ones_and_taxes_are_named_by_id() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let tax = user.tax(json!({"name": "VAT", "rate": 7.5})).await;
    let levy = user.tax(json!({"name": "Levy", "rate": 2.5})).await;
    user.put("/settings", json!({"invoicing": {"taxIds": [tax]}})).await.data(200);
    let client = user.client("Ngozi").await;
    let made = |items: Value| {
        let body = json!({"clientId": client, "title": "P", "items": items});
        user.post("/proposals", body)
    };
    let line = json!({"description": "A", "quantity": 1, "rate": 100});
    assert_eq!(made(json!([line])).await.data(201)["amount"], 107.5);
    let mut own = line.clone();
    own["taxIds"] = json!([levy]);
    assert_eq!(made(json!([own])).await.data(201)["amount"], 102.5);
    own["taxIds"] = json!(["tax_none"]);
    let refused = made(json!([own])).await;
    assert_eq!(refused.error(400), "items[0].taxIds[0] does not exist");
}
