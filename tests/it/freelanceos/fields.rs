//! Every field of every body: the values it refuses, and the error messages.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::support::{
    Answer, PASSWORD, TestApp, User,
    document::{Operation, document},
    spawn_app,
};

/// Sends bodies to one route.
pub struct Target<'a> {
    pub user: &'a User<'a>,
    pub operation: &'a Operation,
    pub path: String,
    /// A valid body for the route.
    pub good: Value,
    pub schema: &'a Value,
}

impl Target<'_> {
    pub async fn send(&self, body: &Value) -> Answer {
        let request = self.user.request(self.operation.method.clone(), &self.path).json(body);
        self.user.app.send(request).await
    }

    pub async fn with(&self, field: &str, value: Value) -> Answer {
        let mut body = self.good.clone();
        body[field] = value;
        self.send(&body).await
    }

    pub fn fields(&self) -> &Map<String, Value> {
        self.schema["properties"].as_object().unwrap()
    }

    pub fn is_required(&self, field: &str) -> bool {
        self.schema["required"].as_array().is_some_and(|names| names.contains(&json!(field)))
    }

    #[track_caller]
    pub fn refused(&self, answer: &Answer, field: &str, why: &str) {
        assert_eq!(answer.error(400), format!("{field} {why}"), "{}", self.operation.name());
    }
}

/// Every route whose body has fields, except the email of sending an invoice.
pub async fn targets<'a>(app: &'a TestApp, user: &'a User<'a>) -> Vec<Target<'a>> {
    let document = document(app).await;
    let client = user.client("Client").await;
    let project = user.project(&client, "Project").await;
    let mut targets = Vec::new();
    for operation in document.operations.iter().filter(|operation| operation.takes_body()) {
        let schema = document.input(operation);
        let is_action = operation.path.contains("{id}/");
        // The sections of the settings have their own tests.
        let is_nested = operation.noun() == "settings";
        if is_action || is_nested || schema["properties"].as_object().is_none_or(Map::is_empty) {
            continue;
        }
        let mut good = document.example(operation);
        for (field, id) in [("clientId", &client), ("projectId", &project)] {
            if good.get(field).is_some() {
                good[field] = id.as_str().into();
            }
        }
        let id = user.one_of(operation.noun(), &client, &project).await;
        // An answered proposal or a completed milestone would block the later steps.
        if operation.takes_id() {
            good = json!({});
        }
        targets.push(Target { user, operation, path: operation.path_of(&id), good, schema });
    }
    assert_eq!(targets.len(), 9 + 2 * 7);
    targets
}

/// The type of a field; only objects are described elsewhere.
fn kind(schema: &Value) -> &str {
    schema["type"].as_str().unwrap_or("object")
}

/// The message for a value of the wrong type.
fn wrong_type(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        // Without null, which clears some of them.
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return format!("must be one of {}", words.join(", "));
    }
    match kind(schema) {
        "string" => "must be a string",
        "number" | "integer" => "must be a number",
        "array" => "must be an array",
        "boolean" => "must be true or false",
        "object" => "must be an object",
        other => panic!("what is a wrong {other} told?"),
    }
    .to_owned()
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_refused_in_every_field() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for target in targets(&app, &user).await {
        for (field, schema) in target.fields() {
            for wrong in [json!({}), json!(true), json!([1]), json!(12), json!("text")] {
                // Whole numbers may be text, since forms send nothing else.
                let is_right = match kind(schema) {
                    "string" => wrong.is_string(),
                    "number" => wrong.is_number(),
                    "integer" => wrong.is_number() || wrong.is_string(),
                    "array" => wrong.is_array(),
                    "boolean" => wrong.is_boolean(),
                    _ => wrong.is_object(),
                };
                if !is_right {
                    let answer = target.with(field, wrong).await;
                    target.refused(&answer, field, &wrong_type(schema));
                }
            }
        }
    }
}

#[tokio::test]
async fn every_invalid_field_is_reported_at_once_in_the_order_of_the_document() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for target in targets(&app, &user).await {
        let (mut body, mut expected) = (json!({}), Vec::new());
        for (field, schema) in target.fields() {
            expected.push(format!("{field} {}", wrong_type(schema)));
        }
        // The order in the body does not matter.
        for (field, schema) in target.fields().iter().rev() {
            body[field] = if kind(schema) == "object" { json!(true) } else { json!({}) };
        }
        let answer = target.send(&body).await;
        assert_eq!(answer.error(400), expected.join("; "), "{}", target.operation.name());
    }
}

#[tokio::test]
async fn a_missing_or_null_required_field_is_reported() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let terms = json!({"invoicing": {"paymentTermsDays": 14}});
    user.put("/settings", terms).await.data(200);
    for target in targets(&app, &user).await.iter().filter(|t| t.operation.method == Method::POST) {
        // All fields of `/notices/read` are optional.
        let Some(required) = target.schema["required"].as_array() else { continue };
        let required: Vec<String> =
            required.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        for body in [json!({}), required.iter().map(|name| (name.clone(), Value::Null)).collect()] {
            let answer = target.send(&body).await;
            let mut error = answer.error(400);
            if target.operation.noun() == "invoices" {
                // It also requires items or an amount and, without a client, a due date. No schema
                // can express that.
                error = error.split("; dueDate").next().unwrap();
            }
            let expected: Vec<String> =
                required.iter().map(|name| format!("{name} is required")).collect();
            assert_eq!(error, expected.join("; "), "{}", target.operation.name());
        }
        for field in target.fields().keys().filter(|field| !target.is_required(field)) {
            let answer = target.with(field, Value::Null).await;
            assert!(answer.status.is_success(), "{} {field}", target.operation.name());
        }
    }
}

#[tokio::test]
async fn in_an_update_null_clears_optional_fields_and_is_refused_by_others() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for target in targets(&app, &user).await.iter().filter(|t| t.operation.method != Method::POST) {
        for (field, schema) in target.fields() {
            let answer = target.with(field, Value::Null).await;
            if schema["nullable"] == true {
                assert_eq!(
                    answer.data(200).get(field),
                    None,
                    "{} {field}",
                    target.operation.name()
                );
            } else {
                target.refused(&answer, field, "is required");
            }
        }
    }
}

#[tokio::test]
async fn dates_currencies_and_amounts_are_parsed_strictly() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for target in targets(&app, &user).await {
        for field in target.fields().keys() {
            match field.as_str() {
                "deadline" | "dueDate" | "validUntil" | "issueDate" => {
                    for bad in [
                        "soon",
                        "2026-02-30",
                        "1999-12-31",
                        "2101-01-01",
                        "2026-04-15T25:00:00Z",
                        "15.04.2026",
                    ] {
                        let answer = target.with(field, bad.into()).await;
                        target.refused(
                            &answer,
                            field,
                            "must be a date from 2000 to 2100 such as 2026-04-15",
                        );
                    }
                }
                "currency" => {
                    for bad in ["usd", "US", "EURO", "XXX", "ABC", " USD"] {
                        let answer = target.with(field, bad.into()).await;
                        target.refused(
                            &answer,
                            field,
                            "must be an ISO 4217 currency code such as USD",
                        );
                    }
                }
                "timezone" => {
                    for bad in ["Lagos", "Africa/Nowhere", "+01:00", "../etc/passwd"] {
                        let answer = target.with(field, bad.into()).await;
                        target.refused(
                            &answer,
                            field,
                            "must be an IANA timezone such as Africa/Lagos",
                        );
                    }
                }
                "amount" | "budget" if target.operation.noun() != "invoices" => {
                    for bad in [json!("100"), json!("1e3")] {
                        target.refused(&target.with(field, bad).await, field, "must be a number");
                    }
                    for bad in
                        ["-1", "-0.01", "1e16", "1e400", "10000000000000.01", "0.001", "1e-8"]
                    {
                        let answer = target.with(field, serde_json::from_str(bad).unwrap()).await;
                        let error = answer.error(400);
                        assert!(error.starts_with(&format!("{field} ")), "{bad}: {error}");
                    }
                    for (good, shown) in [
                        ("0", "0"),
                        ("12.50", "12.5"),
                        ("1.5e3", "1500"),
                        ("10000000000000.00", "10000000000000"),
                        ("-0", "0"),
                    ] {
                        let answer = target.with(field, serde_json::from_str(good).unwrap()).await;
                        assert!(answer.status.is_success(), "{good} {}", answer.body);
                        assert_eq!(answer.body["data"][field].to_string(), shown, "{good}");
                    }
                }
                "email" => {
                    for bad in [
                        "",
                        "user",
                        "user@",
                        "@example.com",
                        "a b@example.com",
                        "user@localhost",
                        "a@b@c.de",
                        "A <a@example.com>",
                        "a@example.com\r\nBcc: x@example.com",
                        "a@exa mple.com",
                        "a,b@example.com",
                    ] {
                        let answer = target.with(field, bad.into()).await;
                        target.refused(&answer, field, "must be a valid email address");
                    }
                }
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn unknown_fields_are_ignored() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for target in targets(&app, &user).await {
        let mut body = target.good.clone();
        for field in ["id", "userId", "createdAt", "totalBilled", "avatar", "__proto__", "nonsense"]
        {
            body[field] = json!({"any": ["thing"]});
        }
        if target.operation.path == "/auth/register" {
            body["email"] = "another@example.com".into();
        }
        if target.operation.path == "/auth/login" {
            body["email"] = "user@example.com".into();
            body["password"] = PASSWORD.into();
        }
        let answer = target.send(&body).await;
        assert!(answer.status.is_success(), "{} {}", target.operation.name(), answer.body);
        assert_ne!(answer.body["data"]["userId"], json!({"any": ["thing"]}));
    }
}

#[tokio::test]
async fn an_update_reports_an_unknown_client_and_an_invalid_amount_at_once() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    for (path, field) in [
        (format!("/projects/{}", user.project(&client, "Project").await), "budget"),
        (format!("/proposals/{}", user.proposal(&client, "Proposal").await), "amount"),
    ] {
        let answer = user.put(&path, json!({"clientId": "client_none", field: 1.005})).await;
        let wanted = format!("clientId does not exist; {field} must have at most 2 decimals");
        assert_eq!(answer.error(400), wanted);
        assert_eq!(user.get(&path).await.data(200)["clientId"], client);
    }
}
