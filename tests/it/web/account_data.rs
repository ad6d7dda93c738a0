//! `/settings/data`.

use super::{browser::Browser, session::sign_in};
use crate::support::{PASSWORD, spawn_app};

#[tokio::test]
async fn data_is_exported_as_one_document_or_as_tables() {
    let app = spawn_app().await;
    let (user, eve) = (app.register("a@example.com").await, app.register("e@example.com").await);
    user.client("Kamala").await;
    eve.client("Nimal").await;
    let browser = Browser::of(&user);
    let page = browser.open("/settings/data").await.expect(200);
    let path = page.link("/settings/data/export.json");
    let document = browser.open(&path).await.expect(200);
    assert_eq!(document.headers["content-type"], "application/json");
    assert_eq!(
        document.headers["content-disposition"],
        "attachment; filename=\"freelanceos-2026-03-18.json\""
    );
    let data: serde_json::Value = serde_json::from_str(&document.html).unwrap();
    assert_eq!(data["clients"][0]["name"], "Kamala");
    assert!(!document.html.contains("Nimal"));
    for list in [
        "clients",
        "projects",
        "milestones",
        "proposals",
        "invoices",
        "invoice-items",
        "payments",
        "messages",
    ] {
        let path = page.link(&format!("/settings/data/export/{list}.csv"));
        let table = browser.open(&path).await.expect(200);
        assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
        assert_eq!(table.html.contains("Kamala"), list == "clients", "{list}");
    }
    browser.open("/settings/data/export/secrets.csv").await.expect(404);
    let stranger = Browser::new(&app).open(&path).await;
    assert!(stranger.path.starts_with("/login"));
}

#[tokio::test]
async fn deleting_an_account_requires_its_password_and_address() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let path = "/settings/data/delete";
    browser.open("/settings/data").await.says("Delete my account");
    let page = browser.open(path).await.expect(200);
    let wrong = [("email", "b@example.com"), ("password", "")];
    let again = browser.send(&page, path, &wrong).await.expect(400);
    again.says("This isn’t the email address of your account.").says("Fill in this field.");
    let wrong = [("email", "a@example.com"), ("password", "WrongPass123")];
    browser.send(&page, path, &wrong).await.expect(400).says("Wrong password.");
    let right = [("email", "A@Example.com"), ("password", PASSWORD)];
    let gone = browser.send(&page, path, &right).await;
    // No account is left, so the next visit is the first.
    assert_eq!(gone.path, "/welcome");
    assert!(!browser.cookies.borrow().contains_key("fos_session"));
    app.register("b@example.com").await;
    sign_in(&Browser::new(&app), "a@example.com", PASSWORD).await.expect(401);
}
