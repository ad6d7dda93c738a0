//! The certificate of `freelanceos serve`.

use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::{Failure, now};
use crate::{
    app::environment::SystemClock,
    config::{Config, Settings, WrongSetting, tls::TlsConfig, value::is_loopback},
    net::{
        self, Served,
        acme::{Acme, Folder},
        certificate::{Broken, Facts},
        tls::{self, CertificateFiles},
    },
};

/// Reads the certificate files if the settings name any.
pub fn open_files(settings: &Settings) -> Result<Option<Arc<CertificateFiles>>, Failure> {
    let TlsConfig::Files { certificate, key } = settings.net()?.tls else { return Ok(None) };
    let opened = CertificateFiles::open(certificate.clone(), key.clone());
    let (files, facts) = opened.map_err(|error| match error {
        Broken::Certificate(why) => WrongSetting::tls_file("TLS_CERT", &certificate, &why),
        Broken::Key(why) => WrongSetting::tls_file("TLS_KEY", &key, &why),
    })?;
    warn_of(&facts, settings);
    Ok(Some(Arc::new(files)))
}

/// Serves the routes with the certificate, if any, and renews it until `stop` changes. Also returns
/// the URL scheme.
pub fn start(
    files: Option<Arc<CertificateFiles>>,
    routes: BoxEndpoint<'static>,
    in_plain: &Arc<BoxEndpoint<'static>>,
    config: &Config,
    stop: &watch::Receiver<bool>,
) -> Result<(Served, &'static str), Failure> {
    let acceptor = match (files, &config.net.tls) {
        (Some(files), _) => {
            let hang_up = signal(SignalKind::hangup())?;
            tokio::spawn(Arc::clone(&files).watch(hang_up, stop.clone()));
            tls::acceptor(files, false)
        }
        (None, TlsConfig::Acme(acme)) => {
            if config.listen.iter().all(|address| is_loopback(address)) {
                tracing::warn!(
                    "LISTEN has only loopback addresses, but the certificate authority must reach \
                     this server at port 443 of {}",
                    acme.domains.join(", ")
                );
            }
            let folder = Folder::of(&config.location.data_dir, &acme.directory);
            let acme = Acme::open(acme.clone(), folder, Arc::new(SystemClock));
            let certificates = acme.certificates();
            tokio::spawn(acme.run(stop.clone()));
            tls::acceptor(certificates, true)
        }
        (None, _) => return Ok((Served { routes: Arc::new(routes), tls: None }, "http")),
    };
    let acceptor = acceptor.map_err(|error| error.to_string())?;
    let tls = net::Tls { acceptor, in_plain: Arc::clone(in_plain) };
    Ok((Served { routes: Arc::new(routes), tls: Some(tls) }, "https"))
}

/// Warns about a certificate that browsers will reject.
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
