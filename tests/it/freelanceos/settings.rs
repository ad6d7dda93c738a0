//! `/settings`: the business and the invoice defaults.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::support::{User, spawn_app};

async fn number(user: &User<'_>, client: &str, issued: Option<&str>) -> String {
    let body = json!({
        "clientId": client, "amount": 1, "issueDate": issued, "dueDate": "2100-12-31",
    });
    user.post("/invoices", body).await.data(201)["number"].as_str().unwrap().to_owned()
}

async fn pattern(user: &User<'_>, pattern: &str) -> Value {
    let body = json!({"invoicing": {"numberPattern": pattern}});
    user.put("/settings", body).await.data(200)["invoicing"].clone()
}

#[tokio::test]
async fn settings_merge_by_field_and_belong_to_one_account() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let told = json!({"inApp": true, "email": true});
    let untouched = json!({
        "business": {},
        "paymentMethods": [],
        "invoicing": {
            "numberPattern": "INV-{YYYY}-{NNN}", "nextNumber": 1,
            "creditNotePattern": "CN-{YYYY}-{NNN}", "nextCreditNoteNumber": 1, "taxIds": [],
            "template": "classic", "paper": "country", "numberFormat": "1,234.56",
        },
        "providers": {
            "paystack": {"configured": false}, "flutterwave": {"configured": false},
            "stripe": {"configured": false},
        },
        "notifications": {
            "proposalAnswered": told, "paymentReceived": told, "paymentHeld": told,
            "messageReceived": told, "mailFailed": told,
        },
        "reminders": {
            "enabled": false, "steps": [{"days": -3}, {"days": 0}, {"days": 7}, {"days": 14}],
        },
        "proposalReminder": {"enabled": false, "days": 3},
        "mail": {"thankYou": false},
    });
    assert_eq!(*user.get("/settings").await.data(200), untouched);
    let business = json!({
        "name": "සිරි සැලසුම්", "address": {"street": "ගාලු පාර 21", "city": "කොළඹ", "postalCode": "00300"},
        "countryCode": "LK", "taxId": "VAT 1", "registrationNumber": "PV 7",
        "email": "office@example.com", "phone": "+94 11", "website": "https://siri.example",
    });
    let body =
        json!({"business": business, "invoicing": {"paymentTermsDays": 14, "notes": "Thanks"}});
    let set = user.put("/settings", body).await.data(200).clone();
    assert_eq!(set["business"], business);
    assert_eq!(set["invoicing"]["paymentTermsDays"], 14);
    assert_eq!(user.get("/settings").await.data(200), &set);

    // An address is replaced as a whole, null clears a field, and omitted fields stay.
    let body = json!({"business": {"address": {"city": "Galle"}, "taxId": null}});
    let changed = user.put("/settings", body).await.data(200).clone();
    assert_eq!(changed["business"]["address"], json!({"city": "Galle"}));
    assert_eq!(changed["business"].get("taxId"), None);
    assert_eq!(changed["business"]["phone"], "+94 11");
    assert_eq!(changed["invoicing"], set["invoicing"]);
    for empty in [json!({"address": null}), json!({"address": {}})] {
        let cleared = user.put("/settings", json!({"business": empty})).await;
        assert_eq!(cleared.data(200)["business"].get("address"), None);
    }
    assert_eq!(*other.get("/settings").await.data(200), untouched);
    assert_eq!(app.send(app.request(reqwest::Method::GET, "/settings")).await.status, 401);
}

#[tokio::test]
async fn every_invalid_setting_is_named_and_nothing_is_kept() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let before = user.get("/settings").await.data(200).clone();
    let body = json!({
        "business": {"countryCode": "Nigeria", "email": "x", "website": "siri.example"},
        "invoicing": {"numberPattern": "INV", "paymentTermsDays": 366, "paper": "a5", "notes": "x"},
    });
    assert_eq!(
        user.put("/settings", body).await.error(400),
        "business.countryCode must be an ISO 3166-1 country code such as NG; \
         business.email must be a valid email address; \
         business.website must be an http or https URL; \
         invoicing.numberPattern must have one run of N such as {NNN}, and beside it only {YYYY}, \
         {YY}, {MM}, {MMM}, {Q}, letters, digits, spaces and - / . _ #; \
         invoicing.paymentTermsDays must be a whole number from 0 to 365; \
         invoicing.paper must be one of country, a4, letter"
    );
    for wrong in ["{MM}-{NNN}", "{Q}{N}", "{MMM}{N}"] {
        let body = json!({"invoicing": {"numberPattern": wrong}});
        let refused = user.put("/settings", body).await;
        assert!(refused.error(400).contains("must name the year"), "{wrong}");
    }
    assert_eq!(*user.get("/settings").await.data(200), before);
}

#[tokio::test]
async fn a_used_number_is_a_conflict_and_an_issue_date_stays_in_the_period_of_its_number() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    assert_eq!(number(&user, &client, None).await, "INV-2026-001");
    let taken = json!({"invoicing": {"nextNumber": 1}});
    let error = user.put("/settings", taken).await.error(409).to_owned();
    assert_eq!(error, "INV-2026-001 is already used; choose another next number");

    for (text, number, inside, outside, message) in [
        ("{YYYY}{MM}-{NN}", "202603-01", "2026-03-01", "2026-04-01", "2026-03, the month"),
        ("{YY}Q{Q}-{NN}", "26Q1-01", "2026-01-01", "2026-04-01", "2026-Q1, the quarter"),
        ("R{YYYY}-{N}", "R2026-2", "2026-12-31", "2027-01-01", "2026, the year"),
    ] {
        pattern(&user, text).await;
        let body = json!({"clientId": client, "amount": 1, "dueDate": "2100-12-31"});
        let made = user.post("/invoices", body).await.data(201).clone();
        assert_eq!(made["number"], number);
        let path = format!("/invoices/{}", made["id"].as_str().unwrap());
        user.put(&path, json!({"issueDate": inside})).await.data(200);
        let refused = user.put(&path, json!({"issueDate": outside})).await;
        let message = format!("issueDate must stay in {message} of the invoice number");
        assert_eq!(refused.error(400), message);
    }
    pattern(&user, "{NNNN}").await;
    let body = json!({"clientId": client, "amount": 1, "dueDate": "2100-12-31"});
    let made = user.post("/invoices", body).await.data(201).clone();
    assert_eq!(made["number"], "0001");
    let path = format!("/invoices/{}", made["id"].as_str().unwrap());
    user.put(&path, json!({"issueDate": "2031-07-01"})).await.data(200);
}

#[tokio::test]
async fn sixteen_writers_get_consecutive_numbers_while_the_pattern_changes() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let draw = async |_: usize| {
        let mut drawn = Vec::new();
        for _ in 0..6 {
            drawn.push(number(&user, &client, None).await);
        }
        drawn
    };
    let change = async {
        for text in ["A{YYYY}-{NNN}", "{YY}/{NNN}", "B {NNN}.{YYYY}"] {
            pattern(&user, text).await;
        }
    };
    let (drawn, ()) = join(join_all((0..16).map(draw)), change).await;
    let drawn: Vec<String> = drawn.into_iter().flatten().collect();
    let of = |number: &String| {
        let digits = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        number.split(['-', '/', ' ', '.']).find(|part| digits(part)).unwrap().to_owned()
    };
    let counted: BTreeSet<String> = drawn.iter().map(of).collect();
    assert_eq!(counted, (1..=96).map(|n| format!("{n:03}")).collect());
    assert_eq!(user.get("/settings").await.data(200)["invoicing"]["nextNumber"], 97);
}
