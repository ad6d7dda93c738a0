//! Automatic certificates from a local ACME server.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::{
    acme_server::Authority,
    program::{PATIENCE, Place},
};

const NAMES: &str = "freelance.example,www.freelance.example";

/// An address where nothing listens yet.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn place(authority: &Authority, address: SocketAddr) -> Place {
    Place::new(&[
        ("LISTEN", &address.to_string()),
        ("ACME_DOMAIN", NAMES),
        ("ACME_EMAIL", "owner@freelance.example"),
        ("ACME_DIRECTORY", &authority.directory()),
        ("SSL_CERT_FILE", authority.root().to_str().unwrap()),
    ])
}

/// Connects over HTTPS, trusting only that authority, and returns how many days the certificate is
/// still valid.
async fn days_left(root: &Path, address: SocketAddr, name: &'static str) -> Option<i64> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.ok()?;
    let server = ServerName::try_from(name).unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(server, stream).await.ok()?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.to_lowercase().contains("strict-transport-security: max-age="), "{answer}");
    let der = &stream.get_ref().1.peer_certificates().unwrap()[0];
    let (_, certificate) = X509Certificate::from_der(der).unwrap();
    Some(certificate.validity().time_to_expiration().map_or(0, |left| left.whole_days()))
}

async fn wait<T>(what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = found().await {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Doctor's findings about the certificate, as "verdict text".
fn told(place: &Place) -> Vec<String> {
    let word = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = place.list(&["doctor"]);
    let of = findings.iter().filter(|finding| finding["what"] == "certificate");
    of.map(|f| format!("{} {}", word(f, "verdict"), word(f, "text"))).collect()
}

/// The files kept for the authority, which must all be private.
fn kept(place: &Place) -> Vec<PathBuf> {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let acme = place.path("data/acme");
    let folder = fs::read_dir(&acme).unwrap().next().unwrap().unwrap().path();
    assert_eq!((mode(&acme), mode(&folder)), (0o700, 0o700));
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    files
}

fn names(files: &[PathBuf]) -> Vec<&str> {
    files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect()
}

#[tokio::test]
async fn a_certificate_is_obtained_kept_and_renewed_in_time() {
    let address = free_address();
    let authority = Authority::open(address).await;
    let (place, root) = (place(&authority, address), authority.root());
    assert_eq!(told(&place), [format!("warn there is none yet for {}", NAMES.replace(',', ", "))]);

    // The first one has used up most of its lifetime.
    authority.set_days(80, 10);
    let server = place.serve();
    let days =
        wait("no certificate comes", async || days_left(&root, address, "freelance.example").await);
    assert_eq!(days.await, 9);
    assert_eq!(days_left(&root, address, "www.freelance.example").await, Some(9));
    assert_eq!(days_left(&root, address, "other.example").await, None);
    // It is served as soon as it arrives, while it is being written to the disk.
    let folder = fs::read_dir(place.path("data/acme")).unwrap().next().unwrap().unwrap().path();
    let is_written = || folder.join("certificate.pem").exists();
    wait("it is not kept", async || is_written().then_some(())).await;
    let files = kept(&place);
    assert_eq!(names(&files), ["account.json", "certificate.pem"]);
    assert_eq!(
        told(&place),
        ["warn for freelance.example, www.freelance.example, 9 days left, until DATE"
            .replace("DATE", &date(&files[1]))]
    );
    server.stop();
    assert_eq!(authority.orders().len(), 1);

    // Kept over a restart, served at once, and renewed with the same account.
    authority.set_days(0, 90);
    let server = place.serve();
    assert!(days_left(&root, address, "freelance.example").await.is_some());
    wait("it is not renewed", async || {
        days_left(&root, address, "freelance.example").await.filter(|days| *days == 89)
    })
    .await;
    let lines = told(&place);
    assert!(lines.len() == 1 && lines[0].starts_with("ok for freelance.example"), "{lines:?}");
    server.stop();

    // For two months there is nothing to do.
    let server = place.serve();
    assert_eq!(days_left(&root, address, "freelance.example").await, Some(89));
    server.stop();
    let both: Vec<String> = NAMES.split(',').map(str::to_owned).collect();
    assert_eq!(authority.orders(), [(both.clone(), true), (both, true)]);
    assert_eq!(authority.contacts(), [serde_json::json!(["mailto:owner@freelance.example"])]);
}

/// The last day of a certificate file.
fn date(file: &Path) -> String {
    let der = CertificateDer::from_pem_file(file).unwrap();
    let (_, certificate) = X509Certificate::from_der(&der).unwrap();
    let ends = certificate.validity().not_after.timestamp();
    jiff::Timestamp::from_second(ends).unwrap().to_string()[..10].to_owned()
}

#[tokio::test]
async fn the_reason_for_a_missing_certificate_is_reported_until_there_is_one() {
    let address = free_address();
    // Nothing listens at the address of the names.
    let authority = Authority::open(free_address()).await;
    let (place, root) = (place(&authority, address), authority.root());
    let server = place.serve();
    let lines =
        wait("no failure is told", async || Some(told(&place)).filter(|lines| lines.len() == 2))
            .await;
    assert_eq!(lines[0], format!("warn there is none yet for {}", NAMES.replace(',', ", ")));
    assert!(lines[1].starts_with("warn the last attempt to obtain one failed: "), "{lines:?}");
    assert!(lines[1].contains("freelance.example: ") && lines[1].contains("refused"), "{lines:?}");
    assert_eq!(days_left(&root, address, "freelance.example").await, None);
    assert_eq!(names(&kept(&place)), ["account.json", "failure.txt"]);
    server.stop();

    authority.look_at(address);
    let server = place.serve();
    wait("no certificate comes", async || days_left(&root, address, "freelance.example").await)
        .await;
    wait("the failure is not forgotten", async || {
        (names(&kept(&place)) == ["account.json", "certificate.pem"]).then_some(())
    })
    .await;
    assert!(told(&place)[0].starts_with("ok for freelance.example"));
    server.stop();
}

#[tokio::test]
async fn an_untrusted_authority_gets_no_requests() {
    let address = free_address();
    let authority = Authority::open(address).await;
    let other = Authority::open(address).await;
    let place = place(&authority, address).with("SSL_CERT_FILE", other.root().to_str().unwrap());
    let server = place.serve();
    let lines =
        wait("no failure is told", async || Some(told(&place)).filter(|lines| lines.len() == 2))
            .await;
    assert!(lines[1].contains("localhost cannot be asked") && lines[1].contains("certificate"));
    assert!(authority.contacts().is_empty());
    server.stop();
}
