//! One field of a form: its label, its hint and its error.

use askama::{Template, filters::HtmlSafe};

use crate::domain::input::{Field, Shape};
use crate::locale::t;

/// The kind of a control.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kinds {
    #[default]
    Input,
    Lines,
    Choice,
    Tick,
    Picture,
}

/// One field with its label, its hint and its error.
#[derive(Default, Template)]
#[template(path = "pages/parts/control.html")]
pub struct Control {
    pub shape: Kinds,
    pub name: String,
    pub label: String,
    pub value: String,
    pub error: Option<String>,
    /// The list that is invalid as a whole, if this is its first field.
    pub list: Option<String>,
    /// The stored value, if something else was typed.
    pub stored: Option<String>,
    pub hint: String,
    /// The `type` of an input.
    pub kind: &'static str,
    pub is_required: bool,
    /// Whether this control never receives the focus.
    pub is_never_focused: bool,
    pub attributes: Vec<(&'static str, String)>,
    /// The options of a choice: values and their labels.
    pub options: Vec<(String, String)>,
}

impl HtmlSafe for Control {}

impl Control {
    /// Clears the typed value.
    pub(in crate::web) fn emptied(self) -> Self {
        Self { value: String::new(), stored: None, ..self }
    }

    /// Applies the limits of a field.
    pub(in crate::web) fn limited(mut self, field: Field) -> Self {
        self.is_required = field.is_filled && !matches!(self.shape, Kinds::Tick);
        let most = match field.shape {
            Shape::Text { max, .. } => max,
            Shape::Url => 2000,
            Shape::Username => 50,
            Shape::ShortWord => 30,
            Shape::Currency => 3,
            Shape::Country => 2,
            Shape::Email => {
                self.kind = "email";
                return self;
            }
            _ => return self,
        };
        match self.shape {
            Kinds::Input | Kinds::Lines => self.attribute("maxlength", most),
            _ => self,
        }
    }

    /// Sets the `type` of the input.
    #[must_use]
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    #[must_use]
    pub fn optional(mut self) -> Self {
        self.is_required = false;
        self
    }

    #[must_use]
    pub fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Adds a sentence below the label.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Adds an attribute; its name never comes from user input.
    #[must_use]
    pub fn attribute(mut self, name: &'static str, value: impl ToString) -> Self {
        if !self.attributes.iter().any(|(known, _)| *known == name) {
            self.attributes.push((name, value.to_string()));
        }
        self
    }

    #[must_use]
    pub fn autocomplete(self, value: &str) -> Self {
        self.attribute("autocomplete", value)
    }

    /// Adds a first choice that stands for none.
    #[must_use]
    pub fn or(mut self, none: impl Into<String>) -> Self {
        self.options.insert(0, (String::new(), none.into()));
        self
    }

    /// Adds an earlier choice, unless it is already offered.
    #[must_use]
    pub fn beside(mut self, value: impl ToString, shown: &str) -> Self {
        let value = value.to_string();
        if !self.options.iter().any(|(known, _)| *known == value) {
            self.options.push((value, shown.to_owned()));
        }
        self
    }

    /// Focuses this control, unless another field is invalid.
    #[must_use]
    pub fn focused(self) -> Self {
        if self.is_never_focused { self } else { self.attribute("autofocus", "") }
    }

    /// Whether the typed value is invalid.
    pub(in crate::web) fn is_wrong(&self) -> bool {
        self.error.is_some() || self.list.is_some()
    }

    /// Returns the stored value in its displayed form.
    pub(in crate::web) fn stored_text(&self) -> Option<String> {
        let stored = self.stored.as_deref()?;
        let chosen = self.options.iter().find(|(value, _)| value == stored);
        Some(match (self.shape, chosen) {
            (Kinds::Choice, Some((_, shown))) => shown.clone(),
            (Kinds::Tick, _) if matches!(stored, "on" | "true") => t("ticked").into(),
            (Kinds::Tick, _) => t("not-ticked").into(),
            _ if stored.trim().is_empty() => t("nothing").into(),
            _ => stored.to_owned(),
        })
    }

    /// Returns the ids of the elements that describe the control.
    pub(in crate::web) fn describes(&self) -> String {
        let own = |is_there: bool, end: &str| is_there.then(|| format!("f-{}-{end}", self.name));
        // A script reports picture errors here.
        let ids = [
            own(!self.hint.is_empty(), "hint"),
            own(self.stored.is_some(), "stored"),
            own(self.error.is_some(), "error"),
            self.list.as_ref().map(|list| format!("f-{list}-error")),
        ];
        ids.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}
