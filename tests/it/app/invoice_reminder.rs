//! Invoice reminders.

use freelanceos::{
    app::invoice_send::remind_invoice,
    domain::{
        error::{Kind, Result},
        id::InvoiceId,
        invoice::{InvoiceStatus, ShownInvoice},
        mail::MailKind,
    },
};
use serde_json::json;

use crate::support::{User, spawn_app};

async fn remind(user: &User<'_>, id: &str) -> Result<ShownInvoice> {
    let id = InvoiceId::parse(id);
    user.app.app.run(user.claims(), move |work| remind_invoice(work, id)).await
}

#[tokio::test]
async fn a_reminder_mails_the_invoice_again_and_is_recorded() {
    let app = spawn_app().await;
    app.clock.set("2026-04-09T12:00:00Z");
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let before = user.get(&format!("/invoices/{id}")).await.data(200).clone();
    let first = app.mails().await.pop().unwrap();
    app.clock.set("2026-04-10T12:00:00Z");
    assert_eq!(remind(&user, &id).await.unwrap().status, InvoiceStatus::Sent);
    let mail = app.mails().await.pop().unwrap();
    let subject = mail.header("Subject");
    assert!(subject.starts_with("Reminder: invoice INV-2026-001 · USD 100.00 · due "), "{subject}");
    assert_eq!(mail.to(), "c@example.com");
    assert!(mail.header("Reply-To").contains("a@example.com"));
    assert!(mail.text.contains("This is a reminder about invoice INV-2026-001"), "{}", mail.text);
    assert!(!mail.text.contains("was due"), "{}", mail.text);
    assert_eq!(mail.pdf, first.pdf, "the same file, byte by byte");
    let claims = user.claims();
    let record = app.app.invoice_record(claims, InvoiceId::parse(&id)).await.unwrap();
    assert_eq!(record.times.reminded_at, Some(app.app.now()));
    let kinds: Vec<_> = record.mails.iter().map(|mail| mail.kind).collect();
    assert_eq!(kinds, [MailKind::InvoiceReminder, MailKind::Invoice]);
    assert_eq!(user.get(&format!("/invoices/{id}")).await.data(200), &before);
}

#[tokio::test]
async fn the_next_reminder_may_follow_a_day_later_and_says_that_the_invoice_is_overdue() {
    let app = spawn_app().await;
    app.clock.set("2026-04-12T12:00:00Z");
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    app.clock.set("2026-04-15T22:30:00Z");
    remind(&user, &id).await.unwrap();
    app.clock.set("2026-04-16T22:29:59Z");
    let refused = remind(&user, &id).await.unwrap_err();
    assert_eq!(*refused.kind(), Kind::Conflict);
    // Lagos is an hour ahead of UTC.
    assert!(refused.to_string().ends_with("after 16 Apr 2026, 23:30"), "{refused}");
    app.clock.set("2026-04-16T22:30:00Z");
    assert_eq!(remind(&user, &id).await.unwrap().status, InvoiceStatus::Overdue);
    let mails = app.mails().await;
    assert_eq!(mails.len(), 3);
    let said = mails[2].text.replace('\n', " ");
    assert!(said.contains("was due on 15 Apr 2026"), "{said}");
}

#[tokio::test]
async fn of_two_concurrent_reminders_one_is_mailed() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let (one, two) = tokio::join!(remind(&user, &id), remind(&user, &id));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert_eq!(app.mails().await.len(), 2);
}

#[tokio::test]
async fn only_unpaid_sent_invoices_get_reminders() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let draft = user.invoice(&client, json!(1), "2026-04-15").await;
    let cancelled = user.invoice(&client, json!(1), "2026-04-15").await;
    user.delete(&format!("/invoices/{cancelled}")).await.data(200);
    let paid = user.sent_invoice(&client, json!(1)).await;
    user.post(&format!("/invoices/{paid}/mark-paid"), json!({})).await.data(200);
    let mailed = app.mails().await.len();
    for id in [draft, cancelled, paid] {
        assert_eq!(*remind(&user, &id).await.unwrap_err().kind(), Kind::Conflict);
    }
    assert_eq!(*remind(&user, "inv_123").await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(app.mails().await.len(), mailed);
}
