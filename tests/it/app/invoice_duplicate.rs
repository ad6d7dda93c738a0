//! Duplicated invoices.

use freelanceos::{
    app::invoice::duplicate_invoice,
    domain::{
        error::Kind,
        id::InvoiceId,
        invoice::{InvoiceStatus, ShownInvoice},
    },
};
use serde_json::json;

use crate::support::{User, spawn_app};

async fn duplicate(user: &User<'_>, id: &str) -> freelanceos::domain::error::Result<ShownInvoice> {
    let id = InvoiceId::parse(id);
    user.app.app.run(user.claims(), move |work| duplicate_invoice(work, id)).await
}

#[tokio::test]
async fn a_duplicate_is_a_new_draft_of_today_with_the_same_lines_and_term() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let project = user.project(&client, "P").await;
    let body = json!({
        "clientId": client, "projectId": project, "currency": "EUR", "taxRate": 7.5,
        "issueDate": "2026-01-10", "dueDate": "2026-02-24", "notes": "Thank you",
        "items": [
            {"description": "Design", "quantity": 1.5, "rate": 80.1},
            {"description": "Discount", "quantity": 1, "rate": -10},
        ],
    });
    let first = user.post("/invoices", body).await.data(201).clone();
    let id = first["id"].as_str().unwrap();
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    let made = duplicate(&user, id).await.unwrap();
    let made = made.invoice.id.to_string();
    assert_ne!(made, id);
    let second = user.get(&format!("/invoices/{made}")).await.data(200).clone();
    let mut expected = first.clone();
    for (field, value) in [
        ("id", json!(made)),
        ("number", json!("INV-2026-002")),
        ("issueDate", json!("2026-03-18T00:00:00Z")),
        // 45 days later, as in the original.
        ("dueDate", json!("2026-05-02T00:00:00Z")),
    ] {
        expected[field] = value;
    }
    for (index, item) in second["items"].as_array().unwrap().iter().enumerate() {
        assert_ne!(item["id"], first["items"][index]["id"]);
        expected["items"][index]["id"] = item["id"].clone();
    }
    assert_eq!(second, expected);
}

#[tokio::test]
async fn an_invoice_with_only_an_amount_keeps_its_sums_when_duplicated() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let body = json!({
        "clientId": client, "amount": 0.05, "taxRate": 18, "dueDate": "2020-01-01",
    });
    let first = user.post("/invoices", body).await.data(201).clone();
    let id = first["id"].as_str().unwrap();
    user.delete(&format!("/invoices/{id}")).await.data(200);
    let made = duplicate(&user, id).await.unwrap();
    assert_eq!(made.status, InvoiceStatus::Draft, "even of a cancelled one");
    let second = user.get(&format!("/invoices/{}", made.invoice.id)).await.data(200).clone();
    for field in ["amount", "subtotal", "taxAmount", "taxRate", "currency"] {
        assert_eq!(second[field], first[field], "{field}");
    }
    assert_eq!(second["dueDate"], "2026-03-18T00:00:00Z", "never before it was issued");
}

#[tokio::test]
async fn a_deleted_client_gets_no_duplicate_and_a_deleted_project_is_left_out() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let client = user.client("C").await;
    let project = user.project(&client, "P").await;
    let body = json!({
        "clientId": client, "projectId": project, "amount": 1, "dueDate": "2026-04-15",
    });
    let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(*duplicate(&other, &id).await.unwrap_err().kind(), Kind::NotFound);
    user.delete(&format!("/projects/{project}")).await.data(200);
    assert_eq!(duplicate(&user, &id).await.unwrap().invoice.project_id, None);
    user.delete(&format!("/clients/{client}")).await.data(200);
    assert_eq!(*duplicate(&user, &id).await.unwrap_err().kind(), Kind::Conflict);
    assert_eq!(user.get("/invoices").await.body["total"], 2);
}
