//! `GET /invoices/:id/pdf`.

use freelanceos::{
    app::{
        invoice_defaults::{set_logo, update_invoice_defaults},
        unit_of_work::Work,
    },
    domain::{
        id::InvoiceId, image::ImagePurpose, input::Input, invoice_defaults::InvoiceDefaultsChange,
    },
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::invoice_defaults::picture,
    support::{TestApp, User, spawn_app},
};

async fn pdf(user: &User<'_>, id: &str) -> Vec<u8> {
    let request = user.request(Method::GET, &format!("/invoices/{id}/pdf"));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap().to_vec()
}

async fn change_defaults(app: &TestApp, user: &User<'_>, fields: Value) {
    let change = InvoiceDefaultsChange::read(fields.as_object().unwrap()).unwrap();
    let update = move |work: &mut Work| update_invoice_defaults(work, &change, None);
    app.app.run(user.claims(), update).await.unwrap();
}

#[tokio::test]
async fn the_pdf_is_a_file_named_after_the_invoice() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let client = user.client("C").await;
    let id = user.invoice(&client, json!(100), "2026-04-15").await;
    let path = format!("/invoices/{id}/pdf");
    let answer = user.get(&path).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/pdf");
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"INV-2026-001.pdf\"");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert!(pdf(&user, &id).await.starts_with(b"%PDF-"));
    assert_eq!(other.get(&path).await.error(404), "Invoice not found");
    assert_eq!(user.get("/invoices/inv_123/pdf").await.error(404), "Invoice not found");
    app.send(app.request(Method::GET, &path)).await.error(401);
    app.send(user.request(Method::POST, &path)).await.error(405);
}

#[tokio::test]
async fn a_draft_is_rendered_each_time_and_a_sent_invoice_stays_the_same_byte_for_byte() {
    let app = spawn_app().await;
    app.clock.set("2026-04-14T12:00:00Z");
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.invoice(&client, json!(100), "2026-04-15").await;
    let path = format!("/invoices/{id}");
    let first = pdf(&user, &id).await;
    change_defaults(
        &app,
        &user,
        json!({"businessName": "Obi Studio", "paymentInstructions": "IBAN"}),
    )
    .await;
    let logo = picture(&user, ImagePurpose::Logo).await;
    app.app.run(user.claims(), move |work| set_logo(work, Some(logo))).await.unwrap();
    let second = pdf(&user, &id).await;
    assert_ne!(first, second);
    user.put(&path, json!({"notes": "Thank you"})).await.data(200);
    user.post(&format!("{path}/send"), json!({})).await.data(200);
    let sent = pdf(&user, &id).await;
    assert_ne!(sent, second);

    // Whatever changes afterwards.
    app.clock.set("2026-04-20T12:00:00Z");
    change_defaults(
        &app,
        &user,
        json!({"businessName": "Other", "address": {"street": "Elsewhere"}}),
    )
    .await;
    app.app.run(user.claims(), |work| set_logo(work, None)).await.unwrap();
    user.put("/auth/me", json!({"firstName": "Ada", "timezone": "Asia/Colombo"})).await.data(200);
    user.put(&format!("/clients/{client}"), json!({"name": "D"})).await.data(200);
    user.put(&path, json!({"notes": "Changed"})).await.data(200);
    assert_eq!(pdf(&user, &id).await, sent);
    let link = app.app.invoice_link(user.claims(), InvoiceId::parse(&id)).await.unwrap().unwrap();
    let token = link.rsplit('/').next().unwrap();
    let file = app.app.public_invoice_pdf(token).await.unwrap();
    assert_eq!((file.name.as_str(), &file.bytes), ("INV-2026-001.pdf", &sent));
    user.post(&format!("{path}/mark-paid"), json!({})).await.data(200);
    user.delete(&format!("/clients/{client}")).await.data(200);
    assert_eq!(pdf(&user, &id).await, sent);
    let shown = user.get(&path).await.data(200).clone();
    assert_eq!((&shown["notes"], &shown["client"]["name"]), (&json!("Changed"), &json!("C")));

    // The client, who got the same file, can download a copy that is marked as paid.
    let file = app.app.public_invoice_pdf(token).await.unwrap();
    assert_eq!(file.name, "INV-2026-001.pdf");
    assert!(file.bytes != sent);
}

#[tokio::test]
async fn an_invoice_sent_by_an_older_version_is_rendered_on_request_and_then_kept() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let asked = InvoiceId::parse(&id);
    // As left by a version without PDFs and links.
    let forgotten = app.database().change(|connection| {
        connection.define("DELETE FROM invoice_files")?;
        connection.define(
            "UPDATE invoices SET link = NULL, link_hash = NULL, \
             seller = '{\"name\":\"Jane Doe\",\"email\":\"a@example.com\"}'",
        )
    });
    forgotten.unwrap();
    let files = [pdf(&user, &id), pdf(&user, &id), pdf(&user, &id)];
    let files = futures_util::future::join_all(files).await;
    assert!(files.iter().all(|file| *file == files[0]));
    change_defaults(&app, &user, json!({"businessName": "Other"})).await;
    user.put(&format!("/invoices/{id}"), json!({"notes": "Changed"})).await.data(200);
    assert_eq!(pdf(&user, &id).await, files[0]);
    let link = app.app.invoice_link(user.claims(), asked).await.unwrap().unwrap();
    assert_eq!(app.app.invoice_link(user.claims(), asked).await.unwrap(), Some(link.clone()));
    let public = app.app.public_invoice(link.rsplit('/').next().unwrap()).await.unwrap();
    assert_eq!(public.seller.party.name, "Jane Doe");
}
