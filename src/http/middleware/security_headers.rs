//! Security headers.

use poem::{
    Request, Response, Result,
    http::{HeaderName, HeaderValue, header},
};

use super::{Layer, Next};

/// Headers of every response that does not set them itself.
const HEADERS: [(HeaderName, &str); 10] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_XSS_PROTECTION, "1; mode=block"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    // Pages meant for search engines set their own.
    (HeaderName::from_static("x-robots-tag"), "noindex"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// How long browsers use only HTTPS, in seconds.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

pub struct SecurityHeaders {
    /// Whether browsers are told to stay on HTTPS.
    pub is_secure: bool,
}

impl Layer for SecurityHeaders {
    async fn call(&self, request: Request, next: &impl Next) -> Result<Response> {
        let mut response = next.call(request).await?;
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if self.is_secure {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
        }
        Ok(response)
    }
}
