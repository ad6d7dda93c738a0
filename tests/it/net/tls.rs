//! HTTPS with a configured certificate.

use std::{fs, path::Path, sync::Arc, time::Duration};

use freelanceos::net::{
    Limits, Tls, redirect,
    tls::{CertificateFiles, acceptor},
};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    client::Resumption,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    version::{TLS12, TLS13},
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Client, HEALTH, address, generous};
use crate::support::{Options, TestApp, spawn_app_with};

const PUBLIC: &str = "https://freelance.example";

/// A folder with `cert.pem` and `key.pem`.
pub struct Owner(TempDir);

impl Owner {
    pub fn new() -> Self {
        let owner = Self(TempDir::new().unwrap());
        owner.replace();
        owner
    }

    /// Replaces the certificate.
    pub fn replace(&self) {
        self.replace_until(4000);
    }

    /// Replaces the certificate with one that expires in that year.
    pub fn replace_until(&self, year: i32) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["freelance.example".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 12, 31);
        let certificate = params.self_signed(&key).unwrap();
        fs::write(self.file("cert.pem"), certificate.pem()).unwrap();
        fs::write(self.file("key.pem"), key.serialize_pem()).unwrap();
    }

    pub fn file(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn open(&self) -> Arc<CertificateFiles> {
        Arc::new(CertificateFiles::open(self.file("cert.pem"), self.file("key.pem")).unwrap().0)
    }

    pub fn trust(&self, versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
        connector(&self.file("cert.pem"), versions)
    }
}

fn connector(root: &Path, versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // A resumed session would show no certificate.
    config.resumption = Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}

async fn secure_app(files: &Arc<CertificateFiles>, limits: Limits) -> TestApp {
    let files = Arc::clone(files);
    let acceptor = acceptor(files, false).unwrap();
    let tls = Tls { acceptor, in_plain: Arc::new(redirect::to(PUBLIC)) };
    let options = Options { limits: Some(limits), tls: Some(tls), ..Options::default() };
    spawn_app_with(Options { public_url: Some(PUBLIC), ..options }).await
}

async fn connect(
    app: &TestApp,
    connector: &TlsConnector,
) -> std::io::Result<Client<TlsStream<TcpStream>>> {
    connect_to(address(app), connector).await
}

pub async fn connect_to(
    address: &str,
    connector: &TlsConnector,
) -> std::io::Result<Client<TlsStream<TcpStream>>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("freelance.example").unwrap();
    Ok(Client::of(connector.connect(name, stream).await?))
}

#[tokio::test]
async fn every_response_over_tls_carries_hsts() {
    let owner = Owner::new();
    let app = secure_app(&owner.open(), generous()).await;
    for version in [&TLS12, &TLS13] {
        let mut client = connect(&app, &owner.trust(&[version])).await.unwrap();
        assert_eq!(client.stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        for path in
            ["/healthz", "/api/v1/clients", "/v1/nothing", "/sign-in", "/%00", "/api/v1/docs"]
        {
            client.send(format!("GET {path} HTTP/1.1\r\nHost: freelance.example\r\n\r\n")).await;
            let answer = client.answer().await.unwrap();
            let strict = answer.headers.get("strict-transport-security");
            assert_eq!(strict.map(String::as_str), Some("max-age=31536000"), "{path}");
        }
    }
}

#[tokio::test]
async fn plain_http_on_a_tls_port_redirects_to_https() {
    let owner = Owner::new();
    let app = secure_app(&owner.open(), generous()).await;
    for (line, place) in [
        ("GET /invoices?page=2", "/invoices?page=2"),
        ("POST /api/v1/auth/login", "/api/v1/auth/login"),
        ("GET http://freelance.example/x", "/x"),
        ("GET //elsewhere.example/", "//elsewhere.example/"),
        ("OPTIONS *", "/"),
    ] {
        let mut client = Client::connect(&app).await;
        client.send(format!("{line} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.status, 308, "{line}");
        assert_eq!(answer.headers["location"], format!("{PUBLIC}{place}"));
        assert!(!answer.headers.contains_key("strict-transport-security"), "not by plain HTTP");
    }
}

#[tokio::test]
async fn an_invalid_handshake_ends_soon() {
    let owner = Owner::new();
    let limits = Limits { handshake: Duration::from_millis(300), ..generous() };
    let app = secure_app(&owner.open(), limits).await;
    // Nothing, an incomplete beginning, and nonsense.
    for bytes in [&b""[..], b"\x16\x03\x01\x02\x00\x01", &[0x16; 4096], &[0; 100], b"\xff"] {
        let mut client = Client::connect(&app).await;
        client.send(bytes).await;
        // An alert may come before the end.
        while client.more().await.is_some() {}
        assert!(client.read.len() < 10, "{:?}", client.read);
    }
    let mut client = connect(&app, &owner.trust(&[&TLS13])).await.unwrap();
    client.send(HEALTH).await;
    assert_eq!(client.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn new_connections_get_the_new_certificate_and_old_ones_continue() {
    let owner = Owner::new();
    let files = owner.open();
    let app = secure_app(&files, generous()).await;
    let (before, versions) = (owner.trust(&[&TLS13]), [&TLS13]);
    let mut old = connect(&app, &before).await.unwrap();
    assert!(!files.have_changed());

    owner.replace();
    assert!(files.have_changed());
    files.reload().unwrap();
    assert!(!files.have_changed());
    let after = owner.trust(&versions);
    let mut new = connect(&app, &after).await.unwrap();
    for client in [&mut old, &mut new] {
        client.send(HEALTH).await;
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
    // The client that trusts only the old certificate rejects the new one.
    assert!(connect(&app, &before).await.is_err());

    // An invalid certificate is not loaded.
    let key = fs::read(owner.file("key.pem")).unwrap();
    for broken in [&b""[..], b"nonsense", KeyPair::generate().unwrap().serialize_pem().as_bytes()] {
        fs::write(owner.file("key.pem"), broken).unwrap();
        assert!(files.reload().is_err());
        connect(&app, &after).await.unwrap();
    }
    fs::remove_file(owner.file("cert.pem")).unwrap();
    fs::write(owner.file("key.pem"), key).unwrap();
    assert!(files.have_changed() && files.reload().is_err());
    connect(&app, &after).await.unwrap();
}

#[tokio::test]
async fn a_tls_connection_has_the_same_limits() {
    let owner = Owner::new();
    let mut limits = Limits { connections: 1, ..generous() };
    limits.patience.idle = Duration::from_millis(500);
    let app = secure_app(&owner.open(), limits).await;
    let connector = owner.trust(&[&TLS13]);
    let mut first = connect(&app, &connector).await.unwrap();
    let mut second = connect(&app, &connector).await.unwrap();
    second.send(HEALTH).await;
    let refusal = second.answer().await.unwrap();
    assert_eq!((refusal.status, refusal.headers["retry-after"].as_str()), (503, "5"));
    first.ended().await;
}
