//! Parsers for values of settings.

use std::{net::IpAddr, ops::RangeInclusive};

use jiff::SignedDuration;
use url::Url;

use super::WrongSetting;
use crate::domain::date::parse_duration;

/// Parses addresses to listen on: `host:port`, comma-separated.
pub fn listen(name: &'static str, addresses: &str) -> Result<Vec<String>, WrongSetting> {
    let expected = "host:port, or several of these separated by commas";
    addresses.split(',').map(|text| address(name, text.trim(), expected)).collect()
}

/// Parses an address to listen on: `host:port`.
pub fn address(name: &'static str, text: &str, expected: &str) -> Result<String, WrongSetting> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
            Ok(text.to_owned())
        }
        _ => Err(WrongSetting::new(name, text, expected)),
    }
}

/// Returns whether only this machine can reach a server at that `host:port`.
pub fn is_loopback(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, _)| is_own_host(host))
}

/// Returns whether a host is the local machine.
pub fn is_own_host(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Returns the host of a URL.
pub fn host_of(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// Parses a number in a range.
pub fn number(
    name: &'static str,
    text: &str,
    range: RangeInclusive<usize>,
) -> Result<usize, WrongSetting> {
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let expected = format!("a number from {} to {}", range.start(), range.end());
        WrongSetting::new(name, text, expected)
    })
}

/// Parses a duration such as `30m`.
pub fn duration(name: &'static str, text: &str) -> Result<SignedDuration, WrongSetting> {
    parse_duration(text)
        .ok_or_else(|| WrongSetting::new(name, text, "a duration such as 45s, 30m, 12h or 7d"))
}

/// Parses `on` or `off`.
pub fn switch(name: &'static str, text: &str) -> Result<bool, WrongSetting> {
    is_first(name, text, ["on", "off"])
}

/// Parses one of two words, and returns whether it is the first.
pub fn is_first(name: &'static str, text: &str, words: [&str; 2]) -> Result<bool, WrongSetting> {
    match words.iter().position(|word| *word == text) {
        Some(position) => Ok(position == 0),
        None => Err(WrongSetting::new(name, text, words.join(" or "))),
    }
}

/// Rejects a setting that has no effect with the other settings.
pub fn left_out(
    name: &'static str,
    given: Option<&str>,
    expected: &str,
) -> Result<(), WrongSetting> {
    given.map_or(Ok(()), |given| Err(WrongSetting::new(name, given, expected)))
}

/// Parses an http or https URL, and removes a trailing slash.
pub fn url(name: &'static str, text: &str) -> Result<String, WrongSetting> {
    Ok(parse_url(name, text)?.as_str().trim_end_matches('/').to_owned())
}

/// Parses an origin in the form browsers send: scheme and host in lower case, with the port unless
/// it is the scheme's default.
pub fn origin(name: &'static str, text: &str) -> Result<String, WrongSetting> {
    let url = parse_url(name, text)?;
    if url.path() != "/" {
        let expected = "an origin such as https://office.example.com or http://localhost:3000, \
                        without a path";
        return Err(WrongSetting::new(name, text, expected));
    }
    Ok(url.origin().ascii_serialization())
}

/// Rejects the parts of a URL that would be ignored: query, fragment, user.
fn parse_url(name: &'static str, text: &str) -> Result<Url, WrongSetting> {
    let is_sound = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    };
    Url::parse(text).ok().filter(is_sound).ok_or_else(|| {
        let expected = "a URL that starts with http:// or https://, without a query, # or user";
        // It may contain a password.
        let was = (!text.contains('@')).then(|| text.to_owned());
        WrongSetting { name, was, expected: expected.to_owned() }
    })
}
