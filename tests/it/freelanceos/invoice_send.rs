//! `POST /invoices/:id/send`: what the client gets.

use freelanceos::{app::invoice_send::remind_invoice, domain::id::InvoiceId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Options, TestApp, User, spawn_app, spawn_app_with};

/// Creates a draft with notes for a client with this name.
async fn draft(user: &User<'_>, name: &str) -> String {
    let client = user.client(name).await;
    let body = json!({
        "clientId": client, "amount": 2250, "dueDate": "2026-04-15",
        "notes": "Bank: <b>First</b>\nAccount: 0123",
    });
    user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned()
}

async fn send(user: &User<'_>, id: &str, body: Value) -> Value {
    user.post(&format!("/invoices/{id}/send"), body).await.data(200).clone()
}

async fn link(user: &User<'_>, id: &str) -> String {
    user.app.app.invoice_link(user.claims(), InvoiceId::parse(id)).await.unwrap().unwrap()
}

async fn pdf(app: &TestApp, user: &User<'_>, id: &str) -> Vec<u8> {
    let id = InvoiceId::parse(id);
    app.app.invoice_pdf(user.claims(), id).await.unwrap().bytes
}

#[tokio::test]
async fn the_client_gets_an_email_with_the_pdf_and_links() {
    let app = spawn_app_with(Options {
        payment_link_base: Some("https://pay.example"),
        ..Options::default()
    })
    .await;
    let user = app.register("ada@example.com").await;
    let id = draft(&user, "Ngozi Eze").await;
    let sent = send(&user, &id, json!({})).await;
    let mails = app.mails().await;
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(mail.to(), "c@example.com");
    assert_eq!(mail.header("Subject"), "Invoice INV-2026-001 · USD 2,250.00 · due 15 Apr");
    assert_eq!(mail.header("Reply-To").replace('"', ""), "John Doe <ada@example.com>");
    let from = mail.header("From").replace('"', "");
    assert_eq!(from, "John Doe via FreelanceOS <no-reply@localhost>");
    let (public, payment) = (link(&user, &id).await, sent["paymentLink"].as_str().unwrap());
    for part in [&mail.text, &mail.html] {
        let part = part.replace('\u{a0}', " ");
        for said in [
            "Hello Ngozi Eze,",
            "INV-2026-001",
            "USD 2,250.00",
            "15 Apr 2026",
            &public,
            payment,
            "Account",
            "0123",
            "attached as a PDF",
        ] {
            assert!(part.contains(said), "{said}: {part}");
        }
    }
    // In HTML a button replaces the URL.
    assert!(!mail.html.contains(&format!(">{public}")), "{}", mail.html);
    assert!(mail.html.contains("&#60;b&#62;First") && mail.text.contains("<b>First</b>"));
    assert!(!mail.text.contains("\n\n\n"), "{}", mail.text);
    let (name, bytes) = mail.pdf.as_ref().unwrap();
    assert_eq!(name, "INV-2026-001.pdf");
    assert!(bytes.starts_with(b"%PDF-"));
    assert_eq!(*bytes, pdf(&app, &user, &id).await);
    assert!(mail.raw.is_ascii() && mail.raw.split("\r\n").all(|line| line.len() < 998));
}

#[tokio::test]
async fn send_may_name_another_address_and_mails_again_without_changes() {
    let app = spawn_app().await;
    let user = app.register("ada@example.com").await;
    let id = draft(&user, "Ngozi").await;
    let first = send(&user, &id, json!({"email": "billing@example.com"})).await;
    let public = link(&user, &id).await;
    app.clock.set("2026-03-20T12:00:00Z");
    assert_eq!(send(&user, &id, json!({})).await, first);
    // A mistyped address is corrected by sending again.
    let client = format!("/clients/{}", first["clientId"].as_str().unwrap());
    user.put(&client, json!({"email": "right@example.com"})).await.data(200);
    app.clock.set("2026-03-21T12:00:00Z");
    assert_eq!(send(&user, &id, json!({})).await["updatedAt"], first["updatedAt"]);
    let mails = app.mails().await;
    let to: Vec<_> = mails.iter().map(|mail| mail.to()).collect();
    assert_eq!(to, ["billing@example.com", "c@example.com", "right@example.com"]);
    assert!(mails.iter().all(|mail| mail.pdf == mails[0].pdf && mail.text.contains(&public)));
    assert_eq!(link(&user, &id).await, public);
}

#[tokio::test]
async fn a_request_repeated_with_its_key_mails_nothing() {
    let app = spawn_app().await;
    let user = app.register("ada@example.com").await;
    let id = draft(&user, "Ngozi").await;
    let path = format!("/invoices/{id}/send");
    let request = || user.request(Method::POST, &path).header("idempotency-key", "once");
    let first = app.send(request().json(&json!({}))).await;
    assert_eq!(app.send(request().json(&json!({}))).await.body, first.body);
    user.post(&format!("/invoices/{id}/mark-paid"), json!({})).await.data(200);
    assert_eq!(app.send(request().json(&json!({}))).await.body, first.body);
    assert_eq!(app.mails().await.len(), 1);
}

#[tokio::test]
async fn a_refused_request_mails_nothing() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let (id, cancelled) = (draft(&user, "Ngozi").await, draft(&user, "Ngozi").await);
    user.delete(&format!("/invoices/{cancelled}")).await.data(200);
    user.post(&format!("/invoices/{cancelled}/send"), json!({})).await.error(409);
    other.post(&format!("/invoices/{id}/send"), json!({})).await.error(404);
    user.post(&format!("/invoices/{id}/send"), json!({"email": "x"})).await.error(400);
    assert!(app.mails().await.is_empty());
}

#[tokio::test]
async fn concurrent_sends_and_updates_freeze_and_mail_the_same_invoice() {
    let app = spawn_app().await;
    let user = app.register("ada@example.com").await;
    for round in 0..4 {
        let id = draft(&user, "Ngozi").await;
        let path = format!("/invoices/{id}");
        let change = async |notes: String| user.put(&path, json!({"notes": notes})).await;
        let route = format!("{path}/send");
        let (sent, again, ..) = tokio::join!(
            user.post(&route, json!({})),
            user.post(&route, json!({})),
            change(format!("first {round}")),
            change(format!("second {round}")),
        );
        for answer in [sent, again] {
            assert_eq!(answer.data(200)["status"], "sent");
        }
        let mails = app.mails().await;
        let kept = pdf(&app, &user, &id).await;
        assert_eq!(mails.len(), 2 * (round + 1));
        let number = format!("INV-2026-{:03}.pdf", round + 1);
        for mail in mails.iter().filter(|mail| mail.pdf.as_ref().unwrap().0 == number) {
            assert_eq!(mail.pdf.as_ref().unwrap().1, kept);
            assert!(mail.text.contains(&link(&user, &id).await));
        }
    }
}

#[tokio::test]
async fn an_account_mails_fifty_invoices_a_day_but_can_send_more() {
    let app =
        spawn_app_with(Options { rate_limit: true, trust_proxy: true, ..Options::default() }).await;
    let user = app.register("ada@example.com").await;
    app.app.make_owner("ada@example.com".to_owned()).await.unwrap();
    let id = draft(&user, "Ngozi").await;
    let again = async |round: usize| {
        let request = user.request(Method::POST, &format!("/invoices/{id}/send"));
        // From many addresses, so that only the limit of the account applies.
        app.send(request.header("x-forwarded-for", format!("203.0.113.{round}"))).await
    };
    for round in 0..50 {
        again(round).await.data(200);
    }
    let refused = again(50).await;
    refused.error(429);
    assert_eq!(refused.headers["x-ratelimit-limit"], "50");
    assert_eq!(refused.headers["retry-after"], "86400");
    let id = InvoiceId::parse(&id);
    let reminded = app.app.run(user.claims(), move |work| remind_invoice(work, id)).await;
    assert_eq!(reminded.unwrap_err().to_string(), "Too many requests, please try again later");
    // A draft is still sent, only without an email, and its owner can see that.
    let next = draft(&user, "Ngozi").await;
    assert_eq!(send(&user, &next, json!({})).await["status"], "sent");
    let next_id = InvoiceId::parse(&next);
    let record = app.app.invoice_record(user.claims(), next_id).await.unwrap();
    assert!(record.mails.is_empty() && record.link.is_some());
    assert!(pdf(&app, &user, &next).await.starts_with(b"%PDF-"));
    app.clock.set("2026-03-19T12:00:00Z");
    send(&user, &next, json!({})).await;
    let record = app.app.invoice_record(user.claims(), next_id).await.unwrap();
    assert_eq!(record.mails.len(), 1);
}

#[tokio::test]
async fn invoices_of_one_client_can_be_sent_and_paid_concurrently() {
    let app = spawn_app().await;
    let user = app.register("ada@example.com").await;
    let client = user.client("Ngozi Eze").await;
    let mut ids = Vec::new();
    for _ in 0..24 {
        ids.push(user.invoice(&client, json!(100), "2026-04-15").await);
    }
    let settled = ids.iter().map(async |id| {
        send(&user, id, json!({})).await;
        user.post(&format!("/invoices/{id}/mark-paid"), json!({})).await.data(200).clone()
    });
    for invoice in futures_util::future::join_all(settled).await {
        assert_eq!(invoice["status"], "paid");
    }
    let shown = user.get(&format!("/clients/{client}")).await;
    assert_eq!(shown.data(200)["totalBilled"], 2400);
}
