//! Numbers in forms: the account's format defines the separators.

use super::browser::Browser;
use crate::support::{User, spawn_app};

/// Sets the number format of the account.
pub async fn write_numbers(browser: &Browser<'_>, format: &str) {
    let page = browser.open("/settings/invoices").await.expect(200);
    let typed = [
        ("numberPattern", "INV-{YYYY}-{NNN}"),
        ("nextNumber", "1"),
        ("paymentTermsDays", "30"),
        ("taxRate", "0"),
        ("numberFormat", format),
    ];
    let saved = browser.send(&page, "/settings/invoices", &typed).await.expect(200);
    assert!(saved.html.contains(&format!("<option selected>{}<", escaped(format))), "{format}");
}

fn escaped(text: &str) -> String {
    text.replace('\'', "&#39;")
}

/// The budget of the newest project, as the API formats it.
async fn budget(user: &User<'_>) -> String {
    user.get("/projects").await.data(200)[0]["budget"].to_string()
}

#[tokio::test]
async fn a_number_is_parsed_and_shown_in_the_accounts_format() {
    for (format, typed, shown, budget_is) in [
        ("1,234.56", "2,179.5", "2179.5", "2179.5"),
        ("1,234.56", "1.25", "1.25", "1.25"),
        ("1,234.56", "1.250,00", "1250.00", "1250"),
        ("1.234,56", "1.250", "1250", "1250"),
        ("1.234,56", "60,28", "60,28", "60.28"),
        ("1 234,56", "1 250,5", "1250,5", "1250.5"),
        ("1'234.56", "1’250.5", "1250.5", "1250.5"),
    ] {
        let app = spawn_app().await;
        let user = app.register("a@example.com").await;
        let client = user.client("Kamala").await;
        let browser = Browser::of(&user);
        write_numbers(&browser, format).await;
        let page = browser.open("/projects/new").await;
        let fields = [
            ("clientId", &*client),
            ("name", "Site"),
            ("status", "planning"),
            ("currency", "USD"),
            ("budget", typed),
        ];
        let made = browser.send(&page, "/projects", &fields).await.expect(200);
        assert_eq!(budget(&user).await, budget_is, "{format}: {typed}");

        // A form submitted unchanged changes nothing.
        let edit = format!("{}/edit", made.path);
        let page = browser.open(&edit).await.expect(200);
        let value = page.value("budget").unwrap();
        assert_eq!(value.trim_end_matches(".00"), shown.trim_end_matches(".00"), "{format}");
        let mut again = fields;
        again[4].1 = &value;
        browser.send(&page, &edit, &again).await.expect(200);
        assert_eq!(budget(&user).await, budget_is, "{format}: {value}");
    }
}

#[tokio::test]
async fn ambiguous_numbers_are_queried_in_every_form() {
    for (format, typed, said) in [
        ("1,234.56", "1,25", "Enter the number in the format 1,234.56. It could mean: 1.25, 125."),
        ("1.234,56", "7.5", "Enter the number in the format 1.234,56. It could mean: 7,5, 75."),
        ("1 234,56", "1.250", "1,250, 1250."),
        ("1'234.56", "2,179", "2.179, 2179."),
    ] {
        let app = spawn_app().await;
        let user = app.register("a@example.com").await;
        user.hub_put("/freelancer/profile", serde_json::json!({"username": "ada"})).await;
        let client = user.client("Kamala").await;
        let project = user.project(&client, "Site").await;
        let browser = Browser::of(&user);
        write_numbers(&browser, format).await;
        for (page, form, field, others) in [
            ("/projects/new", "/projects", "budget", &[("name", "Site"), ("currency", "USD")][..]),
            ("/proposals/new", "/proposals", "amount", &[("title", "Site"), ("currency", "USD")]),
            (
                &format!("/projects/{project}"),
                &format!("/projects/{project}/milestones"),
                "amount",
                &[("name", "Draft")],
            ),
            (
                "/invoices/new",
                "/invoices",
                "items.0.rate",
                &[("items.0.description", "x"), ("dueDate", "2026-04-01"), ("currency", "USD")],
            ),
            (
                "/invoices/new",
                "/invoices",
                "taxRate",
                &[("items.0.rate", "1"), ("dueDate", "2026-04-01"), ("currency", "USD")],
            ),
            ("/settings/invoices", "/settings/invoices", "taxRate", &[("paymentTermsDays", "30")]),
            ("/settings/money", "/settings/money/rates", "rate", &[("from", "EUR")]),
        ] {
            let page = browser.open(page).await.expect(200);
            let mut fields = vec![("clientId", &*client), (field, typed)];
            fields.extend(others);
            let asked = browser.send(&page, form, &fields).await.expect(400);
            asked.says(said);
            assert_eq!(asked.value(field).as_deref(), Some(typed), "{form}");
        }
        assert_eq!(user.get("/invoices").await.body["total"], 0);
    }
}

#[tokio::test]
async fn the_amounts_of_an_invoice_are_parsed_and_shown_in_the_accounts_format() {
    for (format, quantity, rate, sums) in [
        ("1,234.56", "60.28", "2,179", "Total 131,350.12 USD"),
        ("1.234,56", "60,28", "2.179", "Total 131.350,12 USD"),
        ("1.234,56", "60,28", "2,179", "Total 131,35 USD"),
        ("1,234.56", "60,28", "2,179", "Total – USD"),
    ] {
        let app = spawn_app().await;
        let user = app.register("a@example.com").await;
        let client = user.client("Kamala").await;
        let browser = Browser::of(&user);
        write_numbers(&browser, format).await;
        let page = browser.open("/invoices/new").await;
        let typed = [
            ("clientId", &*client),
            ("dueDate", "2026-04-01"),
            ("currency", "USD"),
            ("items.0.description", "Hours"),
            ("items.0.quantity", quantity),
            ("items.0.rate", rate),
            ("_action", "totals"),
        ];
        browser.send(&page, "/invoices", &typed).await.expect(200).says(sums);
    }
}
