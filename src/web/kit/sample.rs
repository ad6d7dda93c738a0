//! A sample of a first invoice, next to sign-in and registration.

use askama::{Template, filters::HtmlSafe};

use crate::locale::t;

/// A sample invoice; decoration.
#[derive(Template)]
#[template(path = "pages/parts/sample.html")]
pub struct Sample {
    name: String,
}

impl HtmlSafe for Sample {}

impl Sample {
    /// Returns the sample of a business; empty for one that has no name yet.
    pub fn of(name: &str) -> Self {
        let name = if name.is_empty() { t("your-business").into() } else { name.to_owned() };
        Self { name }
    }
}
