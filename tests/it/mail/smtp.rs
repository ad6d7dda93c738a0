//! SMTP: what the mail server is told, and what its responses mean.

use freelanceos::{
    app::outbox::{invoices_with_failed_mail, list_troubled_mail},
    config::Settings,
    domain::{id::InvoiceId, mail::QueuedMail},
};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use crate::support::{Options, TestApp, smtp::Postmaster, spawn_app_with};

/// An app that mails through this server.
async fn mailing_through(server: &Postmaster, host: &str, name: Option<&str>) -> TestApp {
    let courier = Some(server.courier(host, name));
    spawn_app_with(Options { courier, ..Options::default() }).await
}

async fn register(app: &TestApp, email: &str) {
    let body = json!({
        "firstName": "Kamala", "lastName": "Perera", "email": email,
        "password": "securepass1!", "role": "freelancer",
    });
    let answer = app.send(app.request(Method::POST, "/auth/register").json(&body)).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
}

async fn only_mail(app: &TestApp) -> QueuedMail {
    let mails = app.app.list_mail(true).await.unwrap();
    let [queued] = &mails[..] else { panic!("{mails:?}") };
    queued.clone()
}

#[tokio::test]
async fn without_a_host_name_the_sender_address_is_an_ip_literal() {
    for (host, from) in [
        ("192.168.1.5", "no-reply@[192.168.1.5]"),
        ("2001:db8::5", "no-reply@[IPv6:2001:db8::5]"),
        ("localhost", "no-reply@localhost"),
        ("bücher.example", "no-reply@xn--bcher-kva.example"),
    ] {
        let server = Postmaster::open().await;
        let app = mailing_through(&server, host, None).await;
        register(&app, "kamala@example.com").await;
        app.deliver_mail().await;
        let queued = only_mail(&app).await;
        assert!(queued.delivered_at.is_some(), "{host}: {:?}", queued.last_error);
        assert_eq!(queued.file_name, None);
        assert_eq!(server.asked("MAIL FROM"), [format!("MAIL FROM:<{from}>")]);
        assert_eq!(server.asked("From: "), [format!("From: FreelanceOS <{from}>")]);
        let domain = from.split('@').next_back().unwrap();
        let message_id = &server.asked("Message-ID: ")[0];
        assert!(message_id.ends_with(&format!("@{domain}>")), "{message_id}");
    }
}

#[tokio::test]
async fn ehlo_names_a_full_host_name_or_an_ip_literal() {
    for (name, greeting) in
        [(Some("freelance.example"), "EHLO freelance.example"), (None, "EHLO [127.0.0.1]")]
    {
        let server = Postmaster::open().await;
        let app = mailing_through(&server, "localhost", name).await;
        register(&app, "kamala@example.com").await;
        app.deliver_mail().await;
        assert_eq!(server.asked("EHLO"), [greeting]);
    }
}

#[tokio::test]
async fn an_email_waits_if_the_server_rejects_the_client_and_not_the_email() {
    for (begin, answer) in [
        ("EHLO", "550 5.7.1 we do not know you"),
        ("MAIL", "553 5.1.8 sender's domain is unknown"),
        ("MAIL", "550 not from this sender"),
        ("RCPT", "504 5.5.2 <laptop>: Helo command rejected: need fully-qualified hostname"),
        ("RCPT", "553 5.7.1 <no-reply@a>: Sender address rejected: not owned by user ada"),
        ("RCPT", "554 5.7.1 <kamala@example.com>: Relay access denied"),
        ("DATA", "550 5.7.26 this sender is unauthenticated"),
        ("RCPT", "530 5.7.0 Authentication required"),
        ("RCPT", "450 4.2.0 greylisted"),
    ] {
        let server = Postmaster::open().await;
        server.answer(begin, answer);
        let app = mailing_through(&server, "freelance.example", Some("freelance.example")).await;
        register(&app, "kamala@example.com").await;
        app.deliver_mail().await;
        let queued = only_mail(&app).await;
        assert!(queued.waits() && queued.sealed.is_some(), "{answer}: {queued:?}");
        assert!(queued.last_error.unwrap().contains(&answer[..3]), "{answer}");
        server.relent();
        app.clock.advance(SignedDuration::from_secs(5));
        app.deliver_mail().await;
        assert!(only_mail(&app).await.delivered_at.is_some(), "{answer}");
    }
}

#[tokio::test]
async fn a_permanently_rejected_email_fails_at_once_with_the_servers_message() {
    for (begin, answer) in [
        ("RCPT", "550 5.1.1 no such user"),
        ("RCPT", "552 5.2.2 over quota"),
        ("DATA", "554 5.7.1 looks like spam"),
    ] {
        let server = Postmaster::open().await;
        server.answer(begin, answer);
        let app = mailing_through(&server, "freelance.example", None).await;
        register(&app, "kamala@example.com").await;
        app.deliver_mail().await;
        let queued = only_mail(&app).await;
        assert!(queued.failed_at.is_some(), "{answer}: {queued:?}");
        assert!(queued.last_error.unwrap().contains(&answer[4..]), "{answer}");
    }
}

#[tokio::test]
async fn the_sender_is_derived_from_the_settings() {
    use clap::Parser;
    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        settings: Settings,
    }
    let mail = |settings: &[&str]| {
        let arguments = ["serve"].iter().chain(settings).copied();
        Program::parse_from(arguments).settings.mail()
    };
    for (settings, from) in [
        (
            &["--smtp-url=smtp://ada%40example.com:p@h", "--public-url=http://192.168.1.5:5000"][..],
            "ada@example.com",
        ),
        (
            &["--smtp-url=smtp://apikey:p@h", "--public-url=http://192.168.1.5:5000"],
            "no-reply@[192.168.1.5]",
        ),
        (
            &["--smtp-url=smtp://h", "--public-url=https://bücher.example"],
            "no-reply@xn--bcher-kva.example",
        ),
        (
            &["--smtp-url=smtp://ada%40example.com:p@h", "--mail-from=Ada <office@ada.example>"],
            "office@ada.example",
        ),
    ] {
        assert_eq!(mail(settings).unwrap().sender.email(), from, "{settings:?}");
    }
    let refused = mail(&["--smtp-url=smtp://h", "--mail-from=josé@example.com"]).unwrap_err();
    assert!(refused.to_string().contains("MAIL_FROM"), "{refused}");
}

#[tokio::test]
async fn a_failed_invoice_email_is_shown_until_a_newer_one_is_accepted() {
    let server = Postmaster::open().await;
    let app = mailing_through(&server, "freelance.example", None).await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let client = user.client("Kamala").await;
    let id = user.invoice(&client, json!(100), "2026-04-15").await;
    server.answer("RCPT TO:<gone@example.com>", "550 5.1.1 nobody of that name here");
    user.post(&format!("/invoices/{id}/send"), json!({"email": "gone@example.com"}))
        .await
        .data(200);
    app.deliver_mail().await;

    let failed = async |user: &crate::support::User<'_>| {
        app.app.query(user.claims(), list_troubled_mail).await.unwrap()
    };
    let marked = async |ids: Vec<InvoiceId>| {
        let claims = user.claims();
        app.app.query(claims, move |work| invoices_with_failed_mail(work, &ids)).await.unwrap()
    };
    let [mail] = &failed(&user).await[..] else { panic!("it is not told") };
    assert_eq!((&*mail.to, mail.name.as_deref()), ("gone@example.com", Some("INV-2026-001")));
    assert!(mail.last_error.as_ref().unwrap().contains("nobody of that name here"), "{mail:?}");
    assert!(failed(&other).await.is_empty());
    let ids = vec![InvoiceId::parse(&id)];
    assert_eq!(marked(ids.clone()).await, ids);

    app.clock.advance(SignedDuration::from_secs(1));
    user.post(&format!("/invoices/{id}/send"), json!({"email": "here@example.com"}))
        .await
        .data(200);
    app.deliver_mail().await;
    assert!(failed(&user).await.is_empty());
    assert!(marked(ids).await.is_empty());
}
