//! Displayed forms: the typed values, their errors, and the stored values if someone else has
//! changed them meanwhile.

use std::{
    str::FromStr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use askama::{Template, filters::HtmlSafe};
use rust_decimal::Decimal;

pub use crate::web::control::Control;
use crate::{
    domain::{
        error::{Error, Kind, Result},
        input::{Field, Input, Shape},
        number_format::{NumberFormat, Unread},
        rule::{FieldError, Rule},
    },
    locale::{Text, t},
    web::{
        control::Kinds,
        fields::{Fields, VERSION},
        say::{number_wanted, say, sentence},
    },
};

/// A form to be displayed.
#[derive(Debug, Default)]
pub struct Form {
    pub fields: Fields,
    errors: Vec<FieldError>,
    /// The error of the form as a whole.
    alert: Option<String>,
    /// Proves that the form is ours; see [`crate::web::visit::Visit`].
    token: String,
    /// Identifies one submission, so that sending it twice counts once.
    once: String,
    /// The reader's number format.
    format: NumberFormat,
    stored: Option<Stored>,
    /// The definitions of its fields: their lengths, and whether they are required.
    known: Vec<&'static [Field]>,
    shown: Mutex<Shown>,
}

/// The stored values, if they differ from those the form was based on.
#[derive(Debug)]
struct Stored {
    fields: Fields,
    /// A page that shows only the stored values.
    page: String,
}

/// The parts of a form that the page has rendered. The summary is above the fields whose labels it
/// needs, so a page with a refused form is rendered twice; see [`crate::web::page::answer`].
#[derive(Debug, Default)]
struct Shown {
    /// Names and labels, in page order.
    labels: Vec<(String, String)>,
    /// Names of the number fields.
    numbers: Vec<String>,
    /// Whether a field of this rendering has the focus.
    has_cursor: bool,
}

impl Form {
    /// Creates a form with known values.
    pub fn new(fields: Fields) -> Self {
        Self { fields, ..Self::default() }
    }

    /// Returns the form with its errors. A failure that no form can fix is returned unchanged.
    pub fn refused(fields: Fields, error: Error) -> Result<Self> {
        let form = Self::new(fields);
        match error.kind() {
            Kind::Invalid(errors) => Ok(Self { errors: errors.clone(), ..form }),
            _ => Ok(form.alerted(sentence(error)?)),
        }
    }

    /// Returns the form after a conflicting change: the typed values next to the `stored` ones.
    /// `page` shows only the latter.
    pub fn stale(typed: &Fields, stored: Fields, page: &str) -> Self {
        let fields = typed.clone().replaced(VERSION, &stored.version());
        Self { stored: Some(Stored { fields: stored, page: page.to_owned() }), ..Self::new(fields) }
    }

    /// Sets the input type that the form creates or changes.
    #[must_use]
    pub fn of<T: Input>(mut self) -> Self {
        self.known.push(T::FIELDS);
        self
    }

    /// Adds a sentence above the form.
    #[must_use]
    pub fn alerted(mut self, alert: impl Into<String>) -> Self {
        self.alert = Some(alert.into());
        self
    }

    /// Sets a field of the form.
    #[must_use]
    pub fn with_some(mut self, name: &str, value: Option<impl ToString>) -> Self {
        self.fields = self.fields.with_some(name, value);
        self
    }

    /// Sets the version that the form replaces.
    #[must_use]
    pub fn with_version(mut self, version: &str) -> Self {
        self.fields = self.fields.replaced(VERSION, version);
        self
    }

    /// Adds the marks of a signed-in reader's forms.
    #[must_use]
    pub fn marked(mut self, token: &str, once: String, format: NumberFormat) -> Self {
        token.clone_into(&mut self.token);
        self.format = format;
        self.once = once;
        self
    }

    /// Returns whether anything is wrong.
    pub fn is_refused(&self) -> bool {
        self.alert.is_some() || !self.errors.is_empty() || self.stored.is_some()
    }

    pub fn value(&self, name: &str) -> &str {
        self.fields.get(name)
    }

    /// Returns the error of a field or of an entry of it. A row's field has its name in the form:
    /// `items.0.rate`.
    pub fn error(&self, name: &str) -> Option<String> {
        let error = self.errors.iter().find(|error| is_of(&error.field, name))?;
        Some(
            if error.rule == Rule::NotNumber { self.no_number(name) } else { say(&error.rule) }
                .into(),
        )
    }

    /// Returns why a field contains no number, and what to type instead.
    fn no_number(&self, name: &str) -> Text {
        match self.fields.number(name) {
            Err(Unread::Ambiguous(readings)) => t("rule-ambiguous-number")
                .with("format", self.format.as_str())
                .with("readings", readings.join(", ")),
            _ => number_wanted(&self.format.plain("1250.50")),
        }
    }

    /// Returns the content of a number field: in the reader's format, if it is a number.
    pub fn number_value(&self, name: &str) -> String {
        self.written(&self.fields, name)
    }

    /// Formats a plain decimal for the reader.
    pub fn plain(&self, number: &str) -> String {
        self.format.plain(number)
    }

    fn written(&self, fields: &Fields, name: &str) -> String {
        match fields.number(name) {
            Ok(number) => self.format.plain(&number),
            Err(_) => fields.get(name).to_owned(),
        }
    }

    /// Returns the error of a list as a whole, not of its entries.
    pub fn list_error(&self, name: &str, label: impl ToString) -> Option<String> {
        let error = self.errors.iter().find(|error| error.field == name)?;
        self.remember(name, &label.to_string());
        Some(say(&error.rule).into())
    }

    /// Returns the head of the form: its marks, and the error of the form as a whole.
    pub fn head(&self) -> Head<'_> {
        self.shown().has_cursor = false;
        Head { form: self, count: self.errors.len(), lines: self.summary() }
    }

    /// Returns a single-line text field.
    pub fn text(&self, name: &str, label: impl ToString) -> Control {
        self.control(Kinds::Input, name, label)
    }

    /// Returns a number field: an amount, a rate, a quantity.
    pub fn number(&self, name: &str, label: impl ToString) -> Control {
        self.shown().numbers.push(name.to_owned());
        self.text(name, label).attribute("inputmode", "decimal").attribute("autocomplete", "off")
    }

    /// Returns a password field; it does not show the typed value again.
    pub fn password(&self, name: &str, label: impl ToString) -> Control {
        self.text(name, label).kind("password").emptied()
    }

    /// Returns a date field.
    pub fn date(&self, name: &str, label: impl ToString) -> Control {
        self.text(name, label).kind("date")
    }

    /// Returns a multi-line text field.
    pub fn lines(&self, name: &str, label: impl ToString) -> Control {
        self.control(Kinds::Lines, name, label)
    }

    /// Returns a select.
    pub fn choice(
        &self,
        name: &str,
        label: impl ToString,
        options: Vec<(String, String)>,
    ) -> Control {
        Control { options, ..self.control(Kinds::Choice, name, label) }
    }

    /// Returns a checkbox.
    pub fn tick(&self, name: &str, label: impl ToString) -> Control {
        self.control(Kinds::Tick, name, label)
    }

    /// Returns a picture upload. Browsers forget which file was chosen.
    pub fn picture(&self, label: impl ToString) -> Control {
        let hint = t("image-hint");
        self.control(Kinds::Picture, "image", label).hint(hint).emptied()
    }

    fn control(&self, shape: Kinds, name: &str, label: impl ToString) -> Control {
        let label = label.to_string();
        self.remember(name, &label);
        let (error, list) = (self.error(name), self.wrong_list(name));
        let stored = self.stored(name);
        let is_number = self.is_number(name);
        let value = match shape {
            Kinds::Tick if self.fields.is_ticked(name) => "on".to_owned(),
            _ if is_number => self.number_value(name),
            _ => self.value(name).to_owned(),
        };
        let is_wrong = error.is_some() || list.is_some() || stored.is_some();
        // If the form as a whole is invalid, the cursor goes to its start.
        let takes_cursor = match self.errors.is_empty() && self.stored.is_none() {
            true => self.alert.is_some(),
            false => is_wrong,
        };
        let is_first =
            takes_cursor && !std::mem::replace(&mut self.shown().has_cursor, takes_cursor);
        let control = Control {
            shape,
            name: name.to_owned(),
            label,
            value,
            error,
            list,
            stored,
            kind: "text",
            is_never_focused: !is_first && self.is_refused(),
            ..Control::default()
        };
        let control = match self.known.iter().find_map(|fields| find(fields, name)) {
            Some(field) => control.limited(field),
            None => control,
        };
        if is_first { control.focused() } else { control }
    }

    /// Returns the stored value of a field if something else was typed.
    fn stored(&self, name: &str) -> Option<String> {
        let stored = &self.stored.as_ref()?.fields;
        if self.is_number(name) {
            let exact = |fields: &Fields| Decimal::from_str(&fields.number(name).ok()?).ok();
            let is_same = exact(stored).is_some() && exact(stored) == exact(&self.fields);
            let now = self.written(stored, name);
            return (!is_same && now != self.number_value(name)).then_some(now);
        }
        let now = stored.get(name);
        let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
        (plain(now) != plain(self.value(name))).then(|| now.to_owned())
    }

    fn is_number(&self, name: &str) -> bool {
        self.shown().numbers.iter().any(|known| known == name)
    }

    /// Returns the list that is invalid as a whole, for its first field.
    fn wrong_list(&self, name: &str) -> Option<String> {
        let list = name.split_once(".0.")?.0;
        let is_wrong = self.errors.iter().any(|error| error.field == list);
        (is_wrong && self.first_of(list).as_deref() == Some(name)).then(|| list.to_owned())
    }

    /// Returns the first field of a list.
    fn first_of(&self, list: &str) -> Option<String> {
        let start = format!("{list}.0.");
        let shown = self.shown();
        shown.labels.iter().find(|(name, _)| name.starts_with(&start)).map(|(name, _)| name.clone())
    }

    fn remember(&self, name: &str, label: &str) {
        let labels = &mut self.shown().labels;
        if !labels.iter().any(|(known, _)| known == name) {
            labels.push((name.to_owned(), label.to_owned()));
        }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a line for each field that is invalid or has another stored value, in page order,
    /// followed by errors of fields that are not on the page.
    fn summary(&self) -> Vec<Line> {
        let labels = self.shown().labels.clone();
        let line = |(name, label): &(String, String)| {
            let list_error = || self.errors.iter().any(|error| error.field == *name);
            let first = self.first_of(name).filter(|_| list_error());
            let error = self.error(name);
            if error.is_none() && self.stored(name).is_none() {
                return None;
            }
            let row = name.split('.').find_map(|part| part.parse::<usize>().ok());
            let label = match row {
                Some(row) => {
                    t("form-field-in-line").with("field", label).with("line", row + 1).into()
                }
                None => label.clone(),
            };
            let text = error.map_or_else(String::new, |error| format!(": {error}"));
            let field = first.unwrap_or_else(|| name.clone());
            Some(Line { field: Some(field), text: format!("{label}{text}") })
        };
        let mut lines: Vec<_> = labels.iter().filter_map(line).collect();
        let is_shown =
            |error: &&FieldError| labels.iter().any(|(name, _)| is_of(&error.field, name));
        let others = self.errors.iter().filter(|error| !is_shown(error));
        lines.extend(others.map(|error| Line { field: None, text: say(&error.rule).into() }));
        lines
    }
}

/// Returns the field that a form names `rate`, `location.city` or `items.0.rate`. An object that is
/// optional as a whole has no required fields.
fn find(fields: &[Field], name: &str) -> Option<Field> {
    let (name, rest) = match name.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (name, None),
    };
    let field = *fields.iter().find(|field| field.name == name)?;
    let Some(rest) = rest else { return Some(field) };
    let (part, rest) = match field.shape {
        Shape::Object(part) => (part, rest),
        Shape::List(Shape::Object(part)) => (*part, rest.split_once('.')?.1),
        _ => return None,
    };
    let inner = find(part.fields, rest)?;
    Some(Field { is_filled: inner.is_filled && field.is_filled, ..inner })
}

/// Returns whether an error belongs to the form field of that name, or to an entry of it.
fn is_of(field: &str, name: &str) -> bool {
    let rest = field.strip_prefix(name);
    dotted(field) == name || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}

/// Converts a field name to the one in forms: `items[0].rate` becomes `items.0.rate`.
fn dotted(field: &str) -> String {
    field.replace('[', ".").replace(']', "")
}

/// The head of a form.
#[derive(Template)]
#[template(path = "pages/parts/form_head.html")]
pub struct Head<'a> {
    form: &'a Form,
    count: usize,
    lines: Vec<Line>,
}

/// A line of the summary.
struct Line {
    /// The field it links to.
    field: Option<String>,
    text: String,
}

impl HtmlSafe for Head<'_> {}
