//! The HTTPS client for certificate authorities: few requests, each on its own connection.

use std::{error::Error as StdError, pin::Pin, sync::Arc, time::Duration};

use hyper::{Request, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

/// The timeout of a request.
const TIME: Duration = Duration::from_secs(30);

/// Trusts the system's root certificates, or `SSL_CERT_FILE`.
#[derive(Clone)]
pub struct Web(TlsConnector);

type Failed = Box<dyn StdError + Send + Sync>;

impl Web {
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

    async fn send(self, mut request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Failed> {
        let uri = request.uri().clone();
        if uri.scheme_str() != Some("https") {
            return Err(format!("{uri} is not https").into());
        }
        let authority = uri.authority().ok_or("a URL without a host")?.clone();
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().unwrap_or(443);
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        let stream = self.0.connect(ServerName::try_from(host)?, stream).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Ends with the response body, or when it is dropped.
        tokio::spawn(connection);
        // Servers expect only a path here, and the host in a header.
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
        *request.uri_mut() = path;
        request.headers_mut().insert(header::HOST, authority.as_str().parse()?);
        Ok(sender.send_request(request).await?.into())
    }
}

impl HttpClient for Web {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let (web, host) = (self.clone(), request.uri().host().unwrap_or_default().to_owned());
        Box::pin(async move {
            let failed = |why: &dyn std::fmt::Display| {
                Error::Other(format!("{host} cannot be asked: {why}").into())
            };
            match timeout(TIME, web.send(request)).await {
                Ok(answer) => answer.map_err(|error| failed(&error)),
                Err(_) => Err(failed(&"it does not answer")),
            }
        })
    }
}
