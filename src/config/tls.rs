//! HTTPS, the redirecting listener, and the maximum number of connections.

use std::{net::IpAddr, path::PathBuf};

use clap::Args;

use super::{
    Settings, WrongSetting,
    value::{host_of, left_out, listen, number, url},
};

const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// Maximum number of connections that can be set.
const CONNECTIONS_MAX: usize = 1_000_000;

/// The raw settings of HTTPS and of connections.
#[derive(Debug, Clone, Args)]
pub struct NetSettings {
    /// PEM file with the certificate chain; all LISTEN addresses then use HTTPS
    #[arg(long, env = "TLS_CERT", value_name = "FILE")]
    tls_cert: Option<String>,

    /// PEM file with the certificate's key
    #[arg(long, env = "TLS_KEY", value_name = "FILE", hide_env_values = true)]
    tls_key: Option<String>,

    /// Domains to get a certificate for (ACME), comma-separated; all LISTEN addresses then use
    /// HTTPS. Setting it accepts the terms of the certificate authority
    #[arg(long, env = "ACME_DOMAIN", value_name = "NAMES")]
    acme_domain: Option<String>,

    /// Email address that the certificate authority sends notices to
    #[arg(long, env = "ACME_EMAIL", value_name = "EMAIL")]
    acme_email: Option<String>,

    /// Directory URL of the certificate authority [default: Let's Encrypt]
    #[arg(long, env = "ACME_DIRECTORY", value_name = "URL")]
    acme_directory: Option<String>,

    /// Addresses that redirect http:// to PUBLIC_URL, host:port, comma-separated
    #[arg(long, env = "REDIRECT_LISTEN", value_name = "ADDRESSES")]
    redirect_listen: Option<String>,

    /// Maximum number of connections at a time; others get 503
    #[arg(long, env = "MAX_CONNECTIONS", default_value = "10000", value_name = "NUMBER")]
    max_connections: String,
}

/// The source of the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsConfig {
    /// No certificate: the server speaks plain HTTP, perhaps behind a proxy.
    Off,
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    Acme(AcmeConfig),
}

/// Certificates obtained by ACME.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeConfig {
    /// At least one.
    pub domains: Vec<String>,
    pub email: Option<String>,
    pub directory: String,
}

/// The settings of HTTPS and connections, validated.
#[derive(Debug, Clone)]
pub struct NetConfig {
    pub tls: TlsConfig,
    pub redirect_listen: Vec<String>,
    pub max_connections: usize,
}

impl NetSettings {
    /// The default of `PUBLIC_URL`; `port` is the first listener's.
    pub(super) fn public_url(&self, port: &str) -> Result<String, WrongSetting> {
        Ok(match self.tls()? {
            TlsConfig::Off => format!("http://localhost:{port}"),
            TlsConfig::Files { .. } => format!("https://localhost:{port}"),
            // Authorities connect to port 443, so the server must be reachable there.
            TlsConfig::Acme(AcmeConfig { domains, .. }) => format!("https://{}", domains[0]),
        })
    }

    /// Validates the settings. `public_url` has already been validated.
    pub(super) fn check(&self, public_url: &str) -> Result<NetConfig, WrongSetting> {
        let tls = self.tls()?;
        let is_secure = public_url.starts_with("https://");
        if tls != TlsConfig::Off && !is_secure {
            let expected = "a URL that starts with https:// if TLS_CERT or ACME_DOMAIN is set";
            return Err(WrongSetting::new("PUBLIC_URL", public_url, expected));
        }
        let redirect_listen = match self.redirect_listen.as_deref() {
            None => Vec::new(),
            Some(_) if !is_secure => {
                let expected = "a URL that starts with https:// if REDIRECT_LISTEN is set";
                return Err(WrongSetting::new("PUBLIC_URL", public_url, expected));
            }
            Some(given) => listen("REDIRECT_LISTEN", given)?,
        };
        let max_connections =
            number("MAX_CONNECTIONS", &self.max_connections, 1..=CONNECTIONS_MAX)?;
        Ok(NetConfig { tls, redirect_listen, max_connections })
    }

    fn tls(&self) -> Result<TlsConfig, WrongSetting> {
        let missing = |name, expected: &str| Err(WrongSetting::unsaid(name, expected));
        if self.tls_cert.is_some() {
            let expected = "unset if TLS_CERT is set";
            left_out("ACME_DOMAIN", self.acme_domain.as_deref(), expected)?;
        }
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Ok(TlsConfig::Files {
                certificate: file("TLS_CERT", certificate)?,
                key: file("TLS_KEY", key)?,
            }),
            (Some(_), None) => {
                missing("TLS_KEY", "set if TLS_CERT is set: the PEM file of its key")
            }
            (None, Some(_)) => {
                missing("TLS_CERT", "set if TLS_KEY is set: the PEM file of its certificate")
            }
            (None, None) => self.acme(),
        }
    }

    fn acme(&self) -> Result<TlsConfig, WrongSetting> {
        let Some(names) = &self.acme_domain else {
            let expected = "unset if ACME_DOMAIN is unset";
            left_out("ACME_EMAIL", self.acme_email.as_deref(), expected)?;
            left_out("ACME_DIRECTORY", self.acme_directory.as_deref(), expected)?;
            return Ok(TlsConfig::Off);
        };
        let domains = names.split(',').map(|name| domain(name.trim())).collect::<Result<_, _>>()?;
        if let Some(email) = &self.acme_email
            && email.parse::<email_address::EmailAddress>().is_err()
        {
            return Err(WrongSetting::new("ACME_EMAIL", email, "an email address"));
        }
        let directory = match &self.acme_directory {
            None => LETS_ENCRYPT.to_owned(),
            Some(given) => url("ACME_DIRECTORY", given)?,
        };
        if !directory.starts_with("https://") {
            let expected = "a URL that starts with https://";
            return Err(WrongSetting::new("ACME_DIRECTORY", &directory, expected));
        }
        Ok(TlsConfig::Acme(AcmeConfig { domains, email: self.acme_email.clone(), directory }))
    }
}

impl Settings {
    /// The settings of HTTPS and the maximum number of connections.
    pub fn net(&self) -> Result<NetConfig, WrongSetting> {
        self.net.check(&self.public_url()?)
    }

    /// Whether clients reach this server over HTTPS, whether its own or a proxy's.
    pub fn is_https(&self) -> bool {
        self.public_url().is_ok_and(|url| url.starts_with("https://"))
    }

    /// The public host name of this server.
    pub fn public_host(&self) -> Option<String> {
        host_of(&self.public_url().ok()?)
    }
}

/// Parses a path. PEM text given instead is not repeated: it may be the key.
fn file(name: &'static str, given: &str) -> Result<PathBuf, WrongSetting> {
    if given.is_empty() || given.contains("-----BEGIN") {
        return Err(WrongSetting::unsaid(name, "the path of a PEM file, not its contents"));
    }
    Ok(PathBuf::from(given))
}

/// Converts a name to the form used in certificates: ASCII, lower case.
fn domain(given: &str) -> Result<String, WrongSetting> {
    let wrong = |expected| Err(WrongSetting::new("ACME_DOMAIN", given, expected));
    if given.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return wrong("a name: authorities issue no certificates for addresses this way");
    }
    if given.starts_with("*.") {
        return wrong("names without *, comma-separated: ACME over TLS only covers single names");
    }
    let is_label = |label: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=63).contains(&label.len()) && label.chars().all(is_plain)
    };
    match idna::domain_to_ascii_strict(given) {
        Ok(name) if name.contains('.') && name.split('.').all(is_label) => Ok(name),
        _ => wrong("one or more names such as freelance.example.com, comma-separated"),
    }
}

impl WrongSetting {
    /// The error if the file of `TLS_CERT` or `TLS_KEY` cannot be used.
    pub fn tls_file(name: &'static str, file: &std::path::Path, why: &str) -> Self {
        let expected = match name {
            "TLS_KEY" => format!("the PEM file of the key for TLS_CERT ({why})"),
            _ => format!("the PEM file of a certificate and its chain ({why})"),
        };
        Self::new(name, &file.display().to_string(), expected)
    }
}
