//! Isolation of accounts: neither sees, changes or detects anything of the other.

use serde_json::{Value, json};

use crate::support::{User, document::document, spawn_app};

/// One of everything, with the ids.
struct Everything {
    client: String,
    project: String,
    milestone: String,
    invoice: String,
    proposal: String,
    tax: String,
    payment: String,
    credit_note: String,
    held_payment: String,
    mail: String,
}

impl Everything {
    async fn of(user: &User<'_>) -> Self {
        let client = user.client("Client").await;
        let project = user.project(&client, "Project").await;
        Self {
            milestone: user.milestone(&project, "Milestone").await,
            invoice: user.invoice(&client, json!(100), "2026-04-15").await,
            proposal: user.proposal(&client, "Proposal").await,
            tax: user.tax(json!({"name": "VAT", "rate": 7.5})).await,
            payment: part_payment(user, &client).await,
            credit_note: user.credit_note(&client).await,
            held_payment: user.held_payment(&client).await,
            mail: user.failed_mail(&client).await,
            client,
            project,
        }
    }

    fn of_noun(&self, noun: &str) -> &str {
        match noun {
            "clients" => &self.client,
            "projects" => &self.project,
            "milestones" => &self.milestone,
            "invoices" => &self.invoice,
            "proposals" => &self.proposal,
            "taxes" => &self.tax,
            "payments" => &self.payment,
            "credit-notes" => &self.credit_note,
            "held-payments" => &self.held_payment,
            "mails" => &self.mail,
            other => panic!("which id do routes of {other} take?"),
        }
    }

    fn of_field(&self, field: &str) -> &str {
        match field {
            "clientId" => &self.client,
            "projectId" => &self.project,
            "invoiceId" => &self.invoice,
            "proposalId" => &self.proposal,
            "creditNoteId" => &self.credit_note,
            other => panic!("what does {other} name?"),
        }
    }
}

/// Pays part of a sent invoice and returns the id of the payment.
async fn part_payment(user: &User<'_>, client: &str) -> String {
    let invoice = user.invoice(client, json!(100), "2026-04-15").await;
    user.post(&format!("/invoices/{invoice}/send"), json!({})).await.data(200);
    let paid = user.post(&format!("/invoices/{invoice}/payments"), json!({"amount": 40})).await;
    paid.data(201)["id"].as_str().unwrap().to_owned()
}

/// Everything an account can see.
async fn seen_by(user: &User<'_>) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in [
        "/auth/me",
        "/clients",
        "/projects",
        "/milestones",
        "/invoices",
        "/proposals",
        "/taxes",
        "/payments",
        "/credit-notes",
        "/held-payments",
        "/mails",
        "/notices",
        "/dashboard/stats",
        "/dashboard/earnings",
        "/dashboard/activity",
        "/settings",
    ] {
        seen.push(user.get(path).await.body);
    }
    seen
}

/// The fields of a body that contain ids of this program.
fn id_fields(schema: &Value) -> Vec<String> {
    let properties = schema["properties"].as_object();
    properties
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
        .filter(|n| n.ends_with("Id") && !matches!(n.as_str(), "taxId" | "peppolId"))
        .cloned()
        .collect()
}

#[tokio::test]
async fn an_id_of_another_account_is_not_found_on_any_route() {
    let app = spawn_app().await;
    let (owner, other) =
        (app.register("owner@example.com").await, app.register("other@example.com").await);
    let (hers, his) = (Everything::of(&owner).await, Everything::of(&other).await);
    let (her_view, his_view) = (seen_by(&owner).await, seen_by(&other).await);
    let document = document(&app).await;

    let mut routes = 0;
    for operation in document.operations.iter().filter(|operation| operation.takes_id()) {
        let mut body = document.example(operation);
        for field in id_fields(&body_schema(document, operation)) {
            if body.get(&field).is_some() {
                body[field.as_str()] = his.of_field(&field).into();
            }
        }
        let request = |id: &str| {
            let request = other.request(operation.method.clone(), &operation.path_of(id));
            if operation.takes_body() { request.json(&body) } else { request }
        };
        let foreign = app.send(request(hers.of_noun(operation.noun()))).await;
        let nothing = app.send(request("no_such_thing")).await;
        assert_eq!(foreign.error(404), nothing.error(404), "{}", operation.name());
        routes += 1;
    }
    assert!(routes >= 22, "only {routes} routes take an id");
    assert_eq!(seen_by(&owner).await, her_view);
    assert_eq!(seen_by(&other).await, his_view);
}

#[tokio::test]
async fn an_id_of_another_account_in_a_body_is_reported_as_an_invalid_field() {
    let app = spawn_app().await;
    let (owner, other) =
        (app.register("owner@example.com").await, app.register("other@example.com").await);
    let (hers, his) = (Everything::of(&owner).await, Everything::of(&other).await);
    let (her_view, his_view) = (seen_by(&owner).await, seen_by(&other).await);
    let document = document(&app).await;

    let mut tried = 0;
    for operation in document.operations.iter().filter(|operation| operation.takes_body()) {
        let schema = body_schema(document, operation);
        let fields = id_fields(&schema);
        for field in &fields {
            for foreign in [hers.of_field(field), "client_123", "proj_123", "x", "%"] {
                let mut body = document.example(operation);
                for own in &fields {
                    if body.get(own).is_some() {
                        body[own.as_str()] = his.of_field(own).into();
                    }
                }
                body[field.as_str()] = foreign.into();
                let path = if operation.takes_id() {
                    operation.path_of(his.of_noun(operation.noun()))
                } else {
                    operation.path.clone()
                };
                let request = other.request(operation.method.clone(), &path).json(&body);
                let answer = app.send(request).await;
                assert_eq!(
                    answer.error(400),
                    format!("{field} does not exist"),
                    "{}",
                    operation.name()
                );
                tried += 1;
            }
        }
    }
    assert!(tried >= 50, "only {tried} bodies name something");
    assert_eq!(seen_by(&owner).await, her_view);
    assert_eq!(seen_by(&other).await, his_view);
}

#[tokio::test]
async fn a_filter_by_an_id_of_another_account_is_an_empty_list() {
    let app = spawn_app().await;
    let (owner, other) =
        (app.register("owner@example.com").await, app.register("other@example.com").await);
    let hers = Everything::of(&owner).await;
    Everything::of(&other).await;
    let document = document(&app).await;
    let mut filters = 0;
    for operation in &document.operations {
        for parameter in operation.spec["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            if parameter["in"] == "query" && name.ends_with("Id") {
                let path = format!("{}?{name}={}", operation.path, hers.of_field(name));
                let answer = other.get(&path).await;
                assert_eq!(
                    (answer.data(200), &answer.body["total"]),
                    (&json!([]), &json!(0)),
                    "{path}"
                );
                filters += 1;
            }
        }
    }
    assert_eq!(filters, 10);
}

fn body_schema(
    document: &crate::support::document::Document,
    operation: &crate::support::document::Operation,
) -> Value {
    if operation.takes_body() { document.input(operation).clone() } else { Value::Null }
}
