//! Navigation through a list: its pages, its order, and the links to it.

use std::fmt;

use askama::{Template, filters::HtmlSafe};
use poem::Request;

use crate::{domain::page::Listing, locale::Text, web::fields::Fields};

/// The available page sizes, the default first.
const SIZES: [u32; 2] = [25, 50];
/// Parameters that do not filter rows.
const VIEW: [&str; 3] = ["page", "pageSize", "sort"];

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
    previous: Option<String>,
    next: Option<String>,
    /// The page sizes to choose from, if the list is long enough.
    sizes: Vec<Size>,
}

/// A page size.
struct Size {
    rows: u32,
    href: String,
    is_current: bool,
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
        let size = |rows: u32| {
            let other = (rows != SIZES[0]).then(|| rows.to_string());
            let other = other.as_deref().map(|rows| ("pageSize", rows));
            Size {
                rows,
                href: link(request, &["page", "pageSize"], other),
                is_current: rows == page.size,
            }
        };
        let is_long = listing.total > SIZES[0].into();
        Self {
            first,
            last,
            total: listing.total,
            is_empty: listing.entries.is_empty(),
            is_of_nothing: listing.total == 0 && params(request, &VIEW).is_empty(),
            previous: (page.number > 1).then(|| at(page.number - 1)),
            next: (last < listing.total).then(|| at(page.number + 1)),
            sizes: SIZES.into_iter().filter(|_| is_long).map(size).collect(),
        }
    }
}

/// Returns the query of a list with the default page size, unless it names another.
pub fn sized(query: &Fields) -> Fields {
    query.clone().or_with("pageSize", &SIZES[0].to_string())
}

/// A column header that orders a list.
#[derive(Template)]
#[template(path = "pages/parts/column.html")]
pub struct Column {
    label: Text,
    href: String,
    /// The current order: `ascending` or `descending`; None if another column orders the list.
    order: Option<&'static str>,
}

impl HtmlSafe for Column {}

impl Column {
    /// Creates the header of the column `name`. `first` is its order when first selected.
    pub fn new(request: &Request, label: Text, name: &str, first: &str) -> Self {
        let down = format!("-{name}");
        let sort = Fields::of_query(request).get("sort").to_owned();
        let (order, next) = match &*sort {
            sort if sort == name => (Some("ascending"), &*down),
            sort if sort == down => (Some("descending"), name),
            _ => (None, first),
        };
        let href = link(request, &["page", "sort"], Some(("sort", next)));
        Self { label, href, order }
    }

    /// Returns the `aria-sort` attribute of its cell.
    pub fn sorted(&self) -> Sorted {
        Sorted(self.order)
    }
}

/// The `aria-sort` attribute of a column header.
pub struct Sorted(Option<&'static str>);

impl fmt::Display for Sorted {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.map_or(Ok(()), |order| write!(f, " aria-sort=\"{order}\""))
    }
}

impl HtmlSafe for Sorted {}

/// Returns a link to the requested list with `other` in place of the `replaced` parameters.
pub fn link(request: &Request, replaced: &[&str], other: Option<(&str, &str)>) -> String {
    let other = other.map(|(name, value)| (name, value.to_owned()));
    link_with(request, replaced, other.as_slice())
}

/// Returns a link to the requested list with these parameters in place of the `replaced` ones.
pub fn link_with(request: &Request, replaced: &[&str], others: &[(&str, String)]) -> String {
    let mut pairs = params(request, replaced);
    pairs.extend(others.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    address(request.original_uri().path(), pairs)
}

/// Returns a link to another page with the filters of the requested list.
pub fn link_to(request: &Request, path: &str) -> String {
    address(path, params(request, &["page", "pageSize"]))
}

fn address(path: &str, pairs: Vec<(String, String)>) -> String {
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{path}{mark}{query}")
}

/// Returns the parameters of the request except these.
fn params(request: &Request, but: &[&str]) -> Vec<(String, String)> {
    let mut pairs = request.params::<Vec<(String, String)>>().unwrap_or_default();
    pairs.retain(|(name, value)| !but.contains(&&**name) && !value.is_empty());
    pairs
}
