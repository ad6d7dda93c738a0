//! The available colours, as part of a form.

use askama::{Template, filters::HtmlSafe};

use crate::{
    domain::accent::Accent,
    locale::{Text, t},
    web::{fields::Fields, form::Form},
};

/// The colours, by their names in the stylesheet.
const SWATCHES: [(&str, &str, Text); 7] = [
    ("pine", "#0b5c46", t("color-pine")),
    ("laterite", "#b5411c", t("color-laterite")),
    ("indigo", "#3c3f9f", t("color-indigo")),
    ("plum", "#7a2e62", t("color-plum")),
    ("ocean", "#14638f", t("color-ocean")),
    ("sun", "#f0b429", t("color-sun")),
    ("ink", "#1d2521", t("color-ink")),
];

#[derive(Template)]
#[template(path = "pages/parts/swatches.html")]
pub struct Swatches {
    all: [(&'static str, &'static str, Text); 7],
    picked: String,
}

impl HtmlSafe for Swatches {}

impl Swatches {
    fn is_picked(&self, value: &str) -> bool {
        self.picked.eq_ignore_ascii_case(value)
    }
}

/// Returns the swatches of a form.
pub fn swatches(form: &Form) -> Swatches {
    let picked = [form.value("swatch"), form.value("accent")];
    let picked = picked.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
    Swatches { all: SWATCHES, picked: picked.to_owned() }
}

/// Uses the selected swatch as the colour, unless a colour other than the `saved` one was typed.
pub fn chosen(fields: Fields, saved: Accent) -> Fields {
    let (picked, typed) = (fields.get("swatch").to_owned(), fields.get("accent"));
    let is_kept = typed.is_empty() || Accent::parse(typed) == Some(saved);
    if is_kept && Accent::parse(&picked).is_some() {
        return fields.replaced("accent", &picked);
    }
    fields
}
