//! Checks HTTPS and connections.

use std::{fs, net::IpAddr, path::Path};

use jiff::tz::TimeZone;

use super::Report;
use crate::{
    cli::now,
    config::{
        Settings, file,
        tls::{AcmeConfig, TlsConfig},
        value::is_own_host,
    },
    net::{
        acme::Folder,
        certificate::{Facts, read},
        descriptors,
    },
};

/// Days left below which a certificate in files is reported.
const DAYS_LOW: i64 = 14;

pub fn examine(settings: &Settings, report: &mut Report) {
    // Invalid settings have been reported already.
    let Ok(config) = settings.net() else { return };
    let room = descriptors::room(config.max_connections);
    if room < config.max_connections {
        let text =
            format!("{} are configured, but there is only room for {room}", config.max_connections);
        let advice = "raise the open-file limit (LimitNOFILE= in systemd, ulimit -Hn), or lower \
                      MAX_CONNECTIONS";
        report.warn("connections", text, advice);
    } else {
        report.ok("connections", format!("up to {} at a time", config.max_connections));
    }
    match &config.tls {
        TlsConfig::Off => examine_plain(settings, report),
        TlsConfig::Files { certificate, key } => examine_files(settings, certificate, key, report),
        TlsConfig::Acme(acme) => examine_acme(settings, acme, report),
    }
}

fn examine_plain(settings: &Settings, report: &mut Report) {
    let is_secure = settings.is_https();
    if is_secure || settings.public_host().is_some_and(|host| is_own_host(&host)) {
        let by = if is_secure { "is provided by a proxy" } else { "is off" };
        report.ok("https", by);
    } else {
        let text = "is off: passwords can be read in transit";
        let advice = "set TLS_CERT or ACME_DOMAIN, or use a proxy and an https:// PUBLIC_URL";
        report.warn("https", text, advice);
    }
}

fn examine_files(settings: &Settings, certificate: &Path, key: &Path, report: &mut Report) {
    let files = (fs::read(certificate), fs::read(key));
    let (chain, secret) = match files {
        (Ok(chain), Ok(secret)) => (chain, secret),
        (Err(error), _) => {
            let text = format!("{} cannot be read: {error}", certificate.display());
            return report.fail("certificate", text, "set TLS_CERT to the right file");
        }
        (_, Err(error)) => {
            let text = format!("{} cannot be read: {error}", key.display());
            return report.fail("certificate", text, "set TLS_KEY to the right file");
        }
    };
    if let Ok(mode) = file::mode(key)
        && mode & 0o007 != 0
    {
        let text = format!("{} can be read by others (mode {mode:o})", key.display());
        report.fail("certificate", text, format!("chmod o-rwx {}", key.display()));
    }
    match read(&chain, &secret) {
        Ok((_, facts)) => {
            examine_life(&facts, DAYS_LOW, "replace the files of TLS_CERT and TLS_KEY", report);
            examine_host(settings, &facts, report);
        }
        Err(error) => report.fail("certificate", error.to_string(), "put back the right files"),
    }
}

fn examine_acme(settings: &Settings, acme: &AcmeConfig, report: &mut Report) {
    let folder = Folder::of(&settings.location.data_dir, &acme.directory);
    let advice = "make sure port 443 of these names leads here, and see the server's log";
    match folder.certificate().map(|pem| read(&pem, &pem)) {
        None => {
            let text = format!("there is none yet for {}", acme.domains.join(", "));
            report.warn("certificate", text, "`freelanceos serve` obtains one");
        }
        Some(Err(error)) => {
            let advice = "`freelanceos serve` obtains a new one";
            report.warn("certificate", error.to_string(), advice);
        }
        Some(Ok((_, facts))) => {
            let life = facts.ends.duration_since(facts.begins).as_hours() / 24;
            // It is renewed with a third of its lifetime left.
            examine_life(&facts, life / 4, advice, report);
            examine_host(settings, &facts, report);
        }
    }
    if let Some(why) = folder.failure() {
        report.warn("certificate", format!("the last attempt to obtain one failed: {why}"), advice);
    }
}

fn examine_life(facts: &Facts, days_low: i64, advice: &str, report: &mut Report) {
    let now = now();
    let days = facts.left(now).as_hours() / 24;
    let names: Vec<String> =
        facts.names.iter().cloned().chain(facts.addresses.iter().map(IpAddr::to_string)).collect();
    let until = facts.ends.to_zoned(TimeZone::UTC).date();
    let text = format!("for {}, {days} days left, until {until}", names.join(", "));
    if facts.ends <= now {
        report.fail("certificate", format!("it expired on {until}"), advice);
    } else if facts.begins > now {
        let text = format!("it is not valid before {}", facts.begins);
        report.fail("certificate", text, "set the machine's clock");
    } else if days < days_low {
        report.warn("certificate", text, advice);
    } else {
        report.ok("certificate", text);
    }
}

fn examine_host(settings: &Settings, facts: &Facts, report: &mut Report) {
    if let Some(host) = settings.public_host()
        && !facts.covers(&host)
    {
        let text = format!("it is not for {host}, the host of PUBLIC_URL");
        report.warn("certificate", text, "get one for that name, or change PUBLIC_URL");
    }
}
