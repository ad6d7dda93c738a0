//! What settings are read as, whatever their names.

use std::{net::IpAddr, ops::RangeInclusive};

use jiff::SignedDuration;

use super::WrongSetting;
use crate::domain::date::parse_duration;

/// Addresses to listen on: `host:port`, comma-separated.
pub fn listen(name: &'static str, addresses: &str) -> Result<Vec<String>, WrongSetting> {
    let expected = "host:port, several of them separated by commas";
    addresses.split(',').map(|text| address(name, text.trim(), expected)).collect()
}

/// An address to listen on: `host:port`.
pub fn address(name: &'static str, text: &str, expected: &str) -> Result<String, WrongSetting> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
            Ok(text.to_owned())
        }
        _ => Err(WrongSetting::new(name, text, expected)),
    }
}

/// Whether only this machine reaches a server at that `host:port`.
pub fn is_loopback(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, _)| is_own_host(host))
}

/// Whether a host is the machine itself.
pub fn is_own_host(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// The host of a URL.
pub fn host_of(url: &str) -> Option<String> {
    url.parse::<poem::http::Uri>().ok()?.host().map(str::to_owned)
}

/// A number in a range.
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

/// A duration such as `30m`.
pub fn duration(name: &'static str, text: &str) -> Result<SignedDuration, WrongSetting> {
    parse_duration(text)
        .ok_or_else(|| WrongSetting::new(name, text, "a duration such as 45s, 30m, 12h or 7d"))
}

/// `on` or `off`.
pub fn switch(name: &'static str, text: &str) -> Result<bool, WrongSetting> {
    is_first(name, text, ["on", "off"])
}

/// One of two words: whether it is the first.
pub fn is_first(name: &'static str, text: &str, words: [&str; 2]) -> Result<bool, WrongSetting> {
    match words.iter().position(|word| *word == text) {
        Some(position) => Ok(position == 0),
        None => Err(WrongSetting::new(name, text, words.join(" or "))),
    }
}

/// Refuses a setting that means nothing beside the others.
pub fn left_out(
    name: &'static str,
    given: Option<&str>,
    expected: &str,
) -> Result<(), WrongSetting> {
    given.map_or(Ok(()), |given| Err(WrongSetting::new(name, given, expected)))
}

/// An http or https address, without a slash at its end. What would be left out where it is used
/// (a query, a fragment, a user) is refused.
pub fn url(name: &'static str, text: &str) -> Result<String, WrongSetting> {
    let expected = "a URL that begins with http:// or https://, without a query, # or user";
    let wrong = || {
        // It may be a password.
        let was = (!text.contains('@')).then(|| text.to_owned());
        WrongSetting { name, was, expected: expected.to_owned() }
    };
    let text = in_ascii(text).ok_or_else(wrong)?;
    // Schemes and hosts have no case.
    let parsed: poem::http::Uri = text.to_ascii_lowercase().parse().map_err(|_| wrong())?;
    let is_host = parsed.authority().is_some_and(|place| {
        let host = place.host();
        // A port that is no number is part of the text, but none of the port.
        let port = place.port_u16().map_or(String::new(), |port| format!(":{port}"));
        !host.is_empty() && place.as_str() == format!("{host}{port}")
    });
    let is_web = matches!(parsed.scheme_str(), Some("http" | "https"));
    if is_web && is_host && !text.contains(['?', '#']) {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(wrong())
    }
}

/// A URL with its host as the net knows it: `bücher.example` is `xn--bcher-kva.example`.
fn in_ascii(text: &str) -> Option<String> {
    if text.is_ascii() {
        return Some(text.to_owned());
    }
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find('/').unwrap_or(rest.len());
    let (place, path) = rest.split_at(end);
    let (host, port) = place.split_at(place.find(':').unwrap_or(place.len()));
    Some(format!("{scheme}://{}{port}{path}", idna::domain_to_ascii(host).ok()?))
}

/// An origin as browsers write it: scheme and host in lower case, and the port where it is not the
/// scheme's own.
pub fn origin(name: &'static str, text: &str) -> Result<String, WrongSetting> {
    let origin = url(name, text)?.to_ascii_lowercase();
    let (scheme, place) = origin.split_once("://").unwrap_or_default();
    if place.contains('/') {
        let expected = "an origin such as https://office.example.com or http://localhost:3000, \
                        without a path";
        return Err(WrongSetting::new(name, text, expected));
    }
    let own_port = if scheme == "https" { ":443" } else { ":80" };
    Ok(format!("{scheme}://{}", place.strip_suffix(own_port).unwrap_or(place)))
}
