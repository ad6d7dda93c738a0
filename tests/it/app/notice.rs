//! Notices: what others or the program did, in the app and by email.

use freelanceos::domain::{
    job::JobKind,
    provider::ProviderKind::{self, Paystack},
};
use jiff::SignedDuration;
use reqwest::{Method, header::LOCATION};
use serde_json::{Value, json};

use crate::{
    support::{
        Options, PUBLIC_URL, TestApp, User, provider::StandIns, smtp::Postmaster, spawn_app,
        spawn_app_with,
    },
    web::browser::Browser,
};

/// A freelancer with a public profile.
async fn freelancer<'a>(app: &'a TestApp, name: &str) -> User<'a> {
    let user = app.register(&format!("{name}@example.com")).await;
    user.hub_put("/freelancer/profile", json!({"username": name})).await.bare(200);
    user
}

/// A visitor writes to a freelancer.
async fn write(app: &TestApp, to: &str, name: &str) {
    app.clock.advance(SignedDuration::from_hours(2));
    let body = json!({"name": name, "email": "eve@example.com", "message": "Hello"});
    app.hub_post(&format!("/public/freelancers/{to}/messages"), body).await.bare(201);
}

async fn unread(user: &User<'_>) -> Value {
    user.get("/notices?unread=true").await.body["total"].clone()
}

/// The first notice.
async fn newest(user: &User<'_>) -> Value {
    user.get("/notices").await.data(200)[0].clone()
}

#[tokio::test]
async fn notices_tell_of_others_and_not_of_ones_own_actions() {
    let app = spawn_app().await;
    let user = freelancer(&app, "ada").await;
    let client = user.client("Acme").await;
    let own = user.proposal(&client, "Mine").await;
    user.put(&format!("/proposals/{own}"), json!({"status": "accepted"})).await.data(200);
    assert_eq!(user.get("/notices").await.body["total"], 0);

    let offer = user.proposal(&client, "A website").await;
    let sent = user.post(&format!("/proposals/{offer}/send"), json!({})).await;
    let link = sent.data(200)["publicLink"].as_str().unwrap().to_owned();
    let visitor = Browser::new(&app);
    let path = link.strip_prefix(PUBLIC_URL).unwrap();
    let answer = [("answer", "accept"), ("name", "Max")];
    visitor.send(&visitor.open(path).await, path, &answer).await;
    write(&app, "ada", "Eve").await;
    let notices = user.get("/notices").await;
    let told: Vec<_> =
        notices.data(200).as_array().unwrap().iter().map(|notice| &notice["type"]).collect();
    assert_eq!(told, ["message_received", "proposal_accepted"]);
    let notice = &notices.data(200)[1];
    assert_eq!((&notice["entityId"], &notice["unread"]), (&json!(offer), &json!(true)));
    assert_eq!(notice["message"], "Proposal \"A website\" was accepted by Acme");
    user.get("/notices?unread=maybe").await.error(400);
}

#[tokio::test]
async fn opening_the_page_marks_what_it_shows_and_two_tabs_lose_nothing() {
    let app = spawn_app().await;
    let (user, other) = (freelancer(&app, "ada").await, freelancer(&app, "obi").await);
    write(&app, "ada", "Eve").await;
    write(&app, "obi", "Mallory").await;
    let browser = Browser::of(&user);
    browser.open("/clients").await.says("Notices 1 unread");
    let first = browser.open("/notices").await;
    first.says("Eve sent you a message New").hides("Mallory").hides("Mark all as read");
    first.hides("Notices 1 unread").link("/messages");
    browser.open("/notices").await.says("Eve sent you a message").hides("message New");
    assert_eq!(unread(&user).await, 0);
    assert_eq!(unread(&other).await, 1);

    // More than a page: what is on the second stays unread, and so do all.
    for n in 0..30 {
        write(&app, "ada", &format!("Visitor{n}")).await;
    }
    let tab = browser.open("/notices").await;
    tab.says("Mark all as read").says("Notices 30 unread").says("Visitor29");
    assert_eq!(unread(&user).await, 30);
    // A notice that arrives after the tab was opened stays unread.
    write(&app, "ada", "Late").await;
    let until = tab.value("until").unwrap();
    browser.send(&tab, "/notices/read", &[]).await.says("Late sent you a message New");
    assert_eq!(newest(&user).await["unread"], false, "the page that followed showed it");
    // The other tab, still open, takes nothing back.
    write(&app, "ada", "Later").await;
    let read = user.post("/notices/read", json!({"until": until})).await;
    assert_eq!(read.data(200), &json!({"unread": 1}));
    assert_eq!(newest(&user).await["unread"], true);
    // Nobody else's id, and none to come.
    let strange = json!({"until": newest(&other).await["id"]});
    user.post("/notices/read", strange).await.data(200);
    let future = json!({"until": "act_7zzzzzzzzzzzzzzzzzzzzzzzzz"});
    assert_eq!(user.post("/notices/read", future).await.data(200), &json!({"unread": 0}));
    write(&app, "ada", "Last").await;
    assert_eq!(unread(&user).await, 1);
    assert_eq!(user.post("/notices/read", json!({})).await.data(200), &json!({"unread": 0}));
}

#[tokio::test]
async fn the_second_page_marks_all_once_nothing_older_is_unread() {
    let app = spawn_app().await;
    let user = freelancer(&app, "ada").await;
    for n in 0..30 {
        write(&app, "ada", &format!("Visitor{n}")).await;
    }
    let browser = Browser::of(&user);
    browser.open("/notices?page=2").await.says("Visitor0").says("Notices 25 unread");
    assert_eq!(unread(&user).await, 25);
    browser.open("/notices").await.hides("Notices 25 unread");
    assert_eq!(unread(&user).await, 0);
}

#[tokio::test]
async fn a_deleted_message_takes_its_notice_along() {
    let app = spawn_app().await;
    let user = freelancer(&app, "ada").await;
    write(&app, "ada", "Eve").await;
    let id = newest(&user).await["entityId"].as_str().unwrap().to_owned();
    let browser = Browser::of(&user);
    let page = browser.open(&format!("/messages/{id}")).await;
    browser.send(&page, &format!("/messages/{id}/delete"), &[]).await;
    assert_eq!(user.get("/notices").await.body["total"], 0);
}

#[tokio::test]
async fn a_kind_that_is_turned_off_is_not_told_there() {
    let app = spawn_app().await;
    let user = freelancer(&app, "ada").await;
    let browser = Browser::of(&user);
    let page = browser.open("/settings/notifications").await.expect(200);
    page.says("A client paid online In the app Email");
    let settings = user.get("/settings").await;
    assert_eq!(
        settings.data(200)["notifications"]["messageReceived"],
        json!({"inApp": true, "email": true})
    );
    // The form names what stays on.
    let ticked: Vec<_> = ["proposalAnswered", "paymentReceived", "paymentHeld", "mailFailed"]
        .iter()
        .flat_map(|kind| [format!("{kind}.inApp"), format!("{kind}.email")])
        .collect();
    let token = page.value("_token").unwrap();
    let mut fields: Vec<_> = ticked.iter().map(|name| (name.as_str(), "on")).collect();
    fields.extend([("messageReceived.email", "on"), ("_token", &token)]);
    browser.post("/settings/notifications", &fields).await.says("Settings saved.");
    write(&app, "ada", "Eve").await;
    assert_eq!(user.get("/notices").await.body["total"], 0);
    assert_eq!(app.mails().await.len(), 1);

    let turned = json!({"notifications": {"messageReceived": {"inApp": true, "email": false}}});
    let changed = user.put("/settings", turned).await;
    let told = &changed.data(200)["notifications"];
    assert_eq!(told["messageReceived"], json!({"inApp": true, "email": false}));
    assert_eq!(told["mailFailed"], json!({"inApp": true, "email": true}));
    write(&app, "ada", "Eve").await;
    assert_eq!(user.get("/notices").await.body["total"], 1);
    assert_eq!(app.mails().await.len(), 1, "no further email");
    let wrong = json!({"notifications": {"mailFailed": {"email": "no"}}});
    user.put("/settings", wrong).await.error(400);
}

#[tokio::test]
async fn a_failed_email_is_told_once_and_never_about_emails_to_the_owner() {
    let server = Postmaster::open().await;
    server.answer("RCPT", "550 5.1.1 nobody of that name here");
    let courier = Some(server.courier("freelance.example", None));
    let app = spawn_app_with(Options { courier, ..Options::default() }).await;
    let user = app.register("ada@example.com").await;
    let client = user.client("Acme").await;
    let invoice = user.invoice(&client, json!(100), "2026-04-15").await;
    // One email to the client, one to the owner.
    for to in ["c@example.com", "ADA@example.com"] {
        let body = json!({"email": to});
        user.post(&format!("/invoices/{invoice}/send"), body).await.data(200);
    }
    while app.deliver_mail().await.due > 0 {}
    let told = user.get("/notices").await;
    assert_eq!(told.body["total"], 2);
    let of_client = told.data(200).as_array().unwrap().iter();
    let messages: Vec<_> = of_client.map(|notice| notice["message"].as_str().unwrap()).collect();
    assert!(messages.contains(&"The email to c@example.com could not be delivered"));
    let mails = user.get("/mails").await;
    let about: Vec<_> = mails
        .data(200)
        .as_array()
        .unwrap()
        .iter()
        .filter(|mail| mail["type"] == "mail_failed")
        .collect();
    let [notice] = &about[..] else { panic!("{about:?}") };
    assert_eq!((&notice["to"], &notice["status"]), (&json!("ada@example.com"), &json!("failed")));
    // It can be turned off.
    server.relent();
    let off = json!({"notifications": {"mailFailed": {"email": false, "inApp": false}}});
    user.put("/settings", off).await.data(200);
    server.answer("RCPT", "550 5.1.1 nobody of that name here");
    let body = json!({"email": "d@example.com"});
    user.post(&format!("/invoices/{invoice}/send"), body).await.data(200);
    while app.deliver_mail().await.due > 0 {}
    assert_eq!(user.get("/notices").await.body["total"], 2);
    assert_eq!(user.get("/mails").await.body["total"], 4);
    let page = Browser::of(&user).open("/notices").await;
    page.says("The email to c@example.com could not be delivered");
    page.link(&format!("/invoices/{invoice}"));
}

#[tokio::test]
async fn payments_through_a_provider_are_told_also_to_an_unproven_address() {
    let stand_ins = StandIns::spawn().await;
    let options = Options { providers: Some(stand_ins.urls()), ..Options::default() };
    let app = spawn_app_with(options).await;
    let user = app.register("ada@example.com").await;
    let hook = user.connect(Paystack).await;
    let client = user.client("Nimal Perera").await;
    let mut kinds = Vec::new();
    for (amount, is_held) in [(json!(5000.5), false), (json!(700), true)] {
        let body = json!({
            "clientId": client, "amount": amount, "currency": "NGN", "dueDate": "2026-04-15",
        });
        let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
        user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
        app.mails().await;
        let link = app.app.invoice_link(user.claims(), freelanceos::domain::id::Id::parse(&id));
        let link = link.await.unwrap().unwrap();
        let path = format!("{}/pay?with=paystack", link.strip_prefix(PUBLIC_URL).unwrap());
        let page = Browser::new(&app).once(&Method::GET, &path, &[]).await;
        let address = page.headers[LOCATION].to_str().unwrap().to_owned();
        let reference = address.rsplit('/').next().unwrap();
        stand_ins.pay(reference);
        if is_held {
            user.post(&format!("/invoices/{id}/mark-paid"), json!({})).await.data(200);
        }
        pay(&app, &hook, Paystack, reference).await;
        let notice = newest(&user).await;
        kinds.push(notice["type"].clone());
        assert_eq!((&notice["entityId"], &notice["amount"]), (&json!(id), &amount));
        let mails = app.mails().await;
        let mail = mails.last().unwrap();
        assert_eq!(mail.to(), "ada@example.com");
        // The address is not verified: no names, no sums.
        let news = if is_held { "A payment needs your review" } else { "A client paid an invoice" };
        assert_eq!(mail.header("Subject"), news);
        assert!(mail.text.contains(&format!("{PUBLIC_URL}/invoices/{id}")), "{}", mail.text);
        assert!(!mail.text.contains("Nimal"), "{}", mail.text);
    }
    assert_eq!(kinds, ["payment_received", "payment_held"]);
}

#[tokio::test]
async fn the_settings_of_email_show_the_setup_and_what_waits_and_send_a_test() {
    let server = Postmaster::open().await;
    let courier = Some(server.courier("freelance.example", None));
    let app = spawn_app_with(Options { courier, ..Options::default() }).await;
    let (user, other) =
        (app.register("ada@example.com").await, app.register("o@example.com").await);
    let browser = Browser::of(&user);
    let page = browser.open("/settings/email").await.expect(200);
    page.says("Mail server 127.0.0.1:").says("Replies go to ada@example.com");
    page.says("No emails to show");
    let sent = browser.send(&page, "/settings/email/test", &[]).await;
    sent.says("A test email is on its way to ada@example.com.").says("Test email from FreelanceOS");
    server.answer("RCPT", "450 4.2.0 greylisted");
    app.deliver_mail().await;
    let waiting = browser.open("/settings/email?status=waiting").await;
    waiting.says("Waiting. Next try:").says("Try now");
    let id = user.get("/mails?status=waiting").await.data(200)[0]["id"].clone();
    server.relent();
    let now = format!("/mails/{}/try-now", id.as_str().unwrap());
    browser.send(&waiting, &now, &[("back", "/settings/email")]).await.says("is being tried now.");
    app.deliver_mail().await;
    assert_eq!(server.asked("RCPT TO:<ada@example.com>").len(), 2);
    browser.open("/settings/email?status=waiting").await.says("No emails to show");
    browser.open("/settings/email?status=delivered").await.says("Test email from FreelanceOS");
    Browser::of(&other).open("/settings/email").await.says("No emails to show");
    browser.open("/settings/email?status=lost").await.expect(400);
}

#[tokio::test]
async fn emails_to_clients_bear_the_sender_name_and_the_signature() {
    let app = spawn_app().await;
    let (user, other) =
        (app.register("ada@example.com").await, app.register("o@example.com").await);
    let browser = Browser::of(&user);
    let page = browser.open("/settings/email").await;
    let typed = [("senderName", "කමල Studio"), ("signature", "Warm regards,\r\nAda <3")];
    let saved = browser.send(&page, "/settings/email", &typed).await;
    saved.says("Settings saved.").says("Ada <3");
    let mail = json!({
        "thankYou": false, "senderName": "කමල Studio", "signature": "Warm regards,\nAda <3",
    });
    assert_eq!(user.get("/settings").await.data(200)["mail"], mail);
    let client = user.client("Acme").await;
    let invoice = user.sent_invoice(&client, json!(100)).await;
    let note = json!({"amount": 10, "reason": "Discount"});
    let note = user.post(&format!("/invoices/{invoice}/credit-notes"), note).await;
    let note = note.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/credit-notes/{note}/send"), json!({})).await.data(200);
    let offer = user.proposal(&client, "A website").await;
    user.post(&format!("/proposals/{offer}/send"), json!({"mail": true})).await.data(200);
    let mails = app.mails().await;
    assert_eq!(mails.len(), 3);
    for mail in &mails {
        assert!(mail.text.contains("\n\nWarm regards,\nAda <3\n\n"), "{}", mail.text);
        assert!(!mail.text.contains("{"), "{}", mail.text);
    }
    // Another account has its own, what is not named stays, and null or blank text clears.
    assert_eq!(other.get("/settings").await.data(200)["mail"], json!({"thankYou": false}));
    let cleared = user.put("/settings", json!({"mail": {"signature": null}})).await;
    assert_eq!(cleared.data(200)["mail"], json!({"thankYou": false, "senderName": "කමල Studio"}));
    let blank = user.put("/settings", json!({"mail": {"senderName": " "}})).await;
    blank.error(400);
    let long = json!({"mail": {"signature": "x".repeat(1001)}});
    let refused = user.put("/settings", long).await;
    assert!(refused.error(400).contains("mail.signature"), "{}", refused.body);
    let long = "x".repeat(1001);
    let refused = browser.send(&page, "/settings/email", &[("signature", &long)]).await;
    refused.expect(400).says("1000");
}

#[tokio::test]
async fn without_a_mail_server_a_test_is_saved_and_tests_are_limited() {
    let app = spawn_app_with(Options { rate_limit: true, ..Options::default() }).await;
    let user = app.register("ada@example.com").await;
    let browser = Browser::of(&user);
    let page = browser.open("/settings/email").await;
    page.says("Emails are saved as files on this server and not delivered.");
    let saved = browser.send(&page, "/settings/email/test", &[]).await;
    saved.says("The test email was saved as a file");
    let mails = app.mails().await;
    let mail = mails.last().unwrap();
    assert_eq!(mail.to(), "ada@example.com");
    assert_eq!(mail.header("Subject"), "Test email from FreelanceOS");
    assert!(mail.text.contains("because you asked for a test"), "{}", mail.text);
    for _ in 1..50 {
        browser.send(&page, "/settings/email/test", &[]).await;
    }
    let refused = browser.send(&page, "/settings/email/test", &[]).await;
    refused.hides("The test email was saved");
    while app.deliver_mail().await.due > 0 {}
    assert_eq!(app.mails().await.len(), 50);
}

async fn pay(app: &TestApp, hook: &str, kind: ProviderKind, reference: &str) {
    app.send(app.webhook(hook, kind, reference)).await;
    app.app.run_due(JobKind::Checkout).await.unwrap();
}
