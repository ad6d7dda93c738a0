//! Stylesheet, icons and scripts: embedded in the program, named by their hash so that browsers cache them
//! until they change. A debug build reads them from disk each time.

use std::{fmt, sync::LazyLock};

use askama::filters::HtmlSafe;
use poem::{
    Request, Response, Route,
    endpoint::make_sync,
    get,
    http::{HeaderValue, StatusCode, header},
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
/// The stylesheet of a colour. Browsers keep it: its content follows from its address.
const BRAND: &str = "brand.css";
/// All icons in one file.
const ICONS: &str = "icons.svg";
/// The script of all pages. That of a page begins with it, so that a page loads one file.
const SCRIPT: &str = "app.js";
/// The script that the others load when it is needed.
const LATER: &str = "palette.js";
/// What a browser may fetch while a reader points at its link: pages that change nothing and count
/// no visit.
pub const RULES: &str = "prefetch.json";

const CSS: &str = "text/css; charset=utf-8";
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Returns the files of an asset in order; empty if there is no such asset.
fn parts(name: &str) -> Vec<EmbeddedFile> {
    match name {
        STYLE => {
            let others = Css::iter().filter(|part| part != FIRST_PART);
            let parts = std::iter::once(FIRST_PART.into()).chain(others);
            parts.filter_map(|part| Css::get(&part)).collect()
        }
        ICONS => Icons::get(ICONS).into_iter().collect(),
        SCRIPT | LATER | RULES => Js::get(name).into_iter().collect(),
        script => [SCRIPT, script].into_iter().filter_map(Js::get).collect(),
    }
}

/// Returns the content of an asset. Scripts in one file know nothing of each other.
fn content(name: &str) -> Vec<u8> {
    let parts = parts(name);
    let (before, after): (&[u8], &[u8]) = match name {
        STYLE | ICONS | SCRIPT | LATER | RULES => (b"", b""),
        _ => (b"{\n", b"}\n"),
    };
    let content = parts.iter().flat_map(|part| [before, &bare(&part.data), after].concat());
    if name == STYLE { tight(content.collect()) } else { content.collect() }
}

/// Returns a stylesheet without unnecessary spaces. Its strings must not contain any.
fn tight(style: Vec<u8>) -> Vec<u8> {
    let spaced = [(" {", "{"), ("{ ", "{"), (" }", "}"), ("; ", ";"), (": ", ":"), (", ", ",")];
    let style = String::from_utf8_lossy(&style).into_owned();
    spaced.iter().fold(style, |style, (from, to)| style.replace(from, to)).into_bytes()
}

/// Returns an asset without indentation and without the lines that are comments.
fn bare(asset: &[u8]) -> Vec<u8> {
    let lines = asset.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let is_comment =
        |line: &[u8]| line.starts_with(b"//") || line.starts_with(b"/*") && line.ends_with(b"*/");
    let lines = lines.filter(|line| !line.is_empty() && !is_comment(line));
    lines.flat_map(|line| [line, &b"\n"[..]].concat()).collect()
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

/// Returns the links to the stylesheets of a page in a colour.
pub const fn styles(accent: &Accent) -> Styles {
    Styles(*accent)
}

/// The links to the stylesheets of a page: the one of all pages, and a tiny one with the colour. So
/// the large one is compressed once, and a browser keeps it for every colour.
pub struct Styles(Accent);

impl fmt::Display for Styles {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (style, accent) = (path(STYLE), self.0);
        write!(f, "<link rel=\"stylesheet\" href=\"{style}\">")?;
        if accent == Accent::PINE {
            return Ok(());
        }
        write!(f, "<link rel=\"stylesheet\" href=\"/assets/{BRAND}?{}\">", accent.digits())
    }
}

impl HtmlSafe for Styles {}

/// Returns the stylesheet with the colour that the query names.
fn brand(request: &Request) -> Response {
    let digits = request.original_uri().query().unwrap_or_default();
    match Accent::parse(digits).filter(|accent| accent.digits() == digits) {
        None => StatusCode::NOT_FOUND.into(),
        Some(accent) => {
            let on = accent.on();
            Response::builder().content_type(CSS).header(header::CACHE_CONTROL, FOREVER).body(
                format!(
                    "@layer tokens {{ [data-brand] {{ --accent: {accent}; --accent-on: {on} }} }}\n"
                ),
            )
        }
    }
}

fn page(name: &str) -> Page {
    let content_type = match name {
        STYLE => CSS,
        ICONS => "image/svg+xml",
        RULES => "application/speculationrules+json",
        _ => "text/javascript; charset=utf-8",
    };
    let content = content(name);
    Page::new(content_type, &content, None)
}

/// Serves the assets at their paths, compressed once.
pub fn routes() -> Route {
    let names = Js::iter().chain([STYLE.into(), ICONS.into()]);
    let route = Route::new().at(format!("/{BRAND}"), get(make_sync(|request| brand(&request))));
    names.fold(route, |route, name| {
        let place = format!("/{name}");
        let kept = (!cfg!(debug_assertions)).then(|| page(&name));
        let answer = make_sync(move |request: Request| {
            let mut response = match &kept {
                Some(page) => page.answer(&request),
                None => page(&name).answer(&request),
            };
            let asked = request.original_uri().path_and_query();
            if asked.is_some_and(|asked| *asked == *path(&name)) {
                let forever = HeaderValue::from_static(FOREVER);
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
