//! A single connection, from its first byte to its last.

use std::{
    convert::Infallible,
    io, mem,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::timeout,
};
use tokio_util::io::InspectReader;

use super::{
    Limits, Served,
    guard::{Guard, Phase},
    head::HeadScan,
    pace, tls,
};
use crate::http::framing::TwoLengths;

/// Maximum size of a request head, in bytes. A connection also reads this much at once, so a
/// thousand connections with unread bodies hold 16 MiB.
const HEAD_MAX: usize = 16 * 1024;

pub struct Connection {
    pub local: SocketAddr,
    pub peer: SocketAddr,
    pub served: Served,
    pub limits: Limits,
    pub watcher: Watcher,
    pub stop: watch::Receiver<bool>,
}

impl Connection {
    /// Serves the connection until it ends.
    pub async fn serve(self, stream: TcpStream) {
        // Without this, a response written in pieces waits for the peer's delayed acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not set TCP_NODELAY");
        }
        let phase = Arc::new(Phase::default());
        let Connection { local, peer, served, limits, watcher, mut stop } = self;
        // Boxed: it is large and short-lived, but would stay part of every connection.
        let opened = Box::pin(open(served, stream, &phase, limits));
        let opened = tokio::select! {
            biased;
            opened = timeout(limits.handshake, opened) => opened,
            _ = stop.changed() => return,
        };
        let (stream, routes, scheme) = match opened {
            Ok(Ok(Some(opened))) => opened,
            Ok(Ok(None)) => return,
            Ok(Err(error)) => return tracing::debug!(%error, %peer, "the TLS handshake failed"),
            Err(_) => return tracing::debug!(%peer, "the TLS handshake took too long"),
        };
        phase.open();
        let scan = Arc::new(Mutex::new(HeadScan::default()));
        let (scanned, reading) = (Arc::clone(&scan), Arc::clone(&phase));
        let stream = InspectReader::new(stream, move |bytes| {
            if reading.is_before_request() {
                lock(&scanned).read(bytes);
            }
        });
        let service = service_fn(move |request| {
            let (routes, phase) = (Arc::clone(&routes), Arc::clone(&phase));
            // Scan the next head from the start.
            let has_two_lengths = mem::take(&mut *lock(&scan)).has_two_lengths();
            phase.begin();
            let (local, peer) = (LocalAddr(local.into()), RemoteAddr(peer.into()));
            let mut request = Request::from((request, local, peer, scheme.clone()));
            async move {
                pace::keep(&mut request, limits.body);
                if has_two_lengths {
                    request.set_data(TwoLengths);
                }
                // A proxy that reads such a request differently must not reuse the connection.
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
            // The guard has its own timeout.
            .header_read_timeout(None)
            .max_buf_size(HEAD_MAX)
            .max_header_size(HEAD_MAX)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, %peer, "connection closed");
        }
    }
}

fn lock(scan: &Mutex<HeadScan>) -> MutexGuard<'_, HeadScan> {
    scan.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stream of a connection, with or without TLS.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A stream to read requests from, the service that answers them, and the scheme of their URLs.
type Opened = (Box<dyn Stream>, Arc<BoxEndpoint<'static>>, Scheme);

/// Performs the TLS handshake if needed. Returns `None` after an authority's challenge is served.
async fn open(
    served: Served,
    stream: TcpStream,
    phase: &Arc<Phase>,
    limits: Limits,
) -> io::Result<Option<Opened>> {
    let guard = |stream| Guard::new(stream, Arc::clone(phase), limits.patience);
    let Some(tls) = served.tls else {
        return Ok(Some((Box::new(guard(stream)), served.routes, Scheme::HTTP)));
    };
    let mut first = [0];
    stream.peek(&mut first).await?;
    // A TLS record starts with 22, a request with the letters of its method.
    if first[0].is_ascii_alphabetic() {
        return Ok(Some((Box::new(guard(stream)), tls.in_plain, Scheme::HTTP)));
    }
    let mut stream = tls.acceptor.accept(guard(stream)).await?;
    if stream.get_ref().1.alpn_protocol() == Some(tls::ACME_PROTOCOL) {
        stream.shutdown().await?;
        return Ok(None);
    }
    Ok(Some((Box::new(stream), served.routes, Scheme::HTTPS)))
}
