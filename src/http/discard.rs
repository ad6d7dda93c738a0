//! Unread bodies. Closing a connection while the client still sends loses the response, so the rest
//! of the body is read and discarded before the response is sent.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream, Fuse},
};
use hyper::body::Bytes;
use poem::{
    Body, Request, Response, Result,
    http::{HeaderMap, header},
};
use tokio::time::timeout;

use super::middleware::{Layer, Next};

/// Maximum number of bytes discarded. A client that sends more may lose the response.
const MOST: usize = 16 << 20;
/// Maximum time for discarding.
const TIME: Duration = Duration::from_secs(5);
/// The rest is given up after a pause this long.
const PAUSE: Duration = Duration::from_secs(1);

/// Discards the rest of a body once its request is answered.
pub struct DiscardBody;

impl Layer for DiscardBody {
    async fn call(&self, mut request: Request, next: &impl Next) -> Result<Response> {
        if !is_on_its_way(request.headers()) {
            return next.call(request).await;
        }
        let chunks = request.take_body().into_bytes_stream().boxed().fuse();
        let chunks = Arc::new(Mutex::new(chunks));
        request.set_body(Body::from_bytes_stream(shared(&chunks)));
        let answer = next.call(request).await;
        // A slower client still gets the response if the connection lasts.
        let _ = timeout(TIME, discard(shared(&chunks))).await;
        answer
    }
}

type Chunks = Fuse<BoxStream<'static, io::Result<Bytes>>>;

/// A stream of the chunks that nobody else has read.
fn shared(
    chunks: &Arc<Mutex<Chunks>>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin + use<> {
    let chunks = Arc::clone(chunks);
    stream::poll_fn(move |context| {
        chunks.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context)
    })
}

async fn discard(mut chunks: impl Stream<Item = io::Result<Bytes>> + Unpin) {
    let mut left = MOST;
    while let Ok(Some(Ok(chunk))) = timeout(PAUSE, chunks.next()).await {
        match left.checked_sub(chunk.len()) {
            Some(less) => left = less,
            None => return,
        }
    }
}

/// Returns whether a body arrives without the client being prompted for it, and is small enough to
/// discard.
fn is_on_its_way(headers: &HeaderMap) -> bool {
    // Reading prompts the client for a body announced by `Expect: 100-continue`.
    if headers.contains_key(header::EXPECT) {
        return false;
    }
    match headers.get(header::CONTENT_LENGTH) {
        Some(length) => {
            let length = length.to_str().ok().and_then(|length| length.parse::<usize>().ok());
            length.is_some_and(|length| (1..=MOST).contains(&length))
        }
        None => headers.contains_key(header::TRANSFER_ENCODING),
    }
}
