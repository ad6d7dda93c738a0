//! The OpenAPI document and the page that shows it.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{
    PUBLIC_URL, TestApp,
    document::{document, hub_document},
    spawn_app,
};

async fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = app.http.get(format!("{}{path}", app.base));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn the_document_is_unchanged() {
    let app = spawn_app().await;
    let mut document = document(&app).await.json.clone();
    document["info"]["version"] = "[version]".into();
    insta::assert_snapshot!("document", serde_json::to_string_pretty(&document).unwrap());
}

#[tokio::test]
async fn exactly_the_routes_of_the_contract_exist() {
    let app = spawn_app().await;
    let mut routes: Vec<String> =
        document(&app).await.operations.iter().map(|operation| operation.name()).collect();
    routes.sort_by_key(|route| route.split(' ').rev().map(str::to_owned).collect::<Vec<_>>());
    insta::assert_snapshot!(routes.join("\n"), @r"
    POST /auth/login
    GET /auth/me
    PATCH /auth/me
    PUT /auth/me
    POST /auth/register
    GET /clients
    POST /clients
    DELETE /clients/{id}
    GET /clients/{id}
    PATCH /clients/{id}
    PUT /clients/{id}
    GET /clients/{id}/statement
    GET /clients/{id}/statement/pdf
    GET /credit-notes
    GET /credit-notes/{id}
    GET /credit-notes/{id}/pdf
    POST /credit-notes/{id}/send
    GET /dashboard/activity
    GET /dashboard/earnings
    GET /dashboard/stats
    GET /held-payments
    DELETE /held-payments/{id}
    POST /held-payments/{id}/book
    GET /invoices
    POST /invoices
    DELETE /invoices/{id}
    GET /invoices/{id}
    PATCH /invoices/{id}
    PUT /invoices/{id}
    POST /invoices/{id}/credit-notes
    POST /invoices/{id}/mark-paid
    POST /invoices/{id}/payment-link
    GET /invoices/{id}/payments
    POST /invoices/{id}/payments
    GET /invoices/{id}/pdf
    GET /invoices/{id}/receipt
    POST /invoices/{id}/refunds
    POST /invoices/{id}/remind
    GET /invoices/{id}/reminders
    POST /invoices/{id}/send
    POST /invoices/{id}/void
    GET /mails
    POST /mails/{id}/send-again
    POST /mails/{id}/try-now
    GET /milestones
    POST /milestones
    DELETE /milestones/{id}
    PATCH /milestones/{id}
    PUT /milestones/{id}
    POST /milestones/{id}/invoice
    GET /notices
    POST /notices/read
    GET /payments
    DELETE /payments/{id}
    GET /projects
    POST /projects
    DELETE /projects/{id}
    GET /projects/{id}
    PATCH /projects/{id}
    PUT /projects/{id}
    GET /proposals
    POST /proposals
    DELETE /proposals/{id}
    GET /proposals/{id}
    PATCH /proposals/{id}
    PUT /proposals/{id}
    POST /proposals/{id}/deposit-invoice
    POST /proposals/{id}/project
    POST /proposals/{id}/send
    GET /reminders
    GET /settings
    PATCH /settings
    PUT /settings
    GET /taxes
    POST /taxes
    DELETE /taxes/{id}
    GET /taxes/{id}
    PATCH /taxes/{id}
    PUT /taxes/{id}
    ");
}

#[tokio::test]
async fn every_documented_example_is_accepted() {
    let app = spawn_app().await;
    let user = app.register("someone@example.com").await;
    let client = user.client("Client").await;
    let project = user.project(&client, "Project").await;
    let document = document(&app).await;
    let mut tried = 0;
    for operation in document.operations.iter().filter(|operation| operation.takes_body()) {
        let id = user.one_for(operation.noun(), &operation.path, &client, &project).await;
        let mut body = document.example(operation);
        for (field, id) in [("clientId", &client), ("projectId", &project)] {
            if body.get(field).is_some() {
                body[field] = id.as_str().into();
            }
        }
        let request = user.request(operation.method.clone(), &operation.path_of(&id)).json(&body);
        let answer = app.send(request).await;
        assert!(answer.status.is_success(), "{} {body}: {}", operation.name(), answer.body);
        tried += 1;
    }
    assert_eq!(tried, 41);
}

#[tokio::test]
async fn every_operation_has_a_unique_id_a_summary_and_a_tag() {
    let app = spawn_app().await;
    let mut ids = std::collections::HashSet::new();
    for operation in &document(&app).await.operations {
        let spec = &operation.spec;
        assert!(ids.insert(spec["operationId"].as_str().unwrap()), "{}", operation.name());
        assert!(!spec["summary"].as_str().unwrap().is_empty(), "{}", operation.name());
        assert_eq!(spec["tags"].as_array().unwrap().len(), 1, "{}", operation.name());
    }
}

#[tokio::test]
async fn every_response_has_an_example_that_matches_its_schema() {
    let app = spawn_app().await;
    for document in [document(&app).await, hub_document(&app).await] {
        let examples = document.examples();
        assert!(examples.len() > 250, "{}", examples.len());
        for (name, example, is_valid) in examples {
            assert!(is_valid, "{name}: {example:#}");
            let status: u16 = name.rsplit(' ').next().unwrap().parse().unwrap();
            // An error example contains its own status, if its format has one.
            let said = example.get("statusCode").cloned().unwrap_or_else(|| status.into());
            assert_eq!(said, status, "{name}");
            assert_ne!(example, json!({}), "{name}");
        }
    }
}

#[tokio::test]
async fn every_operation_is_described_and_says_whether_it_needs_a_token() {
    let app = spawn_app().await;
    for (document, base) in [(document(&app).await, "/api/v1"), (hub_document(&app).await, "/v1")] {
        assert_eq!(document.json["servers"], json!([{"url": format!("{PUBLIC_URL}{base}")}]));
        for operation in document.operations.iter().chain(&document.auth_operations) {
            let (name, spec) = (operation.name(), &operation.spec);
            let description = spec["description"].as_str().unwrap_or_default();
            assert!(description.len() > 20, "{name}: {description}");
            let is_refused = spec["responses"].get("401").is_some();
            let takes_token = spec["security"].as_array().unwrap().contains(&json!({"bearer": []}));
            let has_credentials =
                name.contains("login") || name.contains("refresh") || name.contains("verify-otp");
            assert_eq!(
                takes_token,
                name.contains("logout") || (is_refused && !has_credentials),
                "{name}"
            );
        }
        let text = document.json.to_string();
        assert_eq!(text.matches("\"nullable\":true").count(), typed_nullables(&document.json));
    }
    // The token is optional here.
    let document = document(&app).await;
    let logout = document.auth_operations.iter().find(|known| known.path == "/auth/logout");
    assert_eq!(logout.unwrap().spec["security"], json!([{"bearer": []}, {}]));
    assert!(
        document.json["paths"]["/invoices/{id}/send"]["post"]["summary"]
            .as_str()
            .unwrap()
            .contains("mail")
    );
}

/// The number of nullable schemas that also describe their other values.
fn typed_nullables(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(typed_nullables).sum(),
        Value::Object(object) => {
            let is_typed =
                object.get("nullable") == Some(&json!(true)) && object.contains_key("type");
            object.values().map(typed_nullables).sum::<usize>() + usize::from(is_typed)
        }
        _ => 0,
    }
}

#[tokio::test]
async fn every_reference_of_the_document_can_be_resolved() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                object.values().for_each(|value| references(value, found));
            }
            _ => {}
        }
    }
    let app = spawn_app().await;
    let document = &document(&app).await.json;
    let mut found = Vec::new();
    references(document, &mut found);
    assert!(found.len() > 100);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_swagger_page_allows_its_scripts_by_hash_and_loads_nothing_from_elsewhere() {
    let app = spawn_app().await;
    let response = get(&app, "/api/v1/docs", &[]).await;
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let page = response.text().await.unwrap();

    let directive = |name: &str| {
        let found = policy.split(';').find_map(|part| part.trim().strip_prefix(name));
        found.unwrap_or_else(|| panic!("no {name}: {policy}")).trim().to_owned()
    };
    assert_eq!(directive("default-src"), "'none'");
    assert_eq!(directive("connect-src"), "'self'");
    assert_eq!(directive("img-src"), "data:");
    assert_eq!(directive("style-src"), "'unsafe-inline'");
    let allowed = directive("script-src");
    assert!(!allowed.contains("unsafe") && !allowed.contains("http"), "{allowed}");
    let (mut scripts, mut rest) = (0, page.as_str());
    // As browsers parse it: a script extends to the next end tag, whatever is in between.
    while let Some((_, script)) = rest.split_once("<script") {
        let (attributes, content) = script.split_once('>').unwrap();
        assert!(!attributes.contains("src"), "{attributes}");
        let (content, after) = content.split_once("</script>").unwrap();
        let hash = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(content)));
        assert!(allowed.contains(&hash), "{hash} of a script is not in {allowed}");
        (scripts, rest) = (scripts + 1, after);
    }
    assert!(scripts >= 2);
    assert_eq!(allowed.split_whitespace().count(), scripts);
    assert!(page.starts_with("<!doctype html>"));
    assert!(page.contains("/auth/register"), "the page carries the document");
}

#[tokio::test]
async fn page_and_document_are_compressed_for_clients_that_accept_gzip() {
    let app = spawn_app().await;
    for path in ["/api/v1/docs", "/api/v1/openapi.json"] {
        let plain = get(&app, path, &[]).await;
        assert!(!plain.headers().contains_key("content-encoding"));
        let plain = plain.bytes().await.unwrap();
        for accept in ["gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1"] {
            let packed = get(&app, path, &[("accept-encoding", accept)]).await;
            assert_eq!(packed.headers()["content-encoding"], "gzip", "{accept}");
            let vary: Vec<_> = packed.headers().get_all("vary").iter().collect();
            assert!(vary.contains(&&"Accept-Encoding".parse().unwrap()), "{vary:?}");
            let packed = packed.bytes().await.unwrap();
            assert!(packed.len() * 2 < plain.len());
            let mut unpacked = Vec::new();
            std::io::Read::read_to_end(
                &mut flate2::read::GzDecoder::new(&packed[..]),
                &mut unpacked,
            )
            .unwrap();
            assert_eq!(unpacked, plain);
        }
        for refuse in ["identity", "br", "gzip;q=0", "gzip; q=0.0"] {
            let response = get(&app, path, &[("accept-encoding", refuse)]).await;
            assert!(!response.headers().contains_key("content-encoding"), "{refuse}");
        }
    }
}

#[tokio::test]
async fn a_matching_etag_is_304_without_a_body() {
    let app = spawn_app().await;
    for path in ["/api/v1/docs", "/api/v1/openapi.json"] {
        let etag = get(&app, path, &[]).await.headers()["etag"].to_str().unwrap().to_owned();
        for holds in
            [etag.clone(), format!("\"other\", {etag}"), format!("W/{etag}"), "*".to_owned()]
        {
            let response = get(&app, path, &[("if-none-match", &holds)]).await;
            assert_eq!(response.status(), 304, "{holds}");
            assert_eq!(response.headers()["etag"].to_str().unwrap(), etag);
            assert!(response.bytes().await.unwrap().is_empty());
        }
        let response = get(&app, path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!(response.status(), 200);
    }
}

#[tokio::test]
async fn page_and_document_are_405_for_other_methods_in_the_format_of_the_api() {
    let app = spawn_app().await;
    for path in ["/docs", "/openapi.json"] {
        let response = app.request(Method::POST, path).send().await.unwrap();
        assert_eq!(response.status(), 405);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body, json!({"success": false, "error": "Method not allowed"}));
    }
}
