//! JSON bodies. They are read whole and parsed later, so that errors come in the order of the
//! contract: too large, not signed in, not JSON, not valid.

use std::marker::PhantomData;

use futures_util::TryStreamExt;
use poem::{
    Request, RequestBody,
    error::ReadBodyError,
    http::{HeaderMap, StatusCode, header},
    web::headers::{ContentLength, HeaderMapExt},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    path,
    schema::{Described, Readable},
};
use crate::domain::{
    error::{Error, Result},
    form::Object,
    idempotency::{Once, RequestKey},
    input::{Input, Source},
    rule::Rule,
};

/// Maximum size of a body, in bytes.
pub const BODY_MAX: usize = 1 << 20;
/// Maximum number of JSON values in a body: an invoice of 500 lines has 2,500.
const VALUES_MAX: usize = 20_000;

/// The body of a request that is documented as `T`.
#[derive(Debug)]
pub struct Body<T> {
    bytes: Vec<u8>,
    is_json: bool,
    /// The raw bytes.
    key: Option<RequestKey>,
    documented_as: PhantomData<fn() -> T>,
}

impl<T: Described> Body<T> {
    /// Parses the body with that function.
    pub fn read_with<V>(&self, read: impl FnOnce(&dyn Source) -> Result<V>) -> Result<V> {
        read(&self.object()?)
    }

    fn object(&self) -> Result<Object> {
        // If no field is required, an empty body of any type counts as `{}`.
        if self.bytes.is_empty() && !T::needs_fields() {
            return Ok(Map::new());
        }
        if !self.is_json {
            return Err(Error::unsupported());
        }
        if values(&self.bytes) > VALUES_MAX {
            return Err(Error::malformed("error-body-values"));
        }
        match serde_json::from_slice(&self.bytes) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(Error::malformed("error-body-object")),
            Err(error) => Err(Error::malformed("error-body-json").caused_by(error)),
        }
    }
}

impl<T: Readable> Body<T> {
    /// Parses the body.
    pub fn read(&self) -> Result<T::Input> {
        self.read_with(T::Input::read)
    }

    /// Parses the body of a request that must run only once.
    pub fn once<A>(&self, render: fn(&A) -> Vec<u8>) -> Result<(Once<A>, T::Input)> {
        let input = self.read()?;
        match &self.key {
            Some(key) if !RequestKey::is_valid(key.key.as_bytes()) => {
                Err(Error::field("Idempotency-Key", Rule::RequestKey))
            }
            key => Ok((Once { key: key.clone(), render }, input)),
        }
    }
}

/// Reads a whole body into a buffer of the announced length: a growing one may use twice as much.
///
/// # Errors
///
/// Fails if the body is larger than `most` or cannot be read.
pub async fn read_whole(
    headers: &HeaderMap,
    body: poem::Body,
    most: usize,
) -> Result<Vec<u8>, ReadBodyError> {
    let announced = headers.typed_get::<ContentLength>().map_or(0, |length| length.0);
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(most).min(most));
    let mut chunks = body.into_bytes_stream();
    while let Some(chunk) = chunks.try_next().await? {
        if bytes.len() + chunk.len() > most {
            return Err(ReadBodyError::PayloadTooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Returns an upper bound on the number of JSON values: each takes far more memory than its text.
fn values(json: &[u8]) -> usize {
    let (mut count, mut is_text, mut is_escaped) = (1, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b',' | b'[' | b'{' if !is_text => count += 1,
            _ => {}
        }
    }
    count
}

/// Returns whether a content type is JSON: `application/json` or `application/merge-patch+json`,
/// with or without parameters.
fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    let essence = essence.trim_ascii().to_ascii_lowercase();
    essence == b"application/json"
        || (essence.starts_with(b"application/") && essence.ends_with(b"+json"))
}

impl<'a, T: Described> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    const PARAM_IS_REQUIRED: bool = true;
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let schema = T::schema_ref();
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType { content_type: "application/json", schema }],
            required: T::needs_fields(),
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let headers = request.headers();
        let length = headers.typed_get::<ContentLength>();
        if length.is_some_and(|length| length.0 > BODY_MAX as u64) {
            return Err(StatusCode::PAYLOAD_TOO_LARGE.into());
        }
        let bytes = read_whole(headers, body.take()?, BODY_MAX).await?;
        let key = headers.get("idempotency-key").map(|key| RequestKey {
            key: String::from_utf8_lossy(key.as_bytes()).into_owned(),
            route: format!("{} {}", request.method(), path::asked(request)),
            body_hash: Sha256::digest(&bytes).into(),
        });
        let content_type = headers.get(header::CONTENT_TYPE);
        let is_json = content_type.is_some_and(|value| is_json(value.as_bytes()));
        Ok(Self { bytes, is_json, key, documented_as: PhantomData })
    }
}
