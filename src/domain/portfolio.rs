//! Portfolios: pieces of work that a freelancer shows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    error::{Error, Result},
    form::{Form, Object, Read},
    id::{AccountId, PortfolioItemId},
    patch::Patch,
    rule::Rule,
    text,
};

/// How many pieces of work a portfolio has at most.
pub const ITEMS_MAX: i64 = 100;
/// Of how many the newest stand in the public profile.
pub const ITEMS_SHOWN: i64 = 24;
/// Bytes of all texts of a piece of work.
const ITEM_BYTES_MAX: usize = 64 * 1024;
const TECHNOLOGIES_MAX: usize = 30;
/// Longest name of a technology, in characters.
const TECHNOLOGY_MAX: usize = 50;
const IMAGES_MAX: usize = 20;
/// How many links a piece of work has at most.
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

/// What is told of a piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    pub title: String,
    pub description: String,
    pub technologies: Vec<String>,
    /// Addresses of images.
    pub images: Vec<String>,
    pub links: Vec<Link>,
}

/// Where a piece of work can be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// A short word: `live`, `github`.
    #[serde(rename = "type")]
    pub link_type: String,
    pub url: String,
}

impl Link {
    fn read(form: &mut Form) -> Read<Self> {
        let link_type = form.required("type", text::short_word);
        let url = form.required("url", text::url);
        Ok(Self { link_type: link_type?, url: url? })
    }
}

impl Work {
    /// Refuses more text than a page of everybody's can carry.
    pub fn check_size(&self) -> Result<()> {
        let lists = [&self.technologies, &self.images].into_iter().flatten().map(String::len);
        let links = self.links.iter().map(|link| link.link_type.len() + link.url.len());
        let bytes = self.title.len() + self.description.len();
        match bytes + lists.sum::<usize>() + links.sum::<usize>() {
            0..=ITEM_BYTES_MAX => Ok(()),
            _ => Err(Error::field("description", Rule::TooLarge)),
        }
    }

    /// Adds a picture behind the others, while there is room.
    pub fn add_picture(&mut self, url: String) -> Result<()> {
        if self.images.len() >= IMAGES_MAX {
            return Err(Error::conflict(format!(
                "A piece of work has at most {IMAGES_MAX} pictures; remove one first"
            )));
        }
        self.images.push(url);
        Ok(())
    }

    /// Reads a new piece of work: `title` at least.
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let title = form.required("title", text::line(text::NAME_MAX));
            let description = form.optional("description", text::free(text::FREE_MAX));
            let technologies = read_technologies(form);
            let images = form.list("images", IMAGES_MAX, text::url);
            let links = form.objects("links", LINKS_MAX, Link::read);
            Ok(Self {
                title: title?,
                description: description?.unwrap_or_default(),
                technologies: technologies?.unwrap_or_default(),
                images: images?.unwrap_or_default(),
                links: links?.unwrap_or_default(),
            })
        })
    }
}

/// A change of a piece of work.
#[derive(Debug, Clone)]
pub struct WorkChange {
    title: Option<String>,
    description: Patch<String>,
    technologies: Patch<Vec<String>>,
    images: Patch<Vec<String>>,
    links: Patch<Vec<Link>>,
}

impl WorkChange {
    pub fn read(object: &Object) -> Result<Self> {
        Form::read(object, |form| {
            let title = form.change("title", text::line(text::NAME_MAX));
            let description = form.patch("description", text::free(text::FREE_MAX));
            let technologies = read_technologies(form);
            let images = form.list("images", IMAGES_MAX, text::url);
            let links = form.objects("links", LINKS_MAX, Link::read);
            Ok(Self {
                title: title?,
                description: description?,
                technologies: form.patched("technologies", technologies)?,
                images: form.patched("images", images)?,
                links: form.patched("links", links)?,
            })
        })
    }

    /// The piece of work after the change.
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

fn read_technologies(form: &mut Form) -> Read<Option<Vec<String>>> {
    form.list("technologies", TECHNOLOGIES_MAX, text::line(TECHNOLOGY_MAX))
}

/// Refuses one more piece of work than a portfolio can have.
pub fn check_room(items: i64) -> Result<()> {
    if items < ITEMS_MAX {
        return Ok(());
    }
    Err(Error::conflict(format!("A portfolio has at most {ITEMS_MAX} items; delete one first")))
}
