//! The OpenAPI document of an API, with everything that applies to all routes, and its Swagger UI.

use std::{collections::HashMap, marker::PhantomData};

use base64::{Engine, engine::general_purpose::STANDARD};
use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    OpenApi, OpenApiService,
    registry::{MetaApi, Registry},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{answer::JSON, example::Examples};

/// The description of an API apart from its routes.
pub struct About {
    pub title: &'static str,
    /// Its mount, such as `/api/v1`.
    pub base: &'static str,
    pub description: &'static str,
    /// Whether responses have the headers of the global rate limit.
    pub is_counted: bool,
    /// Whether requests may have an `Idempotency-Key`.
    pub takes_request_keys: bool,
}

/// The routes of an API, for documentation only: they cannot be called.
struct Described<Routes>(PhantomData<fn() -> Routes>);

impl<Routes: OpenApi> OpenApi for Described<Routes> {
    fn meta() -> Vec<MetaApi> {
        Routes::meta()
    }

    fn register(registry: &mut Registry) {
        Routes::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

/// The routes of an API, ready to mount.
pub fn service<T: OpenApi>(routes: T, about: &About) -> OpenApiService<T, ()> {
    OpenApiService::new(routes, about.title, env!("CARGO_PKG_VERSION"))
}

/// The document and what is derived from it.
pub struct Document {
    /// OpenAPI 3.0 as JSON.
    pub json: String,
    /// A page that shows the document and loads nothing from elsewhere.
    pub page: String,
    /// The Content-Security-Policy that allows only the page's own scripts.
    pub policy: String,
    base: &'static str,
    known: Vec<(String, Vec<String>)>,
}

impl Document {
    /// Builds the document of an API.
    ///
    /// `public_url` is the server's public URL without a trailing slash.
    pub fn new<Routes: OpenApi>(about: &About, public_url: &str) -> Self {
        let service = service(Described::<Routes>(PhantomData), about);
        let plain = service.spec();
        let document =
            complete(serde_json::from_str(&plain).unwrap_or_default(), about, public_url);
        let json = serde_json::to_string_pretty(&document).unwrap_or_default();
        // The generated page embeds the incomplete document.
        let page = service.swagger_ui_html().replace(&plain, &json);
        let page = page.trim_start().replacen("<html", "<!doctype html>\n<html lang=\"en\"", 1);
        Self { policy: policy(&page), page, base: about.base, known: known(&document), json }
    }

    /// Returns whether the document has a method and path (including the mount).
    pub fn knows(&self, method: &Method, path: &str) -> bool {
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        let path = path.strip_prefix(self.base).unwrap_or(path);
        let path = path.strip_prefix('/').unwrap_or(path);
        let matches = |segments: &[String]| {
            segments.len() == path.split('/').count()
                && segments.iter().zip(path.split('/')).all(|(known, asked)| {
                    known == asked || (known.starts_with('{') && !asked.is_empty())
                })
        };
        self.known.iter().any(|(verb, segments)| verb == method && matches(segments))
    }
}

/// Adds what applies to all routes: headers, the idempotency key, a unique id for each operation.
fn complete(mut document: Value, about: &About, public_url: &str) -> Value {
    let info = &mut document["info"];
    info["description"] = about.description.into();
    info["contact"] = json!({ "name": "FreelanceOS" });
    info["license"] = json!({
        "name": "MIT OR Apache-2.0", "url": "https://spdx.org/licenses/",
    });
    document["servers"] = json!([{ "url": format!("{public_url}{}", about.base) }]);
    give_types(&mut document);
    let schemas = document["components"]["schemas"].clone();
    let examples = Examples { schemas: &schemas };
    let mut failures = Map::new();
    document["components"]["headers"] = json!({
        "X-RateLimit-Limit": header("integer", "Maximum requests allowed in the window"),
        "X-RateLimit-Remaining": header("integer", "Requests remaining in the window"),
        "X-RateLimit-Reset": header("integer", "Epoch second at which the window ends"),
        "X-Request-Id": header("string", "Names the request, for the log"),
        "Retry-After": header("integer", "Seconds to wait before trying again"),
    });
    for (path, operations) in entries(&mut document["paths"]) {
        for (method, operation) in entries(operations) {
            complete_operation(path, method, operation, about);
            for (status, response) in entries(&mut operation["responses"]) {
                give_example(status, response, &examples, &mut failures);
            }
        }
    }
    document["components"]["examples"] = failures.into();
    document
}

/// Adds a type to nullable schemas: OpenAPI 3.0 allows `nullable` only next to a `type`.
fn give_types(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(give_types),
        Value::Object(object) => {
            if object.get("nullable") == Some(&Value::Bool(true)) && !object.contains_key("type") {
                object.insert("type".to_owned(), "object".into());
                // Next to the reference, not in another `allOf` part that null would have to match.
                let parts = object.get_mut("allOf").and_then(Value::as_array_mut);
                if let Some(parts) = parts {
                    parts.retain(|part| *part != json!({ "nullable": true }));
                }
            }
            object.values_mut().for_each(give_types);
        }
        _ => {}
    }
}

/// Adds an example to a response. Those of errors are shared and written once.
fn give_example(
    status: &str,
    response: &mut Value,
    examples: &Examples,
    failures: &mut Map<String, Value>,
) {
    let content = response.get_mut("content").and_then(|kinds| kinds.get_mut(JSON));
    let Some(content) = content else { return };
    let example = examples.answer(&content["schema"], status.parse().unwrap_or(200));
    if status.starts_with('2') {
        content["example"] = example;
        return;
    }
    let schema = content["schema"].to_string();
    let shape = schema.split("#/components/schemas/").nth(1).unwrap_or("Error");
    let shape: String = shape.chars().take_while(char::is_ascii_alphanumeric).collect();
    let name = format!("{shape}{status}");
    content["examples"] = json!({ status: { "$ref": format!("#/components/examples/{name}") } });
    failures.insert(name, json!({ "value": example }));
}

fn complete_operation(path: &str, method: &str, operation: &mut Value, about: &About) {
    let is_signed_in = operation.get("security").is_some();
    let is_refused = operation["responses"].get("401").is_some();
    match operation.get_mut("security").and_then(Value::as_array_mut) {
        // If no response is 401, the token is optional.
        Some(schemes) if !is_refused => schemes.push(json!({})),
        Some(_) => {}
        None => operation["security"] = json!([]),
    }
    if operation.get("operationId").is_none() {
        operation["operationId"] = update_id(path, method).into();
    }
    spread_query(operation);
    let is_auth = path.starts_with("/auth/");
    if about.takes_request_keys && method == "post" && is_signed_in && !is_auth {
        let key = json!({
            "name": "Idempotency-Key",
            "in": "header",
            "required": false,
            "description": "For 24 hours the same key with the same body gets the first answer \
                again; with another body 409.",
            "schema": {
                "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$",
            },
        });
        match operation.get_mut("parameters").and_then(Value::as_array_mut) {
            Some(parameters) => parameters.push(key),
            None => operation["parameters"] = json!([key]),
        }
    }
    for (status, response) in entries(&mut operation["responses"]) {
        let mut headers = Map::new();
        let mut names = Vec::new();
        if about.is_counted || status == "429" {
            names.extend(["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]);
        }
        names.push("X-Request-Id");
        if matches!(status, "429" | "503") {
            names.push("Retry-After");
        }
        for name in names {
            let reference = format!("#/components/headers/{name}");
            headers.insert(name.to_owned(), json!({ "$ref": reference }));
        }
        for (name, own) in entries(&mut response["headers"]) {
            headers.insert(name.to_owned(), own.take());
        }
        response["headers"] = headers.into();
    }
}

/// Makes a parameter of each field of an object that stands for the whole query.
fn spread_query(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    let Some(parameters) = parameters else { return };
    let spread = |mut parameter: Value| {
        let fields = parameter["schema"].get_mut("properties").map(Value::take);
        let Some(Value::Object(fields)) = fields else { return vec![parameter] };
        fields.into_iter().map(|(name, schema)| query_parameter(&name, schema)).collect()
    };
    *parameters = parameters.drain(..).flat_map(spread).collect();
}

fn query_parameter(name: &str, mut schema: Value) -> Value {
    let about = schema.as_object_mut().and_then(|schema| schema.shift_remove("description"));
    let mut parameter = json!({ "name": name, "schema": schema, "in": "query" });
    if let Some(about) = about {
        parameter["description"] = about;
    }
    for (key, value) in [("required", false), ("deprecated", false), ("explode", true)] {
        parameter[key] = value.into();
    }
    parameter
}

/// PUT and PATCH share a handler, but ids must be unique: `updateClient`, `patchClient`.
fn update_id(path: &str, method: &str) -> String {
    let verb = if method == "put" { "update" } else { "patch" };
    let noun = path.rsplit('/').find(|segment| !segment.starts_with('{')).unwrap_or_default();
    let noun = noun.strip_suffix('s').unwrap_or(noun);
    let (first, rest) = noun.split_at(noun.len().min(1));
    format!("{verb}{}{rest}", first.to_ascii_uppercase())
}

fn header(kind: &str, description: &str) -> Value {
    json!({ "description": description, "schema": { "type": kind } })
}

fn entries(value: &mut Value) -> impl Iterator<Item = (&str, &mut Value)> {
    value.as_object_mut().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// Allows exactly the scripts in the page.
fn policy(page: &str) -> String {
    let (mut hashes, mut rest) = (String::new(), page);
    // Browsers end a script at the next end tag.
    while let Some((content, after)) = rest
        .split_once("<script")
        .and_then(|(_, script)| script.split_once('>')?.1.split_once("</script>"))
    {
        hashes.push_str(" 'sha256-");
        hashes.push_str(&STANDARD.encode(Sha256::digest(content)));
        hashes.push('\'');
        rest = after;
    }
    format!(
        "default-src 'none'; script-src{hashes}; style-src 'unsafe-inline'; img-src data:; \
         connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Every method with the segments of its path.
fn known(document: &Value) -> Vec<(String, Vec<String>)> {
    let mut known = Vec::new();
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        let segments: Vec<String> = path.trim_matches('/').split('/').map(str::to_owned).collect();
        for method in operations.as_object().into_iter().flat_map(Map::keys) {
            known.push((method.to_ascii_uppercase(), segments.clone()));
        }
    }
    known
}
