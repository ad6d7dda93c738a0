//! An API client, and the responses it gets.

use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::program::{PASSWORD, PATIENCE, Server};

/// A response with its body parsed.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub took: Duration,
}

impl Answer {
    /// The data of a successful response.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        &self.body["data"]
    }
}

/// An API client that is signed in to one account.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    pub server: String,
    pub token: String,
}

impl Caller {
    /// A client that is not signed in.
    pub fn of(address: &str) -> Self {
        Self {
            http: reqwest::Client::builder().timeout(PATIENCE).build().unwrap(),
            server: format!("http://{address}"),
            token: String::new(),
        }
    }

    /// Registers an account and returns a client that is signed in.
    pub async fn register(self, name: &str) -> Self {
        let body = json!({
            "email": format!("{name}@example.com"), "password": PASSWORD,
            "firstName": "Ada", "lastName": "Bell",
        });
        let answer = self.post("/auth/register", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let token = answer.body["data"]["token"].as_str().unwrap().to_owned();
        Self { token, ..self }
    }

    /// The same account on separate connections.
    pub fn apart(&self) -> Self {
        Self { http: reqwest::Client::builder().timeout(PATIENCE).build().unwrap(), ..self.clone() }
    }

    /// The same account after a restart of the server.
    pub fn at(&self, server: &Server) -> Self {
        Self { token: self.token.clone(), ..server.caller() }
    }

    /// The same connections with a different token, or none.
    pub fn with(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Sends a request to FreelanceOS, or with a full path to another API. Returns None if no
    /// response came.
    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Option<Answer> {
        let begun = Instant::now();
        let is_whole = ["/v1/", "/u/", "/healthz"].iter().any(|start| path.starts_with(start));
        let mount = if is_whole { "" } else { "/api/v1" };
        let url = format!("{}{mount}{path}", self.server);
        let mut request = self.http.request(method.parse().unwrap(), url);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Some(Answer { status, headers, body, took: begun.elapsed() })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.try_send("GET", path, None, None).await.expect("no answer")
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_send("POST", path, Some(body), None).await.expect("no answer")
    }

    /// Creates a client and returns its id.
    pub async fn client(&self, name: &str) -> String {
        let body = json!({"name": name, "email": "client@example.com"});
        let answer = self.post("/clients", &body).await;
        answer.data()["id"].as_str().unwrap().to_owned()
    }

    /// Creates an invoice and returns its id.
    pub async fn invoice(&self, client: &str, amount: i64) -> String {
        let body = json!({"clientId": client, "amount": amount, "dueDate": "2099-12-31"});
        let answer = self.post("/invoices", &body).await;
        answer.data()["id"].as_str().unwrap().to_owned()
    }
}
