//! `/clients`.

use jiff::SignedDuration;
use serde_json::json;

use super::shown;
use crate::support::spawn_app;

#[tokio::test]
async fn the_documented_client_is_created() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let body = json!({
        "name": "TechStart Nigeria",
        "email": "hello@techstart.ng",
        "company": "TechStart Nigeria Ltd",
        "phone": "+234 802 345 6789",
        "country": "NG",
    });
    let created = user.post("/clients", body).await;
    insta::assert_snapshot!(shown(created.data(201)), @r##"
    {
      "id": "client_…",
      "userId": "user_…",
      "name": "TechStart Nigeria",
      "email": "hello@techstart.ng",
      "company": "TechStart Nigeria Ltd",
      "phone": "+234 802 345 6789",
      "country": "NG",
      "totalBilled": 0,
      "createdAt": "2026-03-18T12:00:00Z",
      "updatedAt": "2026-03-18T12:00:00Z",
      "countryCode": "NG"
    }
    "##);
    let id = created.body["data"]["id"].as_str().unwrap();
    assert!(id.starts_with("client_"));
    assert_eq!(created.body["data"]["userId"], user.id.as_str());
    assert_eq!(user.get(&format!("/clients/{id}")).await.data(200), created.data(201));
    assert_eq!(user.get("/clients").await.body["data"][0], *created.data(201));
}

#[tokio::test]
async fn a_client_needs_only_name_and_email_and_omits_the_rest() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let created = user.post("/clients", json!({"name": "A", "email": "a@example.com"})).await;
    let keys: Vec<&String> = created.data(201).as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "userId", "name", "email", "totalBilled", "createdAt", "updatedAt"]);
}

#[tokio::test]
async fn put_changes_any_subset_and_patch_is_the_same() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let path = format!("/clients/{}", user.client("Before").await);
    app.clock.advance(SignedDuration::from_secs(90));
    let changed = user.put(&path, json!({"name": "After", "country": "LK"})).await;
    assert_eq!(changed.data(200)["name"], "After");
    assert_eq!(changed.data(200)["email"], "c@example.com");
    assert_eq!(changed.data(200)["country"], "LK");
    assert_eq!(changed.data(200)["createdAt"], "2026-03-18T12:00:00Z");
    assert_eq!(changed.data(200)["updatedAt"], "2026-03-18T12:01:30Z");

    let request = user.request(reqwest::Method::PATCH, &path).json(&json!({"country": null}));
    let patched = app.send(request).await;
    assert_eq!(patched.data(200).get("country"), None);
    assert_eq!(patched.data(200)["name"], "After");
    assert_eq!(user.get(&path).await.data(200), patched.data(200));
}

#[tokio::test]
async fn a_renamed_client_is_found_only_by_its_new_name_and_shown_everywhere() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Before").await;
    let project = user.project(&client, "Project").await;
    user.put(&format!("/clients/{client}"), json!({"name": "After"})).await.data(200);
    assert_eq!(user.get("/clients?search=before").await.body["total"], 0);
    assert_eq!(user.get("/clients?search=after").await.body["total"], 1);
    let shown = user.get(&format!("/projects/{project}")).await;
    assert_eq!(shown.data(200)["client"]["name"], "After");
}

#[tokio::test]
async fn a_deleted_client_returns_null_and_is_404_afterwards() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Gone").await;
    let path = format!("/clients/{client}");
    let deleted = user.delete(&path).await;
    assert_eq!(deleted.status, 200);
    assert_eq!(deleted.body.to_string(), r#"{"success":true,"data":null}"#);
    for answer in [
        user.get(&path).await,
        user.put(&path, json!({"name": "Back"})).await,
        user.delete(&path).await,
    ] {
        assert_eq!(answer.error(404), "Client not found");
    }
    assert_eq!(user.get("/clients").await.body["total"], 0);
    assert_eq!(user.get("/clients?search=gone").await.body["total"], 0);
    for (list, body) in [
        ("/projects", json!({"clientId": client, "name": "P"})),
        ("/proposals", json!({"clientId": client, "title": "P"})),
        ("/invoices", json!({"clientId": client, "amount": 1, "dueDate": "2026-04-15"})),
    ] {
        assert_eq!(user.post(list, body).await.error(400), "clientId does not exist", "{list}");
    }
}

#[tokio::test]
async fn a_client_with_an_active_project_cannot_be_deleted() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Busy").await;
    let project = user.project(&client, "Project").await;
    let (client, project) = (format!("/clients/{client}"), format!("/projects/{project}"));
    user.put(&project, json!({"status": "active"})).await.data(200);
    assert_eq!(
        user.delete(&client).await.error(409),
        "This client has active projects; complete or cancel them first"
    );
    user.get(&client).await.data(200);
    user.get(&project).await.data(200);
}

#[tokio::test]
async fn other_projects_do_not_block_deletion_and_leave_the_lists_with_the_client() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for status in ["planning", "on_hold", "completed", "cancelled"] {
        let client = user.client("Client").await;
        let body = json!({"clientId": client, "name": "P", "status": status});
        let answer = user.post("/projects", body).await;
        let project = answer.data(201)["id"].as_str().unwrap();
        let milestone = user.milestone(project, "M").await;
        user.delete(&format!("/clients/{client}")).await.data(200);
        assert_eq!(user.get("/projects").await.body["total"], 0, "{status}");
        assert_eq!(user.get(&format!("/projects/{project}")).await.error(404), "Project not found");
        assert_eq!(
            user.delete(&format!("/milestones/{milestone}")).await.error(404),
            "Milestone not found"
        );
    }
}

#[tokio::test]
async fn a_deleted_active_project_no_longer_blocks_deletion() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let project = user.project(&client, "P").await;
    user.put(&format!("/projects/{project}"), json!({"status": "active"})).await.data(200);
    user.delete(&format!("/projects/{project}")).await.data(200);
    user.delete(&format!("/clients/{client}")).await.data(200);
}

#[tokio::test]
async fn a_deleted_client_leaves_the_lists_and_its_sent_invoices_stay_complete() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let invoice = user.invoice(&client, json!(100), "2026-04-15").await;
    user.post(&format!("/invoices/{invoice}/send"), json!({})).await.data(200);
    let before = user.get(&format!("/invoices/{invoice}")).await;
    user.delete(&format!("/clients/{client}")).await.data(200);
    assert_eq!(user.get(&format!("/invoices/{invoice}")).await.data(200), before.data(200));
    assert_eq!(before.data(200)["client"]["name"], "Client");
    assert_eq!(user.get("/invoices").await.body["total"], 1);
    assert_eq!(user.get("/clients").await.body["total"], 0);
}

#[tokio::test]
async fn two_clients_may_share_name_and_email() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    assert_ne!(user.client("Same").await, user.client("Same").await);
}

#[tokio::test]
async fn adding_a_client_appears_in_the_activity() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("<b>Ada</b>").await;
    let entry = user.get("/dashboard/activity").await.data(200)[0].clone();
    assert_eq!(entry["type"], "client_added");
    assert_eq!(entry["message"], "<b>Ada</b> was added as a client");
    assert_eq!(entry["entityId"], client);
}
