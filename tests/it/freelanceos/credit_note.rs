//! Credit notes for parts, lines or all of a sent invoice, and what they leave.

use freelanceos::{
    domain::job::JobKind,
    store::engine::{Connection, Tx},
};
use futures_util::future::join_all;
use jiff::SignedDuration;
use proptest::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime;

use crate::{
    store::rollup::assert_rollups,
    support::{Answer, User, spawn_app},
};

async fn credit(user: &User<'_>, invoice: &str, mut body: Value) -> Answer {
    body["reason"] = "R".into();
    user.post(&format!("/invoices/{invoice}/credit-notes"), body).await
}

async fn void(user: &User<'_>, invoice: &str) -> Answer {
    user.post(&format!("/invoices/{invoice}/void"), json!({"reason": "Wrong client"})).await
}

async fn invoice(user: &User<'_>, id: &str) -> Value {
    user.get(&format!("/invoices/{id}")).await.data(200).clone()
}

/// Creates an invoice with these fields, sends it and returns its id.
async fn sent(user: &User<'_>, client: &str, fields: Value) -> String {
    let mut body = json!({"clientId": client, "currency": "USD", "dueDate": "2026-04-15"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let id = user.post("/invoices", body).await.data(201)["id"].as_str().unwrap().to_owned();
    user.post(&format!("/invoices/{id}/send"), json!({})).await.data(200);
    id
}

async fn pdf(user: &User<'_>, path: &str) -> Vec<u8> {
    let file = user.request(Method::GET, path).send().await.unwrap();
    let file = file.error_for_status().unwrap();
    assert_eq!(file.headers()["content-type"], "application/pdf");
    file.bytes().await.unwrap().to_vec()
}

/// `status paymentStatus amountPaid amountCredited amountDue` of an invoice.
async fn state(user: &User<'_>, id: &str) -> String {
    let data = invoice(user, id).await;
    let word = |name: &str| data[name].as_str().unwrap().to_owned();
    let number = |name: &str| data[name].to_string();
    [
        word("status"),
        word("paymentStatus"),
        number("amountPaid"),
        number("amountCredited"),
        number("amountDue"),
    ]
    .join(" ")
}

/// `amount taxAmount` and each tax of a credit note.
fn sums(answer: &Answer) -> String {
    let note = answer.data(201);
    let taxes = note["taxes"].as_array().unwrap().iter();
    let taxes: Vec<_> = taxes.map(|tax| format!("{}={}", tax["base"], tax["amount"])).collect();
    format!("{} {} {}", note["amount"], note["taxAmount"], taxes.join(" ")).trim_end().to_owned()
}

#[tokio::test]
async fn a_partial_amount_is_split_over_the_taxes_and_the_last_note_takes_the_rest() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let items = json!([
        {"description": "A", "quantity": 1, "rate": 100,
         "taxes": [{"name": "VAT", "rate": 7.5}, {"name": "Levy", "rate": 2.5}]},
        {"description": "B", "quantity": 1, "rate": 33.33, "taxes": []},
    ]);
    let id = sent(&user, &client, json!({"items": items})).await;
    let answer = credit(&user, &id, json!({"amount": 50})).await;
    assert_eq!(sums(&answer), "50 3.49 34.88=2.62 34.88=0.87");
    let note = answer.data(201);
    assert!(note["id"].as_str().unwrap().starts_with("cn_"));
    for (field, value) in [
        ("number", json!("CN-2026-001")),
        ("invoiceId", json!(id)),
        ("invoiceNumber", json!("INV-2026-001")),
        ("clientId", json!(client)),
        ("currency", json!("USD")),
        ("reason", json!("R")),
        ("issueDate", json!("2026-03-18T00:00:00Z")),
        ("isVoid", json!(false)),
        ("items", json!([])),
    ] {
        assert_eq!(note[field], value, "{field}");
    }
    assert_eq!(state(&user, &id).await, "sent unpaid 0 50 93.33");
    let pending = user.get("/dashboard/stats").await.data(200).clone();
    assert_eq!(pending["pendingInvoicesAmount"].to_string(), "93.33");

    let error = credit(&user, &id, json!({"amount": 93.34})).await;
    assert_eq!(error.error(400), "amount is more than is left to credit, USD 93.33");
    // An empty request credits everything that is left, and the taxes add up to those of the
    // invoice.
    assert_eq!(sums(&credit(&user, &id, json!({})).await), "93.33 6.51 65.12=4.88 65.12=1.63");
    assert_eq!(state(&user, &id).await, "cancelled unpaid 0 143.33 0");
    assert_rollups(app.database());
}

#[tokio::test]
async fn lines_are_credited_with_their_share_of_discount_and_taxes() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    for (are_included, expected) in [
        (false, ["64.5 4.5 60=4.5", "32.25 2.25 30=2.25", "43 3 40=3", "90 0"]),
        (true, ["60 4.19 55.81=4.19", "30 2.09 27.91=2.09", "40 2.79 37.21=2.79", "90 0"]),
    ] {
        let items = json!([
            {"description": "A", "quantity": 3, "rate": 33.333,
             "taxes": [{"name": "VAT", "rate": 7.5}]},
            {"description": "B", "quantity": 2, "rate": 22.22,
             "taxes": [{"name": "VAT", "rate": 7.5}]},
            {"description": "C", "quantity": 1, "rate": 100, "taxes": []},
        ]);
        // 100.00 + 44.44 + 100.00, less a tenth.
        let body = json!({"items": items, "discount": {"percent": 10},
            "pricesIncludeTax": are_included});
        let id = sent(&user, &client, body).await;
        let lines = invoice(&user, &id).await["items"].clone();
        let line = |place: usize, quantity: Value| json!({"itemId": lines[place]["id"], "quantity": quantity});
        let answer = credit(&user, &id, json!({"items": [line(0, json!(2))]})).await;
        assert_eq!(sums(&answer), expected[0]);
        let credited = &answer.data(201)["items"][0];
        assert_eq!(
            (credited["itemId"].clone(), credited["quantity"].to_string()),
            (lines[0]["id"].clone(), "2".to_owned())
        );
        assert_eq!(credited["amount"].to_string(), "66.67");

        for (body, error) in [
            (json!([line(0, json!(1.01))]), "items[0].quantity must not be more than 1"),
            (
                json!([line(1, json!(1)), line(1, json!(1))]),
                "items[1].itemId must not be given twice",
            ),
            (json!([{"itemId": "item_x", "quantity": 1}]), "items[0].itemId does not exist"),
            (json!([]), "items must not be empty"),
        ] {
            let answer = credit(&user, &id, json!({"items": body})).await;
            assert_eq!(answer.error(400), error);
        }
        let answer = credit(&user, &id, json!({"items": [line(0, json!(1))]})).await;
        assert_eq!(sums(&answer), expected[1]);
        assert_eq!(answer.data(201)["items"][0]["amount"].to_string(), "33.33");
        let answer = credit(&user, &id, json!({"items": [line(1, json!(2))]})).await;
        assert_eq!(sums(&answer), expected[2]);
        let answer = credit(&user, &id, json!({"items": [line(2, json!(1))]})).await;
        assert_eq!(sums(&answer), expected[3]);
        assert!(state(&user, &id).await.starts_with("cancelled unpaid"));
    }
    assert_rollups(app.database());
}

#[tokio::test]
async fn what_cannot_be_credited_is_refused() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let draft = user.invoice(&client, json!(100), "2026-04-15").await;
    let refused = credit(&user, &draft, json!({})).await;
    assert_eq!(refused.error(409), "A draft cannot be credited; change or delete it instead");
    assert_eq!(void(&user, &draft).await.status, 409);
    user.delete(&format!("/invoices/{draft}")).await;
    let refused = credit(&user, &draft, json!({})).await;
    assert_eq!(refused.error(409), "A cancelled invoice cannot be credited");

    let id = user.sent_invoice(&client, json!(100)).await;
    for (body, error) in [
        (json!({"amount": 0}), "amount must be greater than 0"),
        (json!({"amount": 1.001}), "amount must have at most 2 decimals"),
        (
            json!({"amount": 1, "items": [{"itemId": "item_1", "quantity": 1}]}),
            "amount must not be given beside items",
        ),
    ] {
        let answer = credit(&user, &id, body.clone()).await;
        assert_eq!(answer.error(400), error, "{body}");
    }
    let path = format!("/invoices/{id}/credit-notes");
    for (body, error) in [
        (json!({"amount": 1}), "reason is required"),
        (json!({"amount": 1, "reason": " "}), "reason must not be empty"),
    ] {
        assert_eq!(user.post(&path, body).await.error(400), error);
    }
    // A rejected credit note uses no number.
    let first = credit(&user, &id, json!({"amount": 1})).await;
    assert_eq!(first.data(201)["number"], "CN-2026-001");
    let negative = json!([
        {"description": "A", "quantity": 1, "rate": 100},
        {"description": "Less", "quantity": 1, "rate": -80},
    ]);
    let id = sent(&user, &client, json!({"items": negative})).await;
    let lines = invoice(&user, &id).await["items"].clone();
    let one = |place: usize| json!({"items": [{"itemId": lines[place]["id"], "quantity": 1}]});
    let answer = credit(&user, &id, one(0)).await;
    assert_eq!(answer.error(400), "items is more than is left to credit, USD 20.00");
    assert_eq!(credit(&user, &id, one(1)).await.error(400), "items must be greater than 0");
    // An invoice for 0 leaves nothing to credit.
    let id = user.sent_invoice(&client, json!(0)).await;
    assert_eq!(
        credit(&user, &id, json!({})).await.error(409),
        "This invoice is already credited in full"
    );
}

#[tokio::test]
async fn voiding_credits_all_of_an_invoice_without_payments() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let project = user.project(&client, "P").await;
    let milestone = user.milestone(&project, "M").await;
    let body = json!({"projectId": project, "milestoneId": milestone, "amount": 100});
    let id = sent(&user, &client, body).await;
    let before = pdf(&user, &format!("/invoices/{id}/pdf")).await;
    let answer = void(&user, &id).await;
    let note = answer.data(201);
    assert_eq!((&note["amount"], &note["isVoid"]), (&json!(100), &json!(true)));
    assert_eq!(note["items"].as_array().unwrap().len(), 1);
    assert_eq!(state(&user, &id).await, "cancelled unpaid 0 100 0");
    assert_eq!(user.get("/invoices").await.body["total"], 0);
    assert_eq!(user.get("/invoices?status=cancelled").await.body["total"], 1);
    let stats = user.get("/dashboard/stats").await.data(200).clone();
    assert_eq!(
        (&stats["pendingInvoices"], &stats["pendingInvoicesAmount"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(pdf(&user, &format!("/invoices/{id}/pdf")).await, before);
    for answer in [void(&user, &id).await, credit(&user, &id, json!({})).await] {
        assert_eq!(answer.error(409), "This invoice is voided");
    }
    for action in ["payments", "send", "mark-paid"] {
        let body = json!({"amount": 1});
        assert_eq!(user.post(&format!("/invoices/{id}/{action}"), body).await.status, 409);
    }

    // The rest of a partly credited invoice can be voided too.
    let id = user.sent_invoice(&client, json!(100)).await;
    assert!(credit(&user, &id, json!({"amount": 30})).await.data(201)["isVoid"] == false);
    assert_eq!(void(&user, &id).await.data(201)["amount"], 70);
    // With a payment it cannot; once that is undone, it can.
    let id = user.sent_invoice(&client, json!(100)).await;
    let path = format!("/invoices/{id}/payments");
    let payment = user.post(&path, json!({"amount": 40})).await.data(201)["id"].clone();
    assert_eq!(
        void(&user, &id).await.error(409),
        "This invoice has payments; undo or refund them first, or credit the invoice"
    );
    user.delete(&format!("/payments/{}", payment.as_str().unwrap())).await;
    void(&user, &id).await.data(201);
    assert_rollups(app.database());
}

#[tokio::test]
async fn an_invoice_is_paid_by_payment_and_credit_together() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let path = format!("/invoices/{id}/payments");
    for (amount, day) in [(30, "2026-03-10"), (10, "2026-03-12")] {
        user.post(&path, json!({"amount": amount, "paidAt": day})).await.data(201);
    }
    credit(&user, &id, json!({"amount": 60})).await.data(201);
    assert_eq!(state(&user, &id).await, "paid paid 40 60 0");
    assert_eq!(invoice(&user, &id).await["paidAt"], "2026-03-12T00:00:00Z");
    // The overpayment can be refunded, and then nothing is left of it.
    assert_eq!(credit(&user, &id, json!({})).await.data(201)["isVoid"], false);
    assert_eq!(state(&user, &id).await, "paid overpaid 40 100 0");
    assert_eq!(invoice(&user, &id).await["paidAt"], "2026-03-12T00:00:00Z");
    let path = path.replace("payments", "refunds");
    let refund = |amount: i64| user.post(&path, json!({"amount": amount}));
    assert_eq!(refund(41).await.status, 409);
    let answer = refund(40).await;
    assert_eq!(state(&user, &id).await, "cancelled unpaid 0 100 0");
    // A refund entered by mistake can be undone.
    let refund = answer.data(201)["id"].as_str().unwrap();
    assert_eq!(user.delete(&format!("/payments/{refund}")).await.status, 200);
    assert_eq!(state(&user, &id).await, "paid overpaid 40 100 0");
    assert_rollups(app.database());
}

#[tokio::test]
async fn credit_notes_are_listed_newest_first_by_invoice_and_client() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let (first, second) = (user.client("C").await, user.client("D").await);
    let a = user.sent_invoice(&first, json!(100)).await;
    let b = user.sent_invoice(&second, json!(100)).await;
    for id in [&a, &b, &a] {
        credit(&user, id, json!({"amount": 5})).await.data(201);
    }
    for (query, expected) in [
        (String::new(), "CN-2026-003 CN-2026-002 CN-2026-001"),
        (format!("?invoiceId={a}"), "CN-2026-003 CN-2026-001"),
        (format!("?clientId={second}"), "CN-2026-002"),
        (format!("?clientId={second}&invoiceId={a}"), ""),
        ("?page=2&pageSize=2".to_owned(), "CN-2026-001"),
    ] {
        let answer = user.get(&format!("/credit-notes{query}")).await;
        let notes = answer.data(200).as_array().unwrap().iter();
        let numbers: Vec<_> = notes.map(|note| note["number"].as_str().unwrap()).collect();
        assert_eq!(numbers.join(" "), expected, "{query}");
        let id = answer.data(200).get(0).map(|note| note["id"].as_str().unwrap());
        if let Some(id) = id {
            let found = user.get(&format!("/credit-notes/{id}")).await;
            assert_eq!(found.data(200), &answer.data(200)[0]);
        }
    }
    let other = app.register("b@example.com").await;
    assert_eq!(other.get("/credit-notes").await.body["total"], 0);
    assert_eq!(other.get(&format!("/credit-notes?invoiceId={a}")).await.body["total"], 0);
    assert_eq!(credit(&other, &a, json!({})).await.status, 404);
    assert_eq!(void(&other, &a).await.status, 404);
}

#[tokio::test]
async fn the_pdf_of_a_credit_note_stays_the_same_and_is_mailed() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let body = json!({"name": "C", "email": "c@example.com", "ccEmails": ["books@example.com"]});
    let client = user.post("/clients", body).await.data(201)["id"].as_str().unwrap().to_owned();
    let id = user.sent_invoice(&client, json!(100)).await;
    app.mails().await;
    let note = credit(&user, &id, json!({"amount": 30})).await.data(201)["id"].clone();
    let path = format!("/credit-notes/{}", note.as_str().unwrap());
    let file = pdf(&user, &format!("{path}/pdf")).await;
    user.put("/settings", json!({"business": {"name": "Other"}})).await.data(200);
    credit(&user, &id, json!({})).await.data(201);
    assert_eq!(pdf(&user, &format!("{path}/pdf")).await, file);
    assert_eq!(user.post(&format!("{path}/send"), json!({})).await.data(200)["id"], note);
    let mails = app.mails().await;
    let mail = mails.last().unwrap();
    assert_eq!(mail.pdf.as_ref().unwrap(), &("CN-2026-001.pdf".to_owned(), file));
    assert_eq!(
        (mail.to(), mail.header("Cc")),
        ("c@example.com".into(), "books@example.com".into())
    );
    assert_eq!(mail.header("Subject"), "Credit note CN-2026-001 · USD 30.00");
    let other = app.register("b@example.com").await;
    for action in ["pdf", "send"] {
        let method = if action == "pdf" { Method::GET } else { Method::POST };
        let request = other.request(method, &format!("{path}/{action}")).json(&json!({}));
        assert_eq!(app.send(request).await.status, 404);
    }
}

#[tokio::test]
async fn credit_notes_and_voided_invoices_are_in_the_activity_and_printed_later() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("Kamala").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let part = credit(&user, &id, json!({"amount": 30})).await.data(201).clone();
    // A rejected credit note leaves no trace.
    assert_eq!(credit(&user, &id, json!({"amount": 71})).await.status, 400);
    void(&user, &id).await.data(201);
    let log = user.get("/dashboard/activity").await.data(200).clone();
    let entry = |place: usize| {
        let text = |field: &str| log[place][field].as_str().unwrap().to_owned();
        [text("type"), text("message"), text("entityId"), log[place]["amount"].to_string()]
    };
    let voided = "Invoice INV-2026-001 was voided for Kamala";
    assert_eq!(entry(0), ["invoice_voided", voided, &id, "70"]);
    let issued = "Credit note CN-2026-001 was issued to Kamala";
    let part = part["id"].as_str().unwrap();
    assert_eq!(entry(1), ["credit_note_issued", issued, part, "30"]);
    // FreelanceHub's feed has no type for them.
    assert_eq!(user.hub_get("/freelancer/activity").await.bare(200), &json!([]));

    let files = || {
        let sql = "SELECT count(*) FROM credit_note_files";
        let count = |connection: &mut dyn Connection| {
            Tx::new(connection).one(sql, &[], |row| row.get::<i64>(0))
        };
        app.database().peek(count).unwrap()
    };
    let print = || app.app.run_due(JobKind::PrintCreditNote);
    assert_eq!((print().await.unwrap().due, files()), (0, 0));
    // One PDF is requested before its job runs.
    let file = pdf(&user, &format!("/credit-notes/{part}/pdf")).await;
    app.clock.advance(SignedDuration::from_mins(1));
    assert_eq!((print().await.unwrap().due, files()), (1, 2));
    assert_eq!((print().await.unwrap().due, files()), (0, 2));
    assert_eq!(pdf(&user, &format!("/credit-notes/{part}/pdf")).await, file);
}

#[tokio::test]
async fn a_receipt_exists_once_something_is_paid() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let path = format!("/invoices/{id}/receipt");
    let error = "There is no receipt until something is paid";
    assert_eq!(user.get(&path).await.error(409), error);
    let body = json!({"amount": 30, "withheld": 5, "method": "card"});
    let paid = user.post(&format!("/invoices/{id}/payments"), body).await.data(201).clone();
    let file = pdf(&user, &path).await;
    assert_eq!(pdf(&user, &path).await, file);
    user.delete(&format!("/payments/{}", paid["id"].as_str().unwrap())).await;
    assert_eq!(user.get(&path).await.error(409), error);
    pdf(&user, &format!("/clients/{client}/statement/pdf")).await;
}

#[tokio::test]
async fn credit_notes_have_a_series_of_their_own() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = sent(&user, &client, json!({"amount": 5000, "currency": "XOF"})).await;
    let invoicing = json!({"creditNotePattern": "AV-{YY}-{NN}", "nextCreditNoteNumber": 7});
    user.put("/settings", json!({"invoicing": invoicing})).await.data(200);
    let answer = credit(&user, &id, json!({"amount": 1234})).await;
    assert_eq!(
        (answer.data(201)["number"].as_str(), sums(&answer)),
        (Some("AV-26-07"), "1234 0".to_owned())
    );
    assert_eq!(credit(&user, &id, json!({"amount": 0.5})).await.status, 400);
    // A used number cannot be set again.
    let again = json!({"invoicing": {"nextCreditNoteNumber": 7}});
    assert_eq!(user.put("/settings", again).await.status, 409);
    assert_eq!(credit(&user, &id, json!({})).await.data(201)["number"], "AV-26-08");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credit_notes_issued_at_once_have_consecutive_numbers_and_never_exceed_the_invoice() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let id = user.sent_invoice(&client, json!(100)).await;
    let credits = (0..16).map(|_| credit(&user, &id, json!({"amount": 9})));
    let answers = join_all(credits).await;
    let issued = answers.iter().filter(|answer| answer.status == 201);
    let mut numbers: Vec<_> =
        issued.map(|answer| answer.data(201)["number"].as_str().unwrap().to_owned()).collect();
    numbers.sort();
    let expected: Vec<_> = (1..=11).map(|number| format!("CN-2026-{number:03}")).collect();
    assert_eq!(numbers, expected);
    assert!(answers.iter().all(|answer| answer.status == 201 || answer.status == 400));
    let voids = join_all((0..16).map(|_| void(&user, &id))).await;
    assert_eq!(voids.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(state(&user, &id).await, "cancelled unpaid 0 100 0");
    assert_rollups(app.database());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_credit_notes_of_a_whole_invoice_add_up_to_its_taxes(
        lines in prop::collection::vec((1..40i64, 1..90_000i64, 0..4usize), 1..5),
        steps in prop::collection::vec((0..5usize, 1..100i64), 0..6),
        (discount, are_included, currency) in (0..60i64, any::<bool>(), 0..3usize),
    ) {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = spawn_app().await;
            let user = app.register("a@example.com").await;
            let client = user.client("C").await;
            let (currency, scale) = [("USD", 100.0), ("XOF", 1.0), ("KWD", 1000.0)][currency];
            let taxes = [
                json!([]),
                json!([{"name": "VAT", "rate": 7.5}]),
                json!([{"name": "VAT", "rate": 7.5}, {"name": "Levy", "rate": 2.5}]),
                json!([{"name": "Export", "rate": 0, "category": "G"}]),
            ];
            let line = |(quantity, rate, tax): &(i64, i64, usize)| json!({
                "description": "L", "quantity": *quantity as f64 / 4.0,
                "rate": *rate as f64 / 100.0, "taxes": taxes[*tax],
            });
            let body = json!({
                "items": lines.iter().map(line).collect::<Vec<_>>(), "currency": currency,
                "discount": {"percent": discount}, "pricesIncludeTax": are_included,
            });
            let id = sent(&user, &client, body).await;
            let whole = invoice(&user, &id).await;
            for (place, percent) in &steps {
                let due = invoice(&user, &id).await["amountDue"].as_f64().unwrap();
                let body = match whole["items"].get(*place) {
                    Some(line) => {
                        let quantity = line["quantity"].as_f64().unwrap() * *percent as f64 / 200.0;
                        json!({"items": [{"itemId": line["id"], "quantity": quantity}]})
                    }
                    None => {
                        let part = due * *percent as f64 / 100.0;
                        json!({"amount": (part * scale).floor() / scale})
                    }
                };
                let answer = credit(&user, &id, body).await;
                assert!(matches!(answer.status.as_u16(), 201 | 400 | 409), "{}", answer.body);
            }
            credit(&user, &id, json!({})).await;
            let notes = user.get(&format!("/credit-notes?invoiceId={id}&pageSize=100")).await;
            let notes = notes.data(200).as_array().unwrap();
            let minor = |value: &Value| (value.as_f64().unwrap() * scale).round() as i64;
            let all: i64 = notes.iter().map(|note| minor(&note["amount"])).sum();
            assert_eq!(all, minor(&whole["amount"]));
            for tax in whole["taxes"].as_array().unwrap() {
                for field in ["base", "amount"] {
                    let own = notes.iter().flat_map(|note| note["taxes"].as_array().unwrap());
                    let own = own.filter(|own| own["name"] == tax["name"]);
                    let sum: i64 = own.map(|own| minor(&own[field])).sum();
                    assert_eq!(sum, minor(&tax[field]), "{field} of {tax}");
                }
            }
        });
    }
}
