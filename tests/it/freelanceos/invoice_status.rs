//! `PUT /invoices/:id` with a `status` does the same as the matching route.

use freelanceos::domain::id::InvoiceId;
use serde_json::{Value, json};

use crate::support::{PUBLIC_URL, TestApp, User, spawn_app};

/// The path of a new invoice of 200 USD and 15 USD tax, brought to a status.
async fn in_status(user: &User<'_>, client: &str, status: &str) -> String {
    let body = json!({
        "clientId": client, "issueDate": "2026-03-10", "taxRate": 7.5, "notes": "Hello",
        "dueDate": if status == "overdue" { "2026-03-17" } else { "2026-04-15" },
        "items": [{"description": "Work", "quantity": 2, "rate": 100}],
    });
    let invoice = user.post("/invoices", body).await.data(201).clone();
    let path = format!("/invoices/{}", invoice["id"].as_str().unwrap());
    let steps: &[&str] = match status {
        "draft" => &[],
        "sent" | "overdue" => &["send"],
        "paid" => &["send", "mark-paid"],
        _ => {
            user.delete(&path).await.data(200);
            &[]
        }
    };
    for step in steps {
        user.post(&format!("{path}/{step}"), json!({})).await.data(200);
    }
    path
}

async fn log(user: &User<'_>) -> Vec<String> {
    let answer = user.get("/dashboard/activity").await;
    let entries = answer.data(200).as_array().unwrap().iter();
    entries.map(|entry| entry["type"].as_str().unwrap().to_owned()).collect()
}

fn id(path: &str) -> InvoiceId {
    InvoiceId::parse(path.rsplit('/').next().unwrap())
}

async fn link(app: &TestApp, user: &User<'_>, path: &str) -> String {
    let record = app.app.invoice_record(user.claims(), id(path)).await.unwrap();
    record.link.unwrap().replace(PUBLIC_URL, &app.base)
}

#[tokio::test]
async fn put_sent_freezes_a_draft_and_creates_link_and_pdf_but_mails_nothing() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let (client, other) = (user.client("C").await, user.client("D").await);
    let path = in_status(&user, &client, "draft").await;
    let change = json!({
        "status": "sent", "clientId": other, "taxRate": 10, "notes": "Thanks",
        "items": [{"description": "More", "quantity": 3, "rate": 33.1}],
    });
    let sent = user.put(&path, change).await.data(200).clone();
    for (field, value) in [
        ("status", json!("sent")),
        ("clientId", json!(other)),
        ("amount", json!(109.23)),
        ("notes", json!("Thanks")),
    ] {
        assert_eq!(sent[field], value, "{field}");
    }
    assert!(sent["paymentLink"].as_str().unwrap().contains("/fos-inv_"));
    assert_eq!(user.get(&path).await.data(200), &sent);
    assert!(app.mails().await.is_empty());
    assert_eq!(
        log(&user).await,
        ["invoice_sent", "invoice_created", "client_added", "client_added"]
    );

    // The client sees the values of the PUT, and they stay.
    let page = app.http.get(link(&app, &user, &path).await).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("109.23") && page.contains("More"), "{page}");
    let pdf = app.app.invoice_pdf(user.claims(), id(&path)).await.unwrap().bytes;
    user.put(&format!("/clients/{other}"), json!({"name": "New"})).await.data(200);
    assert_eq!(user.get(&path).await.data(200)["client"]["name"], "D");
    assert!(user.put(&path, json!({"taxRate": 5})).await.error(409).contains("sent invoice"));
    assert_eq!(app.app.invoice_pdf(user.claims(), id(&path)).await.unwrap().bytes, pdf);

    // Its send route mails it and changes nothing.
    let again = user.post(&format!("{path}/send"), json!({})).await.data(200).clone();
    assert_eq!((&again["paymentLink"], &again["amount"]), (&sent["paymentLink"], &sent["amount"]));
    assert_eq!(app.mails().await.len(), 1);
    assert_eq!(log(&user).await.len(), 4);
}

#[tokio::test]
async fn put_paid_equals_mark_paid() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    for (round, status) in (1..).zip(["sent", "overdue"]) {
        let path = in_status(&user, &client, status).await;
        let change = json!({"status": "paid", "notes": "By transfer"});
        let paid = user.put(&path, change.clone()).await.data(200).clone();
        assert_eq!((&paid["status"], &paid["notes"]), (&json!("paid"), &json!("By transfer")));
        assert_eq!(paid["paidAt"], "2026-03-18T12:00:00Z");
        assert_eq!(paid["client"]["totalBilled"], 215 * round);
        assert_eq!(log(&user).await[0], "invoice_paid");
        // A second time has no effect.
        assert_eq!(user.put(&path, change).await.data(200), &paid);
        assert_eq!(user.post(&format!("{path}/mark-paid"), json!({})).await.data(200), &paid);
        assert_eq!(user.get("/dashboard/stats").await.data(200)["totalEarnings"], 215 * round);
    }
}

#[tokio::test]
async fn put_cancelled_equals_delete() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let path = in_status(&user, &client, "draft").await;
    let change = json!({"status": "cancelled", "notes": "Not this time"});
    let cancelled = user.put(&path, change).await.data(200).clone();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["notes"], "Not this time");
    assert_eq!(user.get("/invoices").await.body["total"], 0);
    assert_eq!(user.get("/invoices?status=cancelled").await.body["total"], 1);
    user.delete(&path).await.data(200);
    // It can be put back unchanged.
    user.put(&path, cancelled.clone()).await.data(200);
    user.put(&path, json!({"status": "cancelled"})).await.data(200);
}

#[tokio::test]
async fn every_other_status_is_a_conflict_with_a_clear_message_and_changes_nothing() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let all = ["draft", "sent", "paid", "overdue", "cancelled"];
    for from in all {
        for to in all {
            let path = in_status(&user, &client, from).await;
            let before = user.get(&path).await.data(200).clone();
            let told = log(&user).await;
            let answer = user.put(&path, json!({"status": to, "notes": "x"})).await;
            let is_step = matches!(
                (from, to),
                ("draft", "sent" | "cancelled") | ("sent" | "overdue", "paid")
            );
            // An overdue invoice has the status sent.
            let stays = from == to || (from, to) == ("overdue", "sent");
            if from == "cancelled" || !(is_step || stays) {
                assert!(answer.error(409).len() > 20, "{from} to {to}");
                assert_eq!(user.get(&path).await.data(200), &before, "{from} to {to}");
                assert_eq!(log(&user).await, told, "{from} to {to}");
            } else {
                answer.data(200);
            }
            let answer = user.put(&path, json!({"status": to})).await;
            // The status after the first update.
            let now = user.get(&path).await.data(200)["status"].clone();
            assert_eq!(answer.status == 200, now == to || (now == "overdue" && to == "sent"));
        }
    }
}

#[tokio::test]
async fn a_status_with_an_invalid_field_is_400_and_changes_nothing() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    for (from, to) in [("draft", "sent"), ("sent", "paid"), ("draft", "cancelled")] {
        let path = in_status(&user, &client, from).await;
        let before = user.get(&path).await.data(200).clone();
        for bad in [json!({"projectId": "proj_none"}), json!({"taxRate": 101})] {
            let mut change = bad.clone();
            change["status"] = to.into();
            user.put(&path, change).await.error(400);
        }
        assert_eq!(user.get(&path).await.data(200), &before);
    }
    // Frozen fields do not change along with it.
    let path = in_status(&user, &client, "sent").await;
    user.put(&path, json!({"status": "paid", "amount": 1})).await.error(409);
    assert_eq!(user.get(&path).await.data(200)["status"], "sent");
    assert_eq!(user.get("/dashboard/stats").await.data(200)["totalEarnings"], 0);
}

#[tokio::test]
async fn a_new_invoice_is_a_draft_and_any_other_status_is_refused() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let body = |status: &str| -> Value {
        json!({"clientId": client, "amount": 1, "dueDate": "2026-04-15", "status": status})
    };
    for status in ["draft", ""] {
        assert_eq!(user.post("/invoices", body(status)).await.data(201)["status"], "draft");
    }
    for status in ["sent", "paid", "overdue", "cancelled", "late"] {
        let answer = user.post("/invoices", body(status)).await;
        assert_eq!(answer.error(400), "status must be one of draft", "{status}");
    }
    assert_eq!(user.get("/invoices").await.body["total"], 2);
}
