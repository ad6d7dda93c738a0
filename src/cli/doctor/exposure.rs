//! Checks how the settings expose the server to others.

use url::Url;

use super::Report;
use crate::{
    app::relying_party::RelyingParty,
    config::{
        Config,
        tls::TlsConfig,
        value::{host_of, is_loopback, is_own_host},
    },
};

/// Who may create accounts, according to the database.
pub struct Doors {
    pub is_set_up: bool,
    pub has_owner: bool,
    /// The setting, or else the owner's choice.
    pub open_registration: bool,
}

/// Checks the settings alone.
pub fn examine(config: &Config, report: &mut Report) {
    let (url, listen) = (&config.app.public_url, config.listen.join(", "));
    let (is_open, is_named) = (is_open(config), !is_local_url(url));
    let before = report.len();
    if RelyingParty::new(url, &[]).is_none() {
        report.warn(
            "public url",
            format!("{url} has no host name, so passkeys cannot be used"),
            "give this machine a host name, and use it in PUBLIC_URL",
        );
    }
    if is_open && !is_named {
        report.warn(
            "public url",
            format!("{url} points to the visitor's own machine, but others can reach {listen}"),
            "set PUBLIC_URL to the address people use, or LISTEN to 127.0.0.1",
        );
    } else if !is_named && let Some(port) = missing_port(config) {
        report.warn(
            "public url",
            format!("{url} points to port {port}, but the server listens on {listen}"),
            "set PUBLIC_URL and LISTEN to the same port",
        );
    }
    // A host name without any HTTPS is reported by the HTTPS check.
    let is_told = is_named && !url.starts_with("https://");
    if is_open && config.net.tls == TlsConfig::Off && !is_told {
        report.warn(
            "encryption",
            format!("others can reach {listen} without HTTPS"),
            "set LISTEN to 127.0.0.1 with a proxy on this machine, or let only the proxy connect",
        );
    }
    if config.trust_proxy && is_open {
        report.warn(
            "proxy",
            format!(
                "TRUST_PROXY is on: anyone who reaches {listen} directly can claim any address"
            ),
            "set LISTEN to 127.0.0.1, or let only the proxy connect",
        );
    } else if !config.trust_proxy && is_named && !is_open {
        report.warn(
            "proxy",
            "visitors come through a proxy, but TRUST_PROXY is off: all count as one visitor",
            "set TRUST_PROXY=on",
        );
    }
    if !config.app.rate_limit && (is_open || is_named) {
        report.warn(
            "limits",
            "RATE_LIMIT is off: passwords can be guessed as fast as the server responds",
            "set RATE_LIMIT=on, unless a gateway limits requests",
        );
    }
    if let Some(address) = config.metrics_listen.as_ref().filter(|address| !is_loopback(address)) {
        report.warn(
            "metrics",
            format!("anyone who can reach {address} can read them"),
            "set METRICS_LISTEN to a 127.0.0.1 address, or let only your monitoring connect",
        );
    }
    if report.len() == before {
        let reach = if is_open || is_named { url } else { "this machine only" };
        report.ok("exposure", format!("listens on {listen}, for {reach}"));
    }
}

/// Checks who may create accounts.
pub fn examine_doors(config: &Config, doors: &Doors, report: &mut Report) {
    if !is_open(config) && is_local_url(&config.app.public_url) {
        return;
    }
    if !doors.is_set_up {
        report.warn(
            "accounts",
            "nobody owns this server yet: the first person to open /welcome will",
            "create your account now: `freelanceos admin create-user EMAIL`",
        );
    } else if !doors.has_owner {
        report.warn(
            "accounts",
            "nobody owns this server: the owner's account was deleted",
            "choose a new owner: `freelanceos admin make-owner EMAIL`",
        );
    } else if doors.open_registration {
        report.warn(
            "accounts",
            "anyone who can reach this server can create one",
            "set OPEN_REGISTRATION=off, unless you want this",
        );
    } else {
        report.ok("accounts", "nobody else can create one");
    }
}

/// Returns whether the server listens for other machines.
fn is_open(config: &Config) -> bool {
    config.listen.iter().any(|address| !is_loopback(address))
}

/// Returns the port of `PUBLIC_URL` if nothing listens on it.
fn missing_port(config: &Config) -> Option<u16> {
    let port = Url::parse(&config.app.public_url).ok()?.port_or_known_default()?;
    let has = |address: &String| {
        let listened: Option<u16> = address.rsplit(':').next().and_then(|port| port.parse().ok());
        // The system chooses the port if it is 0.
        listened == Some(port) || listened == Some(0)
    };
    (!config.listen.iter().any(has)).then_some(port)
}

fn is_local_url(url: &str) -> bool {
    host_of(url).is_some_and(|host| is_own_host(&host))
}
