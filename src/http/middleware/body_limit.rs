//! Rejects bodies whose announced length is larger than any route accepts.

use poem::{
    Request, Response, Result,
    http::StatusCode,
    web::headers::{ContentLength, HeaderMapExt},
};

use super::{
    super::{body::BODY_MAX, path},
    Knows, Layer, Next,
};

/// Rejects them on every known route, even on one that takes no body.
pub struct BodyLimit {
    pub knows: Option<Knows>,
}

impl Layer for BodyLimit {
    async fn call(&self, request: Request, next: &impl Next) -> Result<Response> {
        let length = request.headers().typed_get::<ContentLength>();
        if length.is_some_and(|length| length.0 > BODY_MAX as u64)
            && let Some(knows) = &self.knows
            && knows(request.method(), path::asked(&request))
        {
            return Err(StatusCode::PAYLOAD_TOO_LARGE.into());
        }
        next.call(request).await
    }
}
