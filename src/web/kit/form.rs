//! Forms as they are shown: what was typed, what is wrong with it, and what is stored now where
//! somebody else changed it in the meantime.

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

/// A form on its way to a page.
#[derive(Debug, Default)]
pub struct Form {
    pub fields: Fields,
    errors: Vec<FieldError>,
    /// What is wrong with all of it.
    alert: Option<String>,
    /// Shows that the form was ours; see [`crate::web::visit::Visit`].
    token: String,
    /// Tells one filling-in from another, so that sending it twice counts once.
    once: String,
    /// How the reader writes numbers.
    format: NumberFormat,
    stored: Option<Stored>,
    /// What its fields are for: how long they may be, and whether they may stay empty.
    known: Vec<&'static [Field]>,
    shown: Mutex<Shown>,
}

/// What is stored now, where that is not what the form was filled in over.
#[derive(Debug)]
struct Stored {
    fields: Fields,
    /// Shows what is stored, without what was typed.
    page: String,
}

/// What the page has shown of a form. The summary stands above the fields whose labels it needs,
/// so a page with a refused form is rendered twice; see [`crate::web::page::answer`].
#[derive(Debug, Default)]
struct Shown {
    /// Names and labels, in the order of the page.
    labels: Vec<(String, String)>,
    /// Names of the fields that hold a number.
    numbers: Vec<String>,
    /// Whether a field of this rendering has the cursor.
    has_cursor: bool,
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
            _ => Ok(form.alerted(sentence(error)?)),
        }
    }

    /// The form again, since what it changes was changed in the meantime: what was typed, and
    /// beside it what is `stored` now. `page` shows the latter alone.
    pub fn stale(typed: &Fields, stored: Fields, page: &str) -> Self {
        let fields = typed.clone().replaced(VERSION, &stored.version());
        Self { stored: Some(Stored { fields: stored, page: page.to_owned() }), ..Self::new(fields) }
    }

    /// The same form, filled in to make or to change that.
    #[must_use]
    pub fn of<T: Input>(mut self) -> Self {
        self.known.push(T::FIELDS);
        self
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

    /// The same form, to be written over this version.
    #[must_use]
    pub fn with_version(mut self, version: &str) -> Self {
        self.fields = self.fields.replaced(VERSION, version);
        self
    }

    /// The same form with the marks that a signed-in reader's forms carry.
    #[must_use]
    pub fn marked(mut self, token: &str, once: String, format: NumberFormat) -> Self {
        token.clone_into(&mut self.token);
        self.format = format;
        self.once = once;
        self
    }

    /// Whether anything is wrong.
    pub fn is_refused(&self) -> bool {
        self.alert.is_some() || !self.errors.is_empty() || self.stored.is_some()
    }

    pub fn value(&self, name: &str) -> &str {
        self.fields.get(name)
    }

    /// What is wrong with a field, or with an entry of it. A field of a row is named as it is in
    /// the form: `items.0.rate`.
    pub fn error(&self, name: &str) -> Option<String> {
        let error = self.errors.iter().find(|error| is_of(&error.field, name))?;
        Some(
            if error.rule == Rule::NotNumber { self.no_number(name) } else { say(&error.rule) }
                .into(),
        )
    }

    /// Why a field holds no number, and what to type instead.
    fn no_number(&self, name: &str) -> Text {
        match self.fields.number(name) {
            Err(Unread::Ambiguous(readings)) => t("rule-ambiguous-number")
                .with("format", self.format.as_str())
                .with("readings", readings.join(", ")),
            _ => number_wanted(&self.format.plain("1250.50")),
        }
    }

    /// A number as it stands in its field: as the reader writes it, if it is one.
    pub fn number_value(&self, name: &str) -> String {
        self.written(&self.fields, name)
    }

    /// A plain decimal as the reader writes it.
    pub fn plain(&self, number: &str) -> String {
        self.format.plain(number)
    }

    fn written(&self, fields: &Fields, name: &str) -> String {
        match fields.number(name) {
            Ok(number) => self.format.plain(&number),
            Err(_) => fields.get(name).to_owned(),
        }
    }

    /// What is wrong with a list as a whole, not with one of its entries.
    pub fn list_error(&self, name: &str, label: impl ToString) -> Option<String> {
        let error = self.errors.iter().find(|error| error.field == name)?;
        self.remember(name, &label.to_string());
        Some(say(&error.rule).into())
    }

    /// What stands at the head of the form: its marks, and what is wrong with all of it.
    pub fn head(&self) -> Head<'_> {
        self.shown().has_cursor = false;
        Head { form: self, count: self.errors.len(), lines: self.summary() }
    }

    /// A line of text.
    pub fn text(&self, name: &str, label: impl ToString) -> Control {
        self.control(Kinds::Input, name, label)
    }

    /// An amount, a rate, a quantity.
    pub fn number(&self, name: &str, label: impl ToString) -> Control {
        self.shown().numbers.push(name.to_owned());
        self.text(name, label).attribute("inputmode", "decimal").attribute("autocomplete", "off")
    }

    /// A password; what was typed is not shown again.
    pub fn password(&self, name: &str, label: impl ToString) -> Control {
        self.text(name, label).kind("password").emptied()
    }

    /// A day.
    pub fn date(&self, name: &str, label: impl ToString) -> Control {
        self.text(name, label).kind("date")
    }

    /// Several lines of text.
    pub fn lines(&self, name: &str, label: impl ToString) -> Control {
        self.control(Kinds::Lines, name, label)
    }

    /// One of a list.
    pub fn choice(
        &self,
        name: &str,
        label: impl ToString,
        options: Vec<(String, String)>,
    ) -> Control {
        Control { options, ..self.control(Kinds::Choice, name, label) }
    }

    /// A box to tick.
    pub fn tick(&self, name: &str, label: impl ToString) -> Control {
        self.control(Kinds::Tick, name, label)
    }

    /// A picture to upload. Browsers forget which file was chosen.
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
        let value = if is_number { self.number_value(name) } else { self.value(name).to_owned() };
        let is_wrong = error.is_some() || list.is_some() || stored.is_some();
        // Where the form is wrong as a whole, people begin at its start.
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

    /// What is stored now in a field in which something else was typed.
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

    /// The list that is wrong as a whole, for the first field in it.
    fn wrong_list(&self, name: &str) -> Option<String> {
        let list = name.split_once(".0.")?.0;
        let is_wrong = self.errors.iter().any(|error| error.field == list);
        (is_wrong && self.first_of(list).as_deref() == Some(name)).then(|| list.to_owned())
    }

    /// The first field of a list.
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

    /// A line for each field that is wrong or stored otherwise, in the order of the page; then
    /// what is wrong with fields that the page does not have.
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

/// The field that a form names `rate`, `location.city` or `items.0.rate`. What is optional as a
/// whole has no part that must be filled in.
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

/// Whether an error's field is the one of that name in the form, or an entry of it.
fn is_of(field: &str, name: &str) -> bool {
    let rest = field.strip_prefix(name);
    dotted(field) == name || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}

/// A field as forms name it: `items[0].rate` is `items.0.rate`.
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
    /// The field it leads to.
    field: Option<String>,
    text: String,
}

impl HtmlSafe for Head<'_> {}
