//! Ends requests that take too long or panic.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;
use poem::{
    Request, Response, Result,
    http::{HeaderMap, header},
};
use tokio::time::timeout;

use super::{
    super::{body::BODY_MAX, problem::Problem},
    Layer, Next,
};

/// How long a request may take after its body has arrived.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a body that extend the limit by a second: no more than the minimum pace at the socket.
const BODY_RATE: u64 = 8 * 1024;
/// The largest body that is read.
const BODY_LARGEST: u64 = 8 << 20;

pub struct TimeLimit;

impl Layer for TimeLimit {
    async fn call(&self, request: Request, next: &impl Next) -> Result<Response> {
        let time = TIMEOUT + body_time(request.headers());
        let method = request.method().clone();
        let answer = AssertUnwindSafe(next.call(request)).catch_unwind();
        match timeout(time, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                tracing::error!("request panicked");
                Err(Problem::internal().into())
            }
            Err(_) => {
                tracing::warn!("request took too long");
                Err(Problem::timed_out(&method).into())
            }
        }
    }
}

/// How long a body may take to arrive; close to zero for small ones.
fn body_time(headers: &HeaderMap) -> Duration {
    let length = match headers.get(header::CONTENT_LENGTH) {
        Some(length) => length.to_str().ok().and_then(|length| length.parse().ok()).unwrap_or(0),
        None if headers.contains_key(header::TRANSFER_ENCODING) => BODY_MAX as u64,
        None => return Duration::ZERO,
    };
    Duration::from_secs(length.min(BODY_LARGEST) / BODY_RATE)
}
