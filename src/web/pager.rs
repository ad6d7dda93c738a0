//! The way through a list that has more than one page.

use askama::{Template, filters::HtmlSafe};
use poem::Request;

use crate::domain::page::Listing;

/// Where one is in a list, and the ways on.
#[derive(Template)]
#[template(path = "pages/parts/pager.html")]
pub struct Pager {
    first: u64,
    last: u64,
    total: u64,
    newer: Option<String>,
    older: Option<String>,
}

impl HtmlSafe for Pager {}

impl Pager {
    /// Of a list that this request asked for; its other parameters stay as they are.
    pub fn new<T>(request: &Request, listing: &Listing<T>) -> Self {
        let page = listing.page;
        let before = u64::from(page.number - 1) * u64::from(page.size);
        let last = before + listing.entries.len() as u64;
        let first = if listing.entries.is_empty() { last } else { before + 1 };
        let at = |number: u32| {
            let params = request.params::<Vec<(String, String)>>().unwrap_or_default();
            let kept =
                params.into_iter().filter(|(name, value)| name != "page" && !value.is_empty());
            let pairs: Vec<(String, String)> =
                kept.chain([("page".to_owned(), number.to_string())]).collect();
            let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
            format!("{}?{query}", request.original_uri().path())
        };
        Self {
            first,
            last,
            total: listing.total,
            newer: (page.number > 1).then(|| at(page.number - 1)),
            older: (last < listing.total).then(|| at(page.number + 1)),
        }
    }
}
