//! Portfolios: work that a freelancer shows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{
    error::{Error, Result},
    id::{AccountId, PortfolioItemId},
    input::{List, One, OrEmpty, Required, input},
    rule::Rule,
    text::{FreeText, Line, Name, ShortWord, Url},
};

/// The maximum number of pieces of work in a portfolio.
pub const ITEMS_MAX: i64 = 100;
/// The number of newest ones on the public profile.
pub const ITEMS_SHOWN: i64 = 24;
/// The maximum size of all texts of a piece of work in bytes.
const ITEM_BYTES_MAX: usize = 64 * 1024;
const IMAGES_MAX: usize = 20;
/// The maximum number of links of a piece of work.
pub const LINKS_MAX: usize = 20;

/// A piece of work in a portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortfolioItem {
    pub id: PortfolioItemId,
    pub account: AccountId,
    pub work: Work,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

input! {
    /// The description of a piece of work.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub new Work;

    /// A change of a piece of work.
    #[derive(Debug, Clone)]
    pub change WorkChange;

    title "title": Required<Name>,
    description "description": OrEmpty<FreeText>,
    technologies "technologies": OrEmpty<List<Line<50>, 30>> = "At most 30.",
    images "images": OrEmpty<List<Url, IMAGES_MAX>> = "URLs of images, at most 20.",
    links "links": OrEmpty<List<One<Link>, LINKS_MAX>> = "At most 20.",
}

input! {
    /// A link to a piece of work.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub part Link as "LinkInput", "A link to the work.";

    #[serde(rename = "type")]
    link_type "type": Required<ShortWord> = "A short word such as `live` or `github`.",
    url "url": Required<Url>,
}

impl Work {
    /// Refuses more text than a public page can hold.
    pub fn check_size(&self) -> Result<()> {
        let lists = [&self.technologies, &self.images].into_iter().flatten().map(String::len);
        let links = self.links.iter().map(|link| link.link_type.len() + link.url.len());
        let bytes = self.title.len() + self.description.len();
        match bytes + lists.sum::<usize>() + links.sum::<usize>() {
            0..=ITEM_BYTES_MAX => Ok(()),
            _ => Err(Error::field("description", Rule::TooLarge)),
        }
    }

    /// Adds a picture after the others, if there is room.
    pub fn add_picture(&mut self, url: String) -> Result<()> {
        if self.images.len() >= IMAGES_MAX {
            return Err(Error::conflict("error-portfolio-pictures-max").with("max", IMAGES_MAX));
        }
        self.images.push(url);
        Ok(())
    }
}

impl WorkChange {
    /// Returns the piece of work after the change.
    pub fn apply(self, current: Work) -> Work {
        Work {
            title: self.title.unwrap_or(current.title),
            description: self.description.apply(Some(current.description)).unwrap_or_default(),
            technologies: self.technologies.apply(Some(current.technologies)).unwrap_or_default(),
            images: self.images.apply(Some(current.images)).unwrap_or_default(),
            links: self.links.apply(Some(current.links)).unwrap_or_default(),
        }
    }
}

/// Refuses a piece of work beyond the maximum.
pub fn check_room(items: i64) -> Result<()> {
    if items < ITEMS_MAX {
        return Ok(());
    }
    Err(Error::conflict("error-portfolio-items-max").with("max", ITEMS_MAX))
}
