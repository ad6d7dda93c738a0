//! `/clients`.

use super::browser::Browser;
use crate::support::spawn_app;

#[tokio::test]
async fn a_client_is_added_found_edited_and_deleted() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    browser.open("/clients").await.expect(200).says("No clients yet");

    let page = browser.open("/clients/new").await;
    let typed = [("name", " <b>Kamala</b> "), ("email", "kamala@example.com"), ("phone", "")];
    let shown = browser.send(&page, "/clients", &typed).await.expect(200);
    shown.says("Client added.").says("<b>Kamala</b>").hides("Phone");
    assert!(shown.path.starts_with("/clients/client_"), "{}", shown.path);

    let found = browser.open("/clients?search=KAMALA").await;
    found.says("<b>Kamala</b>").says("kamala@example.com").hides("The client was added");
    browser.open("/clients?search=nobody").await.says("No clients found");

    let edit = format!("{}/edit", shown.path);
    let page = browser.open(&edit).await;
    assert_eq!(page.value("name").as_deref(), Some("<b>Kamala</b>"));
    let changed = browser.send(&page, &edit, &[("name", "Kamala"), ("phone", "+94 70")]).await;
    changed.says("Client saved.").says("Phone +94 70");
    let page = browser.open(&edit).await;
    let changed = browser.send(&page, &edit, &[("name", "Kamala"), ("phone", "")]).await;
    changed.hides("+94 70");

    let gone = browser.send(&changed, &format!("{}/delete", shown.path), &[]).await;
    gone.says("Client deleted.").says("No clients yet");
    browser.open(&shown.path).await.expect(404).says("Page not found");
}

#[tokio::test]
async fn errors_are_shown_at_their_fields_and_no_input_is_lost() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/clients/new").await;
    let typed = [("name", ""), ("email", "kamala"), ("company", "Acme \"&\" Co")];
    let again = browser.send(&page, "/clients", &typed).await.expect(400);
    again.says("Check the 2 fields below.").says("Fill in this field.");
    again.says("Enter a valid email");
    assert_eq!(again.value("company").as_deref(), Some("Acme \"&\" Co"));
    assert_eq!(again.html.matches("aria-invalid").count(), 2);
    browser.open("/clients").await.says("No clients yet");
}

#[tokio::test]
async fn a_form_submitted_twice_counts_once() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/clients/new").await;
    let typed = [("name", "Kamala"), ("email", "kamala@example.com")];
    let first = browser.send(&page, "/clients", &typed).await;
    let second = browser.send(&page, "/clients", &typed).await;
    assert_eq!(first.path, second.path);
    assert_eq!(user.get("/clients").await.body["total"], 1);
    // After going back and editing, it is a second client.
    let typed = [("name", "Nimal"), ("email", "nimal@example.com")];
    browser.send(&page, "/clients", &typed).await.says("Nimal");
    assert_eq!(user.get("/clients").await.body["total"], 2);
}

#[tokio::test]
async fn a_client_of_another_account_is_not_found() {
    let app = spawn_app().await;
    let (ada, eve) = (app.register("a@example.com").await, app.register("e@example.com").await);
    let client = ada.client("Kamala").await;
    let browser = Browser::of(&eve);
    let page = browser.open("/clients/new").await;
    let token = page.value("_token").unwrap();
    let path = format!("/clients/{client}");
    browser.open(&path).await.expect(404);
    browser.open(&format!("{path}/edit")).await.expect(404);
    let fields = [("_token", &*token), ("name", "Eve's")];
    browser.post(&format!("{path}/edit"), &fields).await.expect(404);
    browser.post(&format!("{path}/delete"), &fields).await.expect(404);
    assert_eq!(ada.get(&path).await.data(200)["name"], "Kamala");
}

#[tokio::test]
async fn a_client_page_shows_the_newest_work() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let (client, other) = (user.client("Kamala").await, user.client("Nimal").await);
    let path = format!("/clients/{client}");
    let browser = Browser::of(&user);
    browser
        .open(&path)
        .await
        .expect(200)
        .says("Invoices No invoices yet. Projects No projects yet.");
    for n in 1..=6 {
        user.project(&client, &format!("Shop <{n}>")).await;
    }
    user.project(&other, "Elsewhere").await;
    user.proposal(&client, "Site & more").await;
    user.invoice(&client, serde_json::json!(99.5), "2026-12-31").await;
    let shown = browser.open(&path).await;
    shown.says("All projects (6)").says("Shop <6> Planning").hides("Shop <1>").hides("Elsewhere");
    shown.says("Site & more Draft").says("due 31 Dec 2026 99.50 USD");
    browser.open(&shown.link("/projects?clientId=")).await.says("Shop <1>").hides("Elsewhere");
}

#[tokio::test]
async fn a_client_page_shows_the_amount_due_in_each_currency() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let (client, other) = (user.client("Kamala").await, user.client("Nimal").await);
    let open = async |client: &str, amount: u32, currency: &str, due: &str| {
        let body = serde_json::json!({
            "clientId": client, "amount": amount, "currency": currency, "dueDate": due,
            "issueDate": "2026-03-01",
        });
        let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
        user.put(&format!("/invoices/{id}"), serde_json::json!({"status": "sent"})).await.data(200);
        id
    };
    open(&client, 100, "USD", "2026-12-31").await;
    open(&client, 20, "USD", "2026-03-18").await;
    open(&client, 3000, "NGN", "2026-03-17").await;
    let paid = open(&client, 7, "USD", "2026-03-17").await;
    user.put(&format!("/invoices/{paid}"), serde_json::json!({"status": "paid"})).await.data(200);
    open(&other, 5, "USD", "2026-03-17").await;
    user.invoice(&client, serde_json::json!(9), "2026-12-31").await;
    let page = Browser::of(&user).open(&format!("/clients/{client}")).await;
    page.says("Paid 7.00 USD Due 120.00 USD Overdue 3,000.00 NGN Invoices");
}
