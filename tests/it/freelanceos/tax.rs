//! `/taxes`.

use serde_json::json;

use super::shown;
use crate::support::spawn_app;

#[tokio::test]
async fn a_tax_is_created_changed_listed_and_deleted() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let created = user.post("/taxes", json!({"name": "VAT", "rate": 7.5})).await;
    insta::assert_snapshot!(shown(created.data(201)), @r##"
    {
      "id": "tax_…",
      "name": "VAT",
      "rate": 7.5,
      "category": "S",
      "createdAt": "2026-03-18T12:00:00Z",
      "updatedAt": "2026-03-18T12:00:00Z"
    }
    "##);
    let path = format!("/taxes/{}", created.data(201)["id"].as_str().unwrap());
    let changed = user.put(&path, json!({"rate": 0, "note": "Small business"})).await;
    assert_eq!(
        (&changed.data(200)["category"], &changed.data(200)["rate"]),
        (&json!("Z"), &json!(0))
    );
    assert_eq!(user.get(&path).await.data(200), changed.data(200));
    let cleared = user.put(&path, json!({"note": null, "category": "E"})).await;
    assert_eq!(cleared.data(200).get("note"), None);
    let listed = user.get("/taxes").await;
    assert_eq!((&listed.body["total"], &listed.body["data"][0]), (&json!(1), cleared.data(200)));
    assert_eq!(*user.delete(&path).await.data(200), json!(null));
    user.get(&path).await.assert_error(404, "Tax not found");
    user.delete(&path).await.assert_error(404, "Tax not found");
    assert_eq!(user.get("/taxes").await.body["total"], 0);
}

#[tokio::test]
async fn invalid_taxes_are_refused() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for (body, error) in [
        (json!({}), "name is required; rate is required"),
        (json!({"name": "A", "rate": 101}), "rate must be between 0 and 100"),
        (json!({"name": "A", "rate": 1.00001}), "rate must have at most 4 decimals"),
        (json!({"name": "A", "rate": 5, "category": "AE"}), "rate must be 0 in the category AE"),
        (
            json!({"name": "A", "rate": 5, "category": "Q"}),
            "category must be one of S, Z, E, AE, G, K, O",
        ),
    ] {
        user.post("/taxes", body).await.assert_error(400, error);
    }
    let exempt = user.tax(json!({"name": "Exempt", "rate": 0, "category": "E"})).await;
    user.put(&format!("/taxes/{exempt}"), json!({"rate": 5}))
        .await
        .assert_error(400, "rate must be 0 in the category E");
}

#[tokio::test]
async fn an_account_has_at_most_50_taxes() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for number in 0..50 {
        user.tax(json!({"name": format!("T{number}"), "rate": number})).await;
    }
    user.post("/taxes", json!({"name": "One more", "rate": 1}))
        .await
        .assert_error(409, "An account has at most 50 taxes");
}
