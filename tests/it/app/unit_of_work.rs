//! Work done for an account by the program itself, without a session.

use freelanceos::{
    app::{
        invoice::{delete_invoice, duplicate_invoice},
        unit_of_work::Who,
    },
    domain::{error::Kind, id::InvoiceId},
};
use serde_json::json;

use crate::support::spawn_app;

#[tokio::test]
async fn the_system_can_do_for_an_account_what_its_owner_can() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.invoice(&client, json!(100), "2026-04-01").await;
    let who = Who::System(user.claims().account);
    let copy = app
        .app
        .run(who, move |work| duplicate_invoice(work, InvoiceId::parse(&id)))
        .await
        .unwrap()
        .invoice;
    let shown = user.get(&format!("/invoices/{}", copy.id)).await.data(200).clone();
    assert_eq!((&shown["number"], &shown["amount"]), (&json!("INV-2026-002"), &json!(100)));
    let log = user.get("/dashboard/activity").await.data(200).clone();
    assert_eq!(log[0]["message"], "Invoice INV-2026-002 was created for C");
}

#[tokio::test]
async fn the_system_finds_nothing_of_another_account() {
    let app = spawn_app().await;
    let (ada, obi) = (app.register("ada@example.com").await, app.register("obi@example.com").await);
    let client = ada.client("C").await;
    let id = InvoiceId::parse(&ada.invoice(&client, json!(100), "2026-04-01").await);
    let refused = app
        .app
        .run(Who::System(obi.claims().account), move |work| delete_invoice(work, id))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), &Kind::NotFound);
}

#[tokio::test]
async fn the_system_does_nothing_for_a_locked_account() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = InvoiceId::parse(&user.invoice(&client, json!(100), "2026-04-01").await);
    app.app.set_disabled("a@example.com".to_owned(), true).await.unwrap();
    let refused =
        app.app.run(Who::System(user.claims().account), move |work| delete_invoice(work, id)).await;
    assert_eq!(refused.unwrap_err().kind(), &Kind::Forbidden);
}
