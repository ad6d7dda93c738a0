//! Request paths.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use poem::{
    Request,
    http::{Uri, uri::PathAndQuery},
};

/// Returns the URI without the trailing slash of its path; `None` if there is none.
pub fn without_end_slash(uri: &Uri) -> Option<Uri> {
    let path = without_slash(uri.path());
    if path.len() == uri.path().len() {
        return None;
    }
    let path_and_query = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.ok()?);
    Uri::from_parts(parts).ok()
}

/// Returns the requested path as the router compares it: still percent-encoded, without a trailing
/// slash.
pub fn asked(request: &Request) -> &str {
    without_slash(request.original_uri().path())
}

/// Returns a path without its trailing slash.
pub fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path)
}

/// Returns whether a path matches a pattern; `*` matches one segment.
pub fn matches(pattern: &str, path: &str) -> bool {
    let mut asked = path.split('/');
    let fits = pattern.split('/').all(|known| {
        asked.next().is_some_and(|asked| known == asked || (known == "*" && !asked.is_empty()))
    });
    fits && asked.next().is_none()
}

/// Returns a path without the token of a public link or a webhook. Tokens must not be logged.
pub fn without_secret(path: &str) -> Cow<'_, str> {
    if path.starts_with("/hooks/") {
        return "/hooks/…".into();
    }
    for mount in ["/p/", "/i/", "/v1/public/proposals/"] {
        if let Some(rest) = path.strip_prefix(mount) {
            let end = rest.find('/').unwrap_or(rest.len());
            return format!("{mount}…{}", &rest[end..]).into();
        }
    }
    path.into()
}

/// Returns the percent-decoded path. `None` if the router fails on it: if it is not a path (as in
/// `OPTIONS *` and CONNECT), or is not UTF-8 when decoded.
pub fn decoded(path: &str) -> Option<Cow<'_, str>> {
    path.starts_with('/').then(|| percent_decode_str(path).decode_utf8().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_slash_is_removed_and_the_query_stays() {
        let without = |uri: &str| without_end_slash(&uri.parse().unwrap()).map(|u| u.to_string());
        assert_eq!(without("/clients/?page=2").unwrap(), "/clients?page=2");
        assert_eq!(without("/clients//").unwrap(), "/clients/");
        for uri in ["/", "/clients", "/clients?search=/"] {
            assert_eq!(without(uri), None, "{uri}");
        }
    }

    #[test]
    fn a_percent_encoded_text_is_decoded() {
        for path in ["/", "/clients/%E0%B6%B1", "/%", "/%2", "/%zz", "/a%00b", "/100%25"] {
            assert!(decoded(path).is_some(), "{path}");
        }
        for path in ["", "*", "/%ff", "/%E0%B6", "/a%C3/b", "/%80"] {
            assert!(decoded(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_star_matches_one_segment() {
        for (pattern, path, fits) in [
            ("/v1/auth/login", "/v1/auth/login", true),
            ("/v1/auth/login", "/v1/auth/login/verify", false),
            ("/v1/public/*", "/v1/public/kamala", true),
            ("/v1/public/*", "/v1/public/", false),
            ("/v1/public/*", "/v1/public/kamala/messages", false),
            ("/v1/public/*/messages", "/v1/public/kamala/messages", true),
        ] {
            assert_eq!(matches(pattern, path), fits, "{pattern} {path}");
        }
    }

    #[test]
    fn tokens_of_public_links_are_not_logged() {
        for (path, shown) in [
            ("/i/abc", "/i/…"),
            ("/i/abc/pdf", "/i/…/pdf"),
            ("/p/abc", "/p/…"),
            ("/v1/public/proposals/abc/accept", "/v1/public/proposals/…/accept"),
            ("/hooks/stripe/abc", "/hooks/…"),
            ("/invoices/inv_1", "/invoices/inv_1"),
        ] {
            assert_eq!(without_secret(path), shown);
        }
    }
}
