//! Rejects requests that two programs could read differently: a proxy in front may have read them
//! the other way.

use poem::{
    Request, Response, Result,
    http::{HeaderName, Method, Version, header, uri::Authority},
};

use super::{
    middleware::{Layer, Next, failures::EndsConnection},
    problem::into_poem,
};
use crate::domain::error::{self, Error};

/// Marks a request whose head gives the body length more than once.
#[derive(Debug, Clone, Copy)]
pub struct TwoLengths;

/// Headers that a request may have only once: some programs use the first, others the last.
const SINGLE: [HeaderName; 3] = [header::HOST, header::AUTHORIZATION, header::CONTENT_TYPE];

/// Rejects ambiguous requests and closes their connections.
pub struct Framing;

impl Layer for Framing {
    async fn call(&self, request: Request, next: &impl Next) -> Result<Response> {
        if let Err(error) = check(&request) {
            let mut error = into_poem(error);
            error.set_data(EndsConnection);
            return Err(error);
        }
        next.call(request).await
    }
}

fn check(request: &Request) -> error::Result<()> {
    let headers = request.headers();
    for name in SINGLE {
        if headers.get_all(name).iter().nth(1).is_some() {
            return Err(Error::malformed("error-header-twice"));
        }
    }
    if request.data::<TwoLengths>().is_some() {
        return Err(Error::malformed("error-lengths-differ"));
    }
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let is_chunked = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
    let first = codings.next();
    if codings.next().is_some() || first.is_some_and(|coding| !is_chunked(coding.as_bytes())) {
        return Err(Error::malformed("error-transfer-encoding"));
    }
    let Some(host) = headers.get(header::HOST) else {
        return match request.version() {
            Version::HTTP_11 => Err(Error::malformed("error-host-missing")),
            _ => Ok(()),
        };
    };
    let host = host.to_str().ok().filter(|host| is_host(host));
    let host = host.ok_or_else(|| Error::malformed("error-host-invalid"))?;
    // The target of CONNECT is another server, never a path on this one.
    let asked = match *request.method() {
        Method::CONNECT => None,
        _ => request.original_uri().authority(),
    };
    match asked {
        Some(asked) if !asked.as_str().eq_ignore_ascii_case(host) => {
            Err(Error::malformed("error-hosts-differ"))
        }
        _ => Ok(()),
    }
}

/// Returns whether a Host header is valid; it may be empty.
fn is_host(host: &str) -> bool {
    host.is_empty() || (!host.contains('@') && host.parse::<Authority>().is_ok())
}
