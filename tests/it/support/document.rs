//! The OpenAPI documents from the program itself. Tests iterate over their routes, and every
//! response in a test is checked against them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};

use jsonschema::{Draft, Validator};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{Answer, TestApp};

/// The documents are the same in every run, so all tests share those of one app.
static API_V1: OnceCell<Document> = OnceCell::const_new();
static V1: OnceCell<Document> = OnceCell::const_new();

pub struct Document {
    pub json: Value,
    /// The operations of the mount's own document.
    pub operations: Vec<Operation>,
    /// The operations of FreelanceHub Auth, next to FreelanceOS.
    pub auth_operations: Vec<Operation>,
    /// The schemas in the validator's dialect, converted once.
    components: OnceLock<Value>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// One method of one path.
pub struct Operation {
    pub method: Method,
    /// As in the document: `/clients/{id}`.
    pub path: String,
    pub spec: Value,
}

impl Operation {
    /// Whether the path is that of a single entry.
    pub fn path_of(&self, id: &str) -> String {
        self.path.replace("{id}", id)
    }

    pub fn takes_id(&self) -> bool {
        self.path.contains("{id}")
    }

    pub fn takes_body(&self) -> bool {
        self.spec.get("requestBody").is_some()
    }

    pub fn needs_token(&self) -> bool {
        let ways = self.spec["security"].as_array().unwrap();
        !ways.is_empty() && !ways.contains(&json!({}))
    }

    /// `clients`, `invoices` …
    pub fn noun(&self) -> &str {
        self.path.trim_start_matches('/').split('/').next().unwrap()
    }

    /// For test messages.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// The document of FreelanceOS and FreelanceHub Auth, under `/api/v1`.
pub async fn document(app: &TestApp) -> &'static Document {
    API_V1.get_or_init(|| Document::load(app, "/api/v1")).await
}

/// The document of FreelanceHub, under `/v1`.
pub async fn hub_document(app: &TestApp) -> &'static Document {
    V1.get_or_init(|| Document::load(app, "/v1")).await
}

impl Document {
    async fn load(app: &TestApp, mount: &str) -> Self {
        let url = format!("{}{mount}/openapi.json", app.base);
        let json: Value = app.http.get(url).send().await.unwrap().json().await.unwrap();
        let (mut operations, mut auth_operations) = (Vec::new(), Vec::new());
        for (path, methods) in json["paths"].as_object().unwrap() {
            for (method, spec) in methods.as_object().unwrap() {
                let is_auth = spec["tags"][0] == "FreelanceHub Auth";
                let list = if is_auth { &mut auth_operations } else { &mut operations };
                list.push(Operation {
                    method: method.to_ascii_uppercase().parse().unwrap(),
                    path: path.clone(),
                    spec: spec.clone(),
                });
            }
        }
        let (components, validators) = (OnceLock::new(), Mutex::default());
        Self { json, operations, auth_operations, components, validators }
    }

    /// The schema of a request body.
    pub fn input(&self, operation: &Operation) -> &Value {
        let schema = &operation.spec["requestBody"]["content"]["application/json"]["schema"];
        // Of several bodies, the first is the mount's own.
        let schema = schema["anyOf"].get(0).unwrap_or(schema);
        let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        &self.json["components"]["schemas"][name]
    }

    /// The example of a request body, or an empty object if none is required.
    pub fn example(&self, operation: &Operation) -> Value {
        if !operation.takes_body() {
            return Value::Null;
        }
        self.input(operation).get("example").cloned().unwrap_or_else(|| json!({}))
    }

    /// Fails unless the document describes this response. `path` is relative to the mount.
    #[track_caller]
    pub fn check(&self, method: &Method, path: &str, answer: &Answer) {
        let Some(operation) = self.find(method, path) else {
            assert!(!answer.status.is_success(), "{method} {path} is not documented");
            return;
        };
        let (name, status) = (operation.name(), answer.status.as_u16().to_string());
        let Some(response) = operation.spec["responses"].get(&status) else {
            panic!("{name} answered {status}, which is not documented: {}", answer.body);
        };
        for header in response["headers"].as_object().unwrap().keys() {
            let missing = !answer.headers.contains_key(header);
            // These headers are absent if limits are off.
            assert!(!missing || header.starts_with("X-RateLimit"), "{name} {status}: no {header}");
        }
        let Some(schema) = response["content"].get("application/json") else {
            let kinds: Vec<_> = response["content"].as_object().unwrap().keys().collect();
            assert_eq!(kinds, [answer.headers["content-type"].to_str().unwrap()], "{name}");
            return;
        };
        let validator = self.validator_of(&format!("{name} {status}"), &schema["schema"]);
        let errors: Vec<String> = validator
            .iter_errors(&answer.body)
            .map(|error| format!("{} {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name} {status}: {errors:?}\n{:#}", answer.body);
    }

    /// Every JSON response with its example, and whether that matches the schema.
    pub fn examples(&self) -> Vec<(String, Value, bool)> {
        let mut found = Vec::new();
        for operation in self.operations.iter().chain(&self.auth_operations) {
            for (status, response) in operation.spec["responses"].as_object().unwrap() {
                let Some(content) = response["content"].get("application/json") else { continue };
                let shared = || {
                    let reference = content["examples"][status]["$ref"].as_str()?;
                    self.json.pointer(&reference[1..])?.get("value")
                };
                let name = format!("{} {status}", operation.name());
                let example = content.get("example").or_else(shared).cloned().unwrap_or_default();
                let validator = self.validator_of(&name, &content["schema"]);
                let is_valid = validator.is_valid(&example);
                found.push((name, example, is_valid));
            }
        }
        found
    }

    fn find(&self, method: &Method, path: &str) -> Option<&Operation> {
        let asked: Vec<&str> = path.trim_matches('/').split('/').collect();
        self.operations.iter().chain(&self.auth_operations).find(|operation| {
            let known: Vec<&str> = operation.path.trim_matches('/').split('/').collect();
            operation.method == *method
                && known.len() == asked.len()
                && known.iter().zip(&asked).all(|(known, asked)| {
                    known == asked || (known.starts_with('{') && !asked.is_empty())
                })
        })
    }

    fn validator_of(&self, key: &str, schema: &Value) -> Arc<Validator> {
        self.validator(key, || {
            json!({
                "allOf": [strict(schema)],
                "components": self.components.get_or_init(|| strict(&self.json["components"])),
            })
        })
    }

    fn validator(&self, key: &str, schema: impl FnOnce() -> Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(|lock| lock.into_inner());
        let build = || {
            let mut options = jsonschema::options();
            // The dialect closest to OpenAPI 3.0.
            options = options.with_draft(Draft::Draft4).should_validate_formats(true);
            Arc::new(options.build(&schema()).unwrap())
        };
        Arc::clone(validators.entry(key.to_owned()).or_insert_with(build))
    }
}

/// Converts an OpenAPI 3.0 schema to a stricter JSON schema without additional properties.
fn strict(schema: &Value) -> Value {
    match schema {
        Value::Array(list) => list.iter().map(strict).collect(),
        Value::Object(object) => {
            let mut inner: serde_json::Map<_, _> = object
                .iter()
                .filter(|(key, _)| !matches!(&***key, "example" | "examples" | "nullable"))
                .map(|(key, value)| (key.clone(), strict(value)))
                .collect();
            let closed = inner.get("properties").is_some_and(Value::is_object)
                && !inner.contains_key("additionalProperties");
            if closed {
                inner.insert("additionalProperties".to_owned(), false.into());
            }
            if object.get("nullable") == Some(&Value::Bool(true)) {
                json!({ "anyOf": [inner, { "type": "null" }] })
            } else {
                Value::Object(inner)
            }
        }
        other => other.clone(),
    }
}
