//! Input from real clients that is less strict than the documents: empty strings for missing
//! values, and numbers with floating-point noise.

use freelanceos::domain::money::{self, Currency, Money};
use proptest::prelude::*;
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::fields::targets;
use crate::support::{
    PASSWORD, TestApp, User,
    document::{Document, Operation, document, hub_document},
    spawn_app,
};

/// A schema without its reference, and without the `allOf` around it.
fn resolve<'a>(document: &'a Document, schema: &'a Value) -> &'a Value {
    let schema = schema.get("allOf").map_or(schema, |parts| &parts[0]);
    match schema["$ref"].as_str() {
        Some(reference) => {
            &document.json["components"]["schemas"][reference.rsplit('/').next().unwrap()]
        }
        None => schema,
    }
}

/// The bodies that a route accepts.
fn bodies<'a>(document: &'a Document, operation: &'a Operation) -> Vec<&'a Value> {
    let schema = &operation.spec["requestBody"]["content"]["application/json"]["schema"];
    match schema["anyOf"].as_array() {
        Some(several) => several.iter().map(|schema| resolve(document, schema)).collect(),
        None => vec![resolve(document, schema)],
    }
}

fn is_required(schema: &Value, field: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.contains(&json!(field)))
}

/// JSON pointers to every optional field, including those in nested objects of the example.
fn optional(document: &Document, schema: &Value, example: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (field, schema_of) in schema["properties"].as_object().into_iter().flatten() {
        let here = format!("{at}/{field}");
        if !is_required(schema, field) {
            found.push(here.clone());
        }
        let inner = resolve(document, schema_of);
        match &example[field] {
            Value::Object(_) => found.extend(optional(document, inner, &example[field], &here)),
            Value::Array(rows) if rows.first().is_some_and(Value::is_object) => {
                let row = resolve(document, &inner["items"]);
                found.extend(optional(document, row, &rows[0], &format!("{here}/0")));
            }
            _ => {}
        }
    }
    found
}

/// Sets or removes the value at a pointer.
fn put(body: &mut Value, pointer: &str, value: Option<Value>) {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let object = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => object.insert(field.to_owned(), value),
        None => object.remove(field),
    };
}

/// The required fields of a collection, which an update must not clear.
fn must_have(document: &Document, path: &str) -> Vec<String> {
    let collection = match path.strip_suffix("/{id}") {
        Some(collection) => collection,
        None if path == "/auth/me" => "/auth/register",
        None => return Vec::new(),
    };
    let create = document
        .operations
        .iter()
        .find(|known| known.method == Method::POST && known.path == collection);
    let schema = create.map(|create| bodies(document, create)[0]);
    let names = schema.and_then(|schema| schema["required"].as_array());
    let names = names.into_iter().flatten().map(|name| name.as_str().unwrap());
    // The due date of a new invoice may come from payment terms.
    let implied = (collection == "/invoices").then_some("dueDate");
    names.chain(implied).map(str::to_owned).collect()
}

struct Sloppy<'a> {
    app: &'a TestApp,
    user: &'a User<'a>,
    registered: usize,
}

impl Sloppy<'_> {
    /// The status of a request with this body, using unused names.
    async fn status(&mut self, mount: &str, operation: &Operation, body: &Value) -> u16 {
        let mut body = body.clone();
        if operation.path == "/auth/register" {
            self.registered += 1;
            body["email"] = format!("user{}@example.com", self.registered).into();
            if body.get("username").is_some() {
                body["username"] = format!("user{}", self.registered).into();
            }
        }
        let path = operation.path.replace("{id}", "none").replace(['{', '}'], "");
        let url = format!("{}{mount}{path}", self.app.base);
        let request = self.app.http.request(operation.method.clone(), url);
        let request = request.bearer_auth(&self.user.token).json(&body);
        self.app.send(request).await.status.as_u16()
    }
}

#[tokio::test]
async fn an_empty_string_in_an_optional_field_means_not_given() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    let project = user.project(&client, "Project").await;
    let mut sloppy = Sloppy { app: &app, user: &user, registered: 0 };
    let mut tried = 0;
    for (mount, document) in [("/api/v1", document(&app).await), ("/v1", hub_document(&app).await)]
    {
        let all = document.operations.iter().chain(&document.auth_operations);
        // Signing out would end the session that the other requests need.
        let all = all.filter(|operation| !operation.path.contains("logout"));
        for operation in all.filter(|operation| operation.takes_body()) {
            let kept = match operation.method {
                Method::POST => Vec::new(),
                _ => must_have(document, &operation.path),
            };
            for schema in bodies(document, operation) {
                let mut good = schema.get("example").cloned().unwrap_or_else(|| json!({}));
                for (field, id) in [("clientId", &client), ("projectId", &project)] {
                    if good.get(field).is_some() {
                        good[field] = id.as_str().into();
                    }
                }
                for pointer in optional(document, schema, &good, "") {
                    if kept.iter().any(|field| pointer == format!("/{field}")) {
                        continue;
                    }
                    let (mut without, mut empty) = (good.clone(), good.clone());
                    put(&mut without, &pointer, None);
                    put(&mut empty, &pointer, Some("".into()));
                    let wanted = sloppy.status(mount, operation, &without).await;
                    let status = sloppy.status(mount, operation, &empty).await;
                    assert_eq!(status, wanted, "{mount} {} {pointer}", operation.name());
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 80, "only {tried} fields");
}

#[tokio::test]
async fn an_empty_string_in_an_update_clears_optional_fields_and_keeps_the_rest() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    for target in targets(&app, &user).await.iter().filter(|t| t.operation.method == Method::PUT) {
        let before = user.get(&target.path).await;
        for (field, schema) in target.fields() {
            let answer = target.with(field, "".into()).await;
            let name = format!("{} {field}", target.operation.name());
            match field.as_str() {
                "name" | "title" | "email" | "clientId" | "projectId" | "firstName"
                | "lastName"
                    if schema["nullable"] != true =>
                {
                    answer.error(400);
                }
                "dueDate" | "amount" if schema["nullable"] != true && field == "dueDate" => {
                    answer.error(400);
                }
                "amount" if target.operation.noun() == "milestones" => {
                    answer.error(400);
                }
                "rate" if target.operation.noun() == "taxes" => {
                    answer.error(400);
                }
                _ if schema["nullable"] == true => {
                    assert_eq!(answer.data(200).get(field), None, "{name}");
                }
                "description" | "content" => assert_eq!(answer.data(200)[field], "", "{name}"),
                "budget" | "taxRate" if target.operation.noun() != "proposals" => {
                    assert_eq!(answer.data(200)[field], 0, "{name}");
                }
                "amount" if target.operation.noun() == "proposals" => {
                    assert_eq!(answer.data(200)[field], 0, "{name}");
                }
                _ => {
                    answer.data(200);
                    if before.status == 200 {
                        assert_eq!(
                            answer.body["data"][field], before.body["data"][field],
                            "{name}"
                        );
                    }
                }
            }
        }
    }

    // FreelanceHub's profile, where empty fields become null.
    let full = json!({
        "bio": "Builds things", "title": "Builder", "skills": ["Rust"], "phone": "+94701234567",
        "hourlyRate": {"amount": 50}, "availability": "busy", "experience": "expert",
        "location": {"country": "Sri Lanka", "city": "Colombo"}, "avatar": "https://example.com/a",
    });
    user.hub_put("/freelancer/profile", full.clone()).await.bare(200);
    let names = full.as_object().unwrap().keys();
    let empty: Map<_, _> = names.map(|name| (name.clone(), "".into())).collect();
    user.hub_put("/freelancer/profile", empty.into()).await.bare(200);
    let profile = user.hub_get("/freelancer/profile").await;
    for field in full.as_object().unwrap().keys() {
        let shown = &profile.bare(200)[field];
        assert!(shown.is_null() || *shown == json!([]), "{field}: {shown}");
    }
    // Forms also send the empty fields of an object.
    let blank = json!({"location": {"country": "", "city": "", "coordinates": ""}});
    user.hub_put("/freelancer/profile", blank).await.bare(200);
    let half = json!({"location": {"country": "Kenya", "city": ""}});
    user.hub_put("/freelancer/profile", half).await.bare(200);
    let half = json!({"location": {"country": "", "city": "Nairobi"}});
    user.hub_put("/freelancer/profile", half).await.refusal(400);
}

#[tokio::test]
async fn an_empty_query_parameter_is_ignored() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("Client").await;
    user.sent_invoice(&client, json!(100)).await;
    let mut tried = 0;
    for (mount, document) in [("/api/v1", document(&app).await), ("/v1", hub_document(&app).await)]
    {
        for operation in &document.operations {
            let parameters = operation.spec["parameters"].as_array().into_iter().flatten();
            let optional = parameters.filter(|p| p["in"] == "query" && p["required"] != true);
            let names: Vec<_> = optional.map(|p| p["name"].as_str().unwrap()).collect();
            let ask = async |query: String| {
                let url = format!("{}{mount}{}{query}", app.base, operation.path);
                app.send(app.http.get(url).bearer_auth(&user.token)).await
            };
            let plain = ask(String::new()).await;
            for name in &names {
                let empty = ask(format!("?{name}=")).await;
                assert_eq!(empty.status, plain.status, "{} {name}", operation.name());
                // A missing required value gets a different message from one that is too short.
                if plain.status.is_success() {
                    assert_eq!(empty.body, plain.body, "{} {name}", operation.name());
                }
                tried += 1;
            }
            let all = names.iter().map(|name| format!("{name}=")).collect::<Vec<_>>().join("&");
            let empty = ask(format!("?{all}")).await;
            assert_eq!(empty.status, plain.status, "{}", operation.name());
        }
    }
    assert!(tried > 15, "only {tried} parameters");
}

#[tokio::test]
async fn floating_point_noise_is_rounded_away() {
    let app = spawn_app().await;
    let user = app.register("user@example.com").await;
    let client = user.client("C").await;
    let post = async |path: &str, body: String| {
        let body: Value = serde_json::from_str(&body.replace("CLIENT", &client)).unwrap();
        user.post(path, body).await
    };
    for (sent, kept) in [
        ("99.30000000000001", json!(99.3)),
        ("0.30000000000000004", json!(0.3)),
        ("1.1102230246251565e-16", json!(0)),
        ("-5.551115123125783e-17", json!(0)),
        ("4503599627370.4985", json!(4503599627370.5)),
        ("1234.5600000000001728394506172839450617", json!(1234.56)),
    ] {
        let body = format!(r#"{{"clientId": "CLIENT", "title": "T", "amount": {sent}}}"#);
        assert_eq!(post("/proposals", body).await.data(201)["amount"], kept, "{sent}");
        let body = format!(r#"{{"clientId": "CLIENT", "name": "P", "budget": {sent}}}"#);
        assert_eq!(post("/projects", body).await.data(201)["budget"], kept, "{sent}");
        let body =
            format!(r#"{{"clientId": "CLIENT", "amount": {sent}, "dueDate": "2026-04-15"}}"#);
        assert_eq!(post("/invoices", body).await.data(201)["amount"], kept, "{sent}");
    }
    // With lines, a floating-point sum may differ from theirs by as much, also after sending.
    let lines = r#"{"clientId": "CLIENT", "dueDate": "2026-04-15", "amount": 99.30000000000001,
        "taxRate": 7.500000000000001e-14, "items": [
        {"description": "Work", "quantity": 3.0000000000000004, "rate": 33.10000000000001}]}"#;
    let invoice = post("/invoices", lines.to_owned()).await.data(201).clone();
    assert_eq!((&invoice["amount"], &invoice["taxRate"]), (&json!(99.3), &json!(0)));
    assert_eq!(invoice["items"][0]["amount"], 99.3);
    let path = format!("/invoices/{}", invoice["id"].as_str().unwrap());
    user.put(&path, json!({"taxRate": 0})).await.data(200);
    user.post(&format!("{path}/send"), json!({})).await.data(200);
    let noisy: Value = serde_json::from_str(r#"{"amount": 99.30000000000001}"#).unwrap();
    assert_eq!(user.put(&path, noisy).await.data(200)["amount"], 99.3);

    let rate = r#"{"hourlyRate": {"amount": 50.00000000000001, "currency": "JPY"}}"#;
    user.hub_put("/freelancer/profile", serde_json::from_str(rate).unwrap()).await.bare(200);
    let profile = user.hub_get("/freelancer/profile").await;
    assert_eq!(profile.bare(200)["hourlyRate"]["amount"], 50);

    // Intended decimals are not rounded away.
    for sent in ["99.305", "0.001", "99.3000001", "1e-8"] {
        let body = format!(r#"{{"clientId": "CLIENT", "title": "T", "amount": {sent}}}"#);
        let answer = post("/proposals", body).await;
        assert_eq!(answer.error(400), "amount must have at most 2 decimals", "{sent}");
    }
    let fine = r#"{"clientId": "CLIENT", "dueDate": "2026-04-15", "items": [
        {"description": "Work", "quantity": 0.3333333333333333, "rate": 0.0000000015}]}"#;
    let item = post("/invoices", fine.to_owned()).await.data(201)["items"][0].clone();
    assert_eq!(item["quantity"].to_string(), "0.3333333333333333");
    assert_eq!(item["rate"].to_string(), "0.0000000015");
}

proptest! {
    /// A sum of floats from a front end, in any spelling, is the exact sum.
    #[test]
    fn floating_point_sums_are_read_as_the_exact_sums(
        cents in prop::collection::vec(0..100_000_000_i64, 1..30),
        exponent in 0..3_usize,
    ) {
        let currency = Currency::from_code(["XOF", "USD", "KWD"][exponent]).unwrap();
        let unit = 10_f64.powi(currency.exponent().try_into().unwrap());
        let sum: f64 = cents.iter().map(|cents| *cents as f64 / unit).sum();
        let number: Value = serde_json::from_str(&format!("{sum:?}")).unwrap();
        let read = Money::exact(money::amount(&number).unwrap(), currency);
        prop_assert_eq!(read, Ok(Money::new(cents.iter().sum(), currency)));
    }

    /// The bound for noise is 10⁻⁹ of the amount, or of 1.
    #[test]
    fn the_bound_for_noise_is_a_billionth_of_the_amount_or_of_one(
        minor in 0..1_000_000_000_i64, tenths in 1..40_i64,
    ) {
        let amount = Decimal::new(minor, 2);
        let billionth = amount.max(Decimal::ONE) * Decimal::new(1, 9);
        // From 0.1 to 4 times the bound, away from half a cent.
        let sent = amount + billionth * Decimal::new(tenths, 1);
        prop_assume!(sent - amount < Decimal::new(4, 3));
        let read = Money::exact(sent, Currency::USD);
        // The bound grows with the number.
        let bound = sent.max(Decimal::ONE) * Decimal::new(1, 9);
        if sent - amount <= bound {
            prop_assert_eq!(read, Ok(Money::new(minor, Currency::USD)));
        } else {
            prop_assert!(read.is_err());
        }
    }
}

/// Literal requests of the front end that the document was written for.
#[tokio::test]
async fn requests_of_the_original_front_end_are_accepted() {
    let app = spawn_app().await;
    let registered = app
        .post(
            "/auth/register",
            json!({"email": "ada@example.com", "password": PASSWORD, "firstName": "Ada",
                "lastName": "Obi", "company": "", "phone": ""}),
        )
        .await;
    let token = registered.data(201)["token"].as_str().unwrap().to_owned();
    let user = User { app: &app, token, id: String::new() };
    let client = json!({"name": "TechStart", "email": "hello@techstart.ng", "company": "",
        "phone": "", "country": "", "avatar": ""});
    let client = user.post("/clients", client).await.data(201).clone();
    assert!(client.get("company").is_none());
    let id = client["id"].as_str().unwrap();
    let project = json!({"clientId": id, "name": "Shop", "description": "", "budget": 4500,
        "currency": "USD", "status": "active", "deadline": ""});
    let project = user.post("/projects", project).await.data(201).clone();
    let text = json!({
        "id": "", "number": "", "clientId": id, "client": client, "projectId": project["id"],
        "currency": "USD", "status": "draft", "dueDate": "2026-04-15T00:00:00.000Z",
        "issueDate": "2026-03-18T00:00:00.000Z", "notes": "", "paymentLink": "",
        "items": [
            {"id": "1", "description": "Design", "quantity": 3, "rate": 33.1, "amount": 0},
            {"id": "2", "description": "Hosting", "quantity": 1, "rate": 0, "amount": 0}],
    })
    .to_string();
    // The result of 3 * 33.1 in a browser.
    let text = text
        .replace("\"amount\":0}", "\"amount\":99.30000000000001}")
        .replace("\"currency\":\"USD\",", "\"currency\":\"USD\",\"amount\":99.30000000000001,");
    let body: Value = serde_json::from_str(&text).unwrap();
    let invoice = user.post("/invoices", body).await.data(201).clone();
    assert_eq!((&invoice["amount"], &invoice["number"]), (&json!(99.3), &json!("INV-2026-001")));
    let path = format!("/invoices/{}", invoice["id"].as_str().unwrap());
    assert_eq!(user.get("/invoices?status=&clientId=&page=&pageSize=").await.body["total"], 1);
    assert_eq!(user.get("/clients?search=&page=1").await.body["total"], 1);

    // Its buttons: each puts a status, the last one with the whole invoice.
    let sent = user.put(&path, json!({"status": "sent"})).await.data(200).clone();
    assert_eq!(sent["status"], "sent");
    assert!(sent["paymentLink"].as_str().is_some());
    let mut whole = sent.clone();
    whole["status"] = "paid".into();
    assert_eq!(user.put(&path, whole).await.data(200)["status"], "paid");
    let proposal = json!({"clientId": id, "title": "Offer", "content": "", "amount": 1200,
        "currency": "USD", "status": "draft", "validUntil": ""});
    let proposal = user.post("/proposals", proposal).await.data(201).clone();
    let path = format!("/proposals/{}", proposal["id"].as_str().unwrap());
    assert_eq!(user.put(&path, json!({"status": "sent"})).await.data(200)["status"], "sent");
}
