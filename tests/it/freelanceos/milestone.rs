//! `/milestones`.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use super::shown;
use crate::support::{User, spawn_app};

async fn project(user: &User<'_>) -> String {
    let client = user.client("Client").await;
    user.project(&client, "Project").await
}

#[tokio::test]
async fn a_milestone_is_created_listed_and_shown_with_its_project() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let project = project(&user).await;
    let body = json!({
        "projectId": project,
        "name": "First draft",
        "description": "Two pages\nand a cover",
        "amount": 1500.50,
        "dueDate": "2026-03-31T00:00:00Z",
    });
    let created = user.post("/milestones", body).await;
    insta::assert_snapshot!(shown(created.data(201)), @r##"
    {
      "id": "ms_…",
      "projectId": "proj_…",
      "name": "First draft",
      "description": "Two pages\nand a cover",
      "amount": 1500.5,
      "currency": "USD",
      "status": "pending",
      "dueDate": "2026-03-31T00:00:00Z"
    }
    "##);
    assert!(created.data(201)["id"].as_str().unwrap().starts_with("ms_"));
    assert_eq!(user.get("/milestones").await.body["data"][0], *created.data(201));
    let path = format!("/milestones?projectId={project}");
    assert_eq!(user.get(&path).await.body["data"][0], *created.data(201));
    let shown = user.get(&format!("/projects/{project}")).await;
    assert_eq!(shown.data(200)["milestones"][0], *created.data(201));
}

#[tokio::test]
async fn a_milestone_needs_only_project_name_and_amount() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let project = project(&user).await;
    let created =
        user.post("/milestones", json!({"projectId": project, "name": "M", "amount": 0})).await;
    assert_eq!(created.data(201)["status"], "pending");
    assert_eq!(created.data(201)["amount"], 0);
}

#[tokio::test]
async fn a_single_milestone_has_no_get_route() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let milestone = user.milestone(&project(&user).await, "M").await;
    user.get(&format!("/milestones/{milestone}")).await.error(405);
}

#[tokio::test]
async fn completed_at_is_the_first_completion_and_is_cleared_when_pending_again() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let path = format!("/milestones/{}", user.milestone(&project(&user).await, "M").await);
    for (status, completed_at) in [
        ("pending", None),
        ("completed", Some("2026-03-18T12:00:20Z")),
        ("paid", Some("2026-03-18T12:00:20Z")),
        ("pending", None),
        ("paid", Some("2026-03-18T12:00:50Z")),
    ] {
        app.clock.advance(SignedDuration::from_secs(10));
        let answer = user.put(&path, json!({"status": status})).await;
        assert_eq!(answer.data(200)["status"], status);
        assert_eq!(answer.data(200).get("completedAt").and_then(|at| at.as_str()), completed_at);
    }
}

#[tokio::test]
async fn put_changes_any_subset_and_moves_it_to_another_project() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (one, two) = (project(&user).await, project(&user).await);
    let milestone = user.milestone(&one, "M").await;
    let path = format!("/milestones/{milestone}");
    let request =
        user.request(Method::PATCH, &path).json(&json!({"projectId": two, "description": "d"}));
    let moved = app.send(request).await;
    assert_eq!(moved.data(200)["projectId"], two.as_str());
    assert_eq!((&moved.data(200)["name"], &moved.data(200)["amount"]), (&json!("M"), &json!(100)));
    assert_eq!(user.get(&format!("/milestones?projectId={one}")).await.body["total"], 0);
    assert_eq!(
        user.get(&format!("/milestones?projectId={two}")).await.body["data"][0],
        *moved.data(200)
    );
    let cleared = user.put(&path, json!({"description": null})).await;
    assert_eq!(cleared.data(200).get("description"), None);
}

#[tokio::test]
async fn its_amount_has_no_more_decimals_than_the_projects_currency() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let body = json!({"clientId": client, "name": "P", "currency": "XOF"});
    let yen = user.post("/projects", body).await.data(201)["id"].as_str().unwrap().to_owned();
    let body = json!({"projectId": yen, "name": "M", "amount": 1.5});
    let answer = user.post("/milestones", body).await;
    assert_eq!(answer.error(400), "amount must have no decimals in this currency");
    let milestone = user.milestone(&yen, "M").await;
    let answer = user.put(&format!("/milestones/{milestone}"), json!({"amount": 0.1})).await;
    assert_eq!(answer.error(400), "amount must have no decimals in this currency");
}

#[tokio::test]
async fn a_deleted_milestone_returns_null_and_is_404_afterwards() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let project = project(&user).await;
    let path = format!("/milestones/{}", user.milestone(&project, "M").await);
    assert_eq!(user.delete(&path).await.body.to_string(), r#"{"success":true,"data":null}"#);
    for answer in [user.put(&path, json!({})).await, user.delete(&path).await] {
        assert_eq!(answer.error(404), "Milestone not found");
    }
    assert_eq!(user.get(&format!("/projects/{project}")).await.data(200)["milestones"], json!([]));
}

#[tokio::test]
async fn its_completion_appears_in_the_activity_once() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let milestone = user.milestone(&project(&user).await, "M").await;
    for status in ["completed", "paid"] {
        user.put(&format!("/milestones/{milestone}"), json!({"status": status})).await.data(200);
    }
    let activity = user.get("/dashboard/activity").await;
    assert_eq!(activity.data(200).as_array().unwrap().len(), 3);
    assert_eq!(activity.data(200)[0]["type"], "milestone_completed");
    assert_eq!(activity.data(200)[0]["entityId"], milestone);
}

#[tokio::test]
async fn only_milestones_of_unfinished_projects_are_deadlines() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let project = project(&user).await;
    let body = json!({"projectId": project, "name": "Draft", "amount": 1, "dueDate": "2026-03-31"});
    user.post("/milestones", body).await.data(201);
    for (status, shown) in
        [("planning", 1), ("completed", 0), ("active", 1), ("cancelled", 0), ("on_hold", 1)]
    {
        user.put(&format!("/projects/{project}"), json!({"status": status})).await.data(200);
        let stats = user.get("/dashboard/stats").await;
        let deadlines = stats.data(200)["upcomingDeadlines"].as_array().unwrap();
        assert_eq!(deadlines.len(), shown, "{status}");
    }
}

#[tokio::test]
async fn a_project_has_at_most_500_milestones() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let project = project(&user).await;
    let body = |n: usize| json!({"projectId": project, "name": format!("Part {n}"), "amount": 1});
    for n in 0..500 {
        user.post("/milestones", body(n)).await.data(201);
    }
    let refused = user.post("/milestones", body(500)).await;
    assert_eq!(refused.error(409), "A project has at most 500 milestones");
}
