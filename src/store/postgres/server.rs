//! A server's address and settings.

use std::{fmt, fs, path::PathBuf, time::Duration};

use percent_encoding::percent_decode_str;
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use super::tls::Trust;

/// How long the server may take to accept a new connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A silent server is given up after about twice this time.
const SILENCE: Duration = Duration::from_secs(10);
/// The default number of connections per program.
pub const CONNECTIONS: usize = 10;

/// A database of a PostgreSQL server, and how to reach it.
#[derive(Clone)]
pub struct Server {
    config: Box<Config>,
    pub(super) trust: Trust,
    /// At least two.
    connections: usize,
    shown: String,
}

impl Server {
    /// Parses the URL that `psql` accepts. `sslmode` and `sslrootcert` have the same meaning.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut kept, mut mode, mut root) = (Vec::new(), None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(decoded(value)),
                Some(("sslrootcert", value)) => root = Some(PathBuf::from(decoded(value))),
                _ => kept.push(pair),
            }
        }
        let expected = || {
            "postgres://USER:PASSWORD@HOST:PORT/NAME, with percent-encoded special characters; \
             behind a ? options such as sslmode=verify-full may follow"
                .to_owned()
        };
        let mut config: Config =
            format!("{address}?{}", kept.join("&")).parse().map_err(|_| expected())?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(expected());
        }
        if let Some(file) = &root
            && let Err(error) = fs::metadata(file)
        {
            return Err(format!(
                "a URL whose sslrootcert is a file I may read ({}: {error})",
                file.display()
            ));
        }
        let (mode, trust) = match mode.as_deref() {
            Some("disable") => (SslMode::Disable, Trust::Anybody),
            None | Some("prefer" | "allow") => (SslMode::Prefer, Trust::Anybody),
            // Given a root certificate, psql checks it here too.
            Some("require") if root.is_none() => (SslMode::Require, Trust::Anybody),
            Some("require" | "verify-ca") => (SslMode::Require, Trust::Issuer(root)),
            Some("verify-full") => (SslMode::Require, Trust::IssuerAndName(root)),
            Some(_) => {
                return Err("a URL whose sslmode is disable, prefer, require, verify-ca or \
                            verify-full"
                    .to_owned());
            }
        };
        config.ssl_mode(mode);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        config.keepalives_idle(SILENCE).keepalives_interval(SILENCE / 5).keepalives_retries(5);
        let shown = shown(&config);
        Ok(Self { config: Box::new(config), trust, connections: CONNECTIONS, shown })
    }

    /// Sets the number of connections; at least two.
    #[must_use]
    pub fn with_connections(self, connections: usize) -> Self {
        Self { connections: connections.max(2), ..self }
    }

    /// Returns how many connections serve requests.
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// Returns the same server with another of its databases.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let mut config = self.config.clone();
        config.dbname(name);
        let shown = shown(&config);
        Self { config, shown, ..self.clone() }
    }

    /// Returns how long connecting may take, including TLS and sign-in.
    pub(super) fn patience(&self) -> Duration {
        let hosts = self.config.get_hosts().len().max(self.config.get_hostaddrs().len()).max(1);
        let each = self.config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT);
        each.saturating_mul(u32::try_from(hosts).unwrap_or(u32::MAX))
    }

    /// Returns the connection settings, with an application name for the server's administrator.
    pub(super) fn config(&self, name: &str) -> Config {
        let mut config = Config::clone(&self.config);
        config.application_name(name);
        config
    }

    /// Whether nobody on the network can read the traffic, not even by impersonating the server.
    pub fn is_proven(&self) -> bool {
        let is_here = |host: &Host| match host {
            Host::Tcp(name) => {
                name == "localhost"
                    || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
            }
            Host::Unix(_) => true,
        };
        matches!(self.trust, Trust::IssuerAndName(_)) || self.config.get_hosts().iter().all(is_here)
    }
}

fn shown(config: &Config) -> String {
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(index, host)| {
            let ports = config.get_ports();
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(folder) => {
                    folder.display().to_string().replace('/', "%2F") + &format!(":{port}")
                }
            }
        })
        .collect();
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    let name = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("postgres://{user}{}/{name}", hosts.join(","))
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.shown).finish()
    }
}

impl fmt::Display for Server {
    /// A URL for `psql` and `pg_dump`, without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (url, shown) in [
            ("postgres://ada:s3cret@db.example/os", "postgres://ada@db.example:5432/os"),
            (
                "postgresql://ada:p%40ss@[::1]:6000/os?sslmode=disable",
                "postgres://ada@[::1]:6000/os",
            ),
            ("postgres://ada@a,b:7000/os", "postgres://ada@a:5432,b:7000/os"),
            ("postgres://ada@%2Frun%2Fpostgresql/os", "postgres://ada@%2Frun%2Fpostgresql:5432/os"),
        ] {
            let server = Server::parse(url).unwrap();
            assert_eq!(server.to_string(), shown);
            assert_eq!(format!("{server:?}"), format!("Server({shown:?})"));
        }
    }

    #[test]
    fn an_invalid_url_is_refused_without_being_repeated() {
        for url in [
            "postgres://",
            "postgres://ada:s3cret@host:notaport/os",
            "postgres://ada:s3cret@host/os?sslmode=perhaps",
            "postgres://ada:s3cret@host/os?colour=blue",
            "postgres://ada:s3cret@host/os?sslrootcert=/nowhere/root.pem",
        ] {
            let expected = Server::parse(url).unwrap_err();
            assert!(!expected.contains("s3cret"), "{expected}");
        }
    }

    #[test]
    fn only_a_verified_name_or_this_machine_counts_as_proven() {
        for (url, is_proven) in [
            ("postgres://localhost/os", true),
            ("postgres://127.0.0.1/os?sslmode=disable", true),
            ("postgres://%2Frun%2Fpostgresql/os", true),
            ("postgres://db.example/os", false),
            ("postgres://db.example/os?sslmode=require", false),
            ("postgres://localhost,db.example/os", false),
            ("postgres://db.example/os?sslmode=verify-full", true),
        ] {
            assert_eq!(Server::parse(url).unwrap().is_proven(), is_proven, "{url}");
        }
    }
}
