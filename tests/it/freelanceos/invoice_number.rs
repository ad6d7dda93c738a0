//! `/invoices`: their numbers.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{User, spawn_app};

async fn number(user: &User<'_>, client: &str, issued: Option<&str>) -> String {
    let body = json!({
        "clientId": client, "amount": 1, "issueDate": issued, "dueDate": "2100-12-31",
    });
    let answer = user.post("/invoices", body).await;
    answer.data(201)["number"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn numbers_count_per_account_and_year_of_the_issue_date() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let (client, foreign) = (user.client("C").await, other.client("D").await);
    assert_eq!(number(&user, &client, None).await, "INV-2026-001");
    assert_eq!(number(&user, &client, Some("2025-12-31")).await, "INV-2025-001");
    assert_eq!(number(&user, &client, Some("2026-01-01")).await, "INV-2026-002");
    assert_eq!(number(&user, &client, Some("2000-02-29T23:59:59-11:00")).await, "INV-2000-001");
    assert_eq!(number(&other, &foreign, None).await, "INV-2026-001");
    // The year is that of the account's timezone: in Lagos the new year begins at 23:00 UTC.
    app.clock.set("2026-12-31T22:59:59Z");
    let user = app.register("c@example.com").await;
    let client = user.client("E").await;
    assert_eq!(number(&user, &client, None).await, "INV-2026-001");
    app.clock.set("2026-12-31T23:00:00Z");
    assert_eq!(number(&user, &client, None).await, "INV-2027-001");
}

#[tokio::test]
async fn a_deleted_draft_keeps_its_number_as_cancelled() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let first = user.invoice(&client, json!(1), "2026-04-15").await;
    user.delete(&format!("/invoices/{first}")).await.data(200);
    assert_eq!(number(&user, &client, None).await, "INV-2026-002");
    let kept = user.get(&format!("/invoices/{first}")).await;
    assert_eq!(kept.data(200)["number"], "INV-2026-001");
    assert_eq!(kept.data(200)["status"], "cancelled");
    let list = user.get("/invoices").await;
    assert_eq!(list.body["total"], 1);
    assert_eq!(list.data(200)[0]["number"], "INV-2026-002");
    let cancelled = user.get("/invoices?status=cancelled").await;
    assert_eq!(cancelled.body["total"], 1);
    assert_eq!(cancelled.data(200)[0]["id"], first);
}

#[tokio::test]
async fn a_request_repeated_with_one_key_uses_one_number_and_is_paid_once() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let twice = async |path: &str, body: serde_json::Value| {
        let send = async || {
            let request = user.request(reqwest::Method::POST, path).json(&body);
            app.send(request.header("idempotency-key", "once")).await
        };
        let (first, second) = futures_util::future::join(send(), send()).await;
        assert_eq!(first.status, second.status);
        assert_eq!(first.body, second.body);
        first.body["data"].clone()
    };
    let body = json!({"clientId": client, "amount": 7, "dueDate": "2026-04-15"});
    let invoice = twice("/invoices", body).await;
    assert_eq!(invoice["number"], "INV-2026-001");
    assert_eq!(user.get("/invoices").await.body["total"], 1);
    let id = invoice["id"].as_str().unwrap();
    for action in ["payment-link", "send", "mark-paid"] {
        twice(&format!("/invoices/{id}/{action}"), json!({})).await;
    }
    assert_eq!(user.get("/dashboard/stats").await.data(200)["totalEarnings"], 7);
    assert_eq!(number(&user, &client, None).await, "INV-2026-002");
}

#[tokio::test]
async fn two_hundred_concurrent_invoices_of_sixteen_clients_have_consecutive_numbers() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let draw = async |worker: usize| {
        let mut numbers = Vec::new();
        for round in 0.. {
            // Some requests between them fail, before and in the transaction.
            let fields = match (worker + round) % 5 {
                1 => json!({"clientId": client, "amount": 1.005}),
                2 => json!({"clientId": "client_123", "amount": 1}),
                3 => json!({"clientId": client, "amount": 1, "status": "paid"}),
                _ => json!({"clientId": client, "amount": 1}),
            };
            let mut body = fields;
            body["dueDate"] = json!("2026-04-15");
            let answer = user.post("/invoices", body).await;
            if answer.status == 201 {
                numbers.push(answer.data(201)["number"].as_str().unwrap().to_owned());
            }
            // Sixteen times twelve or thirteen is two hundred.
            if numbers.len() == 12 + usize::from(worker < 8) {
                break;
            }
        }
        numbers
    };
    let workers: Vec<_> = (0..16).map(draw).collect();
    let drawn = futures_util::future::join_all(workers).await;
    let drawn: BTreeSet<String> = drawn.into_iter().flatten().collect();
    let expected: BTreeSet<String> = (1..=200).map(|n| format!("INV-2026-{n:03}")).collect();
    assert_eq!(drawn, expected);
    assert_eq!(user.get("/invoices").await.body["total"], 200);
}

#[tokio::test]
async fn numbers_continue_beyond_three_digits() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let draw = async |_| number(&user, &client, None).await;
    for _ in 0..10 {
        let numbers: Vec<_> = (0..100).map(draw).collect();
        futures_util::future::join_all(numbers).await;
    }
    assert_eq!(number(&user, &client, None).await, "INV-2026-1001");
}
