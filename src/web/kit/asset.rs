//! Stylesheet, icons and scripts: embedded in the program, named by their hash so that browsers cache them
//! until they change. A debug build reads them from disk each time.

use std::{fmt, sync::LazyLock};

use askama::filters::HtmlSafe;
use poem::{
    Request, Route,
    endpoint::make_sync,
    get,
    http::{HeaderValue, header},
};
use rust_embed::{Embed, EmbeddedFile};
use sha2::{Digest, Sha256};

use crate::{domain::accent::Accent, http::page::Page};

#[derive(Embed)]
#[folder = "assets/css"]
struct Css;

#[derive(Embed)]
#[folder = "assets/js"]
struct Js;

#[derive(Embed)]
#[folder = "assets/icons"]
struct Icons;

/// The only stylesheet, and its parts. Layers decide which rule wins, except that the first part
/// declares them.
const STYLE: &str = "app.css";
const FIRST_PART: &str = "tokens.css";
/// All icons in one file.
const ICONS: &str = "icons.svg";

/// What a browser may fetch while a reader points at its link: pages that change nothing and count
/// no visit.
pub const RULES: &str = "prefetch.json";

/// Returns the files of an asset in order; empty if there is no such asset.
fn parts(name: &str) -> Vec<EmbeddedFile> {
    match name {
        STYLE => {
            let others = Css::iter().filter(|part| part != FIRST_PART);
            let parts = std::iter::once(FIRST_PART.into()).chain(others);
            parts.filter_map(|part| Css::get(&part)).collect()
        }
        ICONS => Icons::get(ICONS).into_iter().collect(),
        script => Js::get(script).into_iter().collect(),
    }
}

/// Returns the path of an asset, including its version.
pub fn path(name: &str) -> String {
    let mut hash = Sha256::new();
    for part in parts(name) {
        hash.update(part.metadata.sha256_hash());
    }
    let version: String =
        hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("/assets/{name}?v={version}")
}

/// Returns the path of the stylesheet in an account's colour.
pub fn style(accent: &Accent) -> String {
    let path = path(STYLE);
    if *accent == Accent::PINE { path } else { format!("{path}&brand={}", accent.digits()) }
}

/// Returns the colour that a path of the stylesheet names.
fn brand(request: &Request) -> Option<Accent> {
    let (_, digits) = request.original_uri().query()?.split_once("&brand=")?;
    Accent::parse(digits).filter(|accent| accent.digits() == digits)
}

/// Returns the end of the stylesheet in a colour.
fn tinted(accent: Accent) -> String {
    let on = accent.on();
    format!("@layer tokens {{ [data-brand] {{ --accent: {accent}; --accent-on: {on} }} }}\n")
}

fn page(name: &str, accent: Option<Accent>) -> Page {
    let content_type = match name {
        STYLE => "text/css; charset=utf-8",
        ICONS => "image/svg+xml",
        RULES => "application/speculationrules+json",
        _ => "text/javascript; charset=utf-8",
    };
    let mut content: Vec<u8> = parts(name).iter().flat_map(|part| &*part.data).copied().collect();
    if let Some(accent) = accent {
        content.extend(tinted(accent).as_bytes());
    }
    Page::new(content_type, &content, None)
}

/// Serves the assets at their paths, compressed once.
pub fn routes() -> Route {
    let names = Js::iter().chain([STYLE.into(), ICONS.into()]);
    names.fold(Route::new(), |route, name| {
        let place = format!("/{name}");
        let kept = (!cfg!(debug_assertions)).then(|| page(&name, None));
        let answer = make_sync(move |request: Request| {
            let accent = brand(&request).filter(|_| name == STYLE);
            let mut response = match (&kept, accent) {
                (Some(page), None) => page.answer(&request),
                _ => page(&name, accent).answer(&request),
            };
            let asked = request.original_uri().path_and_query();
            let current = accent.map_or_else(|| path(&name), |accent| style(&accent));
            if asked.is_some_and(|asked| *asked == *current) {
                let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
                response.headers_mut().insert(header::CACHE_CONTROL, forever);
            }
            response
        });
        route.at(place, get(answer))
    })
}

static ICONS_PATH: LazyLock<String> = LazyLock::new(|| path(ICONS));

/// An icon. It is decorative, since a word or a label is always next to it.
pub struct Icon(&'static str);

/// Returns the icon with this name.
pub const fn icon(name: &'static str) -> Icon {
    Icon(name)
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (file, name) = (&*ICONS_PATH, self.0);
        write!(f, r##"<svg class="icon" aria-hidden="true"><use href="{file}#{name}"/></svg>"##)
    }
}

impl HtmlSafe for Icon {}
