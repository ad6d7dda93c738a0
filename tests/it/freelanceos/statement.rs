//! Statements: opening balance, entries and closing balance of a client.

use std::collections::BTreeMap;

use freelanceos::{
    app::{statement::balances_of_client, unit_of_work::Work},
    domain::id::ClientId,
};
use serde_json::{Value, json};

use crate::support::{User, spawn_app};

async fn statement(user: &User<'_>, client: &str, query: &str) -> Value {
    user.get(&format!("/clients/{client}/statement{query}")).await.data(200).clone()
}

/// `opening: date kind number amount balance, …: closing` of each currency.
fn lines(statement: &Value) -> Vec<String> {
    let entry = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        let (date, kind, number) = (text("date"), text("kind"), text("number"));
        format!("{} {kind} {number} {} {}", &date[5..10], entry["amount"], entry["balance"])
    };
    let currency = |own: &Value| {
        let entries: Vec<_> = own["entries"].as_array().unwrap().iter().map(entry).collect();
        format!(
            "{} {}: {}: {}",
            own["currency"].as_str().unwrap(),
            own["openingBalance"],
            entries.join(", "),
            own["closingBalance"]
        )
    };
    statement["currencies"].as_array().unwrap().iter().map(currency).collect()
}

#[tokio::test]
async fn a_statement_lists_everything_that_changed_what_a_client_owes() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    assert_eq!(lines(&statement(&user, &client, "").await), Vec::<String>::new());
    let id = user.sent_invoice(&client, json!(100)).await;
    let pay = async |body: Value| {
        user.post(&format!("/invoices/{id}/payments"), body).await.data(201);
    };
    pay(json!({"amount": 30, "withheld": 10, "paidAt": "2026-03-01"})).await;
    pay(json!({"amount": 80, "paidAt": "2026-03-18", "allowOverpayment": true})).await;
    let body = json!({"amount": 25, "reason": "R"});
    user.post(&format!("/invoices/{id}/credit-notes"), body).await.data(201);
    user.post(&format!("/invoices/{id}/refunds"), json!({"amount": 15})).await.data(201);
    // Drafts do not count, cancelled or not; a voided invoice does.
    let cancelled = user.invoice(&client, json!(7), "2026-04-15").await;
    user.delete(&format!("/invoices/{cancelled}")).await;
    user.invoice(&client, json!(8), "2026-04-15").await;
    let body =
        json!({"clientId": client, "amount": 900, "currency": "XOF", "dueDate": "2026-04-15"});
    let voided = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/invoices/{voided}/send"), json!({})).await.data(200);
    user.post(&format!("/invoices/{voided}/void"), json!({"reason": "R"})).await.data(201);

    let whole = statement(&user, &client, "").await;
    assert_eq!(
        (&whole["from"], &whole["to"], &whole["clientId"]),
        (&json!("2026-01-01T00:00:00Z"), &json!("2026-12-31T00:00:00Z"), &json!(client))
    );
    assert_eq!(
        lines(&whole),
        [
            "USD 0: 03-01 payment INV-2026-001 -40 -40, 03-18 invoice INV-2026-001 100 60, \
             03-18 credit_note CN-2026-001 -25 35, 03-18 payment INV-2026-001 -80 -45, \
             03-18 refund INV-2026-001 15 -30: -30",
            "XOF 0: 03-18 invoice INV-2026-004 900 900, 03-18 credit_note CN-2026-002 -900 0: 0",
        ]
    );
    let entry = &whole["currencies"][0]["entries"][2];
    assert!(entry["id"].as_str().unwrap().starts_with("cn_"));
    assert_eq!(entry["invoiceId"], json!(id));
    // Both days are included.
    let before = statement(&user, &client, "?from=2026-03-01&to=2026-03-17").await;
    assert_eq!(lines(&before), ["USD 0: 03-01 payment INV-2026-001 -40 -40: -40"]);
    let after = statement(&user, &client, "?from=2026-03-19&to=2026-03-19").await;
    assert_eq!(lines(&after), ["USD -30: : -30"]);
    let path = format!("/clients/{client}/statement?from=2026-03-02&to=2026-03-01");
    assert_eq!(user.get(&path).await.error(400), "to must not be before from");

    let other = app.register("b@example.com").await;
    assert_eq!(other.get(&format!("/clients/{client}/statement")).await.status, 404);
}

#[tokio::test]
async fn days_of_a_statement_are_those_of_the_account() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    user.put("/auth/me", json!({"timezone": "Pacific/Kiritimati"})).await.data(200);
    let client = user.client("C").await;
    // It is noon of 18 March in UTC, and the 19th on Kiritimati.
    let id = user.sent_invoice(&client, json!(100)).await;
    user.post(&format!("/invoices/{id}/payments"), json!({"amount": 60})).await.data(201);
    let body = json!({"amount": 40, "paidAt": "2026-03-18"});
    user.post(&format!("/invoices/{id}/payments"), body).await.data(201);
    let day = statement(&user, &client, "?from=2026-03-19&to=2026-03-19").await;
    assert_eq!(
        lines(&day),
        ["USD -40: 03-19 invoice INV-2026-001 100 60, 03-19 payment INV-2026-001 -60 0: 0"]
    );
}

#[tokio::test]
async fn a_statement_equals_a_recount_of_any_history() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let mut state: u64 = 11;
    let mut roll = |sides: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    };
    // Everything as in the response: day, currency, amount in minor units.
    let mut history: Vec<(String, String, i64)> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    let mut payments: Vec<(String, String, i64)> = Vec::new();
    let minor = |value: &Value| (value.as_f64().unwrap() * 100.0).round() as i64;
    for _ in 0..160 {
        let amount = (roll(9000) + 1) as f64 / 100.0;
        let day = format!("2026-{:02}-{:02}", roll(3) + 1, roll(17) + 1);
        let id = ids.get(roll(ids.len().max(1) as u64) as usize).cloned().unwrap_or_default();
        let currency = ["USD", "EUR"][roll(2) as usize];
        let (path, body, sign) = match roll(6) {
            0 | 1 => {
                let body = json!({"clientId": client, "amount": amount, "currency": currency,
                    "issueDate": day, "dueDate": "2026-06-01"});
                let made = user.post("/invoices", body).await.data(201).clone();
                let id = made["id"].as_str().unwrap().to_owned();
                user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
                history.push((day, currency.to_owned(), minor(&made["amount"])));
                ids.push(id);
                continue;
            }
            2 => {
                let body = json!({"amount": amount, "paidAt": day, "allowOverpayment": true});
                ("payments", body, -1)
            }
            3 => ("credit-notes", json!({"amount": amount, "reason": "R"}), -1),
            4 => ("refunds", json!({"amount": amount, "paidAt": day}), 1),
            _ => {
                let Some((payment, day, amount)) = payments.pop() else { continue };
                let currency = history.iter().find(|(d, _, a)| (d, a) == (&day, &amount));
                let currency = currency.unwrap().1.clone();
                if user.delete(&format!("/payments/{payment}")).await.status == 200 {
                    history.push((day, currency, -amount));
                }
                continue;
            }
        };
        let made = user.post(&format!("/invoices/{id}/{path}"), body).await;
        if made.status != 201 {
            continue;
        }
        let made = made.data(201);
        let day =
            made.get("paidAt").unwrap_or(&made["issueDate"]).as_str().unwrap()[..10].to_owned();
        let amount = match path {
            "refunds" => -minor(&made["amount"]),
            _ => sign * minor(&made["amount"]),
        };
        history.push((day.clone(), made["currency"].as_str().unwrap().to_owned(), amount));
        if path != "credit-notes" {
            payments.push((made["id"].as_str().unwrap().to_owned(), day, amount));
        }
    }
    assert!(history.len() > 80, "only {} entries", history.len());
    for (from, to) in [("2026-01-01", "2026-12-31"), ("2026-02-05", "2026-03-09")] {
        let found = statement(&user, &client, &format!("?from={from}&to={to}")).await;
        let mut expected: BTreeMap<&str, (i64, i64, usize)> = BTreeMap::new();
        for (day, currency, amount) in history.iter().filter(|(day, ..)| &day[..] <= to) {
            let own = expected.entry(currency).or_default();
            own.1 += amount;
            if &day[..] < from { own.0 += amount } else { own.2 += 1 }
        }
        let mut seen = BTreeMap::new();
        for own in found["currencies"].as_array().unwrap() {
            let mut balance = minor(&own["openingBalance"]);
            let entries = own["entries"].as_array().unwrap();
            let mut last = from.to_owned();
            for entry in entries {
                let day = entry["date"].as_str().unwrap()[..10].to_owned();
                assert!(last <= day && &day[..] <= to, "{last} {day}");
                last = day;
                balance += minor(&entry["amount"]);
                assert_eq!(balance, minor(&entry["balance"]));
            }
            assert_eq!(balance, minor(&own["closingBalance"]));
            let opening = minor(&own["openingBalance"]);
            seen.insert(own["currency"].as_str().unwrap(), (opening, balance, entries.len()));
        }
        assert_eq!(seen, expected);
    }
    // The client's page shows the balance.
    let id = ClientId::parse(&client);
    let owed = move |work: &mut Work| balances_of_client(work, id);
    let owed = app.app.query(user.claims(), owed).await.unwrap();
    let owed: BTreeMap<_, _> =
        owed.iter().map(|sum| (sum.currency.code().to_owned(), sum.minor)).collect();
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for (_, currency, amount) in history {
        *sums.entry(currency).or_default() += amount;
    }
    sums.retain(|_, sum| *sum != 0);
    assert_eq!(owed, sums);
}
