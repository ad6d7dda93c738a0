//! Bodies that have to keep coming.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Stream, StreamExt, stream::BoxStream};
use hyper::body::Bytes;
use poem::{Body, Request, http::header};
use tokio::time::{Instant, Sleep, sleep_until};

/// How slowly a body may come.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long it may be waited for in any case.
    pub grace: Duration,
    /// Bytes that buy another second.
    pub rate: u32,
}

/// Sees to it that the body of a request, if it has one, keeps that pace.
pub fn keep(request: &mut Request, pace: Pace) {
    let headers = request.headers();
    let is_empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
    if is_empty && !headers.contains_key(header::TRANSFER_ENCODING) {
        return;
    }
    let chunks = request.take_body().into_bytes_stream().boxed();
    let paced =
        Paced { chunks, pace, waited: Duration::ZERO, waiting: None, received: 0, timer: None };
    request.set_body(Body::from_bytes_stream(paced));
}

struct Paced {
    chunks: BoxStream<'static, io::Result<Bytes>>,
    pace: Pace,
    /// In all, until the last chunk. Only what the client lets wait counts.
    waited: Duration,
    /// Since when the next one is waited for.
    waiting: Option<Instant>,
    received: usize,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Stream for Paced {
    type Item = io::Result<Bytes>;

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let this = self.get_mut();
        if let Poll::Ready(next) = this.chunks.poll_next_unpin(context) {
            if let Some(since) = this.waiting.take() {
                this.waited += since.elapsed();
            }
            if let Some(Ok(chunk)) = &next {
                this.received = this.received.saturating_add(chunk.len());
            }
            return Poll::Ready(next);
        }
        let since = *this.waiting.get_or_insert_with(Instant::now);
        let bought = Duration::from_secs_f64(this.received as f64 / f64::from(this.pace.rate));
        let deadline = since + (this.pace.grace + bought).saturating_sub(this.waited);
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        if timer.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        let late = io::Error::new(io::ErrorKind::TimedOut, "the body comes too slowly");
        Poll::Ready(Some(Err(late)))
    }
}
