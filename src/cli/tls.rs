//! Where the certificate of `freelanceos serve` comes from.

use std::{net::SocketAddr, sync::Arc};

use poem::endpoint::BoxEndpoint;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::{Failure, now};
use crate::{
    app::environment::SystemClock,
    config::{
        Config, Settings, WrongSetting,
        tls::{AcmeConfig, TlsConfig},
    },
    net::{
        self, Served,
        acme::{Acme, Folder},
        certificate::{Broken, Facts},
        tls::{self, CertificateFiles},
    },
};

/// The certificate, as far as it can be had before the server runs.
pub enum Tls {
    Off,
    Files(Arc<CertificateFiles>),
    Acme(AcmeConfig),
}

impl Tls {
    /// Reads the certificate of its owner, where that is what the settings name.
    pub fn open(settings: &Settings) -> Result<Self, Failure> {
        Ok(match settings.net()?.tls {
            TlsConfig::Off => Self::Off,
            TlsConfig::Acme(config) => Self::Acme(config),
            TlsConfig::Files { certificate, key } => {
                let opened = CertificateFiles::open(certificate.clone(), key.clone());
                let (files, facts) = opened.map_err(|error| match error {
                    Broken::Certificate(why) => {
                        WrongSetting::tls_file("TLS_CERT", &certificate, &why)
                    }
                    Broken::Key(why) => WrongSetting::tls_file("TLS_KEY", &key, &why),
                })?;
                warn_of(&facts, settings);
                Self::Files(Arc::new(files))
            }
        })
    }

    /// Puts the routes behind it, and keeps the certificate fresh until `stop` changes.
    pub fn start(
        self,
        routes: BoxEndpoint<'static>,
        in_plain: &Arc<BoxEndpoint<'static>>,
        config: &Config,
        stop: &watch::Receiver<bool>,
    ) -> Result<(Served, &'static str), Failure> {
        let acceptor = match self {
            Self::Off => return Ok((Served { routes: Arc::new(routes), tls: None }, "http")),
            Self::Files(files) => {
                let hang_up = signal(SignalKind::hangup())?;
                tokio::spawn(Arc::clone(&files).watch(hang_up, stop.clone()));
                tls::acceptor(files, false)
            }
            Self::Acme(acme) => {
                if config.listen.iter().all(|address| is_loopback(address)) {
                    tracing::warn!(
                        "LISTEN has only addresses of this machine, while the certificate \
                         authority must reach it at port 443 of {}",
                        acme.domains.join(", ")
                    );
                }
                let folder = Folder::of(&config.location.data_dir, &acme.directory);
                let acme = Acme::open(acme, folder, Arc::new(SystemClock));
                let certificates = acme.certificates();
                tokio::spawn(acme.run(stop.clone()));
                tls::acceptor(certificates, true)
            }
        };
        let acceptor = acceptor.map_err(|error| Failure::Failed(error.to_string()))?;
        let tls = net::Tls { acceptor, in_plain: Arc::clone(in_plain) };
        Ok((Served { routes: Arc::new(routes), tls: Some(tls) }, "https"))
    }
}

/// What will keep browsers out, though it hinders nobody from serving.
fn warn_of(facts: &Facts, settings: &Settings) {
    let now = now();
    if facts.ends < now {
        tracing::warn!(ended = %facts.ends, "the certificate in TLS_CERT has expired");
    } else if facts.begins > now {
        tracing::warn!(begins = %facts.begins, "the certificate in TLS_CERT is not valid yet");
    }
    if let Some(host) = settings.public_host()
        && !facts.covers(&host)
    {
        tracing::warn!("the certificate in TLS_CERT is not for {host}, the host of PUBLIC_URL");
    }
}

fn is_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let is_loopback = |address: SocketAddr| address.ip().is_loopback();
    host == "localhost" || address.parse().is_ok_and(is_loopback)
}
