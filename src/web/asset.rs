//! Stylesheet and scripts: part of the program, named by their hash so that a browser keeps them
//! until they change.

use std::sync::LazyLock;

use poem::{
    Request, Route,
    endpoint::make_sync,
    get,
    http::{HeaderValue, header},
};
use sha2::{Digest, Sha256};

use crate::http::page::Page;

/// A file of the program.
pub struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static str,
}

macro_rules! assets {
    ($($(#[$doc:meta])* $id:ident $name:literal $content_type:literal [$($part:literal)+];)*) => {
        $($(#[$doc])*
        pub static $id: LazyLock<String> = LazyLock::new(|| {
            path($name, concat!($(include_str!(concat!("../../assets/", $part))),+))
        });)*
        const ALL: &[Asset] = &[$(Asset {
            name: $name,
            content_type: $content_type,
            content: concat!($(include_str!(concat!("../../assets/", $part))),+),
        },)*];
    };
}

assets! {
    /// The stylesheet of all pages: what they share first, then what each part needs.
    STYLE "app.css" "text/css; charset=utf-8" [
        "css/base.css"
        "css/frame.css"
        "css/content.css"
        "css/form.css"
        "css/account.css"
        "css/dashboard.css"
        "css/invoice.css"
        "css/profile.css"
        "css/project.css"
    ];
    /// What makes all pages pleasant.
    APP "app.js" "text/javascript; charset=utf-8" ["js/app.js"];
    /// Passkeys.
    PASSKEY "passkey.js" "text/javascript; charset=utf-8" ["js/passkey.js"];
    /// The board of projects.
    PROJECT "project.js" "text/javascript; charset=utf-8" ["js/project.js"];
    /// The editor of an invoice's lines.
    INVOICE "invoice.js" "text/javascript; charset=utf-8" ["js/invoice.js"];
    /// What helps with the profile and its pictures.
    PROFILE "profile.js" "text/javascript; charset=utf-8" ["js/profile.js"];
}

/// The path of a file, with what tells this version from others.
fn path(name: &str, content: &str) -> String {
    let hash = Sha256::digest(content);
    let version: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("/assets/{name}?v={version}")
}

/// The files at their paths.
pub fn routes() -> Route {
    ALL.iter().fold(Route::new(), |route, asset| {
        let page = Page::new(asset.content_type, asset.content.as_bytes(), None);
        let current = path(asset.name, asset.content);
        let answer = make_sync(move |request: Request| {
            let mut response = page.answer(&request);
            let is_current =
                request.original_uri().path_and_query().is_some_and(|p| p == &*current);
            if is_current {
                let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
                response.headers_mut().insert(header::CACHE_CONTROL, kept);
            }
            response
        });
        route.at(format!("/{}", asset.name), get(answer))
    })
}
