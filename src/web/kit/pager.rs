//! Navigation through a list with more than one page.

use askama::{Template, filters::HtmlSafe};
use poem::Request;

use crate::domain::page::Listing;

/// The position in a list, and its links.
#[derive(Template)]
#[template(path = "pages/parts/pager.html")]
pub struct Pager {
    first: u64,
    last: u64,
    total: u64,
    /// Whether this page of the list is empty.
    pub is_empty: bool,
    /// Whether the unfiltered list is empty.
    pub is_of_nothing: bool,
    newer: Option<String>,
    older: Option<String>,
}

impl HtmlSafe for Pager {}

impl Pager {
    /// Creates the pager of the requested list; its other parameters stay.
    pub fn new<T>(request: &Request, listing: &Listing<T>) -> Self {
        let page = listing.page;
        let before = u64::from(page.number - 1) * u64::from(page.size);
        let last = before + listing.entries.len() as u64;
        let first = if listing.entries.is_empty() { last } else { before + 1 };
        let at = |number: u32| link(request, &["page"], Some(("page", &number.to_string())));
        Self {
            first,
            last,
            total: listing.total,
            is_empty: listing.entries.is_empty(),
            is_of_nothing: listing.total == 0 && params(request, &["page"]).is_empty(),
            newer: (page.number > 1).then(|| at(page.number - 1)),
            older: (last < listing.total).then(|| at(page.number + 1)),
        }
    }
}

/// Returns a link to the requested list with `other` in place of the `replaced` parameters.
pub fn link(request: &Request, replaced: &[&str], other: Option<(&str, &str)>) -> String {
    let mut pairs = params(request, replaced);
    pairs.extend(other.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{}{mark}{query}", request.original_uri().path())
}

/// Returns the parameters of the request except these.
fn params(request: &Request, but: &[&str]) -> Vec<(String, String)> {
    let mut pairs = request.params::<Vec<(String, String)>>().unwrap_or_default();
    pairs.retain(|(name, value)| !but.contains(&&**name) && !value.is_empty());
    pairs
}
