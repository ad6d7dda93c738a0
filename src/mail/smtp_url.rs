//! The address of an SMTP server: `smtp://user:password@host:587`.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    num::NonZero,
};

use percent_encoding::percent_decode_str;

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS or no delivery.
    Required,
    /// STARTTLS if the server offers it, with any certificate.
    Opportunistic,
    None,
}

/// An SMTP server.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// User and password.
    pub credentials: Option<(String, String)>,
}

impl SmtpUrl {
    /// Parses `smtp://…` or `smtps://…`. Everything up to the last `@` is user and password; only
    /// `%`, and `:` in the user, must be percent-encoded.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let (credentials, rest) = match rest.rsplit_once('@') {
            Some((credentials, rest)) => {
                let (user, password) = credentials.split_once(':')?;
                let user = decode(user).filter(|user| !user.is_empty())?;
                (Some((user, decode(password)?)), rest)
            }
            None => (None, rest),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, port) = place_of(place.strip_suffix('/').unwrap_or(place))?;
        let encryption = match (scheme, query) {
            ("smtps", "") => Encryption::Implicit,
            ("smtp", "") if credentials.is_some() || !is_loopback(&host) => Encryption::Required,
            ("smtp", "" | "tls=opportunistic") => Encryption::Opportunistic,
            ("smtp", "tls=required") => Encryption::Required,
            ("smtp", "tls=none") => Encryption::None,
            _ => return None,
        };
        let usual = match encryption {
            Encryption::Implicit => 465,
            Encryption::Required => 587,
            Encryption::Opportunistic | Encryption::None => 25,
        };
        Some(Self { host, port: port.unwrap_or(usual), encryption, credentials })
    }

    /// Whether the server is on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

impl fmt::Display for SmtpUrl {
    /// Host and port, without the credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({self}, {:?})", self.encryption)
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Returns the host in ASCII, and the port if given.
fn place_of(place: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if host.is_empty() || !(place.starts_with('[') || host.chars().all(is_name)) {
        return None;
    }
    let host = if host.is_ascii() { host.to_owned() } else { idna::domain_to_ascii(host).ok()? };
    let port = port.map(str::parse::<NonZero<u16>>).transpose().ok()?;
    Some((host, port.map(NonZero::get)))
}

/// Decodes percent-encoding.
fn decode(text: &str) -> Option<String> {
    let is_digit = |byte: u8| byte.is_ascii_hexdigit();
    let is_code = |rest: &str| rest.get(..2).is_some_and(|code| code.bytes().all(is_digit));
    if !text.split('%').skip(1).all(is_code) {
        return None;
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    (!decoded.contains(char::is_control)).then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, Encryption, Option<(String, String)>) {
        let url = SmtpUrl::parse(text).unwrap_or_else(|| panic!("{text}"));
        (url.to_string(), url.encryption, url.credentials)
    }

    #[test]
    fn passwords_require_encryption_unless_disabled() {
        let user = Some(("u".to_owned(), "p".to_owned()));
        for (text, place, encryption) in [
            ("smtp://u:p@mail.example.com", "mail.example.com:587", Encryption::Required),
            ("smtp://u:p@localhost:2525", "localhost:2525", Encryption::Required),
            ("smtps://u:p@mail.example.com/", "mail.example.com:465", Encryption::Implicit),
            ("smtp://u:p@[2001:db8::1]:26?tls=none", "[2001:db8::1]:26", Encryption::None),
        ] {
            assert_eq!(parsed(text), (place.to_owned(), encryption, user.clone()), "{text}");
        }
        for (text, place, encryption) in [
            ("smtp://mail.example.com", "mail.example.com:587", Encryption::Required),
            ("smtp://localhost", "localhost:25", Encryption::Opportunistic),
            ("smtp://[::1]:1025", "[::1]:1025", Encryption::Opportunistic),
            ("smtp://relay:26?tls=opportunistic", "relay:26", Encryption::Opportunistic),
            ("smtp://127.0.0.1?tls=required", "127.0.0.1:587", Encryption::Required),
            ("smtp://post.bücher.example", "post.xn--bcher-kva.example:587", Encryption::Required),
        ] {
            assert_eq!(parsed(text), (place.to_owned(), encryption, None), "{text}");
        }
    }

    #[test]
    fn credentials_may_contain_any_character() {
        for (text, user, password) in [
            ("smtp://me%40example.com:p%25%3A@h", "me@example.com", "p%:"),
            ("smtp://AKIA:a/b+c=d@h", "AKIA", "a/b+c=d"),
            ("smtp://me@example.com:p@ss?#@h:25", "me@example.com", "p@ss?#"),
            ("smtp://u:%E0%B6%9A@h", "u", "ක"),
            ("smtp://u:@h", "u", ""),
        ] {
            assert_eq!(parsed(text).2, Some((user.to_owned(), password.to_owned())), "{text}");
        }
        let url = SmtpUrl::parse("smtp://user:hunter2@h").unwrap();
        assert!(!format!("{url:?}{url}").contains("hunter2"));
    }

    #[test]
    fn invalid_smtp_urls_are_refused() {
        for text in [
            "",
            "mail.example.com",
            "http://h",
            "smtp://",
            "smtp://:25",
            "smtp://h:0",
            "smtp://h:port",
            "smtp://h:70000",
            "smtp://h/path",
            "smtp://u@h",
            "smtp://:p@h",
            "smtp://u:%zz@h",
            "smtp://u:p%0d%0aQUIT@h",
            "smtp://h?tls=maybe",
            "smtps://h?tls=none",
            "smtp://[h]:25",
        ] {
            assert_eq!(SmtpUrl::parse(text), None, "{text}");
        }
    }
}
