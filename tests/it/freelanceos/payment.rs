//! Payments for invoices: partial payments, reversals, refunds, and the amount due after them.

use freelanceos::{domain::exchange_rate::ExchangeRate, store::engine::Tx};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    store::rollup::assert_rollups,
    support::{Answer, User, spawn_app},
};

async fn pay(user: &User<'_>, invoice: &str, body: Value) -> Answer {
    user.post(&format!("/invoices/{invoice}/payments"), body).await
}

async fn refund(user: &User<'_>, invoice: &str, body: Value) -> Answer {
    user.post(&format!("/invoices/{invoice}/refunds"), body).await
}

/// Pays, and returns the id of the payment.
async fn paid(user: &User<'_>, invoice: &str, body: Value) -> String {
    pay(user, invoice, body).await.data(201)["id"].as_str().unwrap().to_owned()
}

async fn invoice(user: &User<'_>, id: &str) -> Value {
    user.get(&format!("/invoices/{id}")).await.data(200).clone()
}

/// `status paymentStatus amountPaid amountDue` of an invoice.
async fn state(user: &User<'_>, id: &str) -> String {
    let data = invoice(user, id).await;
    let (status, paid_so_far) = (data["status"].as_str().unwrap(), &data["amountPaid"]);
    let payment_status = data["paymentStatus"].as_str().unwrap();
    format!("{status} {payment_status} {paid_so_far} {}", data["amountDue"])
}

async fn stats(user: &User<'_>) -> Value {
    user.get("/dashboard/stats").await.data(200).clone()
}

async fn total_billed(user: &User<'_>, client: &str) -> Value {
    user.get(&format!("/clients/{client}")).await.data(200)["totalBilled"].clone()
}

#[tokio::test]
async fn an_invoice_is_paid_in_parts_until_nothing_is_due() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(1000)).await;
    assert_eq!(state(&user, &id).await, "sent unpaid 0 1000");

    let body = json!({"amount": 350.5, "withheld": 49.5, "paidAt": "2026-03-10",
        "method": "bank_transfer", "reference": "TRX-1", "note": "First half"});
    let answer = pay(&user, &id, body).await;
    let data = answer.data(201);
    let fields = |data: &Value| {
        ["kind", "amount", "withheld", "currency", "paidAt", "method", "reference", "note"]
            .map(|field| data[field].to_string())
            .join(" ")
    };
    assert_eq!(
        fields(data),
        r#""payment" 350.5 49.5 "USD" "2026-03-10T00:00:00Z" "bank_transfer" "TRX-1" "First half""#
    );
    assert!(data["id"].as_str().unwrap().starts_with("pay_"));
    assert_eq!((&data["invoiceId"], &data["clientId"]), (&json!(id), &json!(client)));
    assert_eq!(state(&user, &id).await, "sent partially_paid 400 600");
    assert!(invoice(&user, &id).await.get("paidAt").is_none());
    let pending = stats(&user).await;
    assert_eq!(
        (&pending["pendingInvoices"], &pending["pendingInvoicesAmount"]),
        (&json!(1), &json!(600))
    );
    assert_eq!(pending["totalEarnings"], 400);
    assert_eq!(total_billed(&user, &client).await, 400);

    paid(&user, &id, json!({"amount": 100})).await;
    pay(&user, &id, json!({"amount": 500, "paidAt": "2026-03-17T23:00:00-08:00"})).await.data(201);
    assert_eq!(state(&user, &id).await, "paid paid 1000 0");
    let data = invoice(&user, &id).await;
    assert_eq!((&data["paidAt"], &data["amount"]), (&json!("2026-03-17T00:00:00Z"), &json!(1000)));
    let now = stats(&user).await;
    assert_eq!((&now["pendingInvoices"], &now["pendingInvoicesAmount"]), (&json!(0), &json!(0)));
    assert_eq!(now["totalEarnings"], 1000);
    // It is logged once, with the amount of the invoice.
    let log = user.get("/dashboard/activity").await.data(200).clone();
    let log: Vec<_> =
        log.as_array().unwrap().iter().filter(|e| e["type"] == "invoice_paid").collect();
    assert_eq!((log.len(), &log[0]["amount"]), (1, &json!(1000)));

    let list = user.get(&format!("/invoices/{id}/payments")).await;
    let amounts: Vec<_> = list
        .data(200)
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["amount"].to_string())
        .collect();
    assert_eq!(amounts, ["100", "500", "350.5"]);
    assert_eq!(list.body["total"], 3);
    assert_rollups(app.database());
}

#[tokio::test]
async fn more_than_is_due_is_refused_and_named_unless_it_is_allowed() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    paid(&user, &id, json!({"amount": 40})).await;
    for body in [json!({"amount": 60.01}), json!({"amount": 50, "withheld": 10.01})] {
        assert_eq!(
            pay(&user, &id, body).await.error(400),
            "amount is more than the amount due, USD 60.00"
        );
    }
    paid(&user, &id, json!({"amount": 90, "allowOverpayment": true})).await;
    assert_eq!(state(&user, &id).await, "paid overpaid 130 0");
    let error = pay(&user, &id, json!({"amount": 1})).await;
    assert_eq!(error.error(400), "amount is more than the amount due, USD 0.00");
    // Another overpayment does not change when the invoice was paid.
    let paid_at = invoice(&user, &id).await["paidAt"].clone();
    app.clock.advance(jiff::SignedDuration::from_hours(30));
    paid(&user, &id, json!({"amount": 1, "allowOverpayment": true})).await;
    assert_eq!(invoice(&user, &id).await["paidAt"], paid_at);
    assert_rollups(app.database());
}

#[tokio::test]
async fn wrong_payments_are_refused() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    for (body, error) in [
        (json!({}), "amount is required"),
        (json!({"amount": 0}), "amount must be greater than 0"),
        (json!({"amount": -1}), "amount must be between 0 and 1000000000000000 minor units"),
        (json!({"amount": 1.001}), "amount must have at most 2 decimals"),
        (json!({"amount": 1, "withheld": 0.001}), "withheld must have at most 2 decimals"),
        (json!({"amount": 1, "paidAt": "2026-03-19"}), "paidAt must not lie in the future"),
        (
            json!({"amount": 1, "method": "barter"}),
            "method must be one of bank_transfer, card, cash, mobile_money, paypal, cheque, other",
        ),
    ] {
        assert_eq!(pay(&user, &id, body).await.error(400), error);
    }
    let draft = user.invoice(&client, json!(100), "2026-04-15").await;
    for (path, body) in [("payments", json!({"amount": 1})), ("refunds", json!({"amount": 1}))] {
        user.post(&format!("/invoices/{draft}/{path}"), body).await.error(409);
    }
    user.delete(&format!("/invoices/{draft}")).await.data(200);
    let error = pay(&user, &draft, json!({"amount": 1})).await;
    assert_eq!(error.error(409), "A cancelled invoice cannot be paid");
    assert_eq!(user.get("/payments").await.body["total"], 0);
}

#[tokio::test]
async fn a_currency_without_decimals_is_paid_in_whole_units_and_one_with_three_in_thousandths() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("ශ්‍රී ලංකා").await;
    for (currency, amount, part, rest, wrong) in [
        ("XOF", json!(655_957), json!(655_956), json!(1), json!(0.5)),
        ("KWD", json!(1.005), json!(1.004), json!(0.001), json!(0.0005)),
    ] {
        let body = json!({"clientId": client, "amount": amount, "currency": currency, "dueDate": "2026-04-15"});
        let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
        user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
        pay(&user, &id, json!({"amount": wrong})).await.error(400);
        paid(&user, &id, json!({"amount": part})).await;
        assert_eq!(invoice(&user, &id).await["amountDue"], rest);
        paid(&user, &id, json!({"amount": rest})).await;
        assert_eq!(invoice(&user, &id).await["status"], "paid");
    }
    assert_rollups(app.database());
}

#[tokio::test]
async fn a_reversed_payment_stays_in_the_ledger_and_its_invoice_is_open_again() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let other = app.register("b@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let first =
        paid(&user, &id, json!({"amount": 30, "withheld": 10, "paidAt": "2026-02-01"})).await;
    let rest = paid(&user, &id, json!({"amount": 60, "paidAt": "2026-03-01"})).await;
    assert_eq!(state(&user, &id).await, "paid paid 100 0");

    other.delete(&format!("/payments/{first}")).await.error(404);
    user.delete(&format!("/payments/{first}")).await.data(200);
    assert_eq!(state(&user, &id).await, "sent partially_paid 60 40");
    assert!(invoice(&user, &id).await.get("paidAt").is_none());
    assert_eq!(stats(&user).await["totalEarnings"], 60);
    assert_eq!(total_billed(&user, &client).await, 60);
    let again = user.delete(&format!("/payments/{first}")).await;
    assert_eq!(again.error(409), "This payment is already undone");

    let list = user.get("/payments").await;
    let entries = list.data(200).as_array().unwrap();
    assert_eq!(entries.len(), 3);
    let reversal = &entries[1];
    assert_eq!((&reversal["kind"], &reversal["reverses"]), (&json!("reversal"), &json!(first)));
    assert_eq!((&reversal["amount"], &reversal["withheld"]), (&json!(-30), &json!(-10)));
    assert_eq!(reversal["paidAt"], "2026-02-01T00:00:00Z");
    assert_eq!(entries[2]["reversedBy"], reversal["id"]);
    let error = user.delete(&format!("/payments/{}", reversal["id"].as_str().unwrap())).await;
    error.error(409);

    user.delete(&format!("/payments/{rest}")).await.data(200);
    assert_eq!(state(&user, &id).await, "sent unpaid 0 100");
    assert_eq!(stats(&user).await["totalEarnings"], 0);
    // It can be paid again.
    user.post(&format!("/invoices/{id}/mark-paid"), json!({})).await.data(200);
    assert_eq!(state(&user, &id).await, "paid paid 100 0");
    assert_rollups(app.database());
}

#[tokio::test]
async fn an_overpaid_invoice_is_refunded_up_to_what_was_paid_too_much() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let too_much = paid(&user, &id, json!({"amount": 150, "allowOverpayment": true})).await;
    let error = refund(&user, &id, json!({"amount": 50.01})).await;
    assert_eq!(
        error.error(409),
        "At most USD 50.00 can be refunded: the client paid that much more than they owe"
    );
    let answer = refund(&user, &id, json!({"amount": 20, "method": "card"})).await;
    let data = answer.data(201);
    assert_eq!((&data["kind"], &data["amount"]), (&json!("refund"), &json!(-20)));
    assert_eq!(state(&user, &id).await, "paid overpaid 130 0");
    refund(&user, &id, json!({"amount": 30})).await.data(201);
    assert_eq!(state(&user, &id).await, "paid paid 100 0");
    refund(&user, &id, json!({"amount": 0.01})).await.error(409);
    assert_eq!(stats(&user).await["totalEarnings"], 100);

    // Only money that was paid can be refunded.
    let error = user.delete(&format!("/payments/{too_much}")).await;
    assert_eq!(error.error(409), "A refund was recorded on this invoice; undo it first");
    let taken_back = data["id"].as_str().unwrap();
    user.delete(&format!("/payments/{taken_back}")).await.data(200);
    assert_eq!(state(&user, &id).await, "paid overpaid 120 0");
    assert_rollups(app.database());
}

#[tokio::test]
async fn mark_paid_pays_what_is_due_and_counts_what_was_withheld() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    paid(&user, &id, json!({"amount": 20})).await;
    let path = format!("/invoices/{id}/mark-paid");
    let mark = |body: Value| user.post(&path, body);
    let error = mark(json!({"withheld": 80.01})).await;
    assert_eq!(error.error(400), "withheld is more than the amount due, USD 80.00");
    mark(json!({"paidAt": "2026-03-19"})).await.error(400);
    let body = json!({"paidAt": "2026-03-16", "method": "cheque", "reference": "7", "withheld": 5});
    let answer = mark(body).await;
    let data = answer.data(200);
    assert_eq!(
        (&data["status"], &data["paidAt"]),
        (&json!("paid"), &json!("2026-03-16T00:00:00Z"))
    );
    assert_eq!(data["client"]["totalBilled"], 100);
    // A paid invoice stays unchanged.
    assert_eq!(mark(json!({"withheld": 1})).await.data(200), data);
    let list = user.get("/payments?method=cheque").await;
    let [entry] = &list.data(200).as_array().unwrap()[..] else { panic!("{}", list.body) };
    assert_eq!((&entry["amount"], &entry["withheld"]), (&json!(75), &json!(5)));
    assert_eq!(entry["reference"], "7");

    // Setting the status does the same.
    let id = user.sent_invoice(&client, json!(50)).await;
    paid(&user, &id, json!({"amount": 20})).await;
    let answer = user.put(&format!("/invoices/{id}"), json!({"status": "paid"})).await;
    assert_eq!(answer.data(200)["amountPaid"], 50);
    assert_eq!(user.get("/payments").await.body["total"], 4);
    assert_rollups(app.database());
}

#[tokio::test]
async fn an_invoice_of_nothing_is_paid_when_it_is_sent() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(0)).await;
    assert_eq!(state(&user, &id).await, "paid paid 0 0");
    assert_eq!(invoice(&user, &id).await["paidAt"], "2026-03-18T12:00:00Z");
    assert_eq!(user.get("/payments").await.body["total"], 0);
    assert_eq!(stats(&user).await["pendingInvoices"], 0);
    assert_rollups(app.database());
}

#[tokio::test]
async fn a_given_day_counts_in_its_month_whatever_the_timezone() {
    let app = spawn_app().await;
    for (email, zone) in [
        ("a@example.com", "America/New_York"),
        ("b@example.com", "Pacific/Auckland"),
        ("c@example.com", "Africa/Lagos"),
    ] {
        let user = app.register(email).await;
        user.put("/auth/me", json!({"timezone": zone})).await.data(200);
        let client = user.client("C").await;
        let id = user.sent_invoice(&client, json!(100)).await;
        paid(&user, &id, json!({"amount": 30, "paidAt": "2026-02-28"})).await;
        paid(&user, &id, json!({"amount": 70, "paidAt": "2026-03-01"})).await;
        assert_eq!(stats(&user).await["monthlyEarnings"], 70, "{zone}");
        for (query, amounts) in [
            ("from=2026-03-01", vec![json!(70)]),
            ("to=2026-02-28", vec![json!(30)]),
            ("from=2026-02-28&to=2026-02-28", vec![json!(30)]),
            ("from=2026-03-02", vec![]),
        ] {
            let list = user.get(&format!("/payments?{query}")).await;
            let found: Vec<_> =
                list.data(200).as_array().unwrap().iter().map(|e| e["amount"].clone()).collect();
            assert_eq!((found, zone), (amounts, zone), "{query}");
        }
    }
}

#[tokio::test]
async fn payments_are_listed_by_client_and_method_latest_first_and_only_ones_own() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let (ada, bob) = (user.client("Ada").await, user.client("Bob").await);
    for (client, amount, day, method) in [
        (&ada, 1, "2026-03-03", "cash"),
        (&bob, 2, "2026-03-01", "cash"),
        (&ada, 3, "2026-03-02", "card"),
    ] {
        let id = user.sent_invoice(client, json!(10)).await;
        paid(&user, &id, json!({"amount": amount, "paidAt": day, "method": method})).await;
    }
    let theirs = other.client("Theirs").await;
    let id = other.sent_invoice(&theirs, json!(10)).await;
    paid(&other, &id, json!({"amount": 9, "method": "cash"})).await;
    user.get(&format!("/invoices/{id}/payments")).await.error(404);
    for (query, amounts) in [
        (String::new(), vec![1, 3, 2]),
        (format!("?clientId={ada}"), vec![1, 3]),
        ("?method=cash".to_owned(), vec![1, 2]),
        (format!("?clientId={ada}&method=card&from=2026-03-02"), vec![3]),
        ("?pageSize=1&page=2".to_owned(), vec![3]),
    ] {
        let list = user.get(&format!("/payments{query}")).await;
        let found: Vec<_> =
            list.data(200).as_array().unwrap().iter().map(|e| e["amount"].clone()).collect();
        assert_eq!(json!(found), json!(amounts), "{query}");
    }
    user.get("/payments?method=barter").await.error(400);
}

#[tokio::test]
async fn a_payment_converts_at_the_newest_rate_known_on_its_day() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let rate = |day, rate| ExchangeRate::parse(day, "EUR", "USD", rate).unwrap();
    // The older rate is added later and is kept too.
    for rates in [rate("2026-03-10", "1.2"), rate("2026-03-01", "1.1")] {
        app.app.import_rates("a@example.com".to_owned(), vec![rates]).await.unwrap();
    }
    let client = user.client("C").await;
    let body =
        json!({"clientId": client, "amount": 400, "currency": "EUR", "dueDate": "2026-04-15"});
    let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    let mut payments = Vec::new();
    for day in ["2026-02-28", "2026-03-01", "2026-03-09", "2026-03-10"] {
        payments.push(paid(&user, &id, json!({"amount": 100, "paidAt": day})).await);
    }
    user.delete(&format!("/payments/{}", payments[1])).await.data(200);
    let kept = app
        .database()
        .peek(|connection| {
            Tx::new(connection).list(
                "SELECT amount, base_amount FROM payments ORDER BY id",
                &[],
                |row| Ok((row.get::<i64>(0)?, row.get::<Option<i64>>(1)?)),
            )
        })
        .unwrap();
    let expected = [
        (10_000, None),
        (10_000, Some(11_000)),
        (10_000, Some(11_000)),
        (10_000, Some(12_000)),
        (-10_000, Some(-11_000)),
    ];
    assert_eq!(kept, expected);
    // Without a rate for its day, the latest one is used for now.
    assert_eq!(stats(&user).await["totalEarnings"], 120 + 110 + 120);
    assert_rollups(app.database());
}

#[tokio::test]
async fn payments_at_the_same_time_never_exceed_what_is_due() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let mut all = Vec::new();
    for _ in 0..20 {
        let path = format!("/invoices/{id}/payments");
        all.push(user.request(Method::POST, &path).json(&json!({"amount": 10})).send());
    }
    let answers = futures_util::future::join_all(all).await;
    let statuses: Vec<_> = answers.into_iter().map(|a| a.unwrap().status().as_u16()).collect();
    let count = |status| statuses.iter().filter(|known| **known == status).count();
    assert_eq!((count(201), count(400)), (10, 10), "{statuses:?}");
    assert_eq!(state(&user, &id).await, "paid paid 100 0");
    assert_rollups(app.database());
}

#[tokio::test]
async fn a_repeated_payment_with_the_same_key_counts_once() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let again = || {
        let path = format!("/invoices/{id}/payments");
        let request = user.request(Method::POST, &path).header("Idempotency-Key", "k");
        app.send(request.json(&json!({"amount": 10})))
    };
    let first = again().await;
    assert_eq!(again().await.data(201), first.data(201));
    assert_eq!(state(&user, &id).await, "sent partially_paid 10 90");
}
