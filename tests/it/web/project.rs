//! `/projects`: the list, the board, and a project with its milestones.

use serde_json::json;

use super::browser::Browser;
use crate::support::spawn_app;

#[tokio::test]
async fn a_project_is_added_found_edited_and_deleted() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    browser.open("/projects").await.expect(200).says("Add a client first");
    browser.open("/projects/new").await.says("Add a client first");
    let client = user.client("Kamala <b>").await;

    let page = browser.open(&format!("/projects/new?clientId={client}")).await;
    assert!(page.html.contains(&format!("<option value=\"{client}\" selected>")), "{}", page.html);
    let typed = [
        ("name", "<i>Shop</i>"),
        ("clientId", &*client),
        ("budget", "12,000.50"),
        ("currency", "NGN"),
        ("deadline", "2026-03-01"),
        ("status", "active"),
        ("description", "One\r\ntwo"),
    ];
    let shown = browser.send(&page, "/projects", &typed).await.expect(200);
    shown.says("Project created.").says("<i>Shop</i> Active").says("Client Kamala <b>");
    shown.says("Budget ₦12,000.50").says("1 Mar 2026 overdue").says("One two");
    shown.link(&format!("/invoices/new?clientId={client}&projectId=proj_"));

    let list = browser.open(&format!("/projects?status=active&clientId={client}")).await;
    list.says("<i>Shop</i>").says("17 days late");
    browser.open("/projects?status=cancelled").await.says("No projects found");

    let edit = format!("{}/edit", shown.path);
    let page = browser.open(&edit).await;
    assert_eq!(page.value("deadline").as_deref(), Some("2026-03-01"));
    let emptied = [("name", "Shop"), ("clientId", &*client), ("currency", "NGN"), ("budget", "")];
    let emptied: Vec<_> =
        emptied.into_iter().chain([("description", ""), ("deadline", "")]).collect();
    let changed = browser.send(&page, &edit, &emptied).await.expect(200);
    changed.says("Project saved.").says("Budget –").says("Deadline –").hides("One two");

    let gone = browser.send(&changed, &format!("{}/delete", shown.path), &[]).await;
    gone.says("Project deleted.").says("No projects yet");
    browser.open(&shown.path).await.expect(404);
}

#[tokio::test]
async fn project_errors_are_shown_at_their_fields() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let other = app.register("b@example.com").await.client("Theirs").await;
    user.client("Mine").await;
    let browser = Browser::of(&user);
    let page = browser.open("/projects/new").await;
    let typed = [("name", ""), ("clientId", ""), ("budget", "much"), ("currency", "USD")];
    let again = browser.send(&page, "/projects", &typed).await.expect(400);
    again.says("Check the 3 fields below.").says("Enter a number");
    let typed = [("name", "Shop"), ("clientId", &*other)];
    let again = browser.send(&page, "/projects", &typed).await.expect(400);
    again.says("This no longer exists.");
    assert_eq!(user.get("/projects").await.body["total"], 0);
}

#[tokio::test]
async fn a_card_moves_from_column_to_column() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let id = user.project(&client, "Shop").await;
    let browser = Browser::of(&user);
    let board = browser.open(&format!("/projects?view=board&clientId={client}")).await.expect(200);
    board.says("Planning 1 project").says("Active 0 projects");
    let action = format!("/projects/{id}/move");
    let moved = browser.send(&board, &action, &[("status", "active")]).await.expect(200);
    moved.says("Shop moved to Active.").says("Planning 0 projects").says("Active 1 project");
    assert!(moved.path.contains(&format!("clientId={client}")), "{}", moved.path);
    // From the project's own page it leads back there.
    let page = browser.open(&format!("/projects/{id}")).await;
    let moved = browser.send(&page, &action, &[("status", "on_hold")]).await;
    moved.says("Shop moved to On hold.");
    assert_eq!(moved.path, format!("/projects/{id}"));
    let token = moved.value("_token").unwrap();
    let bad = [("_token", &*token), ("status", "lost")];
    browser.post(&action, &bad).await.says("Choose an option from the list.");
    assert_eq!(user.get(&format!("/projects/{id}")).await.data(200)["status"], "on_hold");
}

#[tokio::test]
async fn the_board_adds_up_budgets_and_only_counts_cancelled_projects() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let project = async |name: &str, budget: f64, currency: &str, status: &str| {
        let body = json!({
            "clientId": client, "name": name, "budget": budget, "currency": currency,
            "status": status, "deadline": "2026-03-08",
        });
        user.post("/projects", body).await.data(201)["id"].as_str().unwrap().to_owned()
    };
    let shop = project("Shop", 1200.5, "USD", "active").await;
    project("Logo", 300.0, "USD", "active").await;
    project("Photos", 5000.0, "NGN", "on_hold").await;
    project("Gone", 10.0, "USD", "cancelled").await;
    for n in 1..=12 {
        project(&format!("Done {n}"), 10.0, "USD", "completed").await;
    }
    let body = json!({
        "projectId": shop, "name": "Design", "amount": 10, "status": "completed",
    });
    user.post("/milestones", body).await.data(201);
    let browser = Browser::of(&user);
    let board = browser.open("/projects?view=board").await.expect(200);
    board.says("Active 2 projects US$1,501 Logo").says("300.00 USD 10 days late");
    // Without an exchange rate, there is no sum.
    board.says("On hold 1 project Photos").says("Cancelled 1 project").hides("Gone");
    board.says("Completed 12 projects US$120 Done 12").says("Show all 12").hides("Done 2 ");
    board.says("Invoice Design");
    assert!(board.html.contains(&format!("action=\"/projects/{shop}/milestones/ms_")));
    board.link("/projects?status=cancelled");
}

#[tokio::test]
async fn milestones_are_planned_completed_invoiced_and_paid() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let id = user.project(&client, "Shop").await;
    let place = format!("/projects/{id}");
    let browser = Browser::of(&user);
    let page = browser.open(&place).await.expect(200);
    let add = format!("{place}/milestones");
    let again = browser.send(&page, &add, &[("name", "Design"), ("amount", "1.234")]).await;
    let again = again.expect(400);
    again.says("Check the field below.");
    assert_eq!(again.value("name").as_deref(), Some("Design"));
    let typed = [("name", "Design & <b>more</b>"), ("amount", "1,500"), ("dueDate", "2026-03-10")];
    let shown = browser.send(&again, &add, &typed).await.expect(200);
    shown.says("Milestone added.").says("0 of 1 completed").says("Due 10 Mar 2026 overdue");

    let start = format!("{place}/milestones/");
    let edit = shown.link(&start);
    let one = edit.strip_suffix("/edit").unwrap();
    let status = format!("{one}/status");
    let done = browser.send(&shown, &status, &[("status", "completed")]).await.expect(200);
    done.says("1 of 1 completed · USD 1,500.00 of USD 1,500.00").says("Completed on 18 Mar 2026");
    let token = [("_token", &*done.value("_token").unwrap())];
    let invoice = browser.post(&format!("{one}/invoice"), &token).await.expect(200);
    invoice.says("Design & <b>more</b>").says("USD 1,500.00");
    let paid = browser.send(&done, &status, &[("status", "paid")]).await;
    paid.says(": Paid");

    let page = browser.open(&edit).await;
    let typed = [("name", "Design"), ("amount", "900"), ("status", "pending"), ("dueDate", "")];
    let changed = browser.send(&page, &edit, &typed).await.expect(200);
    changed.says("Milestone saved.").says("0 of 1 completed").says("No due date");
    let page = browser.open(&edit).await;
    let gone = browser.send(&page, &format!("{one}/delete"), &[]).await.expect(200);
    gone.says("Milestone deleted.").hides("0 of 1 completed");
    browser.open(&edit).await.expect(404);
}

#[tokio::test]
async fn a_project_of_another_account_is_not_found() {
    let app = spawn_app().await;
    let (ada, eve) = (app.register("a@example.com").await, app.register("e@example.com").await);
    let client = ada.client("Kamala").await;
    let id = ada.project(&client, "Shop").await;
    let milestone = ada.milestone(&id, "Design").await;
    let own = eve.project(&eve.client("Own").await, "Own").await;
    let browser = Browser::of(&eve);
    let token = browser.open("/projects/new").await.value("_token").unwrap();
    let fields = [("_token", &*token), ("status", "completed"), ("name", "x"), ("amount", "1")];
    for path in [format!("/projects/{id}"), format!("/projects/{id}/edit")] {
        browser.open(&path).await.expect(404);
    }
    for path in [
        format!("/projects/{id}/edit"),
        format!("/projects/{id}/move"),
        format!("/projects/{id}/delete"),
        format!("/projects/{id}/milestones"),
        format!("/projects/{id}/milestones/{milestone}/status"),
        // Not through a project of her own either.
        format!("/projects/{own}/milestones/{milestone}/status"),
        format!("/projects/{own}/milestones/{milestone}/delete"),
    ] {
        browser.post(&path, &fields).await.expect(404);
    }
    let project = ada.get(&format!("/projects/{id}")).await;
    let project = project.data(200);
    assert_eq!((&project["name"], &project["status"]), (&json!("Shop"), &json!("planning")));
    assert_eq!(project["milestones"][0]["status"], "pending");
}
