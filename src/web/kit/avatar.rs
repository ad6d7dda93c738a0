//! A person's picture, or initials without one.

use askama::{Template, filters::HtmlSafe};

use crate::domain::{account::Account, id::ImageId, image};

/// A person's round picture.
#[derive(Template)]
#[template(path = "pages/parts/face.html")]
pub struct Avatar {
    /// None if there is no picture, or an external one: pages load nothing external.
    pub picture: Option<ImageId>,
    initials: String,
}

impl HtmlSafe for Avatar {}

impl Avatar {
    pub fn of(account: &Account) -> Self {
        Self {
            picture: account.avatar.as_deref().and_then(image::of_url),
            initials: initials(&account.name()),
        }
    }
}

/// Returns the initial shown in place of a business's logo.
pub fn initial(name: &str) -> String {
    let first = name.chars().find(|c| c.is_alphanumeric());
    first.into_iter().flat_map(char::to_uppercase).collect()
}

/// Returns the initials of the first two words of a name.
pub fn initials(name: &str) -> String {
    let words = name.split_whitespace().take(2);
    words.filter_map(|word| word.chars().next()).flat_map(char::to_uppercase).collect()
}
