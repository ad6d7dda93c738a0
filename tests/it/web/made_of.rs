//! Invoices and projects created from proposals, milestones and projects: in the right currency,
//! and only once.

use freelanceos::app::proposal::duplicate_proposal;
use serde_json::{Value, json};

use super::browser::{Browser, Page};
use crate::support::{User, spawn_app};

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

/// The hidden fields of a form with only a button.
fn token(page: &Page) -> [(&'static str, &str); 1] {
    [(
        "_token",
        page.html.split_once("name=\"_token\" value=\"").unwrap().1.split('"').next().unwrap(),
    )]
}

async fn milestone_of(user: &User<'_>, project: &str) -> Value {
    user.get(&format!("/milestones?projectId={project}")).await.data(200)[0].clone()
}

#[tokio::test]
async fn a_milestone_is_invoiced_once_and_again_after_the_draft_is_deleted() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ngozi").await;
    let (project, milestone) = project(&user, &client).await;
    let browser = Browser::of(&user);
    let make = format!("/projects/{project}/milestones/{milestone}/invoice");
    for number in ["INV-2026-001", "INV-2026-002"] {
        let page = browser.open(&format!("/projects/{project}")).await.expect(200);
        page.says("Create invoice");
        let made = browser.post(&make, &token(&page)).await.expect(200);
        made.says("₦950,000.00").says(number).says("Project Shop").says("Milestone Design");
        made.link(&format!("/projects/{project}#milestones"));
        let shown = browser.open(&format!("/projects/{project}")).await;
        shown.says(&format!("Invoice {number}")).hides("Create invoice");
        // An older tab still shows the button.
        let again = browser.post(&make, &token(&page)).await.expect(200);
        again.says(&format!("This milestone is already invoiced in {number}."));
        assert_eq!(user.get("/invoices").await.body["total"], 1);
        browser.send(&made, &format!("{}/delete", made.path), &[]).await.says("deleted");
        assert_eq!(milestone_of(&user, &project).await.get("invoiceId"), None);
    }
    user.put(&format!("/milestones/{milestone}"), json!({"status": "paid"})).await.data(200);
    let page = browser.open(&format!("/projects/{project}")).await;
    page.hides("Create invoice");
    browser.post(&make, &token(&page)).await.says("This milestone is already paid.");
}

#[tokio::test]
async fn a_proposal_becomes_one_project_and_another_once_that_is_deleted() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ngozi").await;
    let id = accepted(&user, &client).await;
    let path = format!("/proposals/{id}");
    let make = format!("{path}/project");
    let browser = Browser::of(&user);
    for _ in 0..2 {
        let page = browser.open(&path).await;
        page.says("Create project");
        let made = browser.send(&page, &make, &[]).await.expect(200);
        made.says("Offer").says("Budget €12,500.50").says("Proposal Offer").link(&path);
        let shown = browser.open(&path).await;
        shown.says("Project Offer").hides("Create project").link(&made.path);
        let again = browser.send(&page, &make, &[]).await.expect(200);
        again.says("This proposal has already become the project \"Offer\".");
        user.delete(&made.path).await.data(200);
    }
    assert_eq!(user.get("/projects").await.body["total"], 0);
    // A copy of a proposal is new, so no project was created from it.
    let page = browser.open(&path).await;
    browser.send(&page, &make, &[]).await.expect(200);
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
    let editor = browser.open(&shown.link(&format!("/invoices/new?proposalId={id}"))).await;
    assert!(editor.html.contains("<option value=\"EUR\" selected>"), "{}", editor.html);
    assert!(editor.html.contains("\nOffer</textarea>"), "{}", editor.html);
    assert_eq!(editor.value("items.0.rate").as_deref(), Some("12500.5"));
    let typed = [
        ("clientId", &*client),
        ("proposalId", &*id),
        ("currency", "EUR"),
        ("dueDate", "2026-04-15"),
        ("items.0.description", "Offer"),
        ("items.0.rate", "12500.5"),
    ];
    let made = browser.send(&editor, "/invoices", &typed).await.expect(200);
    made.says("Proposal Offer").link(&format!("/proposals/{id}"));
    browser.open(&format!("/proposals/{id}")).await.says("INV-2026-001").link(&made.path);
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
    // Another account cannot reach a milestone or a proposal either.
    let other = app.register("b@example.com").await;
    let theirs = Browser::of(&other);
    let page = theirs.open("/invoices/new").await;
    let make = format!("/projects/{of_a}/milestones/{milestone}/invoice");
    theirs.post(&make, &token(&page)).await.expect(404);
    let proposal = accepted(&user, &a).await;
    theirs.open(&format!("/invoices/new?proposalId={proposal}")).await.expect(404);
    let make = format!("/proposals/{proposal}/project");
    theirs.post(&make, &token(&page)).await.expect(404);
    assert_eq!(milestone_of(&user, &of_a).await.get("invoiceId"), None);
}

#[tokio::test]
async fn a_deposit_is_asked_for_and_deducted_without_scripts() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Ngozi").await;
    let id = accepted(&user, &client).await;
    let browser = Browser::of(&user);
    let shown = browser.open(&format!("/proposals/{id}")).await;
    let page = browser.open(&shown.link(&format!("/proposals/{id}/deposit"))).await.expect(200);
    page.says("The part of €12,500.50 that your client pays before you begin.");
    let place = format!("/proposals/{id}/deposit");
    let both = [("percent", "20"), ("amount", "10")];
    browser.send(&page, &place, &both).await.expect(400).says("Check the field below.");
    let made = browser.send(&page, &place, &[("percent", "20"), ("amount", "")]).await.expect(200);
    made.says("Deposit invoice")
        .says("20% deposit: Offer")
        .says("€2,500.10")
        .says("Proposal Offer");
    let deposit = made.path.clone();

    // Before it is sent, there is nothing to deduct.
    let editor = browser.open(&format!("/invoices/new?proposalId={id}")).await.expect(200);
    editor.hides("Deduct deposits: INV-2026-001");
    user.put(&deposit, json!({"status": "sent"})).await.data(200);
    let editor = browser.open(&format!("/invoices/new?proposalId={id}")).await.expect(200);
    editor.says("Deduct deposits: INV-2026-001 (€2,500.10)").says("Deposits -2,500.10");
    editor.says("Less deposit INV-2026-001").says("10,000.40");
    let typed = [
        ("clientId", &*client),
        ("currency", "EUR"),
        ("dueDate", "2026-04-15"),
        ("items.0.description", "Offer"),
        ("items.0.rate", "12500.5"),
        ("deductDeposits", "on"),
    ];
    let last = browser.send(&editor, "/invoices", &typed).await.expect(200);
    last.says("Less deposit INV-2026-001").says("€10,000.40").says("Deducts deposit INV-2026-001");
    last.link(&deposit);
    browser.open(&deposit).await.says("Deducted on INV-2026-002").link(&last.path);

    let edit = format!("{}/edit", last.path);
    let page = browser.open(&edit).await.expect(200);
    page.says("Deduct deposits: INV-2026-001");
    assert!(page.html.contains("name=\"deductDeposits\" value=\"on\" checked"), "{}", page.html);
    assert!(!page.html.contains("items.1.rate\" value=\"-"), "{}", page.html);
    let mut whole = typed.to_vec();
    whole[5] = ("deductDeposits", "");
    let saved = browser.send(&page, &edit, &whole).await.expect(200);
    saved.says("€12,500.50").hides("Less deposit");
    browser.open(&deposit).await.hides("Deducted on");
}
