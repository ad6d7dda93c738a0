//! Who somebody is at a glance: the picture, or initials where there is none of ours.

use askama::{Template, filters::HtmlSafe};

use crate::domain::{account::Account, id::ImageId, image};

/// A round picture of a person.
#[derive(Template)]
#[template(path = "pages/parts/face.html")]
pub struct Avatar {
    /// None where there is no picture, or one of elsewhere: pages load nothing from there.
    pub picture: Option<ImageId>,
    initials: String,
}

impl HtmlSafe for Avatar {}

impl Avatar {
    pub fn of(account: &Account) -> Self {
        let names = [&account.first_name, &account.last_name];
        let initials = names.iter().filter_map(|name| name.chars().next());
        Self {
            picture: account.avatar.as_deref().and_then(image::of_url),
            initials: initials.flat_map(char::to_uppercase).collect(),
        }
    }
}
