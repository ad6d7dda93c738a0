//! `/invoices`: their sums.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::{Answer, User, spawn_app};

/// Posts an invoice to a client with these fields and a due date.
async fn post(user: &User<'_>, client: &str, fields: Value) -> Answer {
    let mut body = json!({"clientId": client, "dueDate": "2026-04-15"});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    user.post("/invoices", body).await
}

/// Posts raw JSON, so that numbers keep their spelling.
async fn post_text(user: &User<'_>, client: &str, fields: &str) -> Answer {
    let body = format!(r#"{{"clientId": "{client}", "dueDate": "2026-04-15", {fields}}}"#);
    let request = user.request(Method::POST, "/invoices").header(CONTENT_TYPE, "application/json");
    user.app.send(request.body(body)).await
}

/// `amount subtotal taxAmount` of a response, as spelled there.
#[track_caller]
fn sums(answer: &Answer) -> String {
    let data = answer.data(201);
    format!("{} {} {}", data["amount"], data["subtotal"], data["taxAmount"])
}

fn line(quantity: &str, rate: &str) -> String {
    format!(r#"{{"description": "Work", "quantity": {quantity}, "rate": {rate}}}"#)
}

#[tokio::test]
async fn amounts_are_parsed_and_formatted_as_exact_decimals() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    for (currency, read, written) in [
        ("USD", "2250", "2250"),
        ("USD", "2250.00", "2250"),
        ("USD", "8750.50", "8750.5"),
        ("USD", "8750.500000000000000000000000000000", "8750.5"),
        ("USD", "2.25e3", "2250"),
        ("USD", "875050E-2", "8750.5"),
        ("USD", "0.1", "0.1"),
        ("USD", "9007199254740.93", "9007199254740.93"),
        ("USD", "10000000000000", "10000000000000"),
        ("USD", "0", "0"),
        ("XOF", "1000000000000000", "1000000000000000"),
        ("XOF", "1500.0", "1500"),
        ("JPY", "12", "12"),
        ("KWD", "1.005", "1.005"),
        ("KWD", "1000000000000", "1000000000000"),
    ] {
        let fields = format!(r#""currency": "{currency}", "amount": {read}"#);
        let answer = post_text(&user, &client, &fields).await;
        assert_eq!(sums(&answer), format!("{written} {written} 0"), "{currency} {read}");
        let item = &answer.data(201)["items"][0];
        assert_eq!(item["amount"].to_string(), written);
        assert_eq!(item["rate"].to_string(), written);
        assert_eq!(item["quantity"].to_string(), "1");
    }
}

#[tokio::test]
async fn invalid_too_precise_and_too_large_amounts_are_refused() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let range = "amount must be between 0 and 1000000000000000 minor units";
    for (currency, read, error) in [
        ("USD", r#""2250""#, "amount must be a number"),
        ("USD", "true", "amount must be a number"),
        ("USD", "1.005", "amount must have at most 2 decimals"),
        ("USD", "1005e-3", "amount must have at most 2 decimals"),
        ("XOF", "1.5", "amount must have no decimals in this currency"),
        ("KWD", "1.0005", "amount must have at most 3 decimals"),
        ("USD", "10000000000000.01", "amount is too large"),
        ("XOF", "1000000000000001", range),
        ("KWD", "1000000000000.001", "amount is too large"),
        ("USD", "1e400", "amount is too large"),
        ("USD", "-0.01", range),
    ] {
        let fields = format!(r#""currency": "{currency}", "amount": {read}"#);
        let answer = post_text(&user, &client, &fields).await;
        assert_eq!(answer.error(400), error, "{currency} {read}");
    }
    assert_eq!(user.get("/invoices").await.body["total"], 0);
}

#[tokio::test]
async fn lines_and_tax_round_half_away_from_zero() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    for (currency, lines, tax, expected) in [
        ("USD", vec![("1", "0.005")], "0", "0.01 0.01 0"),
        ("USD", vec![("1", "0.004999999999999999")], "0", "0 0 0"),
        ("USD", vec![("1237", "0.085")], "0", "105.15 105.15 0"),
        // Each line is rounded before they are added up.
        ("USD", vec![("1", "0.005"), ("1", "0.005")], "0", "0.02 0.02 0"),
        ("USD", vec![("3", "10"), ("1", "-0.005")], "0", "29.99 29.99 0"),
        ("XOF", vec![("0.5", "1")], "0", "1 1 0"),
        ("XOF", vec![("2.5", "333")], "18", "983 833 150"),
        ("KWD", vec![("1", "0.0005")], "5", "0.001 0.001 0"),
        ("USD", vec![("1", "0.1")], "5", "0.11 0.1 0.01"),
        // Tax is rounded once on the subtotal, not per line.
        ("USD", vec![("1", "0.09"), ("1", "0.09"), ("1", "0.09")], "7.5", "0.29 0.27 0.02"),
        ("NGN", vec![("1", "99.99")], "7.5", "107.49 99.99 7.5"),
        ("USD", vec![("1", "1000000")], "0.0001", "1000001 1000000 1"),
        ("USD", vec![("1", "50")], "100", "100 50 50"),
    ] {
        let items: Vec<_> = lines.iter().map(|(quantity, rate)| line(quantity, rate)).collect();
        let fields = format!(
            r#""currency": "{currency}", "taxRate": {tax}, "items": [{}]"#,
            items.join(",")
        );
        let answer = post_text(&user, &client, &fields).await;
        assert_eq!(sums(&answer), expected, "{currency} {lines:?} {tax}");
    }
}

#[tokio::test]
async fn items_and_amount_that_disagree_are_refused_with_both_sums() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let items = json!([
        {"description": "A", "quantity": 2, "rate": 1000.25},
        {"description": "B", "quantity": 1, "rate": 249.5},
    ]);
    let with =
        |amount: Value, tax: Value| json!({"amount": amount, "taxRate": tax, "items": items});
    assert_eq!(
        post(&user, &client, with(json!(2251), json!(0))).await.error(400),
        "amount is 2251 but the items add up to 2250"
    );
    // The amount is the total, including tax.
    assert_eq!(
        post(&user, &client, with(json!(2250), json!(7.5))).await.error(400),
        "amount is 2250 but the items add up to 2418.75"
    );
    let answer = post(&user, &client, with(json!(2418.75), json!(7.5))).await;
    assert_eq!(sums(&answer), "2418.75 2250 168.75");
    // Refused invoices use up no number.
    assert_eq!(answer.data(201)["number"], "INV-2026-001");
}

#[tokio::test]
async fn an_amount_alone_includes_its_tax_exactly() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    for (amount, tax, expected) in [
        ("107.5", "7.5", "107.5 100 7.5"),
        ("100", "7.5", "100 93.02 6.98"),
        ("0.01", "100", "0.01 0.01 0"),
        ("9999999999999.99", "33.3333", "9999999999999.99 7500001875000.46 2499998124999.53"),
    ] {
        let fields = format!(r#""amount": {amount}, "taxRate": {tax}"#);
        let answer = post_text(&user, &client, &fields).await;
        assert_eq!(sums(&answer), expected);
        let data = answer.data(201).clone();
        assert_eq!(data["items"][0]["amount"], data["subtotal"]);
        // Sent back unchanged it stays unchanged, although pricing its line again might round
        // differently.
        let path = format!("/invoices/{}", data["id"].as_str().unwrap());
        assert_eq!(user.put(&path, data.clone()).await.data(200), &data);
    }
}

#[tokio::test]
async fn an_empty_list_of_items_counts_as_none() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let answer = post(&user, &client, json!({"items": [], "amount": 5})).await;
    assert_eq!(answer.data(201)["items"].as_array().unwrap().len(), 1);
    let answer = post(&user, &client, json!({"items": []})).await;
    assert_eq!(answer.error(400), "items is required");
    let answer = post(&user, &client, json!({"items": {}, "amount": 5})).await;
    assert_eq!(answer.error(400), "items must be an array");
}

#[tokio::test]
async fn line_errors_name_the_position_of_the_line() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    for (quantity, rate, error) in [
        ("0", "1", "items[0].quantity must be greater than 0"),
        ("-1", "1", "items[0].quantity must be greater than 0"),
        (r#""1""#, "1", "items[0].quantity must be a number"),
        ("null", "1", "items[0].quantity is required"),
        ("1", "null", "items[0].rate is required"),
        ("1", "-0.01", "items must not add up to less than 0"),
        ("1", "1e16", "items[0].rate is too large"),
        ("1e10", "1e10", "items[0].rate is too large"),
        ("1", "10000000000000.01", "items[0].rate is too large"),
        ("1", "1e-19", "items[0].rate must have at most 18 decimals"),
    ] {
        let answer =
            post_text(&user, &client, &format!(r#""items": [{}]"#, line(quantity, rate))).await;
        assert_eq!(answer.error(400), error, "{quantity} {rate}");
    }
    for (tax, error) in [
        ("-0.1", "taxRate must be between 0 and 100"),
        ("100.0001", "taxRate must be between 0 and 100"),
        ("7.50001", "taxRate must have at most 4 decimals"),
    ] {
        let fields = format!(r#""amount": 1, "taxRate": {tax}"#);
        assert_eq!(post_text(&user, &client, &fields).await.error(400), error);
    }
    let long = json!({"items": [{"description": "é".repeat(501), "quantity": 1, "rate": 1}]});
    assert_eq!(
        post(&user, &client, long).await.error(400),
        "items[0].description must be at most 500 characters long"
    );
}

#[tokio::test]
async fn a_discount_may_reduce_an_invoice_to_zero_but_no_further() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let items =
        |discount: &str| format!(r#""items": [{},{}]"#, line("2", "50"), line("1", discount));
    assert_eq!(sums(&post_text(&user, &client, &items("-25.5")).await), "74.5 74.5 0");
    assert_eq!(sums(&post_text(&user, &client, &items("-100")).await), "0 0 0");
    let answer = post_text(&user, &client, &items("-100.01")).await;
    assert_eq!(answer.error(400), "items must not add up to less than 0");
}

#[tokio::test]
async fn an_invoice_has_at_most_500_lines_and_ten_to_the_fifteen_minor_units() {
    let app = spawn_app().await;
    let user = app.register("a@example.com").await;
    let client = user.client("C").await;
    let lines = |count: usize, rate: &str| {
        format!(r#""items": [{}]"#, vec![line("1", rate); count].join(","))
    };
    let answer = post_text(&user, &client, &lines(500, "0.01")).await;
    assert_eq!(sums(&answer), "5 5 0");
    assert_eq!(answer.data(201)["items"].as_array().unwrap().len(), 500);
    let answer = post_text(&user, &client, &lines(501, "0.01")).await;
    assert_eq!(answer.error(400), "items must have at most 500 entries");
    let answer = post_text(&user, &client, &lines(2, "5000000000000")).await;
    assert_eq!(sums(&answer), "10000000000000 10000000000000 0");
    let answer = post_text(&user, &client, &lines(3, "5000000000000")).await;
    assert_eq!(answer.error(400), "items is too large");
    // With its tax it would be too large.
    let fields = format!(r#""taxRate": 0.0001, {}"#, lines(2, "5000000000000"));
    assert_eq!(post_text(&user, &client, &fields).await.error(400), "items is too large");
}
