//! `/invoices`: lists.

use serde_json::{Value, json};

use crate::support::{Answer, User, spawn_app};

fn ids(answer: &Answer) -> Vec<String> {
    let list = answer.data(200).as_array().unwrap();
    list.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

/// Creates an invoice, brings it to a status and returns its id.
async fn invoice(user: &User<'_>, client: &str, status: &str) -> String {
    let due = if status == "overdue" { "2026-03-17" } else { "2026-03-18" };
    let id = user.invoice(client, json!(1), due).await;
    let path = format!("/invoices/{id}");
    if status == "cancelled" {
        user.delete(&path).await.data(200);
    } else if status != "draft" {
        user.post(&format!("{path}/send"), json!({})).await.data(200);
    }
    if status == "paid" {
        user.post(&format!("{path}/mark-paid"), json!({})).await.data(200);
    }
    id
}

#[tokio::test]
async fn status_and_client_filters_find_matching_invoices_newest_first_with_their_totals() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let foreign = other.client("F").await;
    invoice(&other, &foreign, "draft").await;
    let clients = [user.client("C").await, user.client("D").await];
    let statuses = ["draft", "sent", "paid", "overdue", "cancelled"];
    let mut all: Vec<(String, usize, &str)> = Vec::new();
    for round in 0..4 {
        for (index, status) in statuses.into_iter().enumerate() {
            let client = (round + index) % 3 / 2;
            all.push((invoice(&user, &clients[client], status).await, client, status));
        }
    }
    all.reverse();
    for status in
        [None, Some("draft"), Some("sent"), Some("paid"), Some("overdue"), Some("cancelled")]
    {
        for client in [None, Some(0), Some(1)] {
            let expected: Vec<String> = all
                .iter()
                .filter(|(_, of, is)| {
                    client.is_none_or(|client| client == *of)
                        && status.map_or(*is != "cancelled", |status| status == *is)
                })
                .map(|(id, ..)| id.clone())
                .collect();
            let mut query = String::from("pageSize=3");
            if let Some(status) = status {
                query += &format!("&status={status}");
            }
            if let Some(client) = client {
                query += &format!("&clientId={}", clients[client]);
            }
            let mut found = Vec::new();
            for page in 1..=expected.len().div_ceil(3) + 1 {
                let answer = user.get(&format!("/invoices?{query}&page={page}")).await;
                assert_eq!(answer.body["total"], expected.len(), "{query}");
                assert_eq!(answer.body["page"], page);
                assert_eq!(answer.body["pageSize"], 3);
                let keys: Vec<_> = answer.body.as_object().unwrap().keys().cloned().collect();
                assert_eq!(keys, ["success", "data", "total", "page", "pageSize"]);
                found.extend(ids(&answer));
            }
            assert_eq!(found, expected, "{query}");
        }
    }
    // Entries of a list are complete invoices.
    let listed = user.get("/invoices?status=paid&pageSize=1").await;
    let one = user.get(&format!("/invoices/{}", ids(&listed)[0])).await;
    assert_eq!(&listed.data(200)[0], one.data(200));
}

#[tokio::test]
async fn a_client_filter_without_matches_is_an_empty_list() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let foreign = other.client("F").await;
    invoice(&other, &foreign, "draft").await;
    for client in ["client_123", "", &foreign] {
        for status in ["", "&status=sent", "&status=overdue", "&status=draft"] {
            let answer = user.get(&format!("/invoices?clientId={client}{status}")).await;
            assert_eq!(answer.data(200), &json!([]), "{client} {status}");
            assert_eq!(answer.body["total"], 0);
        }
    }
}

#[tokio::test]
async fn invalid_query_values_are_named_with_the_allowed_ones() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    for (query, error) in [
        ("status=bogus", "status must be one of draft, sent, paid, overdue, cancelled"),
        ("status=Draft", "status must be one of draft, sent, paid, overdue, cancelled"),
        ("page=0", "page must be a whole number from 1 to 1000000"),
        ("page=1000001", "page must be a whole number from 1 to 1000000"),
        ("page=one", "page must be a whole number from 1 to 1000000"),
        ("pageSize=101", "pageSize must be a whole number from 1 to 100"),
        ("pageSize=-1", "pageSize must be a whole number from 1 to 100"),
        (
            "status=x&page=0&pageSize=0",
            "status must be one of draft, sent, paid, overdue, cancelled; \
             page must be a whole number from 1 to 1000000; \
             pageSize must be a whole number from 1 to 100",
        ),
    ] {
        assert_eq!(user.get(&format!("/invoices?{query}")).await.error(400), error);
    }
    let last = user.get("/invoices?page=1000000&pageSize=100").await;
    assert_eq!(last.data(200), &Value::Array(Vec::new()));
}
