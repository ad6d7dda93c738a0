//! TLS, and a certificate read from files.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    ServerConfig,
    crypto::ring,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{
    signal::unix::Signal,
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_rustls::TlsAcceptor;

use super::certificate::{Broken, Facts, read};

/// The protocol for an authority's proof of control over a name (RFC 8737).
pub const ACME_PROTOCOL: &[u8] = b"acme-tls/1";
/// How often the files are checked.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Accepts TLS 1.2 and 1.3 with the certificates of that resolver.
pub fn acceptor(
    resolver: Arc<dyn ResolvesServerCert>,
    with_acme: bool,
) -> Result<TlsAcceptor, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols.push(b"http/1.1".to_vec());
    if with_acme {
        config.alpn_protocols.push(ACME_PROTOCOL.to_vec());
    }
    // Clients resume sessions by tickets; the server keeps no state.
    config.ticketer = ring::Ticketer::new()?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// A certificate and its key in two PEM files, reloaded when they change.
#[derive(Debug)]
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
    /// The state of the files when last read.
    seen: Mutex<[Option<Stamp>; 2]>,
}

/// Differs between two states of a file.
type Stamp = (u64, i64, i64, u64);

impl CertificateFiles {
    /// Reads both files.
    pub fn open(certificate: PathBuf, key: PathBuf) -> Result<(Self, Facts), Broken> {
        let seen = [&certificate, &key].map(stamp);
        let (current, facts) = read_files(&certificate, &key)?;
        let (current, seen) = (RwLock::new(current), Mutex::new(seen));
        Ok((Self { certificate, key, current, seen }, facts))
    }

    /// Reloads the files. If they are invalid, the old certificate stays.
    pub fn reload(&self) -> Result<Facts, Broken> {
        let seen = [&self.certificate, &self.key].map(stamp);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        let (certified, facts) = read_files(&self.certificate, &self.key)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = certified;
        Ok(facts)
    }

    /// Returns whether a file has changed since it was read.
    pub fn have_changed(&self) -> bool {
        let now = [&self.certificate, &self.key].map(stamp);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != now
    }

    /// Reloads the files on changes, and on that signal, until `stop` changes.
    pub async fn watch(self: Arc<Self>, mut hang_up: Signal, mut stop: watch::Receiver<bool>) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => if !self.have_changed() { continue },
                _ = hang_up.recv() => {}
                _ = stop.changed() => return,
            }
            match self.reload() {
                Ok(facts) => tracing::info!(ends = %facts.ends, "reloaded the certificate"),
                Err(error) => {
                    tracing::error!("cannot use the new certificate, keeping the old one: {error}")
                }
            }
        }
    }
}

impl ResolvesServerCert for CertificateFiles {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn read_files(certificate: &Path, key: &Path) -> Result<(Arc<CertifiedKey>, Facts), Broken> {
    let chain = fs::read(certificate).map_err(|error| Broken::Certificate(error.to_string()))?;
    let key = fs::read(key).map_err(|error| Broken::Key(error.to_string()))?;
    read(&chain, &key)
}

fn stamp(file: &PathBuf) -> Option<Stamp> {
    let facts = fs::metadata(file).ok()?;
    Some((facts.ino(), facts.mtime(), facts.mtime_nsec(), facts.len()))
}
