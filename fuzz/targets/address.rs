//! URL parts: paths, queries, picture ids, links that users typed, and the target after a sign-in.

#![no_main]

use freelanceos::{
    domain::{
        image,
        input::Scalar,
        text::{Email, Url},
    },
    http::path,
    web::{fields::Fields, mailto::mailto, session::local},
};
use libfuzzer_sys::fuzz_target;
use poem::Request;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(decoded) = path::decoded(text) {
        assert!(text.starts_with('/') && decoded.starts_with('/'));
    }
    let next = local(text);
    assert!(next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\n', '\t']));
    if let Ok(url) = Url::parse(&text.into()) {
        let scheme = url.split("://").next().unwrap_or_default().to_ascii_lowercase();
        assert!(scheme == "http" || scheme == "https", "{url}");
        assert!(!url.contains(['"', '<', '>', '\\', ' ', '\n']), "{url}");
    }
    if let Ok(email) = Email::parse(&text.into()) {
        assert!(!email.contains(['\r', '\n', ' ', '"', '\0']), "{email}");
    }
    let link = mailto(text, text, text);
    assert!(link.starts_with("mailto:") && !link.contains(['"', '<', '>', ' ', '\n']), "{link}");
    let _ = image::of_url(text);
    if let Ok(uri) = format!("/?{text}").parse() {
        let request = Request::builder().uri(uri).finish();
        let fields = Fields::of_query(&request);
        let _ = (fields.hash(), fields.rows("items"));
    }
});
