//! `/invoices`, and `/i/<token>` as the client sees it.

use jiff::SignedDuration;
use serde_json::json;

use super::browser::{AGENT, Browser, Page};
use crate::support::{
    Options, PUBLIC_URL, TestApp, User, content, smtp::Postmaster, spawn_app, spawn_app_with,
};

/// Creates a draft of this amount and returns the path of its page.
async fn draft(user: &User<'_>, client: &str, amount: u32) -> String {
    let body = json!({"clientId": client, "amount": amount, "dueDate": "2026-04-01"});
    let answer = user.post("/invoices", body).await;
    format!("/invoices/{}", answer.data(201)["id"].as_str().unwrap())
}

/// The client's link on the owner's page.
fn public(page: &Page) -> String {
    page.link(PUBLIC_URL).replace(PUBLIC_URL, "")
}

/// Sends a draft from its page.
async fn send(browser: &Browser<'_>, path: &str) -> Page {
    let page = browser.open(path).await.expect(200);
    let typed = [("email", "kamala@example.com")];
    browser.send(&page, &format!("{path}/send"), &typed).await.expect(200)
}

#[tokio::test]
async fn an_invoice_is_sent_seen_reminded_of_and_paid() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala & <Co>").await;
    let browser = Browser::of(&user);
    let path = draft(&user, &client, 500).await;

    let page = browser.open(&path).await.expect(200);
    page.says("Only you can see this draft").says("Kamala & <Co>").hides("Mark as paid");
    let refused = browser.send(&page, &format!("{path}/send"), &[("email", "kamala")]).await;
    refused.expect(400).says("Enter a valid email");

    let sent = send(&browser, &path).await;
    sent.says("No mail server is set up, so the email was saved to a file")
        .says("Amount due Sent")
        .says("Mark as paid");
    sent.says("Not yet").says("Invoice to kamala@example.com Waiting since 18 Mar 2026, 13:00");
    assert_eq!(app.mails().await.last().unwrap().to(), "kamala@example.com");
    let saved = browser.open(&path).await;
    saved.says("Saved to a file 18 Mar 2026, 13:00, not delivered: 20260318T120000Z-mail_");

    // A visit by the owner does not count.
    let link = public(&sent);
    browser.open(&link).await.expect(200).says("This is what your client sees.");
    browser.open(&path).await.says("Opened by client Not yet");
    let stranger = Browser::new(&app);
    let seen = stranger.open(&link).await.expect(200);
    seen.says("Due on 1 Apr 2026, in 14 days.").hides("Pay USD").hides("your client sees");
    assert!(!seen.html.contains("pay.raenest.com"), "{}", seen.html);
    assert!(seen.html.contains("content=\"noindex\""), "{}", seen.html);
    assert!(!seen.html.contains("<Co>"), "{}", seen.html);
    browser.open(&path).await.says("Opened by client 18 Mar 2026, 13:00");

    app.clock.advance(SignedDuration::from_hours(24 * 20));
    let user = &User { app: &app, token: login(&app).await, id: user.id.clone() };
    let browser = Browser::of(user);
    let late = browser.open(&path).await.expect(200);
    late.says("Amount due Overdue").says("6 days late");
    browser.open("/invoices?status=overdue").await.says("INV-2026-001").says("6 days late");
    stranger.open(&link).await.says("Was due on 1 Apr 2026.");
    let remind = format!("{path}/remind");
    let reminded = browser.send(&late, &remind, &[]).await;
    reminded.says("No mail server is set up, so the reminder was saved").says("Reminder to");
    let again = browser.send(&reminded, &remind, &[]).await;
    again.says("reminded less than a day ago");

    let page = browser.open(&path).await;
    let paid = browser.send(&page, &format!("{path}/mark-paid"), &[]).await;
    paid.says("Invoice marked as paid.").says("Paid on 7 Apr 2026.");
    paid.hides("Mark as paid").hides("Send again");
    stranger.open(&link).await.says("Paid on 7 Apr 2026. Thank you!").hides("Pay USD");
}

/// Signs in again after a test has outlived a token.
async fn login(app: &TestApp) -> String {
    let body = json!({"email": "a@example.com", "password": crate::support::PASSWORD});
    app.post("/auth/login", body).await.data(200)["token"].as_str().unwrap().to_owned()
}

/// An app that mails through this server and has this public URL.
async fn mailing_through(server: &Postmaster, public_url: &'static str) -> TestApp {
    let courier = Some(server.courier("freelance.example", None));
    spawn_app_with(Options { courier, public_url: Some(public_url), ..Options::default() }).await
}

#[tokio::test]
async fn the_mail_servers_message_is_shown_on_the_invoice_in_the_list_and_on_the_dashboard() {
    let server = Postmaster::open().await;
    let app = mailing_through(&server, "http://freelance.example").await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    let path = draft(&user, &client, 500).await;
    browser.open(&path).await.says("your client gets an email").hides("is not set up");

    server.answer("RCPT", "450 4.2.0 <kamala@example.com> is greylisted");
    let sent = send(&browser, &path).await;
    sent.says("Invoice sent to kamala@example.com.");
    app.deliver_mail().await;
    let waiting = browser.open(&path).await;
    waiting.says("Waiting, next attempt 18 Mar 2026, 13:00. Last error").says("is greylisted");
    browser.open("/").await.hides("email could not be delivered");

    server.relent();
    server.answer("RCPT", "550 5.1.1 <kamala@example.com> does not exist");
    app.clock.advance(SignedDuration::from_secs(5));
    app.deliver_mail().await;
    let failed = browser.open(&path).await;
    failed
        .says("The email to kamala@example.com could not be delivered. This address doesn’t exist");
    failed.says("does not exist").says("Share link").hides("Accepted");
    browser.open("/invoices").await.says("Email failed");
    let dashboard = browser.open("/").await;
    dashboard.says("1 email could not be delivered").says("Send again…");
    dashboard.says("To kamala@example.com , 18 Mar 2026, 13:00: This address doesn’t exist");
    dashboard.link(&path);

    server.relent();
    let again = browser.open(&path).await;
    browser.send(&again, &format!("{path}/send"), &[("email", "nimal@example.com")]).await;
    app.deliver_mail().await;
    let accepted = browser.open(&path).await;
    accepted.says("Accepted by the mail server 18 Mar 2026, 13:00").hides("could not be delivered");
    browser.open("/invoices").await.hides("Email failed");
    browser.open("/").await.hides("email could not be delivered");
}

#[tokio::test]
async fn an_invoice_is_sent_with_a_message_and_a_copy_to_the_freelancer() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    let path = draft(&user, &client, 500).await;
    let page = browser.open(&path).await.expect(200);
    page.says("Subject: Invoice INV-2026-001 · USD 500.00 · due 1 Apr");

    // The preview shows the email in a frame without scripts.
    let typed = [("message", "Thank you,\n<b>Kamala</b>"), ("copy", "on")];
    let preview = format!("{path}/send/preview");
    let hidden = [("_token", &*page.value("_token").unwrap()), typed[0]];
    let shown = browser.post(&preview, &hidden).await.expect(200);
    shown.says("Hello Kamala, Thank you, <b>Kamala</b> View invoice").says("INV-2026-001.pdf");
    shown.hides("has sent you");
    let policy = shown.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("sandbox;") && policy.ends_with("frame-ancestors 'self'"));
    assert_eq!(shown.headers["x-frame-options"], "SAMEORIGIN");
    browser.post(&preview, &hidden[..1]).await.says("has sent you invoice INV-2026-001 .");
    assert!(app.mails().await.is_empty());
    assert_eq!(user.get(&path).await.data(200)["status"], "draft");

    let long = "x".repeat(2001);
    let wrong = [("email", "kamala@example.com"), ("message", &*long)];
    let refused = browser.send(&page, &format!("{path}/send"), &wrong).await;
    refused.expect(400).says("Enter at most 2000 characters.");
    let all = [&typed[..], &[("email", "kamala@example.com")]].concat();
    let sent = browser.send(&page, &format!("{path}/send"), &all).await.expect(200);
    sent.says("Invoice to kamala@example.com").says("Invoice to a@example.com");
    // A form that is sent twice counts once.
    browser.send(&page, &format!("{path}/send"), &all).await.expect(200);
    assert!(!content::holds(app.database(), "Thank you"), "what it says is sealed");
    let mails = app.mails().await;
    let [copy, mail] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!((&*copy.to(), &*mail.to()), ("a@example.com", "kamala@example.com"));
    assert_eq!((&copy.text, &copy.html, &copy.pdf), (&mail.text, &mail.html, &mail.pdf));
    assert_eq!(mail.text.matches("Thank you,\n<b>Kamala</b>\n").count(), 1, "{}", mail.text);
    assert_eq!(mail.html.matches("&#60;b&#62;Kamala&#60;/b&#62;").count(), 1, "{}", mail.html);
    assert!(mail.text.contains("Invoice INV-2026-001") && mail.pdf.is_some());

    // The API has neither field.
    let body = json!({"message": "Hello", "copy": true});
    user.post(&format!("{path}/send"), body).await.data(200);
    let mails = app.mails().await;
    assert_eq!(mails.len(), 3);
    assert!(mails[2].text.contains("has sent you") && !mails[2].text.contains("Hello\n"));
}

#[tokio::test]
async fn a_draft_warns_if_its_client_cannot_open_the_link() {
    for (public_url, said) in [
        ("http://freelance.example", None),
        ("http://localhost:5000", Some("only the computer this server runs on can reach")),
        ("http://10.1.2.3:5000", Some("only devices on this server’s network can reach")),
        ("http://studio.local", Some("only devices on this server’s network can reach")),
    ] {
        let server = Postmaster::open().await;
        let app = mailing_through(&server, public_url).await;
        let user = app.register("a@example.com").await;
        let client = user.client("Kamala").await;
        let browser = Browser::of(&user);
        let page = browser.open(&draft(&user, &client, 500).await).await;
        match said {
            Some(said) => page.says(said),
            None => page.hides("can’t open the link"),
        };
    }
}

#[tokio::test]
async fn visits_by_a_client_are_recorded_and_those_by_robots_are_not() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    for file in ["", "/pdf"] {
        let path = draft(&user, &client, 500).await;
        let link = format!("{}{file}", public(&send(&browser, &path).await));
        let url = format!("{}{link}", app.base);
        let look = async |request: reqwest::RequestBuilder| {
            assert!(request.send().await.unwrap().status().is_success());
        };
        look(app.http.head(&url).header("user-agent", AGENT)).await;
        for agent in
            ["WhatsApp/2.24.6", "LinkedInBot/1.0", "Mozilla/5.0 (compatible; Yahoo! Slurp)"]
        {
            look(app.http.get(&url).header("user-agent", agent)).await;
        }
        for (name, value) in
            [("sec-purpose", "prefetch"), ("purpose", "prefetch"), ("x-moz", "prefetch")]
        {
            look(app.http.get(&url).header("user-agent", AGENT).header(name, value)).await;
        }
        let cookie = format!("fos_session={}", user.token);
        look(app.http.get(&url).header("user-agent", AGENT).header("cookie", cookie)).await;
        browser.open(&path).await.says("Opened by client Not yet");
        look(app.http.get(&url).header("user-agent", AGENT)).await;
        browser.open(&path).await.says("Opened by client 18 Mar 2026");
    }
}

#[tokio::test]
async fn a_pdf_is_shown_in_the_browser_without_active_content() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    let path = draft(&user, &client, 500).await;
    let preview = get(&app, &format!("{path}/pdf"), Some(&user.token)).await;
    assert!(preview.starts_with(b"%PDF-"));
    let link = public(&send(&browser, &path).await);
    let own = get(&app, &format!("{path}/pdf"), Some(&user.token)).await;
    assert!(own == get(&app, &format!("{link}/pdf"), None).await);
}

async fn get(app: &TestApp, path: &str, token: Option<&str>) -> Vec<u8> {
    let cookie = format!("fos_session={}", token.unwrap_or("none"));
    let request = app.http.get(format!("{}{path}", app.base)).header("cookie", cookie);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    assert_eq!(answer.headers()["content-disposition"], "inline; filename=\"INV-2026-001.pdf\"");
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("script"), "{policy}");
    answer.bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn an_invoice_is_duplicated_and_a_draft_deleted() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let browser = Browser::of(&user);
    let path = draft(&user, &client, 500).await;
    let sent = send(&browser, &path).await;
    // A sent invoice is frozen, except for its notes.
    let edit = format!("{path}/edit");
    let page = browser.open(&edit).await.expect(200);
    page.says("Edit note").hides("Due");
    browser.send(&page, &edit, &[("notes", "Thank you")]).await.says("Thank you");
    let deleted = browser.send(&sent, &format!("{path}/duplicate"), &[]).await.expect(200);
    deleted.says("Invoice duplicated.");
    let copy = deleted.path.replace("/edit", "");
    assert_ne!(copy, path);
    let page = browser.open(&copy).await.expect(200);
    page.says("INV-2026-002").says("Total Draft");
    let gone = browser.send(&page, &format!("{copy}/delete"), &[]).await;
    gone.says("Draft deleted.").hides("INV-2026-002");
    browser.open("/invoices?status=cancelled").await.says("INV-2026-002");
    let token = page.value("_token").unwrap();
    let refused = browser.post(&format!("{path}/delete"), &[("_token", &token)]).await;
    refused.says("Only a draft can be deleted");
}

#[tokio::test]
async fn a_confirmation_names_client_and_amount_and_the_page_reports_the_result() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let project = user.project(&client, "Site").await;
    let browser = Browser::of(&user);
    let body = json!({
        "clientId": client, "projectId": project, "amount": 500, "dueDate": "2026-04-01",
    });
    let id = user.post("/invoices", body).await.data(201)["id"].clone();
    let path = format!("/invoices/{}", id.as_str().unwrap());
    let page = browser.open(&path).await.expect(200);
    page.says("Send INV-2026-001 to Kamala ?").says("US$500.00 , due 1 Apr 2026.");
    page.says("Delete draft INV-2026-001?").says("This invoice to Kamala for US$500.00");
    page.says("Activity Created 18 Mar 2026").says("Project Site").hides("Opened");
    assert_eq!(page.link("/projects/proj"), format!("/projects/{project}"));

    app.clock.advance(SignedDuration::from_mins(1));
    let sent = send(&browser, &path).await;
    sent.says("Remind Kamala now?");
    sent.says("a reminder about INV-2026-001, US$500.00");
    sent.says("Due 1 Apr 2026, in 14 days.");
    app.clock.advance(SignedDuration::from_mins(1));
    Browser::new(&app).open(&public(&sent)).await.expect(200);
    app.clock.advance(SignedDuration::from_mins(1));
    let paid = browser.send(&sent, &format!("{path}/mark-paid"), &[]).await;
    let text = paid.text();
    let (_, log) = text.split_once("Activity").unwrap();
    let found: Vec<usize> = ["Marked as paid", "Opened by the client", "Invoice to", "Created"]
        .iter()
        .map(|entry| log.find(entry).unwrap_or_else(|| panic!("{entry}: {log}")))
        .collect();
    assert!(found.is_sorted(), "{log}");
}

#[tokio::test]
async fn invoices_are_found_by_number_client_and_status() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let browser = Browser::of(&user);
    let (kamala, nimal) = (user.client("Kamala").await, user.client("Nimal").await);
    let first = draft(&user, &kamala, 500).await;
    draft(&user, &nimal, 700).await;
    send(&browser, &first).await;
    let found = browser.open("/invoices?search=kam").await;
    found.says("INV-2026-001").hides("INV-2026-002");
    found.link("/invoices?search=kam&status=paid");
    browser.open("/invoices?search=2026-002").await.says("Nimal").hides("USD 500");
    let found = browser.open(&format!("/invoices?clientId={nimal}")).await;
    found.says("INV-2026-002").hides("INV-2026-001");
    browser.open("/invoices?status=paid").await.says("No invoices found");
    browser.open("/invoices?status=bogus").await.expect(400);
}

#[tokio::test]
async fn an_invoice_of_another_account_is_not_found() {
    let app = spawn_app().await;
    let (ada, eve) = (app.register("a@example.com").await, app.register("e@example.com").await);
    let client = ada.client("Kamala").await;
    let path = draft(&ada, &client, 500).await;
    let browser = Browser::of(&eve);
    let token = browser.open("/clients/new").await.value("_token").unwrap();
    for page in ["", "/edit", "/pdf"] {
        browser.open(&format!("{path}{page}")).await.expect(404);
    }
    let fields = [("_token", &*token), ("email", "e@example.com"), ("notes", "Eve's")];
    for act in [
        "edit",
        "send",
        "send/preview",
        "remind",
        "reminders",
        "mark-paid",
        "payment-link",
        "duplicate",
        "delete",
    ] {
        browser.post(&format!("{path}/{act}"), &fields).await.expect(404);
    }
    assert_eq!(ada.get(&path).await.data(200)["status"], "draft");
    for path in ["/i/x", "/i/x/pdf", "/i/%22%3Cb%3E"] {
        Browser::new(&app).open(path).await.expect(404).says("This link doesn’t work");
    }
}
