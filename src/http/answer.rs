//! Answers of JSON, bare as FreelanceHub writes them.

use poem::{IntoResponse, Response, http::StatusCode};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use serde::Serialize;

/// The content type of every answer of an API.
pub const JSON: &str = "application/json";

/// An answer of JSON text.
pub fn json(status: StatusCode, body: Vec<u8>) -> Response {
    Response::builder().status(status).content_type(JSON).body(body)
}

/// Writes JSON. What this program answers has text keys only, so it cannot fail.
pub fn bytes(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    match serde_json::to_writer(&mut bytes, value) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// A value with nothing around it.
#[derive(Debug)]
pub struct Bare<T, const STATUS: u16 = 200>(T);

impl<T, const STATUS: u16> Bare<T, STATUS> {
    pub fn new(value: impl Into<T>) -> Self {
        Self(value.into())
    }
}

impl<T: Serialize + Send, const STATUS: u16> IntoResponse for Bare<T, STATUS> {
    fn into_response(self) -> Response {
        json(StatusCode::from_u16(STATUS).unwrap_or_default(), bytes(&self.0))
    }
}

impl<T: Type, const STATUS: u16> ApiResponse for Bare<T, STATUS> {
    fn meta() -> MetaResponses {
        let description = if STATUS == 201 { "Created" } else { "OK" };
        MetaResponses { responses: vec![response::<T>(STATUS, description)] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// A documented answer of JSON.
pub fn response<T: Type>(status: u16, description: &'static str) -> MetaResponse {
    MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType { content_type: JSON, schema: T::schema_ref() }],
        headers: Vec::new(),
    }
}
