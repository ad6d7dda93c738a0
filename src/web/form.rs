//! Forms as they are shown: what was typed, and what is wrong with it.

use askama::{Template, filters::HtmlSafe};

use super::{fields::Fields, say::say};
use crate::domain::{
    error::{Error, Kind, Result},
    rule::FieldError,
};

/// A form on its way to a page.
#[derive(Debug, Clone, Default)]
pub struct Form {
    pub fields: Fields,
    errors: Vec<FieldError>,
    /// What is wrong with all of it.
    alert: Option<String>,
    /// Shows that the form was ours; see [`super::visit::Visit`].
    token: String,
    /// Tells one filling-in from another, so that sending it twice counts once.
    once: String,
}

impl Form {
    /// A form with what is known already.
    pub fn new(fields: Fields) -> Self {
        Self { fields, ..Self::default() }
    }

    /// The form again, with what was wrong. A failure that no form can mend stays one.
    pub fn refused(fields: Fields, error: Error) -> Result<Self> {
        let form = Self::new(fields);
        match error.kind() {
            Kind::Invalid(errors) => Ok(Self { errors: errors.clone(), ..form }),
            Kind::Conflict | Kind::TooMany(_) | Kind::Unavailable { .. } | Kind::Unwritable => {
                Ok(Self { alert: Some(format!("{}.", error.message())), ..form })
            }
            _ => Err(error),
        }
    }

    /// The same form with a sentence above it.
    #[must_use]
    pub fn alerted(mut self, alert: impl Into<String>) -> Self {
        self.alert = Some(alert.into());
        self
    }

    /// The same form with something in a field.
    #[must_use]
    pub fn with_some(mut self, name: &str, value: Option<impl ToString>) -> Self {
        self.fields = self.fields.with_some(name, value);
        self
    }

    /// The same form with the marks that a signed-in reader's forms carry.
    #[must_use]
    pub fn marked(mut self, token: &str, once: String) -> Self {
        token.clone_into(&mut self.token);
        self.once = once;
        self
    }

    /// Whether anything is wrong.
    pub fn is_refused(&self) -> bool {
        self.alert.is_some() || !self.errors.is_empty()
    }

    pub fn value(&self, name: &str) -> &str {
        self.fields.get(name)
    }

    /// What is wrong with a field, or with an entry of it. A field of a row is named as it is in
    /// the form: `items.0.rate`.
    pub fn error(&self, name: &str) -> Option<String> {
        let is_of = |field: &str| {
            field.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
                || field.replace('[', ".").replace(']', "") == name
        };
        self.errors.iter().find(|error| is_of(&error.field)).map(|error| say(&error.rule))
    }

    /// What is wrong with a list as a whole, not with one of its entries.
    pub fn list_error(&self, name: &str) -> Option<String> {
        self.errors.iter().find(|error| error.field == name).map(|error| say(&error.rule))
    }

    /// What stands at the head of the form: its marks, and what is wrong with all of it.
    pub fn head(&self) -> Head<'_> {
        Head { form: self, count: self.errors.len() }
    }

    /// A line of text.
    pub fn text(&self, name: &str, label: &str) -> Control {
        self.control(Kinds::Input, name, label)
    }

    /// An amount, a rate, a quantity.
    pub fn number(&self, name: &str, label: &str) -> Control {
        self.text(name, label).attribute("inputmode", "decimal").attribute("autocomplete", "off")
    }

    /// A password; what was typed is not shown again.
    pub fn password(&self, name: &str, label: &str) -> Control {
        let control = self.text(name, label).kind("password");
        Control { value: String::new(), ..control }
    }

    /// A day.
    pub fn date(&self, name: &str, label: &str) -> Control {
        self.text(name, label).kind("date")
    }

    /// Several lines of text.
    pub fn lines(&self, name: &str, label: &str) -> Control {
        self.control(Kinds::Lines, name, label)
    }

    /// One of a list.
    pub fn choice(&self, name: &str, label: &str, options: Vec<(String, String)>) -> Control {
        Control { options, ..self.control(Kinds::Choice, name, label) }
    }

    /// A box to tick.
    pub fn tick(&self, name: &str, label: &str) -> Control {
        self.control(Kinds::Tick, name, label)
    }

    fn control(&self, shape: Kinds, name: &str, label: &str) -> Control {
        Control {
            shape,
            name: name.to_owned(),
            label: label.to_owned(),
            value: self.value(name).to_owned(),
            error: self.error(name),
            hint: String::new(),
            kind: "text",
            is_required: false,
            attributes: Vec::new(),
            options: Vec::new(),
        }
    }
}

/// What kind of field a control is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinds {
    Input,
    Lines,
    Choice,
    Tick,
}

/// One field with its label, its hint, and what is wrong with it.
#[derive(Template)]
#[template(path = "pages/parts/control.html")]
pub struct Control {
    shape: Kinds,
    name: String,
    label: String,
    value: String,
    error: Option<String>,
    hint: String,
    kind: &'static str,
    is_required: bool,
    attributes: Vec<(&'static str, String)>,
    options: Vec<(String, String)>,
}

impl HtmlSafe for Control {}

impl Control {
    /// The `type` of its input.
    #[must_use]
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    #[must_use]
    pub fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// A sentence below the label.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Any further attribute; its name is never what somebody typed.
    #[must_use]
    pub fn attribute(mut self, name: &'static str, value: impl ToString) -> Self {
        self.attributes.push((name, value.to_string()));
        self
    }

    #[must_use]
    pub fn autocomplete(self, value: &str) -> Self {
        self.attribute("autocomplete", value)
    }

    /// A choice before the others that means none of them.
    #[must_use]
    pub fn or(mut self, none: &str) -> Self {
        self.options.insert(0, (String::new(), none.to_owned()));
        self
    }

    /// A choice beside the others, unless it is one of them: what was chosen before.
    #[must_use]
    pub fn beside(mut self, value: impl ToString, shown: &str) -> Self {
        let value = value.to_string();
        if !self.options.iter().any(|(known, _)| *known == value) {
            self.options.push((value, shown.to_owned()));
        }
        self
    }

    /// Where the reader begins to type.
    #[must_use]
    pub fn focused(self) -> Self {
        self.attribute("autofocus", "")
    }

    fn describes(&self) -> String {
        let hint = if self.hint.is_empty() { "" } else { "-hint" };
        let error = if self.error.is_some() { "-error" } else { "" };
        let ids = [hint, error].into_iter().filter(|end| !end.is_empty());
        ids.map(|end| format!("f-{}{end}", self.name)).collect::<Vec<_>>().join(" ")
    }
}

/// The head of a form.
#[derive(Template)]
#[template(path = "pages/parts/form_head.html")]
pub struct Head<'a> {
    form: &'a Form,
    count: usize,
}

impl HtmlSafe for Head<'_> {}
