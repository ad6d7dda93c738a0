//! What stands around the form of one thing: where the reader is, and the ways on and back.

/// The words and ways of a page that extends `pages/edit.html`.
#[derive(Debug)]
pub struct Editing {
    pub title: String,
    pub heading: String,
    /// The page above.
    pub back: String,
    pub above: String,
    pub action: String,
    pub save: String,
}

impl Editing {
    /// Of a new entry of the list at `list`, which is called `above`.
    pub fn new(list: &str, above: &str, heading: &str, save: &str) -> Self {
        Self {
            title: heading.to_owned(),
            heading: heading.to_owned(),
            back: list.to_owned(),
            above: above.to_owned(),
            action: list.to_owned(),
            save: save.to_owned(),
        }
    }

    /// Of a thing of this kind, whose page is at `place` and is called `above`.
    pub fn of(kind: &str, place: &str, above: &str) -> Self {
        Self {
            title: format!("Change a {kind}"),
            heading: format!("Change the {kind}"),
            back: place.to_owned(),
            above: above.to_owned(),
            action: format!("{place}/edit"),
            save: "Save the changes".to_owned(),
        }
    }

    /// The same within another page, which is called `above`.
    #[must_use]
    pub fn within(self, back: &str, above: &str) -> Self {
        Self { back: back.to_owned(), above: above.to_owned(), ..self }
    }
}
