//! Setup that all tests of freelancer routes share.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, User, document::hub_document, pretty, spawn_app};

/// A freelancer with this username and the email `<username>@example.com`.
pub async fn freelancer<'a>(app: &'a TestApp, username: &str) -> User<'a> {
    let user = app.register(&format!("{username}@example.com")).await;
    user.hub_put("/freelancer/profile", json!({"username": username})).await.bare(200);
    // Only verified addresses get emails with text from strangers.
    change_rows(app, "UPDATE accounts SET email_verified_at = created_at");
    user
}

/// Changes rows while the program runs, as an admin command may.
pub fn change_rows(app: &TestApp, statement: &str) {
    app.database().change(|connection| connection.define(statement)).unwrap();
}

/// Requests a public resource.
pub async fn visit(app: &TestApp, path: &str) -> Answer {
    app.send(app.hub(Method::GET, path)).await
}

/// Sends a request from this address with this user agent.
pub async fn visit_from(app: &TestApp, path: &str, address: &str, agent: &str) -> Answer {
    let request = app.hub(Method::GET, path).header("User-Agent", agent);
    app.send(request.header("X-Forwarded-For", address)).await
}

/// JSON for a snapshot: ids differ between runs, so only their prefixes stay.
pub fn shown(value: &Value) -> String {
    let hide = |line: &str| {
        let value = line.split('"').nth(3).unwrap_or_default();
        match value.split_once('_') {
            Some((_, digits)) if digits.len() == 26 => line.replace(digits, "…"),
            _ => line.to_owned(),
        }
    };
    pretty(value).lines().map(hide).collect::<Vec<_>>().join("\n")
}

/// The actions of activity entries, newest first, without ids.
pub fn actions(answer: &Answer) -> Vec<&str> {
    let entries = answer.bare(200).as_array().unwrap();
    entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn freelancer_routes_are_401_without_a_token_and_403_for_clients() {
    let app = spawn_app().await;
    let client = app.register("client@example.com").await;
    change_rows(&app, "UPDATE accounts SET role = 'client'");
    let document = hub_document(&app).await;
    let mut seen = 0;
    for operation in &document.operations {
        if !operation.path.starts_with("/freelancer/") {
            continue;
        }
        seen += 1;
        let path = operation.path_of("work_01h455vb4pex5vsknk084sn02q");
        for body in [json!({"title": 1, "read": 1}), document.example(operation)] {
            let request = |token: Option<&str>| {
                let request = app.hub(operation.method.clone(), &path);
                let request = if operation.takes_body() { request.json(&body) } else { request };
                match token {
                    Some(token) => request.bearer_auth(token),
                    None => request,
                }
            };
            app.send(request(None)).await.refusal(401);
            let refused = app.send(request(Some(&client.token))).await;
            assert_eq!(refused.refusal(403), "Only freelancers may do this");
        }
    }
    assert!(seen > 12, "only {seen} routes");
}
