//! Requests to the REST API of a provider.

use hyper::{Method as Verb, Request, header};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::{
    domain::{
        error::{Error, Result},
        money::Currency,
        provider::{ProviderKey, ProviderKind},
    },
    outbound::{Answer, Web},
};

/// The delay in seconds before a retry while a provider is unreachable.
const RETRY_AFTER: u64 = 30;
/// The maximum length of a provider's message in our log, in characters.
const MESSAGE_MAX: usize = 200;

/// The REST API of a provider.
pub struct Api {
    pub web: Web,
    pub url: String,
    pub kind: ProviderKind,
    pub secret: ProviderKey,
}

/// The response of an API.
pub struct Told {
    pub status: u16,
    body: Value,
}

impl Told {
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer)?.as_str()
    }

    pub fn number(&self, pointer: &str) -> Option<Decimal> {
        match self.body.pointer(pointer)? {
            Value::Number(number) => {
                let text = number.to_string();
                text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
            }
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub fn currency(&self, pointer: &str) -> Option<Currency> {
        Currency::from_code(&self.text(pointer)?.to_ascii_uppercase())
    }
}

impl Api {
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Told> {
        self.ask(Verb::GET, path, "", headers, String::new()).await
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> Result<Told> {
        self.ask(Verb::POST, path, "application/json", &[], body.to_string()).await
    }

    /// Sends a request with the secret key.
    ///
    /// # Errors
    ///
    /// Unavailable if the provider does not answer, returns a server error, or returns something
    /// other than JSON.
    pub async fn ask(
        &self,
        verb: Verb,
        path: &str,
        content_type: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Told> {
        let mut request = Request::builder()
            .method(verb)
            .uri(format!("{}{path}", self.url))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.secret.as_str()))
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("FreelanceOS/", env!("CARGO_PKG_VERSION")))
            .header(header::CONTENT_LENGTH, body.len());
        if !content_type.is_empty() {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).map_err(Error::internal)?;
        let Answer { status, body } =
            self.web.fetch(request).await.map_err(|why| self.silent(why.to_string()))?;
        let body = serde_json::from_slice(&body);
        match (status, body) {
            (429, _) => Err(self.silent("it takes no more requests now".to_owned())),
            (200..300 | 400..500, Ok(body)) => Ok(Told { status, body }),
            (status, _) => Err(self.silent(format!("it answered with status {status}"))),
        }
    }

    fn silent(&self, why: String) -> Error {
        Error::unavailable(RETRY_AFTER, "error-provider-silent")
            .with("provider", self.kind.name())
            .caused_by(self.hidden(&why))
    }

    /// The error for a response that refuses the request.
    pub fn refused(&self, told: &Told, message: &str) -> Error {
        let message = told.text(message).unwrap_or_default();
        let message: String = message.chars().take(MESSAGE_MAX).collect();
        let cause = self.hidden(&format!("status {}: {message}", told.status));
        Error::conflict("error-provider-refused")
            .with("provider", self.kind.name())
            .caused_by(cause)
    }

    /// The error for a response that lacks something.
    pub fn unclear(&self) -> Error {
        self.silent("its answer lacks what its documentation promises".to_owned())
    }

    /// Returns text without the secret key.
    fn hidden(&self, text: &str) -> String {
        text.replace(self.secret.as_str(), "…")
    }
}
