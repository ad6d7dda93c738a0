//! A stream with timeouts.
//!
//! hyper has one timeout, for a head and the pause before it, and creates a timer for each request.
//! Here a connection has one timer for its whole life, and a request costs one clock read.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// How long a connection waits for its peer.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From the first byte of a request head to the last.
    pub head: Duration,
    /// Until the first byte of a request.
    pub idle: Duration,
    /// While the peer accepts no bytes.
    pub write: Duration,
}

/// The state of a connection. Its stream and its service share it; both run in one task. It starts
/// at 0 while the connection is opened, which has its own timeout.
#[derive(Debug, Default)]
pub struct Phase(AtomicU8);

const WAITING: u8 = 1;
const HEAD: u8 = 2;
const REQUEST: u8 = 3;
/// The response is ready, but none of it is written yet.
const ANSWER: u8 = 4;

impl Phase {
    /// From now on, requests are expected.
    pub fn open(&self) {
        self.set(WAITING);
    }

    /// Returns whether the head of a request is awaited or incomplete.
    pub fn is_before_request(&self) -> bool {
        matches!(self.get(), WAITING | HEAD)
    }

    /// The request head is complete.
    pub fn begin(&self) {
        self.set(REQUEST);
    }

    /// The response head is complete.
    pub fn end(&self) {
        self.set(ANSWER);
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, phase: u8) {
        self.0.store(phase, Ordering::Relaxed);
    }
}

/// Wraps the stream of one connection.
pub struct Guard<S> {
    stream: S,
    phase: Arc<Phase>,
    patience: Patience,
    /// When the peer last became silent.
    quiet: Option<Instant>,
    /// When the peer last stopped accepting data.
    stuck: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S> Guard<S> {
    pub fn new(stream: S, phase: Arc<Phase>, patience: Patience) -> Self {
        Self { stream, phase, patience, quiet: None, stuck: None, timer: None }
    }

    /// Returns whether that instant has passed. If not, the task is woken at that instant.
    fn is_past(&mut self, deadline: Instant, context: &mut Context<'_>) -> bool {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // A timer that sometimes fires early is cheaper than one that is reset each time.
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(context).is_ready() {
            if timer.deadline() >= deadline {
                return true;
            }
            timer.as_mut().reset(deadline);
        }
        false
    }

    fn wrote(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(_) => {
                self.quiet = None;
                self.stuck = None;
                if self.phase.get() == ANSWER {
                    self.phase.set(WAITING);
                }
                if self.phase.get() == WAITING {
                    // Nothing reads again until there is data.
                    let now = *self.quiet.insert(Instant::now());
                    let _ = self.is_past(now + self.patience.idle, context);
                }
                written
            }
            Poll::Pending => {
                let since = *self.stuck.get_or_insert_with(Instant::now);
                if self.is_past(since + self.patience.write, context) {
                    return Poll::Ready(Err(timed_out("the client does not take its answer")));
                }
                Poll::Pending
            }
        }
    }
}

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let phase = this.phase.get();
        if read.is_ready() {
            if phase == WAITING && buffer.filled().len() > before {
                this.phase.set(HEAD);
                this.quiet = None;
            }
            return read;
        }
        let (limit, what) = match phase {
            WAITING => (this.patience.idle, "idle for too long"),
            HEAD => (this.patience.head, "the head of a request took too long"),
            // Bodies and handlers have their own timeouts.
            _ => return Poll::Pending,
        };
        let since = *this.quiet.get_or_insert_with(Instant::now);
        if this.is_past(since + limit, context) {
            return Poll::Ready(Err(timed_out(what)));
        }
        Poll::Pending
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.wrote(written, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.wrote(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
