//! Decides which front ends on other origins may read responses (CORS).

use std::sync::Arc;

use poem::{
    Request, Response, Result,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use super::{Layer, Next};

/// How long browsers may cache a preflight response, in seconds.
const PREFLIGHT_AGE: &str = "600";
const ALLOWED_METHODS: &str = "GET, POST, PUT, DELETE, PATCH, OPTIONS";
const ALLOWED_HEADERS: &str = "Content-Type, Authorization, Accept, Idempotency-Key, If-Match";
const EXPOSED_HEADERS: &str = "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, \
     Retry-After, X-Total-Count, X-Request-Id, Content-Disposition, ETag";

/// Tells browsers which origins may read a response.
pub struct Cors {
    /// In the form that browsers send.
    pub origins: Arc<[String]>,
}

impl Layer for Cors {
    async fn call(&self, request: Request, next: &impl Next) -> Result<Response> {
        let origin = request.headers().get(header::ORIGIN).cloned();
        let is_preflight = *request.method() == Method::OPTIONS;
        let mut response = next.call(request).await?;
        self.allow(origin, is_preflight, response.headers_mut());
        Ok(response)
    }
}

impl Cors {
    /// A foreign origin gets the normal response without these headers.
    fn allow(&self, origin: Option<HeaderValue>, is_preflight: bool, headers: &mut HeaderMap) {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin else { return };
        let known = |known: &String| known.as_bytes().eq_ignore_ascii_case(origin.as_bytes());
        if !self.origins.iter().any(known) {
            return;
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
        set(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        if is_preflight {
            set(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
            set(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
            set(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE);
        } else {
            set(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
    }
}

/// Answers preflights without counting them.
pub struct Preflight;

impl Layer for Preflight {
    async fn call(&self, request: Request, next: &impl Next) -> Result<Response> {
        match *request.method() {
            Method::OPTIONS => Ok(StatusCode::NO_CONTENT.into()),
            _ => next.call(request).await,
        }
    }
}
