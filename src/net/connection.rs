//! One connection, from its first byte to its last.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{rt::TokioIo, server::graceful::Watcher};
use poem::{
    Endpoint, Request,
    endpoint::BoxEndpoint,
    http::{HeaderValue, header, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    sync::watch,
    time::timeout,
};
use tokio_rustls::server::TlsStream;

use super::{
    Limits, Served, Tls,
    guard::{Guard, Phase},
    head::HeadScan,
    pace, tls,
};
use crate::http::framing::TwoLengths;

/// Largest request head, in bytes. It is also what a connection reads at once, so that a thousand
/// connections with unread bodies hold 16 MiB.
const HEAD_MAX: usize = 16 * 1024;

pub struct Connection {
    pub local: SocketAddr,
    pub peer: SocketAddr,
    pub face: Served,
    pub limits: Limits,
    pub watcher: Watcher,
    pub stop: watch::Receiver<bool>,
}

impl Connection {
    /// Serves it to its end.
    pub async fn serve(self, stream: TcpStream) {
        // Without it an answer written in pieces waits for the peer's delayed acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let phase = Arc::new(Phase::default());
        let Connection { local, peer, face, limits, watcher, mut stop } = self;
        let (stream, routes, scheme) = match face.tls {
            None => {
                let guard = Guard::new(stream, Arc::clone(&phase), limits.patience);
                (Stream::Plain(guard), face.routes, Scheme::HTTP)
            }
            Some(tls) => {
                // Boxed: it is large, soon over, and would stay part of every connection.
                let shaken = Box::pin(shake_hands(tls, stream, &phase, limits));
                let shaken = tokio::select! {
                    shaken = timeout(limits.handshake, shaken) => shaken,
                    _ = stop.changed() => return,
                };
                match shaken {
                    Ok(Ok(Shaken::Secure(stream))) => {
                        (Stream::Secure(stream), face.routes, Scheme::HTTPS)
                    }
                    Ok(Ok(Shaken::Plain(stream, routes))) => {
                        (Stream::Plain(stream), routes, Scheme::HTTP)
                    }
                    Ok(Ok(Shaken::Over)) => return,
                    Ok(Err(error)) => return tracing::debug!(%error, %peer, "no TLS"),
                    Err(_) => return tracing::debug!(%peer, "the TLS handshake took too long"),
                }
            }
        };
        phase.open();
        let scan = Arc::new(Mutex::new(HeadScan::default()));
        let stream = Scanned { stream, phase: Arc::clone(&phase), scan: Arc::clone(&scan) };
        let service = service_fn(move |request| {
            let (routes, phase) = (Arc::clone(&routes), Arc::clone(&phase));
            let has_two_lengths = lock(&scan).has_two_lengths();
            let (local, peer) = (LocalAddr(local.into()), RemoteAddr(peer.into()));
            let mut request = Request::from((request, local, peer, scheme.clone()));
            async move {
                phase.begin();
                pace::keep(&mut request, limits.body);
                if has_two_lengths {
                    request.set_data(TwoLengths);
                }
                // Whoever reads such a request in another way must not go on after it.
                let is_last = request.headers().contains_key(header::TRANSFER_ENCODING);
                let mut response = routes.get_response(request).await;
                if is_last || has_two_lengths {
                    let close = HeaderValue::from_static("close");
                    response.headers_mut().insert(header::CONNECTION, close);
                }
                phase.end();
                Ok::<_, Infallible>(hyper::Response::from(response))
            }
        });
        let connection = http1::Builder::new()
            // The guard sees to it.
            .header_read_timeout(None)
            .max_buf_size(HEAD_MAX)
            .max_header_size(HEAD_MAX)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, %peer, "connection ended");
        }
    }
}

fn lock(scan: &Mutex<HeadScan>) -> MutexGuard<'_, HeadScan> {
    scan.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What came of a handshake.
enum Shaken {
    Secure(Box<TlsStream<Guard<TcpStream>>>),
    /// Somebody speaks plain HTTP.
    Plain(Guard<TcpStream>, Arc<BoxEndpoint<'static>>),
    /// A certificate authority has seen what it wanted to see.
    Over,
}

async fn shake_hands(
    tls: Tls,
    stream: TcpStream,
    phase: &Arc<Phase>,
    limits: Limits,
) -> io::Result<Shaken> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    let guard = Guard::new(stream, Arc::clone(phase), limits.patience);
    // A record of TLS begins with 22, a request with the letters of its method.
    if first[0].is_ascii_alphabetic() {
        return Ok(Shaken::Plain(guard, tls.in_plain));
    }
    let mut stream = tls.acceptor.accept(guard).await?;
    if stream.get_ref().1.alpn_protocol() == Some(tls::ACME_PROTOCOL) {
        stream.shutdown().await?;
        return Ok(Shaken::Over);
    }
    Ok(Shaken::Secure(Box::new(stream)))
}

/// With TLS or without.
enum Stream {
    Plain(Guard<TcpStream>),
    Secure(Box<TlsStream<Guard<TcpStream>>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Secure(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Secure(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Stream::Secure(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Secure(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Secure(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Secure(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

/// A stream whose heads are looked over.
struct Scanned {
    stream: Stream,
    phase: Arc<Phase>,
    scan: Arc<Mutex<HeadScan>>,
}

impl AsyncRead for Scanned {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let (is_head, is_first) = (this.phase.is_before_request(), this.phase.is_waiting());
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let new = buffer.filled().get(before..).unwrap_or_default();
        if is_head && !new.is_empty() {
            let mut scan = lock(&this.scan);
            if is_first {
                *scan = HeadScan::default();
            }
            scan.read(new);
        }
        read
    }
}

impl AsyncWrite for Scanned {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
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
