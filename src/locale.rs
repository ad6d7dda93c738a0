//! User-visible texts. Pages, emails and documents refer to a text by its key. The texts are in
//! `assets/locales`, written in [Fluent](https://projectfluent.org).

use std::{fmt, sync::LazyLock};

use askama::filters::{Escaper, Html as Escape, HtmlSafe};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use rust_embed::Embed;
use unic_langid::LanguageIdentifier;

#[derive(Embed)]
#[folder = "assets/locales/en"]
struct English;

static CATALOGUE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| {
    let mut bundle = FluentBundle::new_concurrent(vec![english()]);
    // Pages mark the direction of typed text with <bdi>.
    bundle.set_use_isolating(false);
    for file in English::iter() {
        let Some(content) = English::get(&file) else { continue };
        let source = String::from_utf8_lossy(&content.data).into_owned();
        let resource = FluentResource::try_new(source).unwrap_or_else(|(resource, errors)| {
            debug_assert!(errors.is_empty(), "{file}: {errors:?}");
            resource
        });
        let added = bundle.add_resource(resource);
        debug_assert!(added.is_ok(), "{file}: {added:?}");
    }
    bundle
});

fn english() -> LanguageIdentifier {
    LanguageIdentifier::from_bytes(b"en").unwrap_or_default()
}

/// A text of the catalogue and its values. It is looked up when it is displayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    key: &'static str,
    values: Vec<(&'static str, Value)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    /// Chooses between singular and plural.
    Count(i64),
}

/// Returns the text with this key.
pub const fn t(key: &'static str) -> Text {
    Text { key, values: Vec::new() }
}

impl Text {
    /// Inserts a value into the text.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.push((name, Value::Text(value.to_string())));
        self
    }

    /// Inserts a number that chooses between singular and plural.
    #[must_use]
    pub fn count(mut self, name: &'static str, count: impl ToString) -> Self {
        // Every count in this program fits; any other would only select the plural.
        let count = count.to_string().parse().unwrap_or(i64::MAX);
        self.values.push((name, Value::Count(count)));
        self
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let message = CATALOGUE.get_message(self.key).and_then(|message| message.value());
        let Some(pattern) = message else {
            debug_assert!(false, "the catalogue has no text {}", self.key);
            return f.write_str(self.key);
        };
        let mut values = FluentArgs::with_capacity(self.values.len());
        for (name, value) in &self.values {
            values.set(
                *name,
                match value {
                    Value::Text(text) => FluentValue::from(text.as_str()),
                    Value::Count(count) => FluentValue::from(*count),
                },
            );
        }
        let mut errors = Vec::new();
        let text = CATALOGUE.format_pattern(pattern, Some(&values), &mut errors);
        debug_assert!(errors.is_empty(), "{}: {errors:?}", self.key);
        f.write_str(&text)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.to_string()
    }
}

/// A text of the catalogue as HTML: its own markup stays, values are escaped.
#[derive(Debug, Clone)]
pub struct Html(Text);

/// Returns the text with this key as HTML.
pub fn html(key: &'static str) -> Html {
    Html(t(key))
}

impl Html {
    /// Inserts a value into the text.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl fmt::Display) -> Self {
        Self(self.0.with(name, escaped(value)))
    }

    /// Inserts a value that may run in another direction, such as a name.
    #[must_use]
    pub fn bdi(self, name: &'static str, value: impl fmt::Display) -> Self {
        Self(self.0.with(name, format!("<bdi>{}</bdi>", escaped(value))))
    }

    /// Inserts a value in bold.
    #[must_use]
    pub fn strong(self, name: &'static str, value: impl fmt::Display) -> Self {
        Self(self.0.with(name, format!("<strong><bdi>{}</bdi></strong>", escaped(value))))
    }

    /// Inserts a number that chooses between singular and plural.
    #[must_use]
    pub fn count(self, name: &'static str, count: impl ToString) -> Self {
        Self(self.0.count(name, count))
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl HtmlSafe for Html {}

fn escaped(value: impl fmt::Display) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = Escape.write_escaped_str(&mut text, &value.to_string());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_inserted_and_counts_select_the_plural() {
        assert_eq!(t("save").to_string(), "Save");
        assert_eq!(
            t("client-list-no-clients-match").with("search", "007").to_string(),
            "No clients match “007”."
        );
        let images = |count: usize| t("count-images").count("count", count).to_string();
        assert_eq!((images(1), images(2)), ("1 image".to_owned(), "2 images".to_owned()));
    }

    #[test]
    fn html_keeps_the_markup_of_the_text_and_escapes_values() {
        let shown = html("settings-two-factor-or-enter-key-html").with("key", "<A&B>").to_string();
        assert_eq!(shown, "Or enter this key: <code>&#60;A&#38;B&#62;</code>");
        let shown = html("message-show-delete-message-from-cant").strong("name", "<i>").to_string();
        assert!(shown.contains("<strong><bdi>&#60;i&#62;</bdi></strong>"), "{shown}");
    }
}
