//! What settings are read as, whatever their names.

use jiff::SignedDuration;

use super::WrongSetting;
use crate::domain::date::parse_duration;

/// The most that a setting of megabytes may be.
const MEGABYTES_MAX: usize = 4096;

/// Whether it is a port's number.
pub fn is_port(port: &str) -> bool {
    port.parse::<u16>().is_ok()
}

/// Addresses to listen on: `host:port`, comma-separated.
pub fn listen(name: &'static str, addresses: &str) -> Result<Vec<String>, WrongSetting> {
    addresses
        .split(',')
        .map(|address| {
            let address = address.trim();
            match address.rsplit_once(':') {
                Some((host, port)) if !host.is_empty() && is_port(port) => Ok(address.to_owned()),
                _ => {
                    let expected = "host:port, several of them separated by commas";
                    Err(WrongSetting::new(name, address, expected))
                }
            }
        })
        .collect()
}

/// A duration such as `30m`.
pub fn duration(name: &'static str, text: &str) -> Result<SignedDuration, WrongSetting> {
    parse_duration(text)
        .ok_or_else(|| WrongSetting::new(name, text, "a duration such as 45s, 30m, 12h or 7d"))
}

/// Bytes, given in megabytes.
pub fn megabytes(name: &'static str, text: &str) -> Result<usize, WrongSetting> {
    let megabytes = text.parse::<usize>().ok().filter(|megabytes| *megabytes <= MEGABYTES_MAX);
    let megabytes = megabytes.ok_or_else(|| {
        WrongSetting::new(name, text, format!("0 to {MEGABYTES_MAX} (megabytes)"))
    })?;
    Ok(megabytes * 1_000_000)
}

/// `on` or `off`.
pub fn switch(name: &'static str, text: &str) -> Result<bool, WrongSetting> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(WrongSetting::new(name, text, "on or off")),
    }
}

/// An http or https address, without a slash at its end.
pub fn url(name: &'static str, text: &str) -> Result<String, WrongSetting> {
    let wrong = || WrongSetting::new(name, text, "a URL that begins with http:// or https://");
    let parsed: poem::http::Uri = text.parse().map_err(|_| wrong())?;
    if matches!(parsed.scheme_str(), Some("http" | "https")) && parsed.query().is_none() {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(wrong())
    }
}

/// An origin as browsers write it.
pub fn origin_of(name: &'static str, text: &str) -> Result<String, WrongSetting> {
    let origin = url(name, text)?;
    let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
    if authority.contains('/') {
        let expected = "an origin such as http://localhost:3000, without a path";
        return Err(WrongSetting::new(name, text, expected));
    }
    Ok(origin.to_ascii_lowercase())
}
