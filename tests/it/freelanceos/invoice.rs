//! `/invoices`: their fields and statuses.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::{START, User, pretty, spawn_app};

/// Creates an invoice from a complete body.
async fn create(user: &User<'_>, body: Value) -> Value {
    user.post("/invoices", body).await.data(201).clone()
}

/// Creates an invoice that is due long after the day of the tests, and brings it to a status.
async fn in_status(user: &User<'_>, client: &str, status: &str) -> String {
    let id = user.invoice(client, json!(100), "2026-04-15").await;
    let route = |name: &str| format!("/invoices/{id}/{name}");
    match status {
        "draft" => {}
        "cancelled" => {
            assert_eq!(user.delete(&format!("/invoices/{id}")).await.data(200), &Value::Null)
        }
        "sent" | "paid" => {
            user.post(&route("send"), json!({})).await.data(200);
            if status == "paid" {
                user.post(&route("mark-paid"), json!({})).await.data(200);
            }
        }
        other => panic!("{other}"),
    }
    id
}

#[tokio::test]
async fn the_documents_example_creates_an_invoice() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("TechStart Nigeria").await;
    let invoice = create(
        &user,
        json!({
            "clientId": client,
            "amount": 2250,
            "currency": "USD",
            "dueDate": "2026-04-15T00:00:00Z",
            "items": [
                {"description": "UI Design", "quantity": 1, "rate": 1500},
                {"description": "Development", "quantity": 1, "rate": 750},
            ],
            "notes": "Payment due within 15 days",
        }),
    )
    .await;
    insta::assert_snapshot!(pretty(&invoice), @r#"
    {
      "id": "inv_01km0d29g0fdarcs5ctw6pmk3d",
      "userId": "user_01km0d29g0fdarcs5ctw6pmk39",
      "clientId": "client_01km0d29g0fdarcs5ctw6pmk3b",
      "client": {
        "id": "client_01km0d29g0fdarcs5ctw6pmk3b",
        "userId": "user_01km0d29g0fdarcs5ctw6pmk39",
        "name": "TechStart Nigeria",
        "email": "c@example.com",
        "totalBilled": 0,
        "createdAt": "2026-03-18T12:00:00Z",
        "updatedAt": "2026-03-18T12:00:00Z"
      },
      "kind": "invoice",
      "number": "INV-2026-001",
      "amount": 2250,
      "subtotal": 2250,
      "taxRate": 0,
      "taxAmount": 0,
      "currency": "USD",
      "status": "draft",
      "issueDate": "2026-03-18T00:00:00Z",
      "dueDate": "2026-04-15T00:00:00Z",
      "items": [
        {
          "id": "item_01km0d29g0fdarcs5ctw6pmk3e",
          "description": "UI Design",
          "quantity": 1,
          "rate": 1500,
          "amount": 1500
        },
        {
          "id": "item_01km0d29g0fdarcs5ctw6pmk3f",
          "description": "Development",
          "quantity": 1,
          "rate": 750,
          "amount": 750
        }
      ],
      "notes": "Payment due within 15 days",
      "createdAt": "2026-03-18T12:00:00Z",
      "updatedAt": "2026-03-18T12:00:00Z",
      "amountPaid": 0,
      "amountCredited": 0,
      "amountDue": 2250,
      "paymentStatus": "unpaid",
      "discountAmount": 0,
      "pricesIncludeTax": false,
      "taxes": [],
      "withheldAmount": 0,
      "deductDeposits": false
    }
    "#);
    let found = user.get(&format!("/invoices/{}", invoice["id"].as_str().unwrap())).await;
    assert_eq!(found.data(200), &invoice);
}

#[tokio::test]
async fn an_invoice_needs_only_client_due_date_and_amount() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    user.put("/auth/me", json!({"currency": "XOF", "timezone": "Pacific/Kiritimati"}))
        .await
        .data(200);
    let client = user.client("C").await;
    let invoice =
        create(&user, json!({"clientId": client, "dueDate": "2020-01-01", "amount": 5})).await;
    // At noon UTC it is tomorrow on Kiritimati, and a due date in the past is allowed.
    assert_eq!(invoice["issueDate"], "2026-03-19T00:00:00Z");
    assert_eq!(invoice["dueDate"], "2020-01-01T00:00:00Z");
    assert_eq!(invoice["currency"], "XOF");
    assert_eq!(invoice["status"], "draft");
    for field in ["projectId", "paidAt", "paymentLink", "notes"] {
        assert!(invoice.get(field).is_none(), "{field}");
    }
}

#[tokio::test]
async fn every_invalid_field_is_named_at_once_in_the_documents_order() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let answer = user.post("/invoices", json!({})).await;
    assert_eq!(answer.error(400), "clientId is required; dueDate is required; items is required");
    let body = json!({
        "clientId": 7, "amount": "2250", "taxRate": 101, "currency": "usd",
        "issueDate": "2026-02-30", "dueDate": "soon",
        "items": [{"description": "", "quantity": 0, "rate": "1"}, 3], "notes": 1,
    });
    assert_eq!(
        user.post("/invoices", body).await.error(400),
        "clientId must be a string; amount must be a number; taxRate must be between 0 and 100; \
         currency must be an ISO 4217 currency code such as USD; \
         issueDate must be a date from 2000 to 2100 such as 2026-04-15; \
         dueDate must be a date from 2000 to 2100 such as 2026-04-15; \
         items[0].description must not be empty; items[0].quantity must be greater than 0; \
         items[0].rate must be a number; items[1] must be an object; notes must be a string"
    );
}

#[tokio::test]
async fn a_due_date_before_a_given_issue_date_is_refused() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let body = |issued: &str, due: &str| json!({"clientId": client, "amount": 1, "issueDate": issued, "dueDate": due});
    let answer = user.post("/invoices", body("2026-03-18", "2026-03-17")).await;
    assert_eq!(answer.error(400), "dueDate must not be before issueDate");
    create(&user, body("2026-03-18", "2026-03-18")).await;
}

#[tokio::test]
async fn clients_and_projects_of_other_accounts_are_not_found() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let (mine, foreign) = (user.client("C").await, other.client("D").await);
    let project = other.post("/projects", json!({"clientId": foreign, "name": "P"})).await;
    let project = project.data(201)["id"].as_str().unwrap().to_owned();
    for (client, project, error) in [
        (foreign.as_str(), None, "clientId does not exist"),
        ("client_123", None, "clientId does not exist"),
        (&mine, Some(project.as_str()), "projectId does not exist"),
    ] {
        let body = json!({
            "clientId": client, "projectId": project, "amount": 1, "dueDate": "2026-04-15",
        });
        assert_eq!(user.post("/invoices", body).await.error(400), error);
    }
    let id = user.invoice(&mine, json!(1), "2026-04-15").await;
    let path = format!("/invoices/{id}");
    assert_eq!(
        user.put(&path, json!({"clientId": foreign})).await.error(400),
        "clientId does not exist"
    );
    assert_eq!(
        user.put(&path, json!({"projectId": project})).await.error(400),
        "projectId does not exist"
    );

    // The other account cannot find this invoice on any route.
    assert_eq!(other.get(&path).await.error(404), "Invoice not found");
    assert_eq!(other.put(&path, json!({"notes": "x"})).await.error(404), "Invoice not found");
    assert_eq!(other.delete(&path).await.error(404), "Invoice not found");
    for action in ["send", "mark-paid", "payment-link"] {
        let answer = other.post(&format!("{path}/{action}"), json!({})).await;
        assert_eq!(answer.error(404), "Invoice not found");
    }
    assert_eq!(user.get("/invoices/inv_123").await.error(404), "Invoice not found");
}

#[tokio::test]
async fn send_makes_a_draft_sent_once_with_its_payment_link() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = in_status(&user, &client, "draft").await;
    let path = format!("/invoices/{id}/send");
    // Without a body, whatever its content type.
    let first =
        app.send(user.request(Method::POST, &path).header(CONTENT_TYPE, "text/plain")).await;
    let first = first.data(200).clone();
    assert_eq!(first["status"], "sent");
    let link = first["paymentLink"].as_str().unwrap();
    let end = link.strip_prefix(&format!("https://pay.raenest.com/fos-{id}-")).unwrap();
    assert!(
        end.len() == 6 && end.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
        "{end}"
    );
    app.clock.set("2026-03-19T12:00:00Z");
    let again = user.post(&path, json!({"email": "billing@example.com"})).await;
    assert_eq!(again.data(200), &first, "sending again changes nothing");
    assert_eq!(
        user.post(&path, json!({"email": "nobody"})).await.error(400),
        "email must be a valid email address"
    );
}

#[tokio::test]
async fn a_payment_link_is_created_once() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = in_status(&user, &client, "draft").await;
    let path = format!("/invoices/{id}/payment-link");
    let first = user.post(&path, json!({})).await.data(200).clone();
    assert_eq!(first.as_object().unwrap().len(), 1);
    assert_eq!(user.post(&path, json!({})).await.data(200), &first);
    let sent = user.post(&format!("/invoices/{id}/send"), json!({})).await;
    assert_eq!(sent.data(200)["paymentLink"], first["link"]);
    assert_eq!(user.post(&path, json!({})).await.data(200), &first);
    let paid = user.post(&format!("/invoices/{id}/mark-paid"), json!({})).await;
    assert_eq!(paid.data(200)["paymentLink"], first["link"]);
}

#[tokio::test]
async fn mark_paid_counts_once_towards_the_clients_total() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = in_status(&user, &client, "sent").await;
    let path = format!("/invoices/{id}/mark-paid");
    app.clock.set("2026-03-20T09:30:00Z");
    let first = user.post(&path, json!({})).await.data(200).clone();
    assert_eq!(first["status"], "paid");
    assert_eq!(first["paidAt"], "2026-03-20T09:30:00Z");
    assert_eq!(first["client"]["totalBilled"], 100);
    app.clock.set("2026-03-21T09:30:00Z");
    assert_eq!(user.post(&path, json!({})).await.data(200), &first);
    assert_eq!(user.get(&format!("/clients/{client}")).await.data(200)["totalBilled"], 100);
    assert_eq!(user.get("/dashboard/stats").await.data(200)["totalEarnings"], 100);
    let activity = user.get("/dashboard/activity").await.data(200).clone();
    let paid = activity.as_array().unwrap().iter().filter(|entry| entry["type"] == "invoice_paid");
    assert_eq!(paid.count(), 1);
}

#[tokio::test]
async fn every_forbidden_status_change_is_a_conflict() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    for (status, action, code) in [
        ("draft", "send", 200),
        ("draft", "mark-paid", 409),
        ("draft", "payment-link", 200),
        ("draft", "DELETE", 200),
        ("sent", "send", 200),
        ("sent", "mark-paid", 200),
        ("sent", "payment-link", 200),
        ("sent", "DELETE", 409),
        ("paid", "send", 409),
        ("paid", "mark-paid", 200),
        ("paid", "payment-link", 409),
        ("paid", "DELETE", 409),
        ("cancelled", "send", 409),
        ("cancelled", "mark-paid", 409),
        ("cancelled", "payment-link", 409),
        ("cancelled", "PUT", 409),
        ("cancelled", "DELETE", 200),
        ("cancelled", "GET", 200),
    ] {
        let id = in_status(&user, &client, status).await;
        let path = format!("/invoices/{id}");
        let answer = match action {
            "DELETE" => user.delete(&path).await,
            "GET" => user.get(&path).await,
            "PUT" => user.put(&path, json!({"notes": "x"})).await,
            _ => user.post(&format!("{path}/{action}"), json!({})).await,
        };
        if code == 409 {
            answer.error(409);
            assert_eq!(user.get(&path).await.data(200)["status"], status, "{action}");
        } else {
            answer.data(code);
        }
    }
}

#[tokio::test]
async fn a_sent_invoice_is_overdue_from_midnight_in_its_timezone() {
    for (zone, last, first) in [
        ("Africa/Lagos", "2026-03-20T22:59:59Z", "2026-03-20T23:00:00Z"),
        ("Asia/Colombo", "2026-03-20T18:29:59Z", "2026-03-20T18:30:00Z"),
        ("America/St_Johns", "2026-03-21T02:29:59Z", "2026-03-21T02:30:00Z"),
        ("Pacific/Kiritimati", "2026-03-20T09:59:59Z", "2026-03-20T10:00:00Z"),
    ] {
        let app = spawn_app().await;
        let user = app.register("a@example.com").await;
        user.put("/auth/me", json!({"timezone": zone})).await.data(200);
        let client = user.client("C").await;
        let draft = user.invoice(&client, json!(1), "2026-03-20").await;
        let id = user.invoice(&client, json!(1), "2026-03-20").await;
        let path = format!("/invoices/{id}");
        user.post(&format!("{path}/send"), json!({})).await.data(200);
        for (at, status, pending, overdue) in [(last, "sent", 1, 0), (first, "overdue", 0, 1)] {
            app.clock.set(at);
            assert_eq!(user.get(&path).await.data(200)["status"], status, "{zone}");
            let stats = user.get("/dashboard/stats").await.data(200).clone();
            assert_eq!(stats["pendingInvoices"], pending, "{zone}");
            assert_eq!(stats["overdueInvoices"], overdue, "{zone}");
            assert_eq!(user.get("/invoices?status=sent").await.body["total"], pending, "{zone}");
            let late = user.get("/invoices?status=overdue").await;
            assert_eq!(late.body["total"], overdue, "{zone}");
            assert_eq!(late.data(200).as_array().unwrap().len(), overdue as usize, "{zone}");
        }
        assert_eq!(user.get(&format!("/invoices/{draft}")).await.data(200)["status"], "draft");
        // An overdue invoice can be paid like any other.
        let paid = user.post(&format!("{path}/mark-paid"), json!({})).await;
        assert_eq!(paid.data(200)["status"], "paid");
        assert_eq!(user.get("/dashboard/stats").await.data(200)["overdueInvoices"], 0);
        app.clock.set(START);
    }
}
