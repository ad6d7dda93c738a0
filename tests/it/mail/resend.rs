//! Emails that were not delivered: their owner sees them and sends them again.

use freelanceos::mail::{courier::Courier, message::Sender, smtp_url::SmtpUrl};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::{net::TcpListener, sync::oneshot};

use crate::{
    support::{Options, TestApp, User, smtp::Postmaster, spawn_app_with},
    web::browser::Browser,
};

const NOBODY: &str = "550 5.1.1 nobody of that name here";

async fn mailing_through(server: &Postmaster) -> TestApp {
    let courier = Some(server.courier("freelance.example", None));
    spawn_app_with(Options { courier, ..Options::default() }).await
}

/// Sends an invoice to an address, and returns the id of the invoice and its email.
async fn send(user: &User<'_>, body: Value) -> (String, String) {
    let client = user.client("Kamala").await;
    let invoice = user.invoice(&client, json!(100), "2026-04-15").await;
    user.post(&format!("/invoices/{invoice}/send"), body).await.data(200);
    let mails = user.get(&format!("/mails?invoiceId={invoice}")).await;
    (invoice, mails.data(200)[0]["id"].as_str().unwrap().to_owned())
}

async fn status(user: &User<'_>) -> Value {
    user.get("/mails").await.data(200)[0]["status"].clone()
}

#[tokio::test]
async fn a_refused_email_is_sent_again_with_its_text_to_a_corrected_address_once() {
    let server = Postmaster::open().await;
    server.answer("RCPT TO:<gone@example.com>", NOBODY);
    let app = mailing_through(&server).await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let client = user.client("Kamala").await;
    let invoice = user.invoice(&client, json!(100), "2026-04-15").await;
    let (path, browser) = (format!("/invoices/{invoice}"), Browser::of(&user));
    let typed = [("email", "gone@example.com"), ("message", "As we agreed.")];
    browser.send(&browser.open(&path).await, &format!("{path}/send"), &typed).await;
    let sent = user.get(&format!("/mails?invoiceId={invoice}")).await;
    let id = sent.data(200)[0]["id"].as_str().unwrap().to_owned();
    app.deliver_mail().await;
    let failed = user.get(&format!("/mails?status=failed&invoiceId={invoice}")).await;
    let mail = &failed.data(200)[0];
    assert_eq!(
        ["id", "type", "to", "reason", "canSendAgain"].map(|field| mail[field].clone()),
        [
            json!(id),
            json!("invoice"),
            json!("gone@example.com"),
            json!("no_such_address"),
            json!(true)
        ]
    );
    assert!(mail["error"].as_str().unwrap().contains("nobody of that name here"));
    assert!(mail["failedAt"].is_string() && mail["nextTryAt"].is_null());

    let again = format!("/mails/{id}/send-again");
    other.post(&again, json!({})).await.error(404);
    user.post(&again, json!({"email": "no address"})).await.error(400);
    // Twice, and two at once.
    let corrected = || user.post(&again, json!({"email": "here@example.com"}));
    let (one, two) = tokio::join!(corrected(), corrected());
    assert_eq!(
        (&one.data(200)["status"], &two.data(200)["status"]),
        (&json!("waiting"), &json!("waiting"))
    );
    corrected().await.data(200);
    let elsewhere = user.post(&again, json!({"email": "third@example.com"})).await;
    assert_eq!(elsewhere.error(409), "This email still waits for delivery to another address");
    app.deliver_mail().await;
    app.deliver_mail().await;
    assert_eq!(server.asked("RCPT TO:<here@example.com>").len(), 1);
    assert_eq!(server.asked("As we agreed.").len(), 1, "the text is kept");
    let delivered = user.get(&format!("/mails?invoiceId={invoice}")).await;
    assert_eq!(delivered.body["total"], 1);
    assert_eq!(delivered.data(200)[0]["to"], "here@example.com");
    assert_eq!(corrected().await.error(409), "This email has been delivered");
    browser.open("/").await.hides("email could not be delivered");
}

#[tokio::test]
async fn an_email_that_keeps_failing_is_shown_and_tried_at_once() {
    let server = Postmaster::open().await;
    server.answer("RCPT", "450 4.2.0 greylisted");
    let app = mailing_through(&server).await;
    let user = app.register("a@example.com").await;
    let (invoice, id) = send(&user, json!({})).await;
    let (page, browser) = (format!("/invoices/{invoice}"), Browser::of(&user));
    app.deliver_mail().await;
    browser.open(&page).await.hides("has not been delivered yet");
    browser.open("/invoices").await.hides("Email failed");
    app.clock.advance(SignedDuration::from_mins(16));
    app.deliver_mail().await;
    let late = browser.open(&page).await;
    late.says("The email to c@example.com has not been delivered yet.");
    late.says("The recipient’s mail server asks to try again later.").says("Try now");
    browser.open("/invoices").await.says("Email failed");
    browser.open("/").await.says("1 email could not be delivered");

    // The mail server comes back before the next try.
    server.relent();
    assert_eq!(app.deliver_mail().await.due, 0);
    let again = user.post(&format!("/mails/{id}/send-again"), json!({})).await;
    assert_eq!(again.data(200)["status"], "waiting");
    let tried = browser.send(&late, &format!("/mails/{id}/try-now"), &[("back", &page)]).await;
    tried.says("The email to c@example.com is being tried now.");
    app.deliver_mail().await;
    assert_eq!(status(&user).await, "delivered");
    browser.open(&page).await.hides("has not been delivered yet");
    let late = user.post(&format!("/mails/{id}/try-now"), json!({})).await;
    assert_eq!(late.error(409), "This email has been delivered");
}

#[tokio::test]
async fn a_server_that_hangs_leaves_the_email_waiting() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (end, ended) = oneshot::channel::<()>();
    let hanging = tokio::spawn(async move {
        let (_stream, _) = listener.accept().await.unwrap();
        let _ = ended.await;
    });
    let url = SmtpUrl::parse(&format!("smtp://127.0.0.1:{port}?tls=none")).unwrap();
    let courier = Courier::smtp(url, Sender::of_host("localhost").unwrap(), None);
    let courier = Some(Arc::new(courier));
    let app = spawn_app_with(Options { courier, ..Options::default() }).await;
    let user = app.register("a@example.com").await;
    send(&user, json!({})).await;
    app.deliver_mail().await;
    let mails = user.get("/mails?status=waiting").await;
    let mail = &mails.data(200)[0];
    assert_eq!((&mail["reason"], &mail["tries"]), (&json!("unreachable"), &json!(1)));
    assert!(mail["error"].as_str().unwrap().ends_with("did not answer in 30 seconds"));
    end.send(()).unwrap();
    hanging.await.unwrap();
}

#[tokio::test]
async fn failed_emails_of_proposals_and_credit_notes_are_on_their_pages() {
    let server = Postmaster::open().await;
    server.answer("RCPT", NOBODY);
    let app = mailing_through(&server).await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let proposal = user.proposal(&client, "A new website").await;
    user.post(&format!("/proposals/{proposal}/send"), json!({"mail": true})).await.data(200);
    let note = user.credit_note(&client).await;
    user.post(&format!("/credit-notes/{note}/send"), json!({})).await.data(200);
    while app.deliver_mail().await.due > 0 {}
    let browser = Browser::of(&user);
    browser.open("/").await.says("4 emails could not be delivered").says("Proposal A new website");
    for (noun, field, id) in
        [("proposals", "proposalId", &proposal), ("credit-notes", "creditNoteId", &note)]
    {
        let failed = user.get(&format!("/mails?{field}={id}")).await;
        let mail = &failed.data(200)[0];
        assert_eq!((&mail[field], &mail["canSendAgain"]), (&json!(id), &json!(true)), "{mail}");
        let place = format!("/{noun}/{id}");
        let page = browser.open(&place).await;
        page.says("The email to c@example.com could not be delivered.").says("Send again…");
        let again = format!("/mails/{}/send-again", mail["id"].as_str().unwrap());
        let typed = [("email", "here@example.com"), ("back", &place)];
        let sent = browser.send(&page, &again, &typed).await;
        sent.says("The email will be sent to here@example.com again now.");
        sent.hides("could not be delivered");
    }
    server.relent();
    while app.deliver_mail().await.due > 0 {}
    assert_eq!(server.asked("RCPT TO:<here@example.com>").len(), 2);
    browser.open("/").await.says("2 emails could not be delivered");
}

#[tokio::test]
async fn an_email_whose_document_needs_it_no_more_is_not_sent_again() {
    let server = Postmaster::open().await;
    server.answer("RCPT", NOBODY);
    let app = mailing_through(&server).await;
    let user = app.register("a@example.com").await;
    let (invoice, id) = send(&user, json!({})).await;
    app.deliver_mail().await;
    user.post(&format!("/invoices/{invoice}/mark-paid"), json!({})).await.data(200);
    let refused = user.post(&format!("/mails/{id}/send-again"), json!({})).await;
    assert_eq!(refused.error(409), "This invoice is already paid");
    let waiting = user.post(&format!("/mails/{id}/try-now"), json!({})).await;
    assert_eq!(waiting.error(409), "This email failed; send it again instead");
}
