//! JSON responses, unwrapped as FreelanceHub expects them.

use poem::{IntoResponse, Response, http::StatusCode};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use serde::Serialize;

use crate::domain::page::Listing;

/// The content type of every API response.
pub const JSON: &str = "application/json";

/// A response with a JSON body.
pub fn json(status: StatusCode, body: Vec<u8>) -> Response {
    Response::builder().status(status).content_type(JSON).body(body)
}

/// Serializes to JSON. All responses have string keys, so this cannot fail.
pub fn bytes(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    match serde_json::to_writer(&mut bytes, value) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// A value without an envelope.
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

/// A page of a list without an envelope; a header gives the length of the whole list.
#[derive(Debug)]
pub struct Listed<T>(Listing<T>);

const TOTAL: &str = "X-Total-Count";

impl<T> Listed<T> {
    pub fn new<D: Into<T>>(listing: Listing<D>) -> Self {
        Self(listing.map(Into::into))
    }
}

impl<T: Serialize + Send> IntoResponse for Listed<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, bytes(&self.0.entries))
            .with_header(TOTAL, self.0.total)
            .into_response()
    }
}

impl<T: Type> ApiResponse for Listed<T> {
    fn meta() -> MetaResponses {
        let total = header::<u64>(TOTAL, "Entries of the whole list");
        let page = MetaResponse { headers: vec![total], ..response::<Vec<T>>(200, "OK") };
        MetaResponses { responses: vec![page] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// A value without an envelope that search engines must not index.
#[derive(Debug)]
pub struct Unindexed<T>(T);

const ROBOTS: &str = "X-Robots-Tag";

impl<T> Unindexed<T> {
    pub fn new(value: impl Into<T>) -> Self {
        Self(value.into())
    }
}

impl<T: Serialize + Send> IntoResponse for Unindexed<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, bytes(&self.0)).with_header(ROBOTS, "noindex").into_response()
    }
}

impl<T: Type> ApiResponse for Unindexed<T> {
    fn meta() -> MetaResponses {
        let robots = header::<String>(ROBOTS, "Always `noindex`");
        let value = MetaResponse { headers: vec![robots], ..response::<T>(200, "OK") };
        MetaResponses { responses: vec![value] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// A documented response header.
pub fn header<T: Type>(name: &str, description: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema: T::schema_ref(),
    }
}

/// A documented JSON response.
pub fn response<T: Type>(status: u16, description: &'static str) -> MetaResponse {
    MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType { content_type: JSON, schema: T::schema_ref() }],
        headers: Vec::new(),
    }
}
