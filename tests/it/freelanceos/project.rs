//! `/projects`.

use jiff::SignedDuration;
use serde_json::json;

use super::shown;
use crate::support::spawn_app;

#[tokio::test]
async fn the_documented_project_is_created() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let body = json!({
        "clientId": client,
        "name": "E-commerce Redesign",
        "description": "Complete website overhaul",
        "budget": 4500,
        "currency": "USD",
        "status": "planning",
        "deadline": "2026-04-15T00:00:00Z",
    });
    let created = user.post("/projects", body).await;
    insta::assert_snapshot!(shown(created.data(201)), @r##"
    {
      "id": "proj_…",
      "userId": "user_…",
      "clientId": "client_…",
      "client": {
        "id": "client_…",
        "userId": "user_…",
        "name": "Client",
        "email": "c@example.com",
        "totalBilled": 0,
        "createdAt": "2026-03-18T12:00:00Z",
        "updatedAt": "2026-03-18T12:00:00Z"
      },
      "name": "E-commerce Redesign",
      "description": "Complete website overhaul",
      "status": "planning",
      "budget": 4500,
      "currency": "USD",
      "deadline": "2026-04-15T00:00:00Z",
      "milestones": [],
      "createdAt": "2026-03-18T12:00:00Z",
      "updatedAt": "2026-03-18T12:00:00Z"
    }
    "##);
    let id = created.body["data"]["id"].as_str().unwrap();
    assert!(id.starts_with("proj_"));
    assert_eq!(user.get(&format!("/projects/{id}")).await.data(200), created.data(201));
    assert_eq!(user.get("/projects").await.body["data"][0], *created.data(201));
}

#[tokio::test]
async fn a_project_needs_only_client_and_name() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    user.put("/auth/me", json!({"currency": "NGN"})).await.data(200);
    let client = user.client("Client").await;
    let created = user.post("/projects", json!({"clientId": client, "name": "P"})).await;
    let data = created.data(201);
    assert_eq!((&data["status"], &data["currency"]), (&json!("planning"), &json!("NGN")));
    assert_eq!((&data["budget"], &data["description"]), (&json!(0), &json!("")));
    assert_eq!(data.get("deadline"), None);
}

#[tokio::test]
async fn a_deadline_keeps_its_day_as_written() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    user.put("/auth/me", json!({"timezone": "Pacific/Kiritimati"})).await.data(200);
    let client = user.client("Client").await;
    for deadline in [
        "2026-04-15",
        "2026-04-15T23:59:59Z",
        "2026-04-15T00:30:00+05:30",
        "2026-04-15T10:00:00.123-11:00",
    ] {
        let body = json!({"clientId": client, "name": "P", "deadline": deadline});
        assert_eq!(
            user.post("/projects", body).await.data(201)["deadline"],
            "2026-04-15T00:00:00Z"
        );
    }
}

#[tokio::test]
async fn put_changes_any_subset_and_null_clears_the_deadline() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (one, two) = (user.client("One").await, user.client("Two").await);
    let body = json!({"clientId": one, "name": "P", "budget": 150.5, "deadline": "2026-04-15"});
    let created = user.post("/projects", body).await;
    let path = format!("/projects/{}", created.data(201)["id"].as_str().unwrap());
    app.clock.advance(SignedDuration::from_secs(60));
    let changed =
        user.put(&path, json!({"clientId": two, "status": "active", "deadline": null})).await;
    let mut expected = created.data(201).clone();
    expected["clientId"] = two.as_str().into();
    expected["client"] = user.get(&format!("/clients/{two}")).await.data(200).clone();
    expected["status"] = "active".into();
    expected["updatedAt"] = "2026-03-18T12:01:00Z".into();
    expected.as_object_mut().unwrap().shift_remove("deadline");
    assert_eq!(*changed.data(200), expected);
    assert_eq!(*user.get(&path).await.data(200), expected);
}

#[tokio::test]
async fn a_budget_has_no_more_decimals_than_its_currency() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    for (currency, budget, error) in [
        ("USD", "0.001", Some("budget must have at most 2 decimals")),
        ("USD", "8750.50", None),
        ("XOF", "0.5", Some("budget must have no decimals in this currency")),
        ("XOF", "1000000000000000", None),
        ("KWD", "0.001", None),
        ("KWD", "0.0001", Some("budget must have at most 3 decimals")),
    ] {
        let mut body = json!({"clientId": client, "name": "P", "currency": currency});
        body["budget"] = serde_json::from_str(budget).unwrap();
        let answer = user.post("/projects", body).await;
        match error {
            Some(error) => assert_eq!(answer.error(400), error, "{currency} {budget}"),
            None => assert_eq!(answer.data(201)["currency"], currency),
        }
    }
    let project = format!("/projects/{}", user.project(&client, "P").await);
    user.put(&project, json!({"budget": 10.25})).await.data(200);
    let answer = user.put(&project, json!({"currency": "JPY"})).await;
    assert_eq!(answer.error(400), "budget must have no decimals in this currency");
    user.put(&project, json!({"currency": "JPY", "budget": 10})).await.data(200);
}

#[tokio::test]
async fn every_status_is_allowed_at_any_time() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let project = format!("/projects/{}", user.project(&client, "P").await);
    for status in ["active", "on_hold", "completed", "cancelled", "planning"] {
        assert_eq!(user.put(&project, json!({"status": status})).await.data(200)["status"], status);
        let body = json!({"clientId": client, "name": "P", "status": status});
        assert_eq!(user.post("/projects", body).await.data(201)["status"], status);
    }
}

#[tokio::test]
async fn a_project_shows_its_milestones() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let project = user.project(&client, "P").await;
    let (first, second) =
        (user.milestone(&project, "First").await, user.milestone(&project, "Second").await);
    for shown in [
        user.get(&format!("/projects/{project}")).await.data(200).clone(),
        user.get("/projects").await.data(200)[0].clone(),
        user.put(&format!("/projects/{project}"), json!({})).await.data(200).clone(),
    ] {
        let ids: Vec<_> =
            shown["milestones"].as_array().unwrap().iter().map(|m| &m["id"]).collect();
        assert_eq!(ids, [&json!(first), &json!(second)]);
    }
}

#[tokio::test]
async fn a_deleted_project_and_its_milestones_are_404_afterwards() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let project = user.project(&client, "P").await;
    let milestone = user.milestone(&project, "M").await;
    let path = format!("/projects/{project}");
    assert_eq!(user.delete(&path).await.body.to_string(), r#"{"success":true,"data":null}"#);
    for answer in [
        user.get(&path).await,
        user.put(&path, json!({"name": "X"})).await,
        user.delete(&path).await,
    ] {
        assert_eq!(answer.error(404), "Project not found");
    }
    let answer = user.put(&format!("/milestones/{milestone}"), json!({"name": "X"})).await;
    assert_eq!(answer.error(404), "Milestone not found");
    let body = json!({"projectId": project, "name": "M", "amount": 1});
    assert_eq!(user.post("/milestones", body).await.error(400), "projectId does not exist");
    assert_eq!(user.get("/milestones").await.body["total"], 0);
}

#[tokio::test]
async fn creation_and_completion_appear_in_the_activity_once() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ada").await;
    let project = format!("/projects/{}", user.project(&client, "P").await);
    for status in ["completed", "completed"] {
        user.put(&project, json!({"status": status})).await.data(200);
    }
    let activity = user.get("/dashboard/activity").await;
    let told: Vec<_> = activity
        .data(200)
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["type"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["project_completed", "project_created", "client_added"]);
    assert_eq!(activity.data(200)[0]["clientName"], "Ada");
}

#[tokio::test]
async fn a_new_currency_converts_the_milestones_if_possible() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let project = user.project(&client, "P").await;
    let milestone = user.milestone(&project, "M").await;
    let (project, milestone) = (format!("/projects/{project}"), format!("/milestones/{milestone}"));
    user.put(&milestone, json!({"amount": 150.5})).await.data(200);
    let changed = user.put(&project, json!({"currency": "KWD"})).await;
    assert_eq!(changed.data(200)["milestones"][0]["amount"].to_string(), "150.5");
    let before = user.get(&project).await;
    assert_eq!(
        user.put(&project, json!({"currency": "JPY"})).await.error(409),
        "The amount of milestone \"M\" cannot be written in JPY"
    );
    assert_eq!(user.get(&project).await.data(200), before.data(200));
}
