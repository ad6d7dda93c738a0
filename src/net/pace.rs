//! The minimum pace of a body.

use std::{io, time::Duration};

use futures_util::{StreamExt, stream};
use poem::{Body, Request, http::header};
use tokio::time::{Instant, timeout};

/// The minimum pace of a body.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long to wait for it in any case.
    pub grace: Duration,
    /// Bytes that extend the wait by a second.
    pub rate: u32,
}

/// Fails a request body that does not keep this pace. Only time spent waiting for the next chunk
/// counts.
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
