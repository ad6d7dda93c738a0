//! Reading a certificate from a file, and its contents.

use std::{fmt, net::IpAddr, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// The contents of a certificate.
#[derive(Debug, Clone)]
pub struct Facts {
    pub begins: Timestamp,
    pub ends: Timestamp,
    /// In lower case; `*.` matches one label.
    pub names: Vec<String>,
    pub addresses: Vec<IpAddr>,
}

/// Which of the two files is unusable, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    Certificate(String),
    Key(String),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Certificate(why) => write!(f, "the certificate: {why}"),
            Broken::Key(why) => write!(f, "the key: {why}"),
        }
    }
}

/// Reads a certificate chain and its key, both as PEM.
pub fn read(chain: &[u8], key: &[u8]) -> Result<(Arc<CertifiedKey>, Facts), Broken> {
    let certificate = |why: &dyn fmt::Display| Broken::Certificate(why.to_string());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|_| certificate(&"it is not valid PEM"))?;
    let facts = match chain.first() {
        Some(first) => Facts::of(first).ok_or_else(|| certificate(&"it is not an X.509 one"))?,
        None => return Err(certificate(&"the file has none")),
    };
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| Broken::Key("the file has none that can be read without a password".into()))?;
    let certified = CertifiedKey::from_der(chain, key, &ring::default_provider());
    let certified = certified.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            Broken::Key("it belongs to another certificate".into())
        }
        rustls::Error::InvalidCertificate(_) => certificate(&error),
        error => Broken::Key(error.to_string()),
    })?;
    Ok((Arc::new(certified), facts))
}

impl Facts {
    fn of(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let instant = |seconds| Timestamp::from_second(seconds).ok();
        let validity = certificate.validity();
        let (mut names, mut addresses) = (Vec::new(), Vec::new());
        let others = certificate.subject_alternative_name().ok()?;
        for name in others.iter().flat_map(|names| &names.value.general_names) {
            match name {
                GeneralName::DNSName(name) => names.push(name.to_ascii_lowercase()),
                GeneralName::IPAddress(bytes) => {
                    let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
                    let address = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
                    addresses.extend(address.ok());
                }
                _ => {}
            }
        }
        Some(Self {
            begins: instant(validity.not_before.timestamp())?,
            ends: instant(validity.not_after.timestamp())?,
            names,
            addresses,
        })
    }

    /// Returns whether a browser that visits that host accepts it.
    pub fn covers(&self, host: &str) -> bool {
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return self.addresses.contains(&address);
        }
        let host = host.to_ascii_lowercase();
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest == domain),
            None => *name == host,
        })
    }

    /// When to replace it: after two thirds of its lifetime.
    pub fn renewal(&self) -> Timestamp {
        let life = self.ends.duration_since(self.begins);
        self.ends.checked_sub(life / 3).unwrap_or(self.begins)
    }

    /// How long it is still valid; negative after it expires.
    pub fn left(&self, now: Timestamp) -> SignedDuration {
        self.ends.duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_covers_its_host_and_a_star_covers_one_label() {
        let facts = Facts {
            begins: Timestamp::UNIX_EPOCH,
            ends: "1970-04-01T00:00:00Z".parse().unwrap(),
            names: vec!["example.com".to_owned(), "*.example.org".to_owned()],
            addresses: vec!["::1".parse().unwrap()],
        };
        for (host, covered) in [
            ("Example.com", true),
            ("www.example.com", false),
            ("www.example.org", true),
            ("a.www.example.org", false),
            ("example.org", false),
            ("[::1]", true),
            ("127.0.0.1", false),
        ] {
            assert_eq!(facts.covers(host), covered, "{host}");
        }
        assert_eq!(facts.renewal().to_string(), "1970-03-02T00:00:00Z");
    }
}
