//! Invoices and projects created from proposals, milestones and projects: in the right currency,
//! and only once.

use freelanceos::{
    app::{
        invoice::create_invoice, project::create_project, proposal::duplicate_proposal,
        unit_of_work::Work,
    },
    domain::{error::Kind, input::Input, invoice::NewInvoice, project::NewProject},
};
use serde_json::{Value, json};

use super::browser::Browser;
use crate::support::{FromPage, User, spawn_app};

/// A project in its own currency with one completed milestone. Returns both ids.
async fn project(user: &User<'_>, client: &str) -> (String, String) {
    let body = json!({
        "clientId": client, "name": "Shop", "budget": 3_000_000, "currency": "NGN",
        "status": "active",
    });
    let project = user.post("/projects", body).await.data(201)["id"].as_str().unwrap().to_owned();
    let body = json!({
        "projectId": project, "name": "Design", "amount": 950_000, "status": "completed",
    });
    let milestone = user.post("/milestones", body).await.data(201)["id"].clone();
    (project, milestone.as_str().unwrap().to_owned())
}

async fn accepted(user: &User<'_>, client: &str) -> String {
    let body = json!({"clientId": client, "title": "Offer", "amount": 12_500.5, "currency": "EUR"});
    let id = user.post("/proposals", body).await.data(201)["id"].as_str().unwrap().to_owned();
    user.put(&format!("/proposals/{id}"), json!({"status": "accepted"})).await.data(200);
    id
}

async fn milestone_of(user: &User<'_>, project: &str) -> Value {
    user.get(&format!("/milestones?projectId={project}")).await.data(200)[0].clone()
}

#[tokio::test]
async fn a_milestone_is_invoiced_once_in_its_currency_and_again_after_the_invoice_is_cancelled() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ngozi").await;
    let (project, milestone) = project(&user, &client).await;
    let browser = Browser::of(&user);
    let page = browser.open(&format!("/projects/{project}")).await;
    let editor = page.link(&format!("/invoices/new?clientId={client}&projectId={project}&desc"));
    let page = browser.open(&editor).await.expect(200);
    let typed = [
        ("clientId", &*client),
        ("projectId", &*project),
        ("currency", "NGN"),
        ("dueDate", "2026-04-15"),
        ("items.0.description", "Design"),
        ("items.0.rate", "950000"),
    ];
    assert!(page.html.contains("<option value=\"NGN\" selected>"), "{}", page.html);
    let first = browser.send(&page, "/invoices", &typed).await.expect(200);
    first.says("₦950,000.00");
    let id = first.path.rsplit('/').next().unwrap().to_owned();
    assert_eq!(milestone_of(&user, &project).await["invoiceId"], id);

    let shown = browser.open(&format!("/projects/{project}")).await;
    shown.says("Invoice INV-2026-001").hides("Create invoice");
    // An older tab still shows the form.
    let page = browser.open(&editor).await;
    let again = browser.send(&page, "/invoices", &typed).await.expect(409);
    again.says("This milestone is already invoiced in INV-2026-001.");
    assert_eq!(user.get("/invoices").await.body["total"], 1);
    // Whatever the status of the invoice, the milestone is not invoiced twice.
    let path = format!("/invoices/{id}");
    user.put(&path, json!({"status": "sent"})).await.data(200);
    user.put(&path, json!({"status": "paid"})).await.data(200);
    browser.send(&page, "/invoices", &typed).await.expect(409);
    browser.open(&format!("/projects/{project}")).await.hides("Create invoice");

    // The first invoice of a second milestone is cancelled, in both possible ways.
    let body = json!({"projectId": project, "name": "Build", "amount": 10, "status": "completed"});
    let second = user.post("/milestones", body).await.data(201)["id"].as_str().unwrap().to_owned();
    let editor = editor.replace(&milestone, &second);
    for round in 0..2 {
        let page = browser.open(&editor).await;
        let made = browser.send(&page, "/invoices", &typed).await.expect(200);
        if round == 0 {
            user.delete(&made.path).await.data(200);
        } else {
            user.put(&made.path, json!({"status": "cancelled"})).await.data(200);
        }
        let list = user.get(&format!("/milestones?projectId={project}")).await;
        assert_eq!(list.data(200)[0]["id"], second);
        assert_eq!(list.data(200)[0].get("invoiceId"), None);
    }
}

#[tokio::test]
async fn a_paid_milestone_is_not_invoiced() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ngozi").await;
    let (project, milestone) = project(&user, &client).await;
    user.put(&format!("/milestones/{milestone}"), json!({"status": "paid"})).await.data(200);
    let browser = Browser::of(&user);
    browser.open(&format!("/projects/{project}")).await.hides("Create invoice");
    let new = json!({
        "clientId": client, "projectId": project, "milestoneId": milestone, "amount": 1,
        "dueDate": "2026-04-15",
    });
    let new = NewInvoice::read(&FromPage(&new)).unwrap();
    let create = move |work: &mut Work| create_invoice(work, &new);
    let error = app.app.run(user.claims(), create).await.unwrap_err();
    assert_eq!(error.to_string(), "This milestone is already paid");
}

#[tokio::test]
async fn concurrent_requests_create_one_invoice_of_a_milestone_and_one_project_of_a_proposal() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ngozi").await;
    let (project, milestone) = project(&user, &client).await;
    let proposal = accepted(&user, &client).await;
    let invoice = json!({
        "clientId": client, "milestoneId": milestone, "amount": 1, "dueDate": "2026-04-15",
    });
    let invoice = NewInvoice::read(&FromPage(&invoice)).unwrap();
    let make = || {
        let invoice = invoice.clone();
        app.app.run(user.claims(), move |work| create_invoice(work, &invoice))
    };
    let made = tokio::join!(make(), make(), make());
    let made = [made.0, made.1, made.2];
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    let refused = made.iter().filter_map(|made| made.as_ref().err());
    assert!(refused.into_iter().all(|error| *error.kind() == Kind::Conflict));
    let list = user.get("/invoices").await;
    assert_eq!(list.body["total"], 1);
    // Project and currency default to those of the milestone.
    assert_eq!(list.data(200)[0]["projectId"], project);
    assert_eq!(list.data(200)[0]["currency"], "NGN");

    let new = json!({"clientId": client, "name": "Offer", "proposalId": proposal});
    let new = NewProject::read(&FromPage(&new)).unwrap();
    let make = || {
        let new = new.clone();
        app.app.run(user.claims(), move |work| create_project(work, &new))
    };
    let made = tokio::join!(make(), make(), make());
    assert_eq!([made.0, made.1, made.2].iter().filter(|made| made.is_ok()).count(), 1);
    assert_eq!(user.get("/projects").await.body["total"], 2);
}

#[tokio::test]
async fn a_proposal_becomes_one_project_and_another_once_that_is_deleted() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ngozi").await;
    let id = accepted(&user, &client).await;
    let path = format!("/proposals/{id}");
    let browser = Browser::of(&user);
    for _ in 0..2 {
        assert_eq!(user.get(&path).await.data(200).get("projectId"), None);
        let form = browser.open(&path).await.link("/projects/new?proposalId=");
        let page = browser.open(&form).await.expect(200);
        assert!(page.html.contains("<option value=\"EUR\" selected>"), "{}", page.html);
        let typed = [
            ("name", "The shop"),
            ("clientId", &*client),
            ("budget", "12500.50"),
            ("currency", "EUR"),
            ("status", "active"),
        ];
        let made = browser.send(&page, "/projects", &typed).await.expect(200);
        made.says("Budget €12,500.50");
        let project = made.path.rsplit('/').next().unwrap();
        assert_eq!(user.get(&path).await.data(200)["projectId"], project);
        browser.open(&path).await.says("Project The shop").hides("Create project");
        let again = browser.send(&page, "/projects", &typed).await;
        assert_ne!(again.status, 500);
        let page = browser.open(&form).await;
        let again = browser.send(&page, "/projects", &typed).await.expect(409);
        again.says("This proposal has already become the project \"The shop\".");
        user.delete(&format!("/projects/{project}")).await.data(200);
    }
    assert_eq!(user.get("/projects").await.body["total"], 0);
    // A copy of a proposal is new, so no project was created from it.
    let form = browser.open(&path).await.link("/projects/new?proposalId=");
    let page = browser.open(&form).await;
    let typed = [("name", "P"), ("clientId", &*client), ("currency", "EUR")];
    browser.send(&page, "/projects", &typed).await.expect(200);
    let claims = user.claims();
    let proposal = freelanceos::domain::id::ProposalId::parse(&id);
    let copy = app.app.run(claims, move |work| duplicate_proposal(work, proposal)).await.unwrap();
    assert_eq!(copy.project, None);
}

#[tokio::test]
async fn an_invoice_of_a_proposal_or_project_starts_in_its_currency() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ngozi").await;
    let id = accepted(&user, &client).await;
    let (project, _) = project(&user, &client).await;
    let browser = Browser::of(&user);
    let shown = browser.open(&format!("/proposals/{id}")).await;
    let editor = browser.open(&shown.link(&format!("/invoices/new?clientId={client}"))).await;
    assert!(editor.html.contains("<option value=\"EUR\" selected>"), "{}", editor.html);
    for page in [format!("/projects/{project}"), format!("/invoices?projectId={project}")] {
        let shown = browser.open(&page).await;
        let link = shown.link(&format!("/invoices/new?clientId={client}&projectId={project}"));
        let editor = browser.open(&link).await;
        assert!(editor.html.contains("<option value=\"NGN\" selected>"), "{page}");
    }
    // Through the API without a currency.
    let body = |currency: Option<&str>| {
        let mut body = json!({
            "clientId": client, "projectId": project, "amount": 100, "dueDate": "2026-04-15",
        });
        body["currency"] = json!(currency);
        body
    };
    assert_eq!(user.post("/invoices", body(None)).await.data(201)["currency"], "NGN");
    assert_eq!(user.post("/invoices", body(Some("GHS"))).await.data(201)["currency"], "GHS");
    // A project of another account reveals nothing.
    let other = app.register("b@example.com").await;
    let theirs = Browser::of(&other);
    theirs.open(&format!("/invoices/new?projectId={project}")).await.expect(404);
}

#[tokio::test]
async fn an_invoice_cannot_have_a_project_of_another_client() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let (a, b) = (user.client("A").await, user.client("B").await);
    let ((of_a, milestone), (of_b, _)) = (project(&user, &a).await, project(&user, &b).await);
    let told = "projectId belongs to another client";
    let body = json!({"clientId": a, "projectId": of_b, "amount": 100, "dueDate": "2026-04-15"});
    assert_eq!(user.post("/invoices", body.clone()).await.error(400), told);
    let mut good = body;
    good["projectId"] = of_a.as_str().into();
    let invoice = user.post("/invoices", good).await.data(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/invoices/{invoice}");
    for bad in [json!({"projectId": of_b}), json!({"clientId": b})] {
        assert_eq!(user.put(&path, bad).await.error(400), told);
    }
    user.put(&path, json!({"clientId": b, "projectId": of_b})).await.data(200);
    user.put(&path, json!({"clientId": a, "projectId": ""})).await.data(200);
    // A sent invoice cannot either.
    user.put(&path, json!({"status": "sent"})).await.data(200);
    assert_eq!(user.put(&path, json!({"projectId": of_b})).await.error(400), told);
    user.put(&path, json!({"projectId": of_a})).await.data(200);

    let browser = Browser::of(&user);
    let page = browser.open("/invoices/new").await;
    let typed = [
        ("clientId", &*a),
        ("projectId", &*of_b),
        ("currency", "USD"),
        ("dueDate", "2026-04-15"),
        ("items.0.description", "Work"),
        ("items.0.rate", "1"),
    ];
    browser.send(&page, "/invoices", &typed).await.expect(400).says("belongs to another client");
    // A milestone requires its own project, and cannot belong to another account.
    let mut typed = typed.to_vec();
    typed.push(("milestoneId", &*milestone));
    browser.send(&page, "/invoices", &typed).await.expect(400);
    let other = app.register("b@example.com").await;
    let client = other.client("C").await;
    let theirs = Browser::of(&other);
    let page = theirs.open("/invoices/new").await;
    typed[0].1 = &client;
    typed[1].1 = "";
    theirs.send(&page, "/invoices", &typed).await.expect(400);
    assert_eq!(milestone_of(&user, &of_a).await.get("invoiceId"), None);
}
