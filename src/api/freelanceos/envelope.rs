//! `{"success": true, "data": …}`: the envelope of successful responses.

use poem::{IntoResponse, Response, http::StatusCode};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;

use super::error::{Creating, Failed};
use crate::{
    domain::{idempotency::Outcome, page::Listing},
    http::answer::{JSON, bytes, json},
};

#[derive(Serialize)]
struct Envelope<'a, T> {
    success: bool,
    data: &'a T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageEnvelope<'a, T> {
    success: bool,
    data: &'a [T],
    total: u64,
    page: u32,
    page_size: u32,
}

/// A response with data and a status.
#[derive(Debug)]
pub struct Reply<T, const STATUS: u16 = 200>(Content<T>);

/// The response to a creation.
pub type Created<T> = Reply<T, 201>;

/// The result of a route: data, or an error with one of the statuses of `S`.
pub type Answer<T, S> = Result<Reply<T>, Failed<S>>;

/// The result of a route that creates something.
pub type Made<T> = Result<Created<T>, Failed<Creating>>;

#[derive(Debug)]
enum Content<T> {
    Data(T),
    /// The first response to a repeated request.
    Written(Vec<u8>),
}

impl<T, const STATUS: u16> Reply<T, STATUS> {
    pub fn new(data: impl Into<T>) -> Self {
        Self(Content::Data(data.into()))
    }

    /// The result of a use case that counts once.
    pub fn once<D: Into<T>>(outcome: Outcome<D>) -> Self {
        Self(match outcome {
            Outcome::Done(value) => Content::Data(value.into()),
            Outcome::Replayed(bytes) => Content::Written(bytes),
        })
    }
}

/// Writes the response to a request that counts once, so that it can be repeated.
pub fn render<D: Clone, T: From<D> + Serialize>(value: &D) -> Vec<u8> {
    bytes(&Envelope { success: true, data: &T::from(value.clone()) })
}

impl<T: Serialize + Send, const STATUS: u16> IntoResponse for Reply<T, STATUS> {
    fn into_response(self) -> Response {
        let body = match self.0 {
            Content::Data(data) => bytes(&Envelope { success: true, data: &data }),
            Content::Written(bytes) => bytes,
        };
        json(StatusCode::from_u16(STATUS).unwrap_or_default(), body)
    }
}

/// A page of a list.
#[derive(Debug)]
pub struct Paged<T>(Listing<T>);

impl<T> Paged<T> {
    pub fn new<D: Into<T>>(listing: Listing<D>) -> Self {
        Self(listing.map(Into::into))
    }
}

impl<T: Serialize + Send> IntoResponse for Paged<T> {
    fn into_response(self) -> Response {
        let Listing { entries, total, page } = &self.0;
        let body = bytes(&PageEnvelope {
            success: true,
            data: entries,
            total: *total,
            page: page.number,
            page_size: page.size,
        });
        json(StatusCode::OK, body)
    }
}

impl<T: Type, const STATUS: u16> ApiResponse for Reply<T, STATUS> {
    fn meta() -> MetaResponses {
        meta(STATUS, vec![("data", T::schema_ref())])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> ApiResponse for Paged<T> {
    fn meta() -> MetaResponses {
        let properties = vec![
            ("data", <Vec<T>>::schema_ref()),
            ("total", <u64>::schema_ref()),
            ("page", <u32>::schema_ref()),
            ("pageSize", <u32>::schema_ref()),
        ];
        meta(200, properties)
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

fn meta(status: u16, mut data: Vec<(&'static str, MetaSchemaRef)>) -> MetaResponses {
    let mut properties = vec![("success", success(true))];
    properties.append(&mut data);
    let schema = MetaSchema {
        required: properties.iter().map(|(name, _)| *name).collect(),
        properties,
        ..MetaSchema::new("object")
    };
    MetaResponses {
        responses: vec![MetaResponse {
            description: if status == 201 { "Created" } else { "OK" },
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: JSON,
                schema: MetaSchemaRef::Inline(Box::new(schema)),
            }],
            headers: Vec::new(),
        }],
    }
}

/// The schema of `success`, which is always the same value.
pub fn success(value: bool) -> MetaSchemaRef {
    let schema = MetaSchema { enum_items: vec![value.into()], ..MetaSchema::new("boolean") };
    MetaSchemaRef::Inline(Box::new(schema))
}
