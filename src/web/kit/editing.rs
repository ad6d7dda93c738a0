//! The frame of an edit form: heading, links back, and buttons.

use crate::locale::{Text, t};

/// The texts and links of a page that extends `pages/edit.html`.
#[derive(Debug)]
pub struct Editing {
    pub heading: String,
    /// The parent page.
    pub back: String,
    pub above: String,
    pub action: String,
    pub save: String,
}

impl Editing {
    /// For a new entry of the list at `list` with the title `above`.
    pub fn new(list: &str, above: Text, heading: Text, save: Text) -> Self {
        Self {
            heading: heading.into(),
            back: list.to_owned(),
            above: above.into(),
            action: list.to_owned(),
            save: save.into(),
        }
    }

    /// For an object whose page is at `place` and has the title `above`.
    pub fn of(heading: Text, place: &str, above: &str) -> Self {
        Self {
            heading: heading.into(),
            back: place.to_owned(),
            above: above.to_owned(),
            action: format!("{place}/edit"),
            save: t("save-changes").into(),
        }
    }

    /// The same, under another page with the title `above`.
    #[must_use]
    pub fn within(self, back: &str, above: &str) -> Self {
        Self { back: back.to_owned(), above: above.to_owned(), ..self }
    }
}
