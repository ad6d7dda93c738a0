//! Two tabs edit the same thing: neither overwrites unseen changes, and no input is lost.

use std::collections::BTreeMap;

use serde_json::json;

use super::browser::{Browser, Page};
use crate::support::{User, spawn_app};

/// The form of a stored entry, and how two tabs change one of its fields.
struct Case {
    page: String,
    field: &'static str,
    /// What the faster tab saves, and how the slower one is told.
    faster: (&'static str, &'static str),
    slower: &'static str,
}

fn case(
    page: String,
    field: &'static str,
    faster: (&'static str, &'static str),
    slower: &'static str,
) -> Case {
    Case { page, field, faster, slower }
}

async fn cases(user: &User<'_>) -> Vec<Case> {
    let client = user.client("Kamala").await;
    let project = user.project(&client, "Site").await;
    let milestone = user.milestone(&project, "Design").await;
    let proposal = user.proposal(&client, "Offer").await;
    let invoice = user.invoice(&client, json!(100), "2026-04-01").await;
    let sent = user.sent_invoice(&client, json!(100)).await;
    let work = json!({"title": "Shop", "description": "A shop", "technologies": [], "links": []});
    let work = user.hub_post("/freelancer/portfolio", work).await.bare(201)["item"]["id"].clone();
    let work = work.as_str().unwrap();
    let milestone = format!("/projects/{project}/milestones/{milestone}/edit");
    vec![
        case(format!("/clients/{client}/edit"), "phone", ("1", "1"), "2"),
        case(format!("/projects/{project}/edit"), "status", ("on_hold", "On hold"), "active"),
        case(milestone, "description", ("First\nlines", "First lines"), "Second"),
        case(format!("/proposals/{proposal}/edit"), "content", ("A <b>", "A <b>"), "B"),
        case(format!("/invoices/{invoice}/edit"), "items.0.description", ("Logo", "Logo"), "Card"),
        case(
            format!("/invoices/{invoice}/edit"),
            "dueDate",
            ("2026-05-01", "2026-05-01"),
            "2026-06-01",
        ),
        case(format!("/invoices/{sent}/edit"), "notes", ("Thanks", "Thanks"), "Bye"),
        case("/profile".to_owned(), "location.city", ("Colombo", "Colombo"), "Galle"),
        case(format!("/profile/portfolio/{work}/edit"), "technologies", ("Rust", "Rust"), "SQL"),
        case("/settings".to_owned(), "dateFormat", ("dd/mm/yyyy", "18/03/2026"), "mm/dd/yyyy"),
        case("/settings/money".to_owned(), "currency", ("EUR", "EUR"), "GHS"),
        case("/settings/invoices".to_owned(), "taxId", ("T-1", "T-1"), "T-2"),
    ]
}

/// Every field that a form of the page would submit unchanged.
fn filled(page: &Page, action: &str) -> BTreeMap<String, String> {
    page.fields(action).into_iter().collect()
}

async fn send(browser: &Browser<'_>, page: &Page, action: &str, field: &str, value: &str) -> Page {
    let mut fields = filled(page, action);
    fields.insert(field.to_owned(), value.to_owned());
    let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    browser.post(action, &fields).await
}

#[tokio::test]
async fn the_slower_of_two_tabs_sees_both_versions_and_overwrites_nothing_unseen() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let place = json!({"location": {"country": "Sri Lanka"}, "username": "ada"});
    user.hub_put("/freelancer/profile", place).await;
    for Case { page, field, faster, slower } in cases(&user).await {
        let (one, two) = (browser.open(&page).await.expect(200), browser.open(&page).await);
        send(&browser, &one, &page, field, faster.0).await.expect(200);
        let stale = send(&browser, &two, &page, field, slower).await.expect(409);
        stale
            .says("changed this while you were editing")
            .says(&format!("Current value: {}", faster.1));
        let typed = |page: &Page| filled(page, &page.path)[field].replace("\r\n", "\n");
        assert_eq!(typed(&stale), slower, "{page}");
        let stored = browser.open(&page).await;
        assert_eq!(typed(&stored), faster.0, "{page}");
        // "Discard my version" leads to the stored version, and "Save my version" saves the input.
        stale.says("Discard my version").says("Save my version");
        let (before, _) = stale.html.split_once(">Discard my version").unwrap();
        assert!(before.ends_with(&format!("href=\"{page}\"")), "{before}");
        let saved = browser.post(&page, &pairs(&filled(&stale, &page))).await.expect(200);
        saved.hides("changed this while you were editing");
        assert_eq!(typed(&browser.open(&page).await), slower, "{page}");
        // A form with the current version is saved without questions.
        let third = browser.open(&page).await;
        send(&browser, &third, &page, field, faster.0).await.expect(200).hides("meantime");
    }
}

fn pairs(fields: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (&**name, &**value)).collect()
}

#[tokio::test]
async fn a_stale_form_with_errors_stays_stale_until_it_is_resolved() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let edit = format!("/clients/{}/edit", user.client("Kamala").await);
    let (one, two) = (browser.open(&edit).await, browser.open(&edit).await);
    send(&browser, &one, &edit, "phone", "1").await.expect(200);
    let wrong = send(&browser, &two, &edit, "email", "k").await.expect(400);
    send(&browser, &wrong, &edit, "email", "k@example.com").await.expect(409);
}

#[tokio::test]
async fn lines_added_elsewhere_are_shown_next_to_the_typed_ones() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let client = user.client("Kamala").await;
    let invoice = user.invoice(&client, json!(100), "2026-04-01").await;
    let edit = format!("/invoices/{invoice}/edit");
    let (older, newer) = (browser.open(&edit).await, browser.open(&edit).await);
    let mut fields = filled(&newer, &edit);
    for (line, text) in ["Logo", "Cards", "Poster", "Flyer"].into_iter().enumerate() {
        fields.insert(format!("items.{line}.description"), text.to_owned());
        fields.insert(format!("items.{line}.rate"), "10".to_owned());
    }
    browser.post(&edit, &pairs(&fields)).await.expect(200);
    // Rearranging lines without a script keeps the version that the older tab saw.
    let mut moved = filled(&older, &edit);
    moved.insert("_action".to_owned(), "add".to_owned());
    let older = browser.post(&edit, &pairs(&moved)).await.expect(200);
    let stale = send(&browser, &older, &edit, "items.0.description", "Banner").await.expect(409);
    for text in ["Logo", "Cards", "Poster", "Flyer"] {
        stale.says(&format!("Current value: {text}"));
    }
    assert_eq!(filled(&stale, &edit)["items.0.description"], "Banner");
    let kept = user.get(&format!("/invoices/{invoice}")).await;
    assert_eq!(kept.data(200)["amount"], 40);
    // Lines that exist only in the stored version are not added to the input.
    browser.post(&edit, &pairs(&filled(&stale, &edit))).await.expect(200);
    let kept = user.get(&format!("/invoices/{invoice}")).await;
    assert_eq!(kept.data(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_concurrent_forms_one_is_saved() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let edit = format!("/clients/{}/edit", user.client("Kamala").await);
    for round in 0..5 {
        let (one, two) = (browser.open(&edit).await, browser.open(&edit).await);
        let names = [format!("A{round}"), format!("B{round}")];
        let (one, two) = tokio::join!(
            send(&browser, &one, &edit, "name", &names[0]),
            send(&browser, &two, &edit, "name", &names[1]),
        );
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}

#[tokio::test]
async fn moves_and_status_buttons_check_the_status_that_was_shown() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let client = user.client("Kamala").await;
    let project = user.project(&client, "Site").await;
    let milestone = user.milestone(&project, "Design").await;
    let shown = format!("/projects/{project}");
    let (project_move, mark) =
        (format!("{shown}/move"), format!("{shown}/milestones/{milestone}/status"));
    let (board, older) = (browser.open("/projects?view=board").await, browser.open(&shown).await);
    browser.send(&board, &project_move, &[("status", "active")]).await.expect(200).says("moved to");
    browser.send(&older, &project_move, &[("status", "cancelled")]).await.says("in the meantime");
    assert_eq!(user.get(&shown).await.data(200)["status"], "active");

    browser.send(&older, &mark, &[("status", "completed")]).await.says("Completed");
    let older = browser.open(&shown).await;
    browser.send(&older, &mark, &[("status", "paid")]).await.says("Design: Paid");
    browser.send(&older, &mark, &[("status", "pending")]).await.says("in the meantime");
    let kept = user.get(&format!("/milestones?projectId={project}")).await;
    assert_eq!(kept.data(200)[0]["status"], "paid");
    // Other changes of a project do not prevent a move.
    let older = browser.open(&shown).await;
    user.put(&shown, json!({"description": "More"})).await.data(200);
    browser.send(&older, &project_move, &[("status", "completed")]).await.says("moved to");
}

#[tokio::test]
async fn a_rate_is_not_replaced_from_an_outdated_form() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let (page, set) = ("/settings/money", "/settings/money/rates");
    let rate = |from, rate| [("from", from), ("rate", rate), ("day", "2026-03-18")];
    let (older, newer) = (browser.open(page).await, browser.open(page).await);
    browser.send(&newer, set, &rate("EUR", "1.10")).await.expect(200);
    let stale = browser.send(&older, set, &rate("EUR", "1.20")).await.expect(409);
    stale.says("Current value: 1.1").says("1 EUR = 1.1 USD");
    assert_eq!(stale.value("rate").as_deref(), Some("1.20"));
    // A rate of another pair is no conflict.
    browser.send(&older, set, &rate("GBP", "1.30")).await.expect(200);
    browser.send(&stale, set, &rate("EUR", "1.20")).await.expect(200).says("1 EUR = 1.2 USD");
}

#[tokio::test]
async fn changed_totals_do_not_make_a_form_stale() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let client = user.client("Kamala").await;
    user.invoice(&client, json!(5), "2026-04-01").await;
    let edit = format!("/clients/{client}/edit");
    let settings = "/settings/invoices";
    let (of_client, of_settings) = (browser.open(&edit).await, browser.open(settings).await);
    let paid = user.sent_invoice(&client, json!(100)).await;
    user.post(&format!("/invoices/{paid}/mark-paid"), json!({})).await.data(200);
    send(&browser, &of_client, &edit, "phone", "1").await.expect(200);
    send(&browser, &of_settings, settings, "taxId", "T").await.expect(200);
}
