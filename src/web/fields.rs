//! What was typed into a form, and how it becomes input of the domain.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::Request;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::{
    expected::Expected,
    form::Object,
    number_format::{NumberFormat, Unread},
};

/// The names and values of a form, in the order of the page.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pub(super) pairs: Vec<(String, String)>,
    /// How whoever typed them writes numbers; none where they are plain decimals of our own.
    pub(super) format: Option<NumberFormat>,
    pub(super) upload: Option<Vec<u8>>,
    /// Whether a file came with the form, be it that it was dropped.
    pub(super) had_file: bool,
}

/// How the text of a field becomes a JSON value.
#[derive(Debug, Clone, Copy)]
pub enum As {
    Text,
    /// Text as it was typed, with the spaces around it: a password.
    Raw,
    /// A number as people write it: `1,250.50`. What could be several is passed on as an empty list,
    /// which is no number to anybody.
    Number,
    /// Ticked or not.
    Bool,
    /// One entry a line, or between commas.
    Words,
    /// Rows named `items.0.rate`, each an object; rows without a word are left out.
    Rows(&'static [(&'static str, As)]),
    /// Fields named `location.city`, an object; none where all are empty.
    Group(&'static [(&'static str, As)]),
}

impl Fields {
    /// Query parameters, without those that are empty.
    pub fn of_query(request: &Request) -> Self {
        let mut pairs = request.params::<Vec<(String, String)>>().unwrap_or_default();
        pairs.retain(|(_, value)| !value.trim().is_empty());
        Self { pairs, ..Self::default() }
    }

    /// The same fields, as somebody typed them who writes numbers so.
    #[must_use]
    pub fn typed_in(mut self, format: NumberFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// A field as a plain decimal.
    ///
    /// # Errors
    ///
    /// [`Unread`] where it is no number, or could be several.
    pub fn number(&self, name: &str) -> Result<String, Unread> {
        self.format.unwrap_or_default().parse(self.get(name))
    }

    /// Adds a field, or what it holds beside what it held.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.pairs.push((name.into(), value.to_string()));
        self
    }

    /// Adds a field where there is something to put into it.
    #[must_use]
    pub fn with_some(self, name: impl Into<String>, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// What stands in a field; nothing where it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(known, _)| known == name)
    }

    /// A short mark of everything in the fields, to recognise a change by.
    pub fn version(&self) -> String {
        let pairs = self.pairs.iter().filter(|(name, _)| !name.starts_with('_'));
        URL_SAFE_NO_PAD.encode(&hash(pairs)[..16])
    }

    /// The same fields as a form that changes them: it brings back their version.
    #[must_use]
    pub fn versioned(self) -> Self {
        let stored = self.clone();
        self.with_version(&stored)
    }

    /// The same fields, to be written over what is `stored`.
    #[must_use]
    pub fn with_version(self, stored: &Self) -> Self {
        self.replaced(VERSION, &stored.version())
    }

    /// Puts something into a field in place of what it held.
    #[must_use]
    pub fn replaced(mut self, name: &str, value: &str) -> Self {
        self.pairs.retain(|(known, _)| known != name);
        self.with(name, value)
    }

    /// What the form was filled in over; `shown` gives the fields of a stored thing. None where
    /// the form says nothing of it.
    pub fn expected<T>(
        &self,
        shown: impl Fn(&T) -> Self + Send + Sync + 'static,
    ) -> Option<Expected<T>> {
        let version = self.get(VERSION);
        (!version.is_empty()).then(|| Expected::new(version, move |stored| shown(stored).version()))
    }

    /// What tells this filling-in from another.
    pub fn hash(&self) -> [u8; 32] {
        hash(self.pairs.iter().filter(|(name, _)| name != "_token"))
    }

    /// The picture that came with the form.
    pub fn take_upload(&mut self) -> Option<Vec<u8>> {
        self.upload.take()
    }

    /// The input of the domain, of the fields it knows. Empty ones are left out.
    pub fn object(&self, known: &[(&'static str, As)]) -> Object {
        self.object_at("", known, Empty::LeftOut)
    }

    /// Like [`Fields::object`], for a change: what was emptied is null.
    pub fn change(&self, known: &[(&'static str, As)]) -> Object {
        self.object_at("", known, Empty::Null)
    }

    /// Like [`Fields::change`]; these fields, once emptied, have a value that means nothing.
    pub fn change_or(&self, known: &[(&'static str, As)], nothing: &[(&str, Value)]) -> Object {
        let mut object = self.change(known);
        for (name, value) in nothing {
            if let Some(emptied) = object.get_mut(*name).filter(|now| now.is_null()) {
                *emptied = value.clone();
            }
        }
        object
    }

    /// A row of fields a row of the list, named as in it but without list and number, those
    /// without a word left out: the order in which [`Fields::object`] passes them on.
    pub fn rows(&self, list: &str) -> Vec<Fields> {
        self.all_rows(list).into_iter().filter(|row| !row.is_blank()).collect()
    }

    /// Like [`Fields::rows`], with those that hold nothing.
    pub fn all_rows(&self, list: &str) -> Vec<Fields> {
        let mut rows: BTreeMap<usize, Fields> = BTreeMap::new();
        for (name, value) in &self.pairs {
            let Some((row, name)) = row_name(name, list) else { continue };
            let row =
                rows.entry(row).or_insert_with(|| Self { format: self.format, ..Self::default() });
            row.pairs.push((name.to_owned(), value.clone()));
        }
        rows.into_values().collect()
    }

    /// The same fields with these rows in a list, numbered from 0.
    #[must_use]
    pub fn with_rows(mut self, list: &str, rows: &[Fields]) -> Self {
        self.pairs.retain(|(name, _)| row_name(name, list).is_none());
        for (number, row) in rows.iter().enumerate() {
            let named = |(name, value): &(String, String)| {
                (format!("{list}.{number}.{name}"), value.clone())
            };
            self.pairs.extend(row.pairs.iter().map(named));
        }
        self
    }

    /// Puts something into a field in which nothing stands.
    #[must_use]
    pub fn or_with(self, name: &str, value: &str) -> Self {
        if self.get(name).trim().is_empty() { self.replaced(name, value) } else { self }
    }

    /// Whether nothing stands in any field.
    pub fn is_blank(&self) -> bool {
        self.pairs.iter().all(|(_, value)| value.trim().is_empty())
    }

    fn object_at(&self, prefix: &str, known: &[(&'static str, As)], empty: Empty) -> Object {
        let mut object = Object::new();
        for (name, kind) in known {
            let full = format!("{prefix}{name}");
            if let Some(value) = self.value(&full, *kind, empty) {
                object.insert((*name).to_owned(), value);
            }
        }
        object
    }

    fn value(&self, name: &str, kind: As, empty: Empty) -> Option<Value> {
        match kind {
            As::Bool => return Some(Value::Bool(self.get(name) == "on")),
            As::Rows(known) => {
                let rows = self.rows(name);
                let row = |row: &Fields| Value::Object(row.object_at("", known, Empty::LeftOut));
                return Some(Value::Array(rows.iter().map(row).collect()));
            }
            As::Group(known) => {
                let group = self.object_at(&format!("{name}."), known, Empty::LeftOut);
                let is_there = !group.is_empty();
                return is_there.then_some(Value::Object(group)).or_else(|| empty.value());
            }
            As::Words => {
                let words = self.get(name).split(['\n', ',']).map(str::trim);
                let words = words.filter(|word| !word.is_empty());
                return Some(Value::Array(words.map(Value::from).collect()));
            }
            As::Raw => {
                let typed = self.get(name);
                return (!typed.is_empty()).then(|| Value::from(typed));
            }
            As::Text | As::Number => {}
        }
        if !self.has(name) {
            return None;
        }
        // Browsers send every line break as two characters.
        let typed = self.get(name).replace("\r\n", "\n");
        let typed = typed.trim();
        if typed.is_empty() {
            return empty.value();
        }
        Some(match (kind, self.number(name)) {
            (As::Number, Ok(number)) => {
                number.parse().map_or_else(|_| Value::from(typed), Value::Number)
            }
            (As::Number, Err(Unread::Ambiguous(_))) => Value::Array(Vec::new()),
            _ => Value::from(typed),
        })
    }
}

/// The name under which a form brings back the version of what it changes.
pub const VERSION: &str = "_version";

fn hash<'a>(pairs: impl Iterator<Item = &'a (String, String)>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in pairs.flat_map(|(name, value)| [name, value]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// What becomes of a field in which nothing stands.
#[derive(Clone, Copy)]
enum Empty {
    LeftOut,
    Null,
}

impl Empty {
    fn value(self) -> Option<Value> {
        match self {
            Self::LeftOut => None,
            Self::Null => Some(Value::Null),
        }
    }
}

/// The row and the field that the name of a field in a list gives.
fn row_name<'a>(name: &'a str, list: &str) -> Option<(usize, &'a str)> {
    let (row, name) = name.strip_prefix(list)?.strip_prefix('.')?.split_once('.')?;
    Some((row.parse().ok()?, name))
}

#[cfg(test)]
mod tests {
    use serde_json::{Number, json};

    use super::*;

    #[test]
    fn numbers_are_read_in_the_format_of_whoever_typed_them() {
        let number = |format, typed: &str| {
            let fields = Fields::default().with("rate", typed).typed_in(format);
            fields.object(&[("rate", As::Number)])["rate"].to_string()
        };
        assert_eq!(number(NumberFormat::CommaPoint, "1,250.50"), "1250.50");
        assert_eq!(number(NumberFormat::PointComma, "1.250"), "1250");
        // What can mean several things is taken for none of them.
        assert_eq!(number(NumberFormat::PointComma, "7.5"), "[]");
        assert_eq!(number(NumberFormat::PointComma, "many"), "\"many\"");
    }

    #[test]
    fn fields_become_the_input_of_the_domain() {
        const LINE: &[(&str, As)] = &[("description", As::Text), ("rate", As::Number)];
        let fields = Fields::default()
            .with("name", "  Ada \r\n Lovelace ")
            .with("phone", "")
            .with("amount", "1,250.5")
            .with("budget", "much")
            .with("skills", "Rust, SQL\r\n\r\nCSS")
            .with("items.2.description", "Second")
            .with("items.2.rate", "")
            .with("items.0.description", "")
            .with("items.10.description", "Third")
            .with("items.1.description", "First")
            .with("items.1.rate", "20")
            .with("other", "ignored");
        let known = [
            ("name", As::Text),
            ("phone", As::Text),
            ("email", As::Text),
            ("amount", As::Number),
            ("budget", As::Number),
            ("skills", As::Words),
            ("open", As::Bool),
            ("items", As::Rows(LINE)),
            ("location", As::Group(&[("city", As::Text)])),
        ];
        let items = json!([
            {"description": "First", "rate": 20},
            {"description": "Second"},
            {"description": "Third"},
        ]);
        let expected = json!({
            "name": "Ada \n Lovelace", "amount": "1250.5".parse::<Number>().unwrap(),
            "budget": "much", "skills": ["Rust", "SQL", "CSS"], "open": false, "items": items,
        });
        assert_eq!(Value::Object(fields.object(&known)), expected);
        let change = fields.change(&known);
        assert_eq!((&change["phone"], &change["location"]), (&Value::Null, &Value::Null));
        assert!(!change.contains_key("email"));
    }

    #[test]
    fn rows_in_any_order_cost_no_more_than_they_are() {
        let most = 100_000;
        let names = (0..most).rev().map(|row| (format!("items.{row}.rate"), row.to_string()));
        let fields = Fields { pairs: names.collect(), ..Fields::default() };
        let rows = fields.rows("items");
        assert_eq!((rows.len(), rows[0].get("rate")), (most, "0"));
    }
}
