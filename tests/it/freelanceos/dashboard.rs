//! `/dashboard`: examples of its responses.

use freelanceos::domain::exchange_rate::ExchangeRate;
use serde_json::{Value, json};

use crate::support::{User, pretty, spawn_app};

/// Sends an invoice of an amount and marks it as paid.
async fn earn(user: &User<'_>, client: &str, amount: Value, currency: &str) {
    let body = json!({
        "clientId": client, "amount": amount, "currency": currency, "dueDate": "2026-12-31",
    });
    let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
    for action in ["send", "mark-paid"] {
        user.post(&format!("/invoices/{id}/{action}"), json!({})).await.data(200);
    }
}

async fn import(user: &User<'_>, email: &str, rates: &[[&str; 4]]) {
    let parse =
        |[day, from, to, rate]: &[&str; 4]| ExchangeRate::parse(day, from, to, rate).unwrap();
    user.app.app.import_rates(email.to_owned(), rates.iter().map(parse).collect()).await.unwrap();
}

#[tokio::test]
async fn stats_of_a_new_account_have_every_documented_key_and_are_zero() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    insta::assert_snapshot!(pretty(&user.get("/dashboard/stats").await.body), @r#"
    {
      "success": true,
      "data": {
        "totalEarnings": 0,
        "monthlyEarnings": 0,
        "earningsGrowth": 0,
        "activeProjects": 0,
        "pendingInvoices": 0,
        "pendingInvoicesAmount": 0,
        "overdueInvoices": 0,
        "overdueInvoicesAmount": 0,
        "upcomingDeadlines": [],
        "currency": "USD",
        "activeProjectsGrowth": 0,
        "recentClients": []
      }
    }
    "#);
}

#[tokio::test]
async fn stats_are_numbers_as_documented() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("TechStart Nigeria").await;
    earn(&user, &client, json!(7085.43), "USD").await;
    let deadline = "2026-04-30";
    let project =
        json!({"clientId": client, "name": "P", "status": "active", "deadline": deadline});
    user.post("/projects", project).await.data(201);
    // In Lagos April begins at 23:00 UTC.
    app.clock.set("2026-03-31T23:00:00Z");
    let user = User { token: login(&app).await, ..user };
    earn(&user, &client, json!(8750.5), "USD").await;
    let late = user.invoice(&client, json!(6500), "2026-03-31").await;
    let open = user.invoice(&client, json!(12500), "2026-04-01").await;
    for id in [late, open] {
        user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    }
    insta::assert_snapshot!(pretty(user.get("/dashboard/stats").await.data(200)), @r#"
    {
      "totalEarnings": 15835.93,
      "monthlyEarnings": 8750.5,
      "earningsGrowth": 23.5,
      "activeProjects": 1,
      "pendingInvoices": 1,
      "pendingInvoicesAmount": 12500,
      "overdueInvoices": 1,
      "overdueInvoicesAmount": 6500,
      "upcomingDeadlines": [
        {
          "id": "inv_01kn3204c0fxeb4yhsx3prxvjd",
          "type": "invoice",
          "title": "INV-2026-003",
          "date": "2026-03-31T00:00:00Z",
          "amount": 6500,
          "currency": "USD",
          "clientName": "TechStart Nigeria",
          "isOverdue": true
        },
        {
          "id": "inv_01kn3204c0fxeb4yhsx3prxvjg",
          "type": "invoice",
          "title": "INV-2026-004",
          "date": "2026-04-01T00:00:00Z",
          "amount": 12500,
          "currency": "USD",
          "clientName": "TechStart Nigeria",
          "isOverdue": false
        },
        {
          "id": "proj_01km0d29g0ftx95k18zee1yszh",
          "type": "project",
          "title": "P",
          "date": "2026-04-30T00:00:00Z",
          "amount": 0,
          "currency": "USD",
          "clientName": "TechStart Nigeria",
          "isOverdue": false
        }
      ],
      "currency": "USD",
      "activeProjectsGrowth": 0,
      "recentClients": [
        {
          "id": "client_01km0d29g0fdarcs5ctw6pmk3b",
          "userId": "user_01km0d29g0fdarcs5ctw6pmk39",
          "name": "TechStart Nigeria",
          "email": "c@example.com",
          "totalBilled": 15835.93,
          "createdAt": "2026-03-18T12:00:00Z",
          "updatedAt": "2026-03-18T12:00:00Z"
        }
      ]
    }
    "#);
}

async fn login(app: &crate::support::TestApp) -> String {
    let body = json!({"email": "a@example.com", "password": crate::support::PASSWORD});
    let request = app.request(reqwest::Method::POST, "/auth/login").json(&body);
    app.send(request).await.body["data"]["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn earnings_are_twelve_points_oldest_first_with_documented_labels() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    earn(&user, &client, json!(8750.5), "USD").await;
    let monthly = user.get("/dashboard/earnings").await.data(200).clone();
    assert_eq!(user.get("/dashboard/earnings?period=monthly").await.data(200), &monthly);
    let monthly = monthly.as_array().unwrap();
    assert_eq!(monthly.len(), 12);
    assert_eq!(
        monthly[0],
        json!({"month": "Apr 2025", "date": "2025-04-01T00:00:00Z", "amount": 0})
    );
    assert_eq!(
        monthly[11].to_string(),
        r#"{"month":"Mar 2026","date":"2026-03-01T00:00:00Z","amount":8750.5}"#
    );
    let weekly = user.get("/dashboard/earnings?period=weekly").await.data(200).clone();
    let weekly = weekly.as_array().unwrap();
    assert_eq!(weekly.len(), 12);
    assert_eq!(
        weekly[0],
        json!({"month": "2026-W01", "date": "2025-12-29T00:00:00Z", "amount": 0})
    );
    assert_eq!(
        weekly[11],
        json!({"month": "2026-W12", "date": "2026-03-16T00:00:00Z", "amount": 8750.5})
    );
    assert_eq!(
        user.get("/dashboard/earnings?period=yearly").await.error(400),
        "period must be one of monthly, weekly"
    );
}

#[tokio::test]
async fn growth_is_zero_without_earnings_and_a_hundred_after_none() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let growth = async |user: &User<'_>| {
        user.get("/dashboard/stats").await.data(200)["earningsGrowth"].to_string()
    };
    assert_eq!(growth(&user).await, "0");
    earn(&user, &client, json!(300), "USD").await;
    assert_eq!(growth(&user).await, "100");
    app.clock.set("2026-04-18T12:00:00Z");
    let user = User { token: login(&app).await, ..user };
    assert_eq!(growth(&user).await, "-100");
    earn(&user, &client, json!(100), "USD").await;
    assert_eq!(growth(&user).await, "-66.7");
    earn(&user, &client, json!(300.15), "USD").await;
    // 33.383…: one decimal, half away from zero.
    assert_eq!(growth(&user).await, "33.4");
}

#[tokio::test]
async fn unconverted_amounts_are_listed_separately_until_they_have_a_rate() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    earn(&user, &client, json!(100), "USD").await;
    earn(&user, &client, json!(1500), "XOF").await;
    let open =
        json!({"clientId": client, "amount": 20.5, "currency": "EUR", "dueDate": "2026-04-01"});
    let id = user.post("/invoices", open).await.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    let stats = user.get("/dashboard/stats").await.data(200).clone();
    assert_eq!(stats["totalEarnings"], 100);
    assert_eq!(
        (&stats["pendingInvoices"], &stats["pendingInvoicesAmount"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(stats["unconverted"].to_string(), r#"{"EUR":20.5,"XOF":1500}"#);
    assert_eq!(user.get(&format!("/clients/{client}")).await.data(200)["totalBilled"], 100);

    import(
        &user,
        "a@example.com",
        &[["2026-03-01", "EUR", "USD", "1.1"], ["2026-03-01", "USD", "XOF", "600"]],
    )
    .await;
    let stats = user.get("/dashboard/stats").await.data(200).clone();
    assert_eq!(stats["totalEarnings"], 102.5);
    assert_eq!(stats["pendingInvoicesAmount"], 22.55);
    assert!(stats.get("unconverted").is_none());
}

#[tokio::test]
async fn the_rate_of_the_payment_day_is_frozen() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let total = async || user.get("/dashboard/stats").await.data(200)["totalEarnings"].clone();
    import(&user, "a@example.com", &[["2026-03-01", "EUR", "USD", "1.1"]]).await;
    earn(&user, &client, json!(100), "EUR").await;
    import(&user, "a@example.com", &[["2026-03-02", "EUR", "USD", "1.2"]]).await;
    assert_eq!(total().await, 110);
    earn(&user, &client, json!(100), "EUR").await;
    assert_eq!(total().await, 230);
    // A rate for an earlier day has no effect any more.
    import(&user, "a@example.com", &[["2026-03-01", "EUR", "USD", "9"]]).await;
    earn(&user, &client, json!(100), "EUR").await;
    assert_eq!(total().await, 350);
    // Another base currency uses the latest rate, and the original one the frozen rate again.
    user.put("/auth/me", json!({"currency": "EUR"})).await.data(200);
    assert_eq!(total().await, 300);
    user.put("/auth/me", json!({"currency": "NGN"})).await.data(200);
    assert_eq!(total().await, 0);
    user.put("/auth/me", json!({"currency": "USD"})).await.data(200);
    assert_eq!(total().await, 350);
}

#[tokio::test]
async fn many_small_sums_are_converted_as_one() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    import(&user, "a@example.com", &[["2026-03-01", "NGN", "USD", "0.4"]]).await;
    for month in 3..=12 {
        let due = format!("2026-{month:02}-20");
        let body = json!({"clientId": client, "amount": 0.01, "currency": "NGN", "dueDate": due});
        let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
        user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    }
    let stats = user.get("/dashboard/stats").await.data(200).clone();
    assert_eq!(stats["pendingInvoicesAmount"], 0.04);
}

#[tokio::test]
async fn rows_of_other_accounts_do_not_count() {
    let app = spawn_app().await;
    let (user, other) = (app.register("b@example.com").await, app.register("a@example.com").await);
    let client = user.client("C").await;
    earn(&user, &client, json!(5), "USD").await;
    let stats = other.get("/dashboard/stats").await.data(200).clone();
    assert_eq!(stats["totalEarnings"], 0);
    assert_eq!(stats["recentClients"], json!([]));
    assert_eq!(other.get("/dashboard/activity").await.data(200), &json!([]));
}

#[tokio::test]
async fn every_amount_has_its_currency_and_every_entry_names_its_client() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ngozi").await;
    let project = json!({
        "clientId": client, "name": "Shop", "budget": 950_000, "currency": "NGN",
        "status": "active", "deadline": "2026-04-30",
    });
    let project = user.post("/projects", project).await.data(201)["id"].clone();
    let milestone = json!({
        "projectId": project, "name": "Design", "amount": 500_000, "dueDate": "2026-04-01",
    });
    let milestone = user.post("/milestones", milestone).await.data(201).clone();
    assert_eq!(milestone["currency"], "NGN");
    let invoice = json!({
        "clientId": client, "amount": 30_000, "currency": "JPY", "dueDate": "2026-04-15",
    });
    let invoice =
        user.post("/invoices", invoice).await.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/invoices/{invoice}/send"), json!({})).await.data(200);
    let proposal = json!({"clientId": client, "title": "Offer", "amount": 9, "currency": "EUR"});
    let proposal =
        user.post("/proposals", proposal).await.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/proposals/{proposal}/send"), json!({})).await.data(200);

    let stats = user.get("/dashboard/stats").await.data(200).clone();
    let deadlines = stats["upcomingDeadlines"].as_array().unwrap();
    let units: Vec<_> = deadlines.iter().map(|d| (&d["amount"], &d["currency"])).collect();
    assert_eq!(json!(units), json!([[500_000, "NGN"], [30_000, "JPY"], [950_000, "NGN"]]));
    assert_eq!(stats["activeProjectsGrowth"], 1);

    let path = format!("/milestones/{}", milestone["id"].as_str().unwrap());
    user.put(&path, json!({"status": "completed"})).await.data(200);
    let activity = user.get("/dashboard/activity").await.data(200).clone();
    let mut seen = Vec::new();
    for entry in activity.as_array().unwrap() {
        assert_eq!(entry["clientName"], "Ngozi", "{entry}");
        assert_eq!(entry.get("amount").is_some(), entry.get("currency").is_some(), "{entry}");
        seen.extend(entry.get("currency").map(|code| code.as_str().unwrap()));
    }
    assert_eq!(seen, ["NGN", "EUR", "JPY", "JPY", "NGN"]);
    assert_eq!(activity[0]["message"], "Milestone \"Design\" was completed for Ngozi");

    // Two of three end, one of them last month's, so one more is active than then.
    app.clock.set("2026-04-02T12:00:00Z");
    let user = User { token: login(&app).await, ..user };
    for (name, status) in [("B", "active"), ("C", "active"), ("D", "planning")] {
        let body = json!({"clientId": client, "name": name, "status": status});
        user.post("/projects", body).await.data(201);
    }
    let count =
        async || user.get("/dashboard/stats").await.data(200)["activeProjectsGrowth"].clone();
    assert_eq!(count().await, 2);
    let path = format!("/projects/{}", project.as_str().unwrap());
    user.put(&path, json!({"status": "completed"})).await.data(200);
    assert_eq!(count().await, 1);
    user.hub_put("/freelancer/profile", json!({})).await.bare(200);
    for path in ["/freelancer/dashboard", "/freelancer/stats"] {
        let answer = user.hub_get(path).await.bare(200).clone();
        let figures = answer.get("stats").unwrap_or(&answer);
        assert_eq!(figures["currency"], "USD", "{path}");
    }
}

#[tokio::test]
async fn the_activity_lists_events_newest_first() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("TechStart Nigeria").await;
    earn(&user, &client, json!(2250), "USD").await;
    let activity = user.get("/dashboard/activity").await.data(200).clone();
    let types: Vec<_> = activity.as_array().unwrap().iter().map(|entry| &entry["type"]).collect();
    assert_eq!(types, ["invoice_paid", "invoice_sent", "invoice_created", "client_added"]);
    insta::assert_snapshot!(pretty(&activity[0]), @r#"
    {
      "id": "act_01km0d29g0ftx95k18zee1yszg",
      "type": "invoice_paid",
      "message": "Invoice INV-2026-001 was paid by TechStart Nigeria",
      "timestamp": "2026-03-18T12:00:00Z",
      "amount": 2250,
      "currency": "USD",
      "clientName": "TechStart Nigeria",
      "entityId": "inv_01km0d29g0fdarcs5ctw6pmk3d"
    }
    "#);
    assert_eq!(
        user.get("/dashboard/activity?limit=2").await.data(200).as_array().unwrap().len(),
        2
    );
    for limit in ["0", "101", "x"] {
        assert_eq!(
            user.get(&format!("/dashboard/activity?limit={limit}")).await.error(400),
            "limit must be a whole number from 1 to 100"
        );
    }
}
