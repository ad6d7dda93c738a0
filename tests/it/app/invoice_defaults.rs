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
        number_series::{NumberSeries, SeriesKind},
        reminder::ReminderSettings,
    },
    store::{self, engine::Tx},
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
    let day = "2026-03-18".parse().unwrap();
    let series = |kind: SeriesKind| NumberSeries { pattern: kind.default_pattern(), day, next: 1 };
    let untouched = InvoiceSettings {
        mail: freelanceos::domain::mail_settings::MailSettings::default(),
        defaults: InvoiceDefaults::default(),
        invoices: series(SeriesKind::Invoice),
        credit_notes: series(SeriesKind::CreditNote),
        tax_ids: Vec::new(),
        providers: Vec::new(),
        reminders: ReminderSettings::default(),
    };
    assert_eq!(settings(&user).await, untouched);
    let fields = json!({
        "businessName": "Obi Studio", "address": {"street": "1 Broad Street", "city": "Lagos"}, "taxId": "TIN 7",
        "paymentTermsDays": "14", "taxRate": "7.5", "notes": "Thank you",
        "paymentInstructions": "IBAN NG00",
    });
    let changed = change(&user, fields).await.unwrap();
    assert_eq!(settings(&user).await, changed);
    assert_eq!(changed.defaults.business.name.as_deref(), Some("Obi Studio"));
    assert_eq!(
        (changed.defaults.payment_terms_days, changed.defaults.tax_rate.to_string()),
        (Some(14), "7.5".to_owned())
    );
    // Missing fields stay unchanged, and null clears.
    let changed = change(&user, json!({"taxId": null})).await.unwrap();
    let InvoiceDefaults { business, payment_terms_days, .. } = changed.defaults;
    assert_eq!((business.tax_id, payment_terms_days), (None, Some(14)));
    assert_eq!(settings(&other).await, untouched);
}

#[tokio::test]
async fn pattern_and_next_number_can_change_at_any_time_to_numbers_not_yet_used() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let chosen = json!({"numberPattern": "OBI-{YYYY}-{NNN}", "nextNumber": "41"});
    assert_eq!(change(&user, chosen).await.unwrap().invoices.next_number(), "OBI-2026-041");
    change(&user, json!({"nextNumber": 7})).await.unwrap();
    assert_eq!(number(&user, &client, None).await, "OBI-2026-007");
    assert_eq!(settings(&user).await.invoices.next_number(), "OBI-2026-008");

    let refused = change(&user, json!({"nextNumber": 7})).await.unwrap_err();
    assert_eq!(*refused.kind(), Kind::Conflict);
    assert!(refused.to_string().contains("OBI-2026-007 is already used"), "{refused}");
    // A deleted draft does not free its number.
    let id = user.get("/invoices").await.data(200)[0]["id"].as_str().unwrap().to_owned();
    user.delete(&format!("/invoices/{id}")).await.data(200);
    change(&user, json!({"nextNumber": 7})).await.unwrap_err();
    // An earlier number is fine; the used one is skipped.
    change(&user, json!({"nextNumber": 6})).await.unwrap();
    let coming = settings(&user).await.invoices.coming(2);
    assert_eq!(coming, ["OBI-2026-006", "OBI-2026-007"]);
    assert_eq!(number(&user, &client, None).await, "OBI-2026-006");
    assert_eq!(settings(&user).await.invoices.next_number(), "OBI-2026-008");
    // A form sends unchanged values along with changed ones.
    let same = json!({"numberPattern": "OBI-{YYYY}-{NNN}", "nextNumber": "8", "notes": "Hello"});
    assert_eq!(change(&user, same).await.unwrap().defaults.notes.as_deref(), Some("Hello"));
    assert_eq!(number(&user, &client, None).await, "OBI-2026-008");
}

#[tokio::test]
async fn a_changed_pattern_of_the_same_period_goes_on_counting_and_another_period_begins_at_one() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    for _ in 0..2 {
        number(&user, &client, None).await;
    }
    change(&user, json!({"numberPattern": "RE{YY}/{NNNN}"})).await.unwrap();
    assert_eq!(number(&user, &client, None).await, "RE26/0003");
    change(&user, json!({"numberPattern": "{YYYY}-{MMM}-{NN}"})).await.unwrap();
    assert_eq!(number(&user, &client, None).await, "2026-MAR-01");
    assert_eq!(number(&user, &client, Some("2026-04-01")).await, "2026-APR-01");
    assert_eq!(number(&user, &client, Some("2026-03-31")).await, "2026-MAR-02");
    change(&user, json!({"numberPattern": "{NNNNN}"})).await.unwrap();
    assert_eq!(number(&user, &client, Some("2025-01-01")).await, "00001");
    assert_eq!(number(&user, &client, None).await, "00002");
    // With the first pattern restored, its numbers are not used again.
    change(&user, json!({"numberPattern": "INV-{YYYY}-{NNN}"})).await.unwrap();
    assert_eq!(number(&user, &client, None).await, "INV-2026-004");
    // A later year with another period repeats no number either.
    change(&user, json!({"numberPattern": "INV-{YYYY}-{N}{Q}"})).await.unwrap();
    let first = number(&user, &client, None).await;
    assert_eq!(first, "INV-2026-11");
    let other = app.register("b@example.com").await;
    assert_eq!(settings(&other).await.invoices.next_number(), "INV-2026-001");
}

#[tokio::test]
async fn credit_notes_count_by_themselves() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    number(&user, &client, None).await;
    let draw = || {
        let (account, day) = (user.claims().account, "2026-03-18".parse().unwrap());
        let drawn = app.database().change(|connection| {
            let tx = &mut Tx::new(connection);
            store::number_series::draw(tx, account, SeriesKind::CreditNote, day)
        });
        drawn.unwrap()
    };
    let drawn = draw();
    assert_eq!((drawn.text.as_str(), drawn.period.as_str()), ("CN-2026-001", "2026"));
    let chosen = json!({"creditNotePattern": "GS-{YY}{MM}-{N}", "nextCreditNoteNumber": 9});
    change(&user, chosen).await.unwrap();
    let drawn = draw();
    assert_eq!((drawn.text.as_str(), drawn.period.as_str()), ("GS-2603-9", "2026-03"));
    assert_eq!(number(&user, &client, None).await, "INV-2026-002");
}

#[tokio::test]
async fn a_new_year_starts_at_one() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let chosen = json!({"numberPattern": "OBI-{YYYY}-{NNN}", "nextNumber": 500});
    change(&user, chosen).await.unwrap();
    assert_eq!(number(&user, &client, None).await, "OBI-2026-500");
    assert_eq!(number(&user, &client, Some("2025-12-31")).await, "OBI-2025-001");
    app.clock.set("2027-01-01T12:00:00Z");
    let user = app.register("b@example.com").await;
    assert_eq!(settings(&user).await.invoices.next_number(), "INV-2027-001");
}

#[tokio::test]
async fn numbers_stay_consecutive_while_the_pattern_changes() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let draws = join_all((0..64).map(|_| number(&user, &client, None)));
    let choices = join_all((0..16).map(|round| {
        change(&user, json!({"numberPattern": format!("P{round}/{{YYYY}}-{{NNN}}")}))
    }));
    let (drawn, chosen) = join(draws, choices).await;
    assert!(chosen.iter().all(Result::is_ok));
    let ends: BTreeSet<&str> =
        drawn.iter().filter_map(|number| number.rsplit('-').next()).collect();
    let expected: Vec<String> = (1..=64).map(|n| format!("{n:03}")).collect();
    assert_eq!(ends, expected.iter().map(String::as_str).collect());
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
