//! Text that never changes while the program runs: compressed once, revalidated by its hash.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use poem::{
    Request, Response,
    http::{HeaderName, StatusCode, header},
};
use sha2::{Digest, Sha256};

/// A text that is ready to send.
pub struct Page {
    content_type: &'static str,
    policy: Option<String>,
    etag: String,
    plain: Vec<u8>,
    gzip: Option<Vec<u8>>,
}

impl Page {
    /// `policy` is its Content-Security-Policy, unless the default applies.
    pub fn new(content_type: &'static str, content: &[u8], policy: Option<&str>) -> Self {
        let hash: String =
            Sha256::digest(content).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let gzip = encoder.write_all(content).and_then(|()| encoder.finish()).ok();
        Self {
            content_type,
            policy: policy.map(str::to_owned),
            etag: format!("\"{hash}\""),
            plain: content.to_vec(),
            gzip,
        }
    }

    /// Returns the text, compressed if the client accepts that, or 304 if it has not changed.
    pub fn answer(&self, request: &Request) -> Response {
        let is_known = is_known(request, &self.etag);
        let takes_gzip = takes_gzip(request);
        let mut response = Response::builder()
            .header(header::ETAG, &self.etag)
            .header(header::CACHE_CONTROL, "no-cache")
            .header(header::VARY, "Accept-Encoding");
        if let Some(policy) = &self.policy {
            response = response.header(header::CONTENT_SECURITY_POLICY, policy);
        }
        if is_known {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        let response = response.content_type(self.content_type);
        match &self.gzip {
            Some(gzip) if takes_gzip => {
                response.header(header::CONTENT_ENCODING, "gzip").body(gzip.clone())
            }
            _ => response.body(self.plain.clone()),
        }
    }
}

/// Returns whether the client has the version with this tag. The comparison is weak: a proxy that
/// compresses makes the tag weak.
pub fn is_known(request: &Request, etag: &str) -> bool {
    entries(request, header::IF_NONE_MATCH)
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag)
}

/// Returns whether the response may be compressed.
pub fn takes_gzip(request: &Request) -> bool {
    entries(request, header::ACCEPT_ENCODING).any(|entry| {
        let (coding, weight) = entry.split_once(';').unwrap_or((entry, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
        coding.trim() == "gzip" && weight != Some(0.0)
    })
}

fn entries(request: &Request, name: HeaderName) -> impl Iterator<Item = &str> {
    let headers = request.headers().get_all(name).into_iter();
    headers.filter_map(|header| header.to_str().ok()).flat_map(|header| header.split(','))
}
