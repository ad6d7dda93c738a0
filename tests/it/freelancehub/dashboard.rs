//! `/freelancer/dashboard`, `/stats` and `/activity`.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::freelancer::{actions, freelancer, shown, visit};
use crate::support::{TestApp, User, spawn_app};

async fn set_project(user: &User<'_>, id: &str, change: Value) {
    user.put(&format!("/projects/{id}"), change).await.data(200);
}

async fn pay(user: &User<'_>, invoice: &str) {
    user.post(&format!("/invoices/{invoice}/send"), json!({})).await.data(200);
    user.post(&format!("/invoices/{invoice}/mark-paid"), json!({})).await.data(200);
}

async fn write(app: &TestApp, name: &str, text: &str) {
    let body = json!({"name": name, "email": "c@example.com", "message": text});
    app.hub_post("/public/freelancers/johndoe/messages", body).await.bare(201);
}

async fn stats(user: &User<'_>) -> Value {
    user.hub_get("/freelancer/stats").await.bare(200).clone()
}

async fn dashboard(user: &User<'_>) -> Value {
    user.hub_get("/freelancer/dashboard").await.bare(200).clone()
}

#[tokio::test]
async fn a_new_account_has_an_empty_dashboard() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    assert_eq!(
        dashboard(&user).await,
        json!({
            "stats": {
                "activeProjects": 0, "pendingProposals": 0, "totalEarnings": 0,
                "currency": "USD", "profileViews": 0, "completedProjects": 0,
                "successRate": 0, "profileCompletion": 0,
            },
            "recentActivity": [], "upcomingDeadlines": [], "recentMessages": [],
        })
    );
    assert_eq!(
        stats(&user).await,
        json!({
            "totalProposals": 0, "acceptedProposals": 0, "proposalAcceptanceRate": 0,
            "totalEarnings": 0, "currency": "USD", "averageProjectValue": 0, "completedProjects": 0,
            "ongoingProjects": 0, "totalClients": 0, "joinDate": "2026-03-18T12:00:00Z",
        })
    );
    let activity = user.hub_get("/freelancer/activity").await;
    assert_eq!(
        (activity.bare(200), &activity.headers["x-total-count"]),
        (&json!([]), &"0".parse().unwrap())
    );
}

#[tokio::test]
async fn the_dashboard_shows_real_rows_in_the_documented_format() {
    let app = spawn_app().await;
    let user = freelancer(&app, "johndoe").await;
    let minute = || app.clock.advance(SignedDuration::from_mins(1));
    let client = user.client("Client Name").await;
    let redesign = user.project(&client, "Website Redesign").await;
    minute();
    let integration = user.project(&client, "API Integration Project").await;
    set_project(&user, &integration, json!({"status": "active", "deadline": "2026-03-21"})).await;
    minute();
    let invoice = user.invoice(&client, json!(15750), "2026-04-15").await;
    pay(&user, &invoice).await;
    minute();
    set_project(&user, &redesign, json!({"status": "completed"})).await;
    minute();
    let proposal = user.proposal(&client, "Mobile App Development").await;
    user.post(&format!("/proposals/{proposal}/send"), json!({})).await.data(200);
    minute();
    let text = "Hi John, I have some questions about the project timeline...";
    write(&app, "Client Name", text).await;
    visit(&app, "/public/freelancers/johndoe").await.bare(200);
    insta::assert_snapshot!(shown(&dashboard(&user).await), @r#"
    {
      "stats": {
        "activeProjects": 1,
        "pendingProposals": 1,
        "totalEarnings": 15750,
        "currency": "USD",
        "profileViews": 1,
        "completedProjects": 1,
        "successRate": 100,
        "profileCompletion": 0
      },
      "recentActivity": [
        {
          "id": "act_…",
          "type": "message",
          "action": "Message from Client Name",
          "date": "2026-03-18T12:05:00Z",
          "status": "completed"
        },
        {
          "id": "act_…",
          "type": "proposal",
          "action": "Submitted proposal for \"Mobile App Development\"",
          "date": "2026-03-18T12:04:00Z",
          "status": "pending"
        },
        {
          "id": "act_…",
          "type": "contract",
          "action": "Contract completed for \"Website Redesign\"",
          "date": "2026-03-18T12:03:00Z",
          "status": "completed"
        },
        {
          "id": "act_…",
          "type": "payment",
          "action": "Payment received for INV-2026-001",
          "date": "2026-03-18T12:02:00Z",
          "status": "completed"
        },
        {
          "id": "act_…",
          "type": "contract",
          "action": "Contract created for \"API Integration Project\"",
          "date": "2026-03-18T12:01:00Z",
          "status": "active"
        },
        {
          "id": "act_…",
          "type": "contract",
          "action": "Contract created for \"Website Redesign\"",
          "date": "2026-03-18T12:00:00Z",
          "status": "active"
        }
      ],
      "upcomingDeadlines": [
        {
          "projectTitle": "API Integration Project",
          "deadline": "2026-03-21T23:59:59Z",
          "daysLeft": 3
        }
      ],
      "recentMessages": [
        {
          "from": "Client Name",
          "preview": "Hi John, I have some questions about the project timeline...",
          "timestamp": "2026-03-18T12:05:00Z",
          "unread": true
        }
      ]
    }
    "#);
    insta::assert_snapshot!(shown(&stats(&user).await), @r#"
    {
      "totalProposals": 1,
      "acceptedProposals": 0,
      "proposalAcceptanceRate": 0,
      "totalEarnings": 15750,
      "currency": "USD",
      "averageProjectValue": 15750,
      "completedProjects": 1,
      "ongoingProjects": 1,
      "totalClients": 1,
      "joinDate": "2026-03-18T12:00:00Z"
    }
    "#);
}

#[tokio::test]
async fn the_average_project_value_is_truncated_as_in_the_document() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("C").await;
    pay(&user, &user.invoice(&client, json!(15750.75), "2026-04-15").await).await;
    for n in 0..12 {
        let project = user.project(&client, &format!("P{n}")).await;
        set_project(&user, &project, json!({"status": "completed"})).await;
    }
    let after = stats(&user).await;
    assert_eq!(
        (&after["totalEarnings"], &after["averageProjectValue"]),
        (&json!(15750.75), &json!(1312))
    );
}

#[tokio::test]
async fn earnings_are_in_the_accounts_currency_without_unconverted_amounts() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    user.put("/auth/me", json!({"currency": "XOF"})).await.data(200);
    let client = user.client("C").await;
    for (amount, currency) in [(json!(250_001), "XOF"), (json!(99.5), "EUR")] {
        let body = json!({
            "clientId": client, "amount": amount, "currency": currency, "dueDate": "2026-04-15",
        });
        let made = user.post("/invoices", body).await;
        pay(&user, made.data(201)["id"].as_str().unwrap()).await;
    }
    for _ in 0..2 {
        let project = user.project(&client, "P").await;
        set_project(&user, &project, json!({"status": "completed"})).await;
    }
    assert_eq!(dashboard(&user).await["stats"]["totalEarnings"], json!(250_001));
    assert_eq!(stats(&user).await["averageProjectValue"], json!(125_000));
}

#[tokio::test]
async fn days_left_are_calendar_days_in_the_freelancers_timezone() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    user.put("/auth/me", json!({"timezone": "Asia/Colombo"})).await.data(200);
    let project = user.project(&user.client("C").await, "P").await;
    set_project(&user, &project, json!({"deadline": "2026-03-20"})).await;
    for (at, left) in [
        ("2026-03-18T18:29:59Z", 2),
        ("2026-03-18T18:30:00Z", 1),
        ("2026-03-19T18:29:59Z", 1),
        ("2026-03-19T18:30:00Z", 0),
        ("2026-03-20T18:29:59Z", 0),
        ("2026-03-20T18:30:00Z", -1),
        ("2026-03-24T18:30:00Z", -5),
    ] {
        app.clock.set(at);
        let due =
            json!({"projectTitle": "P", "deadline": "2026-03-20T23:59:59Z", "daysLeft": left});
        assert_eq!(dashboard(&user).await["upcomingDeadlines"], json!([due]), "{at}");
    }
}

#[tokio::test]
async fn the_ten_earliest_deadlines_of_unfinished_projects_are_shown() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("C").await;
    for day in (10..=24).rev() {
        let project = user.project(&client, &format!("P{day}")).await;
        let status = match day {
            12 => "completed",
            13 => "cancelled",
            14 => "on_hold",
            _ => "active",
        };
        let change = json!({"deadline": format!("2026-03-{day}"), "status": status});
        set_project(&user, &project, change).await;
    }
    user.project(&client, "Without").await;
    let shown = dashboard(&user).await;
    let due = shown["upcomingDeadlines"].as_array().unwrap().iter();
    let due: Vec<_> =
        due.map(|due| (due["projectTitle"].clone(), due["daysLeft"].clone())).collect();
    let days = [10, 11, 14, 15, 16, 17, 18, 19, 20, 21];
    assert_eq!(due, days.map(|day| (json!(format!("P{day}")), json!(day - 18))));
}

#[tokio::test]
async fn previews_are_short_and_the_five_newest_messages_are_shown() {
    let app = spawn_app().await;
    let user = freelancer(&app, "johndoe").await;
    for n in 0..6 {
        write(&app, &format!("Sender {n}"), &format!("ආයුබෝවන්\n{}", "සුභ දවසක් ".repeat(n * 4))).await;
        app.clock.advance(SignedDuration::from_mins(1));
    }
    let newest = user.hub_get("/freelancer/messages").await.bare(200)[0]["id"].clone();
    let path = format!("/freelancer/messages/{}", newest.as_str().unwrap());
    user.hub_put(&path, json!({"read": true})).await.bare(200);
    let shown = dashboard(&user).await;
    let messages = shown["recentMessages"].as_array().unwrap();
    let from: Vec<_> = messages.iter().map(|m| m["from"].as_str().unwrap()).collect();
    assert_eq!(from, ["Sender 5", "Sender 4", "Sender 3", "Sender 2", "Sender 1"]);
    let unread: Vec<_> = messages.iter().map(|m| m["unread"] == true).collect();
    assert_eq!(unread, [false, true, true, true, true]);
    assert_eq!(messages[4]["preview"], "ආයුබෝවන් සුභ දවසක් සුභ දවසක් සුභ දවසක් සුභ දවසක්");
    for message in messages {
        let preview = message["preview"].as_str().unwrap();
        assert!(preview.chars().count() <= 103 && !preview.contains('\n'), "{preview}");
    }
}

#[tokio::test]
async fn the_feed_is_paged_with_a_total() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("C").await;
    for n in 1..=12 {
        user.project(&client, &format!("P{n}")).await;
    }
    let first = user.hub_get("/freelancer/activity").await;
    assert_eq!(actions(&first).len(), 10);
    assert_eq!(first.headers["x-total-count"], "12");
    let documented = user.hub_get("/freelancer/activity?limit=5&page=3").await;
    assert_eq!(
        actions(&documented),
        ["Contract created for \"P2\"", "Contract created for \"P1\""]
    );
    assert_eq!(documented.headers["x-total-count"], "12");
    assert_eq!(user.hub_get("/freelancer/activity?page=1000000").await.bare(200), &json!([]));
    let refused = user.hub_get("/freelancer/activity?limit=0&page=0").await;
    refused.refusal(400);
    insta::assert_snapshot!(refused.body["details"].to_string(), @r#"["Limit must be a whole number from 1 to 100","Page must be a whole number from 1 to 1000000"]"#);
}

#[tokio::test]
async fn a_client_counts_while_it_has_a_project() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (one, two) = (user.client("One").await, user.client("Two").await);
    let clients = async || stats(&user).await["totalClients"].clone();
    assert_eq!(clients().await, 0);
    let a = user.project(&one, "A").await;
    let b = user.project(&one, "B").await;
    assert_eq!(clients().await, 1);
    set_project(&user, &a, json!({"clientId": two})).await;
    assert_eq!(clients().await, 2);
    set_project(&user, &a, json!({"status": "completed"})).await;
    user.delete(&format!("/projects/{b}")).await.data(200);
    assert_eq!(clients().await, 1);
    user.delete(&format!("/clients/{two}")).await.data(200);
    assert_eq!(clients().await, 0);
    crate::store::rollup::assert_rollups(app.database());
}
