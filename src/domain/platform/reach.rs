//! From where an address can be reached, as far as the address shows.

use std::net::IpAddr;

/// Suffixes of names that only resolve in a local network.
const LOCAL_NAMES: [&str; 9] = [
    ".local",
    ".localdomain",
    ".lan",
    ".home",
    ".home.arpa",
    ".internal",
    ".intranet",
    ".corp",
    ".private",
];

/// Who can reach an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only the machine itself: `localhost`.
    Machine,
    /// Only the network around it: `192.168.1.5`, `office.local`.
    Network,
    /// Everyone, as far as the address shows.
    Everybody,
}

impl Reach {
    /// Returns who can reach this host: a name or an IP address, with or without brackets.
    pub fn of_host(host: &str) -> Self {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(address) if address.is_loopback() || address.is_unspecified() => Self::Machine,
            Ok(address) if is_private(address) => Self::Network,
            Ok(_) => Self::Everybody,
            Err(_) if host == "localhost" || host.ends_with(".localhost") => Self::Machine,
            Err(_) if !host.contains('.') || LOCAL_NAMES.iter().any(|end| host.ends_with(end)) => {
                Self::Network
            }
            Err(_) => Self::Everybody,
        }
    }

    /// Returns who can reach this `http` or `https` URL.
    pub fn of_url(url: &str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let place = authority.rsplit('@').next().unwrap_or_default();
        let host = match place.strip_prefix('[') {
            Some(address) => address.split(']').next(),
            None => place.split(':').next(),
        };
        Self::of_host(host.unwrap_or_default())
    }
}

/// Whether an address belongs to a local network.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            // 100.64.0.0/10 is shared by the customers of a carrier, and used by private networks.
            let is_shared = first == 100 && (64..128).contains(&second);
            address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_who_can_open_it() {
        for (reach, urls) in [
            (
                Reach::Machine,
                &[
                    "http://localhost:5000",
                    "http://LOCALHOST./x",
                    "http://app.localhost",
                    "http://127.0.0.1:5000",
                    "http://127.9.9.9",
                    "http://0.0.0.0:5000",
                    "http://[::1]:5000/i/x",
                    "http://[::ffff:127.0.0.1]",
                ][..],
            ),
            (
                Reach::Network,
                &[
                    "http://192.168.1.5:5000",
                    "http://10.0.0.7",
                    "http://172.31.255.1",
                    "http://169.254.3.4",
                    "http://100.101.102.103",
                    "http://[fd00::5]:5000",
                    "http://[fe80::1]",
                    "http://macbook.local:5000",
                    "https://nas.home.arpa",
                    "https://office.lan/freelance",
                    "http://nas:5000",
                ],
            ),
            (
                Reach::Everybody,
                &[
                    "https://freelance.example",
                    "https://local.example.com",
                    "https://xn--bcher-kva.example",
                    "http://203.0.113.5:5000",
                    "http://172.32.0.1",
                    "http://[2001:db8::5]",
                ],
            ),
        ] {
            for url in urls {
                assert_eq!(Reach::of_url(url), reach, "{url}");
            }
        }
    }
}
