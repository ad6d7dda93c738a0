//! `/invoices`: what may change in which status, and what is frozen.

use serde_json::{Value, json};

use crate::support::{User, spawn_app};

const FROZEN: &str =
    "A sent invoice keeps its client, dates, items and money; only its notes may change";

/// Creates a draft of 200 USD and 15 USD tax.
async fn draft(user: &User<'_>, client: &str) -> Value {
    let body = json!({
        "clientId": client, "issueDate": "2026-03-10", "dueDate": "2026-03-20", "taxRate": 7.5,
        "items": [{"description": "Work", "quantity": 2, "rate": 100}], "notes": "Hello",
    });
    user.post("/invoices", body).await.data(201).clone()
}

fn path(invoice: &Value) -> String {
    format!("/invoices/{}", invoice["id"].as_str().unwrap())
}

async fn act(user: &User<'_>, invoice: &Value, action: &str) -> Value {
    user.post(&format!("{}/{action}", path(invoice)), json!({})).await.data(200).clone()
}

#[tokio::test]
async fn every_field_of_a_draft_can_be_updated() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let (first, second) = (user.client("C").await, user.client("D").await);
    let project = user.post("/projects", json!({"clientId": second, "name": "P"})).await;
    let project = project.data(201)["id"].as_str().unwrap().to_owned();
    let invoice = draft(&user, &first).await;
    app.clock.set("2026-03-19T08:00:00Z");
    let change = json!({
        "clientId": second, "projectId": project, "currency": "XOF", "taxRate": 18,
        "issueDate": "2026-01-01", "dueDate": "2027-01-01", "notes": "Bye",
        "items": [{"description": "More", "quantity": 2.5, "rate": 333}], "amount": 983,
    });
    let changed = user.put(&path(&invoice), change).await.data(200).clone();
    for (field, value) in [
        ("number", json!("INV-2026-001")),
        ("clientId", json!(second)),
        ("projectId", json!(project)),
        ("currency", json!("XOF")),
        ("amount", json!(983)),
        ("subtotal", json!(833)),
        ("taxAmount", json!(150)),
        ("taxRate", json!(18)),
        ("issueDate", json!("2026-01-01T00:00:00Z")),
        ("dueDate", json!("2027-01-01T00:00:00Z")),
        ("notes", json!("Bye")),
        ("createdAt", json!("2026-03-18T12:00:00Z")),
        ("updatedAt", json!("2026-03-19T08:00:00Z")),
    ] {
        assert_eq!(changed[field], value, "{field}");
    }
    assert_eq!(changed["client"]["name"], "D");
    assert_eq!(user.get(&path(&invoice)).await.data(200), &changed);
    assert_eq!(user.get(&format!("/invoices?clientId={first}")).await.body["total"], 0);
    assert_eq!(user.get(&format!("/invoices?clientId={second}")).await.body["total"], 1);

    // Null clears optional fields and is refused by others; PATCH equals PUT.
    let patch = user.request(reqwest::Method::PATCH, &path(&invoice));
    let answer = app.send(patch.json(&json!({"projectId": null, "notes": null}))).await;
    assert!(answer.data(200).get("projectId").is_none() && answer.data(200).get("notes").is_none());
    let nulls = json!({
        "clientId": null, "amount": null, "taxRate": null, "currency": null, "status": null,
        "issueDate": null, "dueDate": null, "items": null,
    });
    assert_eq!(
        user.put(&path(&invoice), nulls).await.error(400),
        "clientId is required; amount is required; taxRate is required; currency is required; \
         status is required; issueDate is required; dueDate is required; items is required"
    );
}

#[tokio::test]
async fn the_amounts_of_a_draft_follow_its_lines() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let invoice = draft(&user, &client).await;
    let put = async |change: Value| user.put(&path(&invoice), change).await;
    assert_eq!(put(json!({"taxRate": 10})).await.data(200)["amount"], 220);
    assert_eq!(put(json!({"amount": 220})).await.data(200)["amount"], 220);
    assert_eq!(
        put(json!({"amount": 215})).await.error(400),
        "amount is 215 but the items add up to 220"
    );
    assert_eq!(put(json!({"taxRate": 0, "amount": 200})).await.data(200)["amount"], 200);
    let finer = json!({"items": [{"description": "W", "quantity": 1, "rate": 0.005}]});
    assert_eq!(put(finer).await.data(200)["amount"], 0.01);
    // A line's rate may have more decimals than the currency; its amount is rounded again.
    assert_eq!(put(json!({"currency": "KWD"})).await.data(200)["amount"], 0.005);
    assert_eq!(put(json!({"currency": "XOF"})).await.data(200)["amount"], 0);
    assert_eq!(put(json!({"items": []})).await.error(400), "items must not be empty");
}

#[tokio::test]
async fn dates_of_a_draft_keep_its_year_and_their_order() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let invoice = draft(&user, &client).await;
    let put = async |change: Value| user.put(&path(&invoice), change).await;
    for day in ["2025-12-31", "2027-01-01"] {
        let change = json!({"issueDate": day, "dueDate": "2027-01-01"});
        assert_eq!(
            put(change).await.error(400),
            "issueDate must stay in 2026, the year of the invoice number"
        );
    }
    // Invalid values are reported before conflicts of status.
    put(json!({"issueDate": "2027-01-01", "status": "paid"})).await.error(400);
    let late = json!({"issueDate": "2026-03-21"});
    assert_eq!(put(late).await.error(400), "dueDate must not be before issueDate");
    // Without an issue date in the request, any due date is accepted.
    assert_eq!(
        put(json!({"dueDate": "2026-03-01"})).await.data(200)["dueDate"],
        "2026-03-01T00:00:00Z"
    );
}

#[tokio::test]
async fn sending_an_unchanged_invoice_back_is_no_conflict_in_any_status() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    // The document's own example is due before its issue date.
    let client = user.client("C").await;
    let due =
        json!({"clientId": client, "amount": 100.01, "taxRate": 7.5, "dueDate": "2026-03-15"});
    let odd = user.post("/invoices", due).await.data(201).clone();
    let even = draft(&user, &client).await;
    for invoice in [odd, even] {
        let back = async |state: &Value| {
            let mut whole = state.clone();
            assert_eq!(user.put(&path(&invoice), whole.clone()).await.data(200), state);
            whole["notes"] = json!("Thank you!");
            assert_eq!(user.put(&path(&invoice), whole.clone()).await.data(200), &whole);
        };
        back(&user.get(&path(&invoice)).await.data(200).clone()).await;
        let sent = act(&user, &invoice, "send").await;
        back(&sent).await;
        // Even if the status becomes overdue meanwhile.
        app.clock.set("2026-03-24T12:00:00Z");
        let late = user.get(&path(&invoice)).await.data(200).clone();
        assert_eq!(late["status"], "overdue");
        let mut whole = late.clone();
        whole["updatedAt"] = json!("2026-03-24T12:00:00Z");
        back(&whole).await;
        user.put(&path(&invoice), json!({"status": "sent"})).await.data(200);
        back(&act(&user, &invoice, "mark-paid").await).await;
        app.clock.set("2026-03-18T12:00:00Z");
    }
}

#[tokio::test]
async fn only_the_notes_of_a_sent_or_paid_invoice_can_change() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let (client, other) = (user.client("C").await, user.client("D").await);
    let invoice = draft(&user, &client).await;
    for action in ["send", "mark-paid"] {
        let state = act(&user, &invoice, action).await;
        for change in [
            json!({"clientId": other}),
            json!({"amount": 215.01}),
            json!({"taxRate": 7.6}),
            json!({"currency": "EUR"}),
            json!({"issueDate": "2026-03-11"}),
            json!({"issueDate": "2025-03-10"}),
            json!({"dueDate": "2026-03-21"}),
            json!({"items": [{"description": "Work", "quantity": 2, "rate": 101}]}),
            json!({"items": [{"description": "Play", "quantity": 2, "rate": 100}]}),
            json!({"items": [
                {"description": "Work", "quantity": 2, "rate": 100},
                {"description": "Free", "quantity": 1, "rate": 0},
            ]}),
        ] {
            let answer = user.put(&path(&invoice), change.clone()).await;
            assert_eq!(answer.error(409), FROZEN, "{change}");
        }
        assert_eq!(user.get(&path(&invoice)).await.data(200), &state);
        let mut noted = state.clone();
        noted["notes"] = json!(action);
        assert_eq!(user.put(&path(&invoice), json!({"notes": action})).await.data(200), &noted);
        // The same value spelled differently is not a change.
        let same = json!({"amount": 215, "items": [
            {"description": "Work", "quantity": 2.0, "rate": 1e2},
        ]});
        user.put(&path(&invoice), same).await.data(200);
    }
}

#[tokio::test]
async fn a_cancelled_invoice_never_changes() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let invoice = draft(&user, &client).await;
    user.delete(&path(&invoice)).await.data(200);
    let cancelled = user.get(&path(&invoice)).await.data(200).clone();
    assert_eq!(cancelled["status"], "cancelled");
    let also = json!({"status": "cancelled", "notes": "x"});
    for change in [json!({}), json!({"notes": "x"}), json!({"status": "draft"}), also] {
        user.put(&path(&invoice), change).await.error(409);
    }
    assert_eq!(user.get(&path(&invoice)).await.data(200), &cancelled);
}

#[tokio::test]
async fn a_sent_invoice_keeps_the_bill_to_details_from_its_day() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let details = json!({
        "name": "TechStart Nigeria", "email": "hello@techstart.ng",
        "company": "TechStart Nigeria Ltd", "phone": "+234 802 345 6789", "country": "NG",
    });
    let client = user.post("/clients", details).await.data(201)["id"].as_str().unwrap().to_owned();
    let (sent, open) = (draft(&user, &client).await, draft(&user, &client).await);
    let frozen = act(&user, &sent, "send").await["client"].clone();
    assert_eq!(frozen["company"], "TechStart Nigeria Ltd");

    let change = json!({
        "name": "New", "email": "new@example.com", "company": null, "phone": "1", "country": "GH",
    });
    let changed = user.put(&format!("/clients/{client}"), change).await.data(200).clone();
    let bill_to = |of: &Value| {
        let fields = ["name", "email", "company", "phone", "country"];
        fields.map(|field| of.get(field).cloned())
    };
    let shown = async |invoice: &Value| {
        let one = user.get(&path(invoice)).await.data(200)["client"].clone();
        let list = user.get("/invoices").await;
        let listed = list.data(200).as_array().unwrap().iter().find(|i| i["id"] == invoice["id"]);
        assert_eq!(listed.unwrap()["client"], one, "the list shows the same");
        one
    };
    assert_eq!(bill_to(&shown(&sent).await), bill_to(&frozen));
    assert_eq!(bill_to(&shown(&open).await), bill_to(&changed));
    // A new note, a payment or the deletion of the client does not change them.
    user.put(&path(&sent), json!({"notes": "n"})).await.data(200);
    assert_eq!(bill_to(&act(&user, &sent, "send").await["client"]), bill_to(&frozen));
    user.delete(&format!("/clients/{client}")).await.data(200);
    assert_eq!(user.get("/clients").await.body["total"], 0);
    assert_eq!(bill_to(&shown(&sent).await), bill_to(&frozen));
    let paid = act(&user, &sent, "mark-paid").await;
    assert_eq!(bill_to(&paid["client"]), bill_to(&frozen));
    assert_eq!(user.get("/dashboard/stats").await.data(200)["totalEarnings"], 215);
    // A draft for a deleted client can be finished, but no new one can be created.
    assert_eq!(act(&user, &open, "send").await["client"]["name"], "New");
    let body = json!({"clientId": client, "amount": 1, "dueDate": "2026-04-15"});
    assert_eq!(user.post("/invoices", body).await.error(400), "clientId does not exist");
}
