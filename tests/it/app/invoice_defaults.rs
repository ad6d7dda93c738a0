//! Defaults of new invoices, and their numbering.

use std::collections::BTreeSet;

use freelanceos::{
    app::{
        invoice_defaults::{find_invoice_settings, set_logo, update_invoice_defaults},
        unit_of_work::Work,
    },
    domain::{
        error::{Kind, Result},
        id::{Id, ImageId},
        image::ImagePurpose,
        input::Input,
        invoice_defaults::{InvoiceDefaults, InvoiceDefaultsChange, InvoiceSettings},
        invoice_series::InvoiceSeries,
    },
};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::image::png;
use crate::support::{User, spawn_app};

async fn change(user: &User<'_>, fields: Value) -> Result<InvoiceSettings> {
    let change = InvoiceDefaultsChange::read(fields.as_object().unwrap())?;
    let update = move |work: &mut Work| update_invoice_defaults(work, &change, None);
    user.app.app.run(user.claims(), update).await
}

/// Uploads a picture and returns its id.
pub async fn picture(user: &User<'_>, purpose: ImagePurpose) -> ImageId {
    user.app.app.upload_image(user.claims(), purpose, png(60, 20)).await.unwrap()
}

async fn settings(user: &User<'_>) -> InvoiceSettings {
    user.app.app.query(user.claims(), find_invoice_settings).await.unwrap()
}

async fn number(user: &User<'_>, client: &str, issued: Option<&str>) -> String {
    let body = json!({
        "clientId": client, "amount": 1, "issueDate": issued, "dueDate": "2100-12-31",
    });
    user.post("/invoices", body).await.data(201)["number"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn defaults_are_those_of_the_documents_until_changed() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let untouched = InvoiceSettings {
        defaults: InvoiceDefaults::default(),
        series: InvoiceSeries::new(2026, "INV".to_owned()),
    };
    assert_eq!(settings(&user).await, untouched);
    let fields = json!({
        "businessName": "Obi Studio", "address": "1 Broad Street\nLagos", "taxId": "TIN 7",
        "dueDays": "14", "taxRate": "7.5", "notes": "Thank you",
        "paymentInstructions": "IBAN NG00",
    });
    let changed = change(&user, fields).await.unwrap();
    assert_eq!(settings(&user).await, changed);
    assert_eq!(changed.defaults.business_name.as_deref(), Some("Obi Studio"));
    assert_eq!(
        (changed.defaults.due_days, changed.defaults.tax_rate.to_string()),
        (14, "7.5".to_owned())
    );
    // Missing fields stay unchanged, and null clears.
    let changed = change(&user, json!({"taxId": null})).await.unwrap();
    assert_eq!((changed.defaults.tax_id, changed.defaults.due_days), (None, 14));
    assert_eq!(settings(&other).await, untouched);
}

#[tokio::test]
async fn prefix_and_start_can_be_set_before_the_first_invoice_of_the_year() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let chosen = change(&user, json!({"prefix": "OBI", "nextNumber": "41"})).await.unwrap();
    assert_eq!(
        (chosen.series.next_number().as_str(), chosen.series.is_begun()),
        ("OBI-2026-041", false)
    );
    // They can be changed again until the first number is used.
    change(&user, json!({"nextNumber": 7})).await.unwrap();
    assert_eq!(number(&user, &client, None).await, "OBI-2026-007");
    let begun = settings(&user).await;
    assert_eq!(
        (begun.series.next_number().as_str(), begun.series.is_begun()),
        ("OBI-2026-008", true)
    );

    for fields in [json!({"prefix": "INV"}), json!({"nextNumber": 9}), json!({"nextNumber": 1})] {
        let refused = change(&user, fields).await.unwrap_err();
        assert_eq!(*refused.kind(), Kind::Conflict);
        assert!(refused.to_string().contains("continues with OBI-2026-008"), "{refused}");
    }
    // A form sends unchanged values along with changed ones.
    let same = json!({"prefix": "OBI", "nextNumber": "8", "notes": "Hello"});
    assert_eq!(change(&user, same).await.unwrap().defaults.notes.as_deref(), Some("Hello"));
    assert_eq!(number(&user, &client, None).await, "OBI-2026-008");
    // A deleted draft does not free its number either.
    let id = user.get("/invoices").await.data(200)[0]["id"].as_str().unwrap().to_owned();
    user.delete(&format!("/invoices/{id}")).await.data(200);
    change(&user, json!({"nextNumber": 8})).await.unwrap_err();
}

#[tokio::test]
async fn a_new_year_starts_at_one_with_the_default_prefix() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    change(&user, json!({"prefix": "OBI", "nextNumber": 500})).await.unwrap();
    assert_eq!(number(&user, &client, None).await, "OBI-2026-500");
    assert_eq!(number(&user, &client, Some("2025-12-31")).await, "OBI-2025-001");
    app.clock.set("2027-01-01T12:00:00Z");
    let user = app.register("b@example.com").await;
    assert_eq!(settings(&user).await.series.next_number(), "INV-2027-001");
    let client = user.client("C").await;
    assert_eq!(number(&user, &client, None).await, "INV-2027-001");
    // The numbers of the first year stay unchanged.
    change(&user, json!({"prefix": "X"})).await.unwrap_err();
    assert_eq!(number(&user, &client, Some("2026-05-05")).await, "INV-2026-001");
}

#[tokio::test]
async fn numbers_stay_consecutive_while_prefix_and_start_change() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let draws = join_all((0..40).map(|_| number(&user, &client, None)));
    let choices = join_all((0..40).map(|start| {
        change(&user, json!({"prefix": format!("P{start}"), "nextNumber": 100 + start}))
    }));
    let (drawn, chosen) = join(draws, choices).await;
    // All numbers follow the last accepted change.
    let (prefix, start) = match chosen.into_iter().filter_map(Result::ok).next_back() {
        Some(settings) => (settings.defaults.prefix, settings.series.next_number()),
        None => ("INV".to_owned(), "INV-2026-001".to_owned()),
    };
    let first: usize = start.rsplit('-').next().unwrap().parse().unwrap();
    let expected: BTreeSet<String> =
        (first..first + 40).map(|n| format!("{prefix}-2026-{n:03}")).collect();
    assert_eq!(drawn.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn a_logo_must_be_a_picture_of_the_account() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let (own, foreign) =
        (picture(&user, ImagePurpose::Logo).await, picture(&other, ImagePurpose::Logo).await);
    let portfolio = picture(&user, ImagePurpose::Portfolio).await;
    app.app.run(user.claims(), move |work| set_logo(work, Some(own))).await.unwrap();
    for logo in [foreign, portfolio, Id::NIL] {
        let refused =
            app.app.run(user.claims(), move |work| set_logo(work, Some(logo))).await.unwrap_err();
        assert_eq!(*refused.kind(), Kind::NotFound);
    }
    change(&user, json!({"notes": "x"})).await.unwrap();
    assert_eq!(settings(&user).await.defaults.logo, Some(own));
    app.app.run(user.claims(), |work| set_logo(work, None)).await.unwrap();
    assert_eq!(settings(&user).await.defaults.logo, None);
}
