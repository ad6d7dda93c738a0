//! Request paths.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
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

/// The text of a path, its `%XX` decoded as the router does it; none where it is no path at all
/// (`*` and what CONNECT names are none) or not text once decoded: the router fails on those.
pub fn decoded(path: &str) -> Option<Cow<'_, str>> {
    path.starts_with('/').then(|| percent_decode_str(path).decode_utf8().ok()).flatten()
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
            assert!(decoded(path).is_some(), "{path}");
        }
        for path in ["", "*", "/%ff", "/%E0%B6", "/a%C3/b", "/%80"] {
            assert!(decoded(path).is_none(), "{path}");
        }
    }
}
