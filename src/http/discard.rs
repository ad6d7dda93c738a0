//! Bodies that nobody read. A connection that is closed while its client still sends takes the
//! answer with it, so what is left is read and thrown away before the answer goes out.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

/// Bytes thrown away at most. Who sends more may lose the answer.
const MOST: usize = 16 << 20;
/// How long they may take.
const TIME: Duration = Duration::from_secs(5);
/// After such a pause nothing more is expected.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads what is left of a body once its request is answered.
pub struct DiscardBody;

impl Layer for DiscardBody {
    async fn call(&self, mut request: Request, next: &impl Next) -> Result<Response> {
        let unread = Remaining::of(&mut request);
        let answer = next.call(request).await;
        if let Some(unread) = unread {
            unread.discard().await;
        }
        answer
    }
}

type Chunks = Fuse<BoxStream<'static, io::Result<Bytes>>>;

/// What is left of the body of a request that went elsewhere.
struct Remaining(Arc<Mutex<Chunks>>);

impl Remaining {
    /// Keeps hold of a request's body, if it has one that its client sends unasked and that is
    /// not too large to be thrown away.
    fn of(request: &mut Request) -> Option<Self> {
        if !is_on_its_way(request.headers()) {
            return None;
        }
        let chunks = request.take_body().into_bytes_stream().boxed().fuse();
        let unread = Self(Arc::new(Mutex::new(chunks)));
        request.set_body(Body::from_bytes_stream(unread.chunks()));
        Some(unread)
    }

    /// Reads the rest, as far as that is worth it.
    async fn discard(self) {
        if self.lock().is_done() {
            return;
        }
        let mut chunks = self.chunks();
        let mut left = MOST;
        let read = async {
            while let Ok(Some(Ok(chunk))) = timeout(PAUSE, chunks.next()).await {
                match left.checked_sub(chunk.len()) {
                    Some(less) => left = less,
                    None => return,
                }
            }
        };
        // Who is slower gets the answer all the same, if the connection lasts.
        let _ = timeout(TIME, read).await;
    }

    fn chunks(&self) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin + use<> {
        let unread = Self(Arc::clone(&self.0));
        stream::poll_fn(move |context| unread.lock().poll_next_unpin(context))
    }

    fn lock(&self) -> MutexGuard<'_, Chunks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a body comes without the client being asked for it.
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
