//! How slowly a body may come.

use std::{io, time::Duration};

use futures_util::{StreamExt, stream};
use poem::{Body, Request, http::header};
use tokio::time::{Instant, timeout};

/// How slowly a body may come.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long it may be waited for in any case.
    pub grace: Duration,
    /// Bytes that buy another second.
    pub rate: u32,
}

/// Makes the body of a request fail when it does not keep that pace. Only the time counts in which
/// the next chunk is waited for.
pub fn keep(request: &mut Request, pace: Pace) {
    let headers = request.headers();
    let is_empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
    if is_empty && !headers.contains_key(header::TRANSFER_ENCODING) {
        return;
    }
    let chunks = request.take_body().into_bytes_stream().boxed();
    let paced = stream::unfold((chunks, pace.grace), move |(mut chunks, left)| async move {
        let begun = Instant::now();
        let chunk = match timeout(left, chunks.next()).await {
            Ok(chunk) => chunk?,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the body comes too slowly")),
        };
        let bytes = chunk.as_ref().map_or(0, |bytes| bytes.len());
        let bought = Duration::from_secs_f64(bytes as f64 / f64::from(pace.rate));
        Some((chunk, (chunks, left.saturating_sub(begun.elapsed()) + bought)))
    });
    request.set_body(Body::from_bytes_stream(paced));
}
