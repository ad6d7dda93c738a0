//! Certificates obtained by ACME and renewed while the server runs.

mod keep;
mod order;
mod web;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use instant_acme::{Account, AccountCredentials, NewAccount};
use jiff::{SignedDuration, Timestamp};
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

pub use self::keep::Folder;
use self::{
    keep::{ACCOUNT, CERTIFICATE, FAILURE},
    order::order,
    web::Web,
};
use super::{
    certificate::{self, Facts},
    tls::ACME_PROTOCOL,
};
use crate::{app::environment::Clock, config::tls::AcmeConfig};

/// How long an order may take.
const ORDER_TIME: Duration = Duration::from_secs(600);
/// The wait after a failure; it doubles with each further one. Authorities allow about five
/// failures an hour.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(12);
/// How often the clock is checked. A machine that slept catches up soon.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// The certificate for clients, and the challenge responses for the authority.
#[derive(Debug, Default)]
pub struct Certificates {
    current: RwLock<Option<Arc<CertifiedKey>>>,
    proofs: RwLock<HashMap<String, Arc<CertifiedKey>>>,
}

impl Certificates {
    fn show(&self, certified: Arc<CertifiedKey>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(certified);
    }

    fn prove(&self, name: String, proof: Arc<CertifiedKey>) {
        self.proofs.write().unwrap_or_else(PoisonError::into_inner).insert(name, proof);
    }

    fn forget_proofs(&self) {
        self.proofs.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_authority =
            hello.alpn().is_some_and(|mut protocols| protocols.any(|name| name == ACME_PROTOCOL));
        if is_authority {
            let proofs = self.proofs.read().unwrap_or_else(PoisonError::into_inner);
            return proofs.get(hello.server_name()?).cloned();
        }
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Obtains a certificate and renews it in time.
pub struct Acme {
    config: AcmeConfig,
    folder: Folder,
    clock: Arc<dyn Clock>,
    certificates: Arc<Certificates>,
}

impl Acme {
    /// Loads the stored certificate, if any.
    pub fn open(config: AcmeConfig, folder: Folder, clock: Arc<dyn Clock>) -> Self {
        let acme = Self { config, folder, clock, certificates: Arc::default() };
        if let Some((certified, facts)) = acme.kept() {
            tracing::info!(ends = %facts.ends, "using the stored certificate for {}", acme.names());
            acme.certificates.show(certified);
        }
        acme
    }

    pub fn certificates(&self) -> Arc<Certificates> {
        Arc::clone(&self.certificates)
    }

    /// Keeps the certificate valid until `stop` changes.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut failures = 0;
        let mut next = Timestamp::MIN;
        loop {
            let now = self.clock.now();
            if now >= next.max(self.due()) {
                let ordered = tokio::select! {
                    ordered = timeout(ORDER_TIME, self.renew()) => ordered,
                    _ = stop.changed() => return,
                };
                let ordered = ordered.unwrap_or_else(|_| Err("it takes too long".to_owned()));
                failures = if ordered.is_ok() { 0 } else { failures + 1 };
                // Wait even if another certificate is due at once.
                let wait = wait_after(failures);
                next = now.checked_add(wait).unwrap_or(now);
                self.log(ordered, wait);
            }
            tokio::select! {
                () = sleep(self.pause(next)) => {}
                _ = stop.changed() => return,
            }
        }
    }

    fn log(&self, ordered: Result<Facts, String>, wait: SignedDuration) {
        let saved = match ordered {
            Ok(facts) => {
                tracing::info!(ends = %facts.ends, "obtained a certificate for {}", self.names());
                self.folder.remove(FAILURE)
            }
            Err(why) => {
                tracing::error!(
                    "could not obtain a certificate for {}: {why}; retrying in {} minutes",
                    self.names(),
                    wait.as_mins()
                );
                self.folder.write(FAILURE, &why)
            }
        };
        if let Err(error) = saved {
            tracing::warn!(%error, "{} cannot be written", self.folder.path().display());
        }
    }

    /// When the next certificate is due: at once if there is none for these names.
    fn due(&self) -> Timestamp {
        self.kept().map_or(Timestamp::MIN, |(_, facts)| facts.renewal())
    }

    fn pause(&self, next: Timestamp) -> Duration {
        let until = next.max(self.due()).duration_since(self.clock.now());
        Duration::try_from(until).unwrap_or_default().clamp(Duration::from_secs(1), LOOK_EVERY)
    }

    fn kept(&self) -> Option<(Arc<CertifiedKey>, Facts)> {
        let pem = self.folder.certificate()?;
        let kept = certificate::read(&pem, &pem).inspect_err(|error| {
            tracing::warn!(%error, "{} cannot be read", self.folder.path().display());
        });
        kept.ok().filter(|(_, facts)| self.config.domains.iter().all(|name| facts.covers(name)))
    }

    async fn renew(&self) -> Result<Facts, String> {
        let account = self.account().await?;
        let ordered = order(&account, &self.config.domains, &self.certificates).await;
        let pem = ordered.inspect_err(|why| {
            // The authority no longer knows the account, so the next attempt creates another.
            if why.contains("accountDoesNotExist")
                && let Err(error) = self.folder.remove(ACCOUNT)
            {
                tracing::warn!(%error, "{} cannot be changed", self.folder.path().display());
            }
        })?;
        let (certified, facts) =
            certificate::read(pem.as_bytes(), pem.as_bytes()).map_err(|error| error.to_string())?;
        // Useful even if it cannot be stored.
        self.certificates.show(certified);
        self.folder.write(CERTIFICATE, &pem).map_err(|error| self.not_kept(&error))?;
        Ok(facts)
    }

    /// Returns the stored account, or a new one.
    async fn account(&self) -> Result<Account, String> {
        let web = || Web::new().map_err(|error| error.to_string());
        if let Some(kept) = self.folder.read(ACCOUNT) {
            let credentials: AccountCredentials =
                serde_json::from_str(&kept).map_err(|error| self.not_kept(&error))?;
            let builder = Account::builder_with_http(Box::new(web()?));
            return builder.from_credentials(credentials).await.map_err(|e| e.to_string());
        }
        let email = self.config.email.as_ref().map(|email| format!("mailto:{email}"));
        let contact: Vec<&str> = email.as_deref().into_iter().collect();
        let account = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let builder = Account::builder_with_http(Box::new(web()?));
        let created = builder.create(&account, self.config.directory.clone(), None).await;
        let (account, credentials) = created.map_err(|error| error.to_string())?;
        let json = serde_json::to_string(&credentials).map_err(|error| error.to_string())?;
        self.folder.write(ACCOUNT, &json).map_err(|error| self.not_kept(&error))?;
        tracing::info!("created an account at {}", self.config.directory);
        Ok(account)
    }

    fn not_kept(&self, error: &dyn fmt::Display) -> String {
        format!("{}: {error}", self.folder.path().display())
    }

    fn names(&self) -> String {
        self.config.domains.join(", ")
    }
}

fn wait_after(failures: u32) -> SignedDuration {
    let doubled = FIRST_WAIT * 2_i32.saturating_pow(failures.saturating_sub(1).min(10));
    doubled.min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_rarer_while_an_authority_refuses() {
        let waits: Vec<i64> = (0..12).map(|failures| wait_after(failures).as_mins()).collect();
        assert_eq!(waits, [5, 5, 10, 20, 40, 80, 160, 320, 640, 720, 720, 720]);
    }
}
