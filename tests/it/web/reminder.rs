//! `/settings/reminders`, the log, and the reminders of an invoice on its page.

use serde_json::{Value, json};

use super::browser::Browser;
use crate::support::{Options, User, smtp::Postmaster, spawn_app, spawn_app_with};

const PLACE: &str = "/settings/reminders";

async fn settings(user: &User<'_>) -> Value {
    user.get("/settings").await.data(200).clone()
}

/// The days of the steps.
async fn days(user: &User<'_>) -> Vec<i64> {
    let steps = settings(user).await["reminders"]["steps"].as_array().unwrap().clone();
    steps.iter().map(|step| step["days"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn reminders_are_turned_on_and_off_and_a_stale_page_is_refused() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open(PLACE).await.expect(200);
    page.says("no mail server").says("3 days before the due date").says("On the due date");
    let all = [("enabled", "on"), ("proposals", "on"), ("days", "5"), ("thankYou", "on")];
    browser.send(&page, PLACE, &all).await.expect(200).says("Reminders saved.");
    let saved = settings(&user).await;
    assert_eq!(saved["reminders"]["enabled"], true);
    assert_eq!(saved["proposalReminder"], json!({"enabled": true, "days": 5}));
    assert_eq!(saved["mail"], json!({"thankYou": true}));
    assert_eq!(days(&user).await, [-3, 0, 7, 14]);
    // Another window shows the page as it was.
    let late = browser.send(&page, PLACE, &[("days", "9")]).await.expect(409);
    late.says("Someone changed this while you were editing");
    assert_eq!(settings(&user).await["proposalReminder"]["days"], 5);
    let page = browser.open(PLACE).await.expect(200);
    let wrong = browser.send(&page, PLACE, &[("enabled", "on"), ("days", "0")]).await.expect(400);
    wrong.says("Enter a whole number from 1 to 60.");
    assert_eq!(wrong.value("days").as_deref(), Some("0"));
    browser.send(&page, PLACE, &[("days", "5")]).await.expect(200);
    let saved = settings(&user).await;
    assert_eq!(saved["reminders"]["enabled"], false);
    assert_eq!(saved["proposalReminder"]["enabled"], false);
    assert_eq!(saved["mail"], json!({"thankYou": false}));
}

#[tokio::test]
async fn steps_are_added_changed_and_deleted_and_errors_are_shown_at_their_fields() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let new = format!("{PLACE}/new");
    let form = browser.open(&new).await.expect(200);
    form.says("{client} {number} {amount} {due} {days} {business} {link}");
    for (fields, error) in [
        (vec![("days", "")], "Days"),
        (vec![("days", "366")], "Enter a number between -365 and 365."),
        (vec![("days", "7")], "This is already taken."),
        (vec![("days", "3"), ("side", "before")], "This is already taken."),
        (vec![("days", "5"), ("subject", "{nummer}")], "There is no variable {nummer}."),
        (vec![("days", "5"), ("body", "Dear {name}")], "There is no variable {name}."),
        (
            vec![("days", "0"), ("lateFee.percent", "2")],
            "A late fee needs a reminder after the due date.",
        ),
        (
            vec![("days", "5"), ("lateFee.percent", "2"), ("lateFee.amount", "3")],
            "Enter only one of the two.",
        ),
        (vec![("days", "5"), ("lateFee.amount", "3.001")], "decimal"),
    ] {
        let typed = [&[("side", "after")], &fields[..]].concat();
        let page = browser.send(&form, &new, &typed).await.expect(400);
        page.says(error);
        let last = fields.last().unwrap();
        if last.0 != "side" && last.0 != "body" {
            assert_eq!(page.value(last.0).as_deref(), Some(last.1), "{error}");
        }
    }
    assert_eq!(days(&user).await, [-3, 0, 7, 14]);
    let typed = [
        ("days", "30"),
        ("side", "after"),
        ("subject", "{number} is very late"),
        ("body", "Please pay.\r\n\r\n{business}"),
        ("lateFee.percent", "2.5"),
    ];
    let page = browser.send(&form, &new, &typed).await.expect(200);
    page.says("Reminder added.").says("30 days after the due date").says("{number} is very late");
    // The same form again adds nothing.
    browser.send(&form, &new, &typed).await.expect(200);
    assert_eq!(days(&user).await, [-3, 0, 7, 14, 30]);
    let step = settings(&user).await["reminders"]["steps"][4].clone();
    let expected = json!({
        "days": 30, "subject": "{number} is very late", "body": "Please pay.\n\n{business}",
        "lateFee": {"percent": 2.5},
    });
    assert_eq!(step, expected);

    let edit = format!("{PLACE}/30/edit");
    let form = browser.open(&edit).await.expect(200);
    assert_eq!(form.value("lateFee.percent").as_deref(), Some("2.5"));
    let typed = [("days", "5"), ("side", "before"), ("subject", "Soon")];
    browser.send(&form, &edit, &typed).await.expect(200).says("Reminders saved.");
    assert_eq!(days(&user).await, [-5, -3, 0, 7, 14]);
    let edit = format!("{PLACE}/-5/edit");
    let form = browser.open(&edit).await.expect(200);
    assert_eq!(form.value("subject").as_deref(), Some("Soon"));
    let other = browser.send(&form, &edit, &[("days", "7"), ("side", "after")]).await.expect(400);
    other.says("This is already taken.");
    // It was changed in another window meanwhile.
    browser.send(&form, &edit, &[("days", "5"), ("side", "before")]).await.expect(200);
    let late = [("days", "5"), ("side", "before"), ("subject", "Later")];
    browser
        .send(&form, &edit, &late)
        .await
        .expect(409)
        .says("Someone changed this while you were editing");

    let delete = format!("{PLACE}/-5/delete");
    browser.send(&form, &delete, &[]).await.expect(200).says("Reminder deleted.");
    assert_eq!(days(&user).await, [-3, 0, 7, 14]);
    for path in ["30", "-5", "x", "366"] {
        browser.open(&format!("{PLACE}/{path}/edit")).await.expect(404);
    }
    let form = browser.open(&new).await.expect(200);
    for days in ["20", "21", "22", "23", "24", "25"] {
        let form = browser.open(&new).await.expect(200);
        browser.send(&form, &new, &[("days", days), ("side", "after")]).await.expect(200);
    }
    let full = browser.send(&form, &new, &[("days", "26"), ("side", "after")]).await.expect(409);
    full.says("at most 10 reminders");
}

#[tokio::test]
async fn a_preview_and_a_test_show_what_the_client_would_get() {
    let server = Postmaster::open().await;
    let courier = Some(server.courier("localhost", None));
    let app = spawn_app_with(Options { courier, ..Options::default() }).await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let edit = format!("{PLACE}/7/edit");
    let form = browser.open(&edit).await.expect(200);
    form.hides("no mail server");
    let preview = format!("{PLACE}/preview");
    let token = form.value("_token").unwrap();
    let typed = |subject: &'static str, body: &'static str| {
        [
            ("_token".to_owned(), token.clone()),
            ("days".to_owned(), "7".to_owned()),
            ("side".to_owned(), "after".to_owned()),
            ("subject".to_owned(), subject.to_owned()),
            ("body".to_owned(), body.to_owned()),
        ]
    };
    let show = async |subject, body| {
        let all = typed(subject, body);
        let all: Vec<_> = all.iter().map(|(name, value)| (&**name, &**value)).collect();
        browser.post(&preview, &all).await.expect(200)
    };
    // A sample, due a week before today.
    let page = show("", "").await;
    page.says("Subject: Overdue: invoice").says("was due on 11 Mar 2026");
    assert_eq!(page.headers["x-frame-options"], "SAMEORIGIN");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
    let page = show("{number}", "<b>Dear</b> {nobody}").await;
    page.says("Your own text: There is no variable {nobody}.").hides("Hello");
    assert_eq!(page.headers["x-frame-options"], "SAMEORIGIN");

    let client = user.client("කමල්").await;
    let invoice = user.sent_invoice(&client, json!(120)).await;
    user.post(&format!("/invoices/{invoice}/payments"), json!({"amount": 20})).await.data(201);
    let page = show("{number} for {client}", "<b>Pay</b> {amount}, {days} days late").await;
    page.says("Subject: INV-2026-001 for කමල්").says("<b>Pay</b> USD 100.00, 7 days late");
    app.deliver_mail().await;
    let before = server.asked("Subject: ").len();

    let typed = [("days", "7"), ("side", "after"), ("subject", "Please: {number}")];
    browser.send(&form, &edit, &typed).await.expect(200);
    let form = browser.open(&edit).await.expect(200);
    let page = browser.send(&form, &format!("{PLACE}/7/test"), &[]).await.expect(200);
    page.says("A test is on its way to a@example.com.");
    app.deliver_mail().await;
    assert_eq!(server.asked("Subject: ")[before..], ["Subject: Please: INV-2026-001"]);
    let to = server.asked("RCPT TO:").pop().unwrap();
    assert!(to.contains("a@example.com"), "{to}");
    // It counts as no reminder.
    assert_eq!(user.get("/reminders").await.body["total"], 0);
    browser.post(&format!("{PLACE}/8/test"), &[("_token", &token)]).await.expect(404);
}

#[tokio::test]
async fn an_invoice_says_what_was_sent_what_comes_next_and_why_not() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    browser.open("/reminders").await.expect(200).says("No reminders yet");
    let client = user.client("Ada").await;
    let id = user.invoice(&client, json!(100), "2026-03-18").await;
    let path = format!("/invoices/{id}");
    user.post(&format!("{path}/send"), json!({})).await.data(200);
    browser.open(&path).await.expect(200).hides("Next reminder");
    let late = json!({"days": 1, "lateFee": {"amount": 5}});
    let steps = json!({"enabled": true, "steps": [late, {"days": 7}]});
    user.put("/settings", json!({"reminders": steps})).await.data(200);
    browser.open(&path).await.expect(200).says("Next reminder: 19 Mar");
    app.clock.set("2026-03-19T08:00:00Z");
    app.app.run_due(freelanceos::domain::job::JobKind::Remind).await.unwrap();
    let page = browser.open(&path).await.expect(200);
    page.says("Next reminder: 25 Mar");
    page.says("1 day after the due date: not sent, no mail server");
    page.says("Late fee INV-2026-002");

    let turn = format!("{path}/reminders");
    let page = browser.send(&page, &turn, &[("reminders", "")]).await.expect(200);
    page.says("Reminders for this invoice are turned off now.").hides("Next reminder");
    assert_eq!(user.get(&path).await.data(200)["reminders"], false);
    let page = browser.send(&page, &turn, &[("reminders", "on")]).await.expect(200);
    page.says("Reminders for this invoice are turned on now.").says("Next reminder: 25 Mar");

    let edit = format!("/clients/{client}/edit");
    let form = browser.open(&edit).await.expect(200);
    let typed = [("name", "Ada"), ("email", "c@example.com")];
    browser.send(&form, &edit, &typed).await.expect(200).says("Turned off");
    assert_eq!(user.get(&format!("/clients/{client}")).await.data(200)["reminders"], false);
    let page = browser.open(&path).await.expect(200);
    page.says("Reminders are turned off for this client.");
    let form = browser.open(&edit).await.expect(200);
    let typed = [("name", "Ada"), ("email", "c@example.com"), ("reminders", "on")];
    browser.send(&form, &edit, &typed).await.expect(200).hides("Turned off");

    let page = browser.open("/reminders").await.expect(200);
    page.says("INV-2026-001").says("Not sent").says("1 day after the due date · no mail server");
    let none = browser.open("/reminders?state=sent").await.expect(200);
    none.says("No reminders match this filter");
    browser.open("/reminders?state=skipped").await.expect(200).says("INV-2026-001");
    let other = app.register("b@example.com").await;
    Browser::of(&other).open("/reminders").await.expect(200).says("No reminders yet");
    user.post(&format!("{path}/mark-paid"), json!({})).await.data(200);
    browser.open(&path).await.expect(200).hides("Next reminder");
}
