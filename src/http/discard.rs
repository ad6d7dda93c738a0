//! Unread bodies. A connection that is closed while the client still sends loses the answer, so
//! the rest of a body is read and thrown away before the answer is sent.

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

/// Bytes thrown away at most. A client that sends more may lose the answer.
const MOST: usize = 16 << 20;
/// How long they may take.
const TIME: Duration = Duration::from_secs(5);
/// After such a pause the rest is given up.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads what is left of a body once its request is answered.
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
        // A slower client gets the answer all the same, if the connection lasts.
        let _ = timeout(TIME, discard(shared(&chunks))).await;
        answer
    }
}

type Chunks = Fuse<BoxStream<'static, io::Result<Bytes>>>;

/// A stream of the chunks that were not taken elsewhere.
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

/// Whether a body comes without the client being asked for it, and is not too large to be thrown
/// away.
fn is_on_its_way(headers: &HeaderMap) -> bool {
    // Reading is what asks for a body that is announced by `Expect: 100-continue`.
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
