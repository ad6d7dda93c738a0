//! A piece of work as displayed.

use crate::domain::{
    id::ImageId,
    image,
    portfolio::{Link, PortfolioItem},
};

/// A piece of work with its pictures: stored ones are shown, external ones are links, since pages
/// load nothing external.
pub struct ShownWork {
    pub item: PortfolioItem,
    pub pictures: Vec<Picture>,
    pub elsewhere: Vec<Place>,
    pub links: Vec<Place>,
}

/// A stored picture.
pub struct Picture {
    pub id: ImageId,
    /// The stored address.
    pub url: String,
}

/// An external address.
pub struct Place {
    /// The type of the linked content.
    pub kind: String,
    pub host: String,
    pub url: String,
}

impl Place {
    fn new(kind: &str, url: String) -> Self {
        Self { kind: kind.to_owned(), host: host(&url).to_owned(), url }
    }
}

impl ShownWork {
    /// Returns the target of a form on its page.
    pub fn action(&self, verb: &str) -> String {
        format!("/profile/portfolio/{}/{verb}", self.item.id)
    }

    pub fn new(mut item: PortfolioItem) -> Self {
        let (mut pictures, mut elsewhere) = (Vec::new(), Vec::new());
        for url in std::mem::take(&mut item.work.images) {
            match image::of_url(&url) {
                Some(id) => pictures.push(Picture { id, url }),
                None => elsewhere.push(Place::new("picture", url)),
            }
        }
        let links = std::mem::take(&mut item.work.links);
        let links = links.into_iter().map(|Link { link_type, url }| Place::new(&link_type, url));
        Self { links: links.collect(), item, pictures, elsewhere }
    }
}

/// Returns the host of an address.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_by_its_host() {
        for (url, expected) in [
            ("https://www.example.com/a?b#c", "example.com"),
            ("http://example.com:8080", "example.com:8080"),
            ("https://example.com?x=/", "example.com"),
        ] {
            assert_eq!(host(url), expected);
        }
    }
}
