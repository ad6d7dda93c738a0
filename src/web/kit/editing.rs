//! What stands around the form of one thing: where the reader is, and the ways on and back.

use crate::locale::{Text, t};

/// The words and ways of a page that extends `pages/edit.html`.
#[derive(Debug)]
pub struct Editing {
    pub heading: String,
    /// The page above.
    pub back: String,
    pub above: String,
    pub action: String,
    pub save: String,
}

impl Editing {
    /// Of a new entry of the list at `list`, which is called `above`.
    pub fn new(list: &str, above: Text, heading: Text, save: Text) -> Self {
        Self {
            heading: heading.into(),
            back: list.to_owned(),
            above: above.into(),
            action: list.to_owned(),
            save: save.into(),
        }
    }

    /// Of a thing whose page is at `place` and is called `above`.
    pub fn of(heading: Text, place: &str, above: &str) -> Self {
        Self {
            heading: heading.into(),
            back: place.to_owned(),
            above: above.to_owned(),
            action: format!("{place}/edit"),
            save: t("save-changes").into(),
        }
    }

    /// The same within another page, which is called `above`.
    #[must_use]
    pub fn within(self, back: &str, above: &str) -> Self {
        Self { back: back.to_owned(), above: above.to_owned(), ..self }
    }
}
