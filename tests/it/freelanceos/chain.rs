//! The way from a proposal to money, and the links along it.

use serde_json::{Value, json};

use crate::support::{User, spawn_app};

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

/// Asserts that fields of something have these values.
#[track_caller]
fn has(of: &Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(of.get(name).unwrap_or(&Value::Null), value, "{name} of {of}");
    }
}

async fn proposal_of(user: &User<'_>, id: &str) -> Value {
    user.get(&format!("/proposals/{id}")).await.data(200).clone()
}

async fn invoice_of(user: &User<'_>, id: &str) -> Value {
    user.get(&format!("/invoices/{id}")).await.data(200).clone()
}

async fn milestone_of(user: &User<'_>, project: &str, id: &str) -> Value {
    let project = user.get(&format!("/projects/{project}")).await;
    let milestones = project.data(200)["milestones"].as_array().unwrap().clone();
    milestones.into_iter().find(|milestone| milestone["id"] == id).unwrap()
}

async fn act(user: &User<'_>, path: &str, status: u16) -> Value {
    user.post(path, json!({})).await.data(status).clone()
}

#[tokio::test]
async fn an_accepted_proposal_becomes_one_project_until_that_is_deleted() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let body = json!({
        "clientId": client, "title": "Shop", "content": "All of it", "amount": 1250.5,
        "currency": "KWD",
    });
    let proposal = id(user.post("/proposals", body).await.data(201));
    let path = format!("/proposals/{proposal}/project");
    let refused = user.post(&path, json!({})).await;
    assert_eq!(refused.error(409), "This proposal is not accepted yet");
    let accepted = json!({"status": "accepted"});
    user.put(&format!("/proposals/{proposal}"), accepted).await.data(200);
    let invoice = json!({
        "clientId": client, "proposalId": proposal, "dueDate": "2026-04-15",
    });
    let invoice = user.post("/invoices", invoice).await.data(201).clone();
    has(&invoice, &json!({"amount": 1250.5, "currency": "KWD", "projectId": null}));
    assert_eq!(invoice["items"][0]["description"], "Shop");
    for _ in 0..2 {
        has(&proposal_of(&user, &proposal).await, &json!({"projectId": null}));
        let project = act(&user, &path, 201).await;
        has(
            &project,
            &json!({
                "clientId": client, "name": "Shop", "description": "All of it", "budget": 1250.5,
                "currency": "KWD", "status": "planning", "proposalId": proposal,
            }),
        );
        let project = id(&project);
        let links = json!({"projectId": project, "invoiceId": invoice["id"]});
        has(&proposal_of(&user, &proposal).await, &links);
        // The invoices of the proposal are those of the project.
        let links = json!({"projectId": project, "proposalId": proposal});
        has(&invoice_of(&user, &id(&invoice)).await, &links);
        let again = user.post(&path, json!({})).await;
        let told = "This proposal has already become the project \"Shop\"";
        assert_eq!(again.error(409), told);
        user.delete(&format!("/projects/{project}")).await.data(200);
    }
    user.delete(&format!("/invoices/{}", id(&invoice))).await.data(200);
    has(&proposal_of(&user, &proposal).await, &json!({"invoiceId": null, "projectId": null}));
    user.delete(&format!("/clients/{client}")).await.data(200);
    let refused = user.post(&path, json!({})).await;
    assert_eq!(refused.error(409), "The client of this proposal was deleted");
}

#[tokio::test]
async fn a_milestone_has_one_invoice_and_is_paid_with_it() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let tax = user.tax(json!({"name": "VAT", "rate": 10})).await;
    user.put("/settings", json!({"invoicing": {"taxIds": [tax]}})).await.data(200);
    let client = user.client("ශ්‍රී ලංකා").await;
    let body = json!({"clientId": client, "name": "Shop", "currency": "XOF"});
    let project = id(user.post("/projects", body).await.data(201));
    for (status, is_completed) in [("pending", false), ("completed", true)] {
        let body = json!({
            "projectId": project, "name": "සැලසුම", "amount": 1000, "status": status,
        });
        let milestone = id(user.post("/milestones", body).await.data(201));
        let path = format!("/milestones/{milestone}/invoice");
        let cancelled = id(&act(&user, &path, 201).await);
        user.delete(&format!("/invoices/{cancelled}")).await.data(200);
        has(&invoice_of(&user, &cancelled).await, &json!({"milestoneId": null}));

        let invoice = act(&user, &path, 201).await;
        has(
            &invoice,
            &json!({
                "clientId": client, "projectId": project, "milestoneId": milestone,
                "currency": "XOF", "amount": 1100, "status": "draft",
                // Nobody has payment terms.
                "dueDate": "2026-04-17T00:00:00Z",
            }),
        );
        assert_eq!(invoice["items"][0]["description"], "සැලසුම");
        let (invoice, number) = (id(&invoice), invoice["number"].as_str().unwrap());
        let again = user.post(&path, json!({})).await;
        let told = format!("This milestone is already invoiced in {number}");
        assert_eq!(again.error(409), told);

        let state = async |status: &str, is_completed: bool| {
            let now = milestone_of(&user, &project, &milestone).await;
            has(&now, &json!({"status": status, "invoiceId": invoice}));
            assert_eq!(now.get("completedAt").is_some(), is_completed, "{now}");
        };
        act(&user, &format!("/invoices/{invoice}/send"), 200).await;
        state(status, is_completed).await;
        let pay = format!("/invoices/{invoice}/payments");
        user.post(&pay, json!({"amount": 600})).await.data(201);
        state(status, is_completed).await;
        let rest = id(user.post(&pay, json!({"amount": 500})).await.data(201));
        state("paid", true).await;
        user.delete(&format!("/payments/{rest}")).await.data(200);
        state(status, is_completed).await;
        // Whoever says meanwhile what it is, knows better.
        act(&user, &format!("/invoices/{invoice}/mark-paid"), 200).await;
        let change = json!({"status": "pending"});
        user.put(&format!("/milestones/{milestone}"), change).await.data(200);
        let listed = user.get(&pay).await;
        user.delete(&format!("/payments/{}", id(&listed.data(200)[0]))).await.data(200);
        state("pending", false).await;
    }
    let body = json!({"projectId": project, "name": "M", "amount": 10, "status": "paid"});
    let paid = id(user.post("/milestones", body).await.data(201));
    let refused = user.post(&format!("/milestones/{paid}/invoice"), json!({})).await;
    assert_eq!(refused.error(409), "This milestone is already paid");
}

#[tokio::test]
async fn a_voided_invoice_frees_its_milestone_and_takes_the_payment_back() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let project = user.project(&client, "Shop").await;
    let milestone = user.milestone(&project, "Design").await;
    let path = format!("/milestones/{milestone}/invoice");
    let due = json!({"dueDate": "2026-04-01"});
    let invoice = user.post(&path, due).await.data(201).clone();
    has(&invoice, &json!({"dueDate": "2026-04-01T00:00:00Z"}));
    let invoice = id(&invoice);
    act(&user, &format!("/invoices/{invoice}/send"), 200).await;
    user.post(&path, json!({})).await.error(409);
    let void = json!({"reason": "Wrong"});
    user.post(&format!("/invoices/{invoice}/void"), void).await.data(201);
    has(
        &milestone_of(&user, &project, &milestone).await,
        &json!({
            "status": "pending", "invoiceId": null,
        }),
    );
    act(&user, &path, 201).await;
}

#[tokio::test]
async fn concurrent_requests_make_one_invoice_of_a_milestone_and_one_project_of_a_proposal() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Ngozi").await;
    let project = user.project(&client, "Shop").await;
    let milestone = user.milestone(&project, "Design").await;
    let proposal = user.accepted_proposal(&client).await;
    for (path, list, before) in [
        (format!("/milestones/{milestone}/invoice"), "/invoices", 0),
        (format!("/proposals/{proposal}/project"), "/projects", 1),
    ] {
        let make = || user.post(&path, json!({}));
        let made = tokio::join!(make(), make(), make());
        let mut statuses = [made.0, made.1, made.2].map(|answer| answer.status.as_u16());
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409]);
        assert_eq!(user.get(list).await.body["total"], before + 1);
    }
}

#[tokio::test]
async fn an_invoice_is_made_from_a_proposal_of_its_client_in_its_currency() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let (client, other) = (user.client("Ngozi").await, user.client("Kamala").await);
    let proposal = user.accepted_proposal(&client).await;
    let body = |client: &str, more: Value| {
        let mut body = json!({
            "clientId": client, "proposalId": proposal, "dueDate": "2026-04-15",
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let refused = user.post("/invoices", body(&other, json!({}))).await;
    assert_eq!(refused.error(400), "proposalId belongs to another client");
    let refused = user.post("/invoices", body(&client, json!({"currency": "EUR"}))).await;
    assert_eq!(refused.error(400), "currency must be USD, the currency of the proposal");
    // What the request says counts.
    let own = json!({"currency": "EUR", "amount": 70});
    let made = user.post("/invoices", body(&client, own)).await.data(201).clone();
    has(&made, &json!({"currency": "EUR", "amount": 70, "proposalId": proposal}));
    // A deleted proposal is forgotten.
    let open = user.proposal(&client, "Another").await;
    let mut body = body(&client, json!({"amount": 5}));
    body["proposalId"] = open.as_str().into();
    let made = id(user.post("/invoices", body).await.data(201));
    user.delete(&format!("/proposals/{open}")).await.data(200);
    has(&invoice_of(&user, &made).await, &json!({"proposalId": null}));
}
