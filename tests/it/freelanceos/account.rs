//! `/auth`.

use serde_json::json;

use crate::support::spawn_app;

#[tokio::test]
async fn register_signs_in_at_once() {
    let app = spawn_app().await;
    let user = app.register("User@Example.com").await;
    insta::assert_json_snapshot!(user.get("/auth/me").await.data(200), @r#"
    {
      "id": "user_01km0d29g0fdarcs5ctw6pmk39",
      "email": "User@Example.com",
      "firstName": "John",
      "lastName": "Doe",
      "currency": "USD",
      "timezone": "Africa/Lagos",
      "createdAt": "2026-03-18T12:00:00Z",
      "updatedAt": "2026-03-18T12:00:00Z"
    }
    "#);
    let again = json!({
        "email": "user@example.COM", "password": "SecurePass123", "firstName": "J", "lastName": "D",
    });
    assert_eq!(
        user.post("/auth/register", again).await.error(409),
        "An account with this email already exists"
    );
}
