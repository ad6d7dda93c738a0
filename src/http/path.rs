//! Request paths.

use poem::http::{Uri, uri::PathAndQuery};

/// The same address without the slash that its path ends with, which says nothing.
pub fn without_end_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let path_and_query = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.ok()?);
    Uri::from_parts(parts).ok()
}

/// Whether this is a path at all (`*` and what CONNECT names are none) and text once its `%XX` are decoded; the router fails on others.
pub fn is_text(path: &str) -> bool {
    if !path.starts_with('/') {
        return false;
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => digit(high).zip(digit(low)),
            _ => None,
        };
        match escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(byte) => {
                decoded.push(byte);
                rest = &tail[2..];
            }
            None => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    str::from_utf8(&decoded).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_at_the_end_is_taken_away_and_the_query_stays() {
        let without = |uri: &str| without_end_slash(&uri.parse().unwrap()).map(|u| u.to_string());
        assert_eq!(without("/clients/?page=2").unwrap(), "/clients?page=2");
        assert_eq!(without("/clients//").unwrap(), "/clients/");
        for uri in ["/", "/clients", "/clients?search=/"] {
            assert_eq!(without(uri), None, "{uri}");
        }
    }

    #[test]
    fn what_decodes_to_text_is_text() {
        for path in ["/", "/clients/%E0%B6%B1", "/%", "/%2", "/%zz", "/a%00b", "/100%25"] {
            assert!(is_text(path), "{path}");
        }
        for path in ["", "*", "/%ff", "/%E0%B6", "/a%C3/b", "/%80"] {
            assert!(!is_text(path), "{path}");
        }
    }
}
