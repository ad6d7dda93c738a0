//! Requests to other servers, each on its own connection and without redirects.

use std::{error::Error as StdError, fmt, future::poll_fn, pin::Pin, sync::Arc, time::Duration};

use hyper::{
    Request, Response,
    body::{Body, Bytes, Incoming},
    client::conn::http1,
    header,
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

/// The timeout of [`Web::fetch`].
const TIME: Duration = Duration::from_secs(10);
/// The maximum size of a body that [`Web::fetch`] reads, in bytes.
const ANSWER_MAX: usize = 1 << 20;

/// Why a request failed.
pub type Failed = Box<dyn StdError + Send + Sync>;

/// Trusts the system's root certificates, or `SSL_CERT_FILE`.
#[derive(Clone)]
pub struct Web(TlsConnector);

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Web(…)")
    }
}

/// A complete response.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Web {
    /// # Errors
    ///
    /// Fails if the system has no trusted certificates.
    pub fn new() -> Result<Self, Failed> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err("this system has no certificates to trust; install ca-certificates".into());
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Sends a request to the host of its URL; encrypted, if that is `https`.
    ///
    /// # Errors
    ///
    /// The host cannot be reached, does not match its certificate, or does not speak HTTP.
    pub async fn send<B>(&self, mut request: Request<B>) -> Result<Response<Incoming>, Failed>
    where
        B: Body<Data: Send, Error: Into<Failed>> + Send + 'static,
    {
        let uri = request.uri().clone();
        let is_plain = uri.scheme_str() == Some("http");
        let authority = uri.authority().ok_or("a URL without a host")?.clone();
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        // Servers expect only a path here, and the host in a header.
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
        *request.uri_mut() = path;
        request.headers_mut().insert(header::HOST, authority.as_str().parse()?);
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        if is_plain {
            return exchange(TokioIo::new(stream), request).await;
        }
        let stream = self.0.connect(ServerName::try_from(host)?, stream).await?;
        exchange(TokioIo::new(stream), request).await
    }

    /// Like [`Web::send`], but for requests and responses of moderate size, within ten seconds.
    pub async fn fetch(&self, request: Request<String>) -> Result<Answer, Failed> {
        let fetched = async {
            let response = self.send(request).await?;
            let status = response.status().as_u16();
            Ok(Answer { status, body: read_whole(response.into_body()).await? })
        };
        timeout(TIME, fetched).await.map_err(|_| "it does not answer")?
    }
}

async fn exchange<I, B>(io: I, request: Request<B>) -> Result<Response<Incoming>, Failed>
where
    I: Read + Write + Unpin + Send + 'static,
    B: Body<Data: Send, Error: Into<Failed>> + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(io).await?;
    // Ends with the response body, or when it is dropped.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

async fn read_whole(mut body: Incoming) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let chunk = frame?.into_data().unwrap_or_else(|_| Bytes::new());
        if bytes.len() + chunk.len() > ANSWER_MAX {
            return Err("its answer is too long".into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
