//! Exchange rates entered by the user.

use freelanceos::{
    app::{
        exchange_rate::{delete_exchange_rate, list_exchange_rates, set_exchange_rate},
        unit_of_work::Work,
    },
    domain::{
        error::{Error, Kind, Result},
        exchange_rate::{ExchangeRate, NewRate},
        input::Input,
        money::Currency,
    },
};
use serde_json::{Value, json};

use crate::support::{User, spawn_app};

/// Stores a rate, and returns it and whether it is the latest.
async fn set(user: &User<'_>, rate: Value) -> Result<(ExchangeRate, bool)> {
    let new = NewRate::read(rate.as_object().unwrap())?;
    user.app.app.run(user.claims(), move |work| set_exchange_rate(work, &new, None)).await
}

fn code(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

async fn listed(user: &User<'_>) -> Vec<String> {
    let rates = user.app.app.query(user.claims(), list_exchange_rates).await.unwrap();
    let line =
        |rate: &ExchangeRate| format!("{} {} {} {}", rate.day, rate.from, rate.into, rate.rate);
    rates.iter().map(line).collect()
}

#[tokio::test]
async fn users_enter_list_and_delete_their_own_rates() {
    let app = spawn_app().await;
    let (ada, obi) = (app.register("ada@example.com").await, app.register("obi@example.com").await);
    set(&ada, json!({"from": "EUR", "rate": "1.0834"})).await.unwrap();
    set(&ada, json!({"from": "NGN", "to": "EUR", "rate": 0.0006, "day": "2026-03-01"}))
        .await
        .unwrap();
    assert_eq!(listed(&ada).await, ["2026-03-18 EUR USD 1.0834", "2026-03-01 NGN EUR 0.0006"]);
    assert!(listed(&obi).await.is_empty());
    set(&ada, json!({"from": "EUR", "rate": 1.1})).await.unwrap();
    assert_eq!(listed(&ada).await[0], "2026-03-18 EUR USD 1.1");

    let delete = |user: &User<'_>, into| {
        let claims = user.claims();
        let app = app.app.clone();
        let delete = move |work: &mut Work| delete_exchange_rate(work, code("EUR"), into);
        async move { app.run(claims, delete).await }
    };
    let missing = |error: Error| assert_eq!(error.kind(), &Kind::NotFound);
    missing(delete(&obi, None).await.unwrap_err());
    missing(delete(&ada, Some(code("NGN"))).await.unwrap_err());
    delete(&ada, None).await.unwrap();
    missing(delete(&ada, None).await.unwrap_err());
    assert_eq!(listed(&ada).await.len(), 1);
}

#[tokio::test]
async fn invalid_rates_are_refused_field_by_field() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    for (rate, said) in [
        (json!({}), "from is required; rate is required"),
        (json!({"from": "EUR", "rate": "many"}), "rate must be a number"),
        (json!({"from": "EUR", "rate": 0}), "rate must be greater than 0"),
        (json!({"from": "USD", "rate": 1}), "from must be another currency than USD"),
        (json!({"from": "EUR", "rate": 1, "day": "2026-03-19"}), "day must not lie in the future"),
    ] {
        let refused = set(&ada, rate).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("Validation failed: {said}"));
    }
    set(&ada, json!({"from": "EUR", "rate": 1.2})).await.unwrap();
    // A rate of an earlier day is stored next to the latest.
    let older = set(&ada, json!({"from": "EUR", "rate": 1, "day": "2026-03-17"})).await;
    assert!(!older.unwrap().1);
    assert_eq!(listed(&ada).await, ["2026-03-18 EUR USD 1.2"]);
    assert!(set(&ada, json!({"from": "EUR", "rate": 1.3, "day": "2026-03-18"})).await.unwrap().1);
}

#[tokio::test]
async fn amounts_without_a_direct_rate_are_converted_through_another_currency() {
    let app = spawn_app().await;
    let ada = app.register("ada@example.com").await;
    ada.put("/auth/me", json!({"currency": "NGN"})).await.data(200);
    let client = ada.client("Acme").await;
    let body = json!({
        "clientId": client, "amount": 10, "currency": "USD", "dueDate": "2026-04-01",
    });
    let invoice = ada.post("/invoices", body).await.data(201)["id"].clone();
    let path = format!("/invoices/{}", invoice.as_str().unwrap());
    ada.post(&format!("{path}/send"), json!({})).await.data(200);
    let pending = async || {
        let stats = ada.get("/dashboard/stats").await.data(200).clone();
        (stats["pendingInvoicesAmount"].clone(), stats["unconverted"].clone())
    };
    let (before, unconverted) = pending().await;
    assert_eq!((before, &unconverted["USD"]), (json!(0), &json!(10)));
    set(&ada, json!({"from": "EUR", "to": "USD", "rate": 1.25})).await.unwrap();
    assert_eq!(pending().await.1["USD"], 10);
    set(&ada, json!({"from": "EUR", "to": "NGN", "rate": 2000})).await.unwrap();
    assert_eq!(pending().await, (json!(16_000), Value::Null));
}
