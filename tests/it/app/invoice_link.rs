//! The public link to an invoice, and its use.

use freelanceos::{
    app::invoice_send::remind_invoice,
    domain::{
        error::Kind,
        id::InvoiceId,
        invoice::{InvoiceRecord, InvoiceStatus},
        mail::MailKind,
    },
};
use serde_json::json;

use crate::support::{PUBLIC_URL, TestApp, User, spawn_app};

async fn link(user: &User<'_>, id: &str) -> Option<String> {
    user.app.app.invoice_link(user.claims(), InvoiceId::parse(id)).await.unwrap()
}

/// The token in the link of a sent invoice.
async fn token(user: &User<'_>, id: &str) -> String {
    let link = link(user, id).await.unwrap();
    link.strip_prefix(&format!("{PUBLIC_URL}/i/")).unwrap().to_owned()
}

async fn record(user: &User<'_>, id: &str) -> InvoiceRecord {
    user.app.app.invoice_record(user.claims(), InvoiceId::parse(id)).await.unwrap()
}

async fn is_unknown(app: &TestApp, token: &str) -> bool {
    let kinds = [
        app.app.public_invoice(token).await.map(drop),
        app.app.see_invoice(token).await,
        app.app.public_invoice_pdf(token).await.map(drop),
    ]
    .map(|answer| answer.err().map(|error| error.kind().clone()));
    assert!(kinds.iter().all(|kind| *kind == kinds[0]), "{kinds:?}");
    kinds[0] == Some(Kind::NotFound)
}

#[tokio::test]
async fn a_sent_invoice_has_one_unguessable_link() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let draft = user.invoice(&client, json!(1), "2026-04-15").await;
    assert_eq!(link(&user, &draft).await, None);
    let cancelled = user.invoice(&client, json!(1), "2026-04-15").await;
    user.delete(&format!("/invoices/{cancelled}")).await.data(200);
    assert_eq!(link(&user, &cancelled).await, None);

    let (first, second) =
        (user.sent_invoice(&client, json!(1)).await, user.sent_invoice(&client, json!(2)).await);
    let (one, two) = (token(&user, &first).await, token(&user, &second).await);
    assert_ne!(one, two);
    assert_eq!(one.len(), 24);
    user.post(&format!("/invoices/{first}/send"), json!({})).await.data(200);
    user.post(&format!("/invoices/{first}/mark-paid"), json!({})).await.data(200);
    assert_eq!(token(&user, &first).await, one);
}

#[tokio::test]
async fn the_link_shows_the_invoice_as_sent_with_its_current_status() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("TechStart").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let token = token(&user, &id).await;
    user.put("/auth/me", json!({"firstName": "Ada", "timezone": "Asia/Colombo"})).await.data(200);
    user.put(&format!("/clients/{client}"), json!({"name": "Other"})).await.data(200);
    let public = app.app.public_invoice(&token).await.unwrap();
    assert_eq!(public.invoice.number, "INV-2026-001");
    assert_eq!(public.seller.party.name, "John Doe");
    assert_eq!(public.buyer.name, "TechStart");
    assert_eq!(public.zone.name(), "Asia/Colombo");
    assert_eq!(public.status, InvoiceStatus::Sent);
    app.clock.set("2026-04-16T00:00:00Z");
    assert_eq!(app.app.public_invoice(&token).await.unwrap().status, InvoiceStatus::Overdue);
}

#[tokio::test]
async fn the_first_visit_by_someone_else_is_recorded() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let token = token(&user, &id).await;
    app.app.public_invoice(&token).await.unwrap();
    assert_eq!(record(&user, &id).await.times.viewed_at, None, "reading alone says nothing");
    app.clock.set("2026-03-19T08:00:00Z");
    let first = app.app.now();
    app.app.see_invoice(&token).await.unwrap();
    app.clock.set("2026-03-20T08:00:00Z");
    app.app.see_invoice(&token).await.unwrap();
    assert_eq!(record(&user, &id).await.times.viewed_at, Some(first));
}

#[tokio::test]
async fn sending_an_invoice_and_delivering_its_email_are_recorded_separately() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let client = user.client("C").await;
    let draft = user.invoice(&client, json!(1), "2026-04-15").await;
    let nothing = record(&user, &draft).await;
    assert_eq!((nothing.link, nothing.times.sent_at, nothing.mails), (None, None, Vec::new()));

    let id = user.sent_invoice(&client, json!(100)).await;
    let sent_at = app.app.now();
    let record_now = record(&user, &id).await;
    let [mail] = &record_now.mails[..] else { panic!("{record_now:?}") };
    assert_eq!((mail.kind, mail.to.as_str()), (MailKind::Invoice, "c@example.com"));
    assert_eq!((record_now.times.sent_at, mail.delivered_at), (Some(sent_at), None));
    assert_eq!(record_now.link, link(&user, &id).await);
    app.clock.set("2026-03-18T12:00:30Z");
    app.mails().await;
    let later = record(&user, &id).await;
    assert_eq!(later.mails[0].delivered_at, Some(app.app.now()));
    assert_eq!((later.times.sent_at, later.shown.status), (Some(sent_at), InvoiceStatus::Sent));

    let foreign = InvoiceId::parse(&id);
    for refused in [
        app.app.invoice_record(other.claims(), foreign).await.map(drop),
        app.app.invoice_link(other.claims(), foreign).await.map(drop),
        app.app.invoice_pdf(other.claims(), foreign).await.map(drop),
        app.app.run(other.claims(), move |work| remind_invoice(work, foreign)).await.map(drop),
    ] {
        assert_eq!(*refused.unwrap_err().kind(), Kind::NotFound);
    }
}

#[tokio::test]
async fn links_stop_working_while_their_account_is_disabled() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let token = token(&user, &id).await;
    assert!(!is_unknown(&app, &token).await);
    for wrong in ["", "x", &token[1..], &token.to_lowercase(), &format!("{token}A")] {
        assert!(is_unknown(&app, wrong).await, "{wrong}");
    }
    app.app.set_disabled("a@example.com".to_owned(), true).await.unwrap();
    assert!(is_unknown(&app, &token).await);
    app.app.set_disabled("a@example.com".to_owned(), false).await.unwrap();
    assert!(!is_unknown(&app, &token).await);
}
