//! The values of a form, and their conversion to domain input.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::Request;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::{
    expected::Expected,
    form::Object,
    input::{Field, Part, Shape, Source},
    number_format::{NumberFormat, Unread},
    word::Word,
};

/// The names and values of a form, in page order.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pub(in crate::web) pairs: Vec<(String, String)>,
    /// The number format of the values; None for our own plain decimals.
    pub(in crate::web) format: Option<NumberFormat>,
    pub(in crate::web) upload: Option<Vec<u8>>,
    /// Whether a file came with the form, even if it was dropped.
    pub(in crate::web) had_file: bool,
}

impl Fields {
    /// Reads the query parameters, without empty ones.
    pub fn of_query(request: &Request) -> Self {
        let mut pairs = request.params::<Vec<(String, String)>>().unwrap_or_default();
        pairs.retain(|(_, value)| !value.trim().is_empty());
        Self { pairs, ..Self::default() }
    }

    /// Returns how many of these fields are there.
    pub fn count(&self, names: &[&str]) -> usize {
        names.iter().filter(|name| self.has(name)).count()
    }

    /// Returns the single field of a form that only sets a status.
    pub fn of_status(status: &impl Word) -> Self {
        Self::default().with("status", status.word())
    }

    /// Returns the same fields, marked as typed in this number format.
    #[must_use]
    pub fn typed_in(mut self, format: NumberFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Returns a field as a plain decimal.
    ///
    /// # Errors
    ///
    /// [`Unread`] if it is not a number, or is ambiguous.
    pub fn number(&self, name: &str) -> Result<String, Unread> {
        self.format.unwrap_or_default().parse(self.get(name))
    }

    /// Adds a field, or another value to an existing one.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.pairs.push((name.into(), value.to_string()));
        self
    }

    /// Adds a field if there is a value.
    #[must_use]
    pub fn with_some(self, name: impl Into<String>, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Returns the value of a field; empty if it is missing.
    pub fn get(&self, name: &str) -> &str {
        self.pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Returns all values of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked. A hidden field before it says that it is not.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.all(name).any(is_on)
    }

    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(known, _)| known == name)
    }

    /// Returns a short hash of all fields, to detect a change.
    pub fn version(&self) -> String {
        let pairs = self.pairs.iter().filter(|(name, _)| !name.starts_with('_'));
        URL_SAFE_NO_PAD.encode(&hash(pairs)[..16])
    }

    /// Returns the same fields with their version, for a form that changes them.
    #[must_use]
    pub fn versioned(self) -> Self {
        let version = self.version();
        self.replaced(VERSION, &version)
    }

    /// Replaces the value of a field.
    #[must_use]
    pub fn replaced(mut self, name: &str, value: &str) -> Self {
        self.pairs.retain(|(known, _)| known != name);
        self.with(name, value)
    }

    /// Returns the version that the form was based on; `shown` returns the fields of a stored
    /// object. None if the form has no version.
    pub fn expected<T>(
        &self,
        shown: impl Fn(&T) -> Self + Send + Sync + 'static,
    ) -> Option<Expected<T>> {
        let version = self.get(VERSION);
        (!version.is_empty()).then(|| Expected::new(version, move |stored| shown(stored).version()))
    }

    /// Returns a hash that identifies this submission.
    pub fn hash(&self) -> [u8; 32] {
        hash(self.pairs.iter().filter(|(name, _)| name != "_token"))
    }

    /// Takes the picture that came with the form.
    pub fn take_upload(&mut self) -> Option<Vec<u8>> {
        self.upload.take()
    }

    /// Returns the non-empty rows of a list, each as `Fields` without the name and number of its
    /// row. Rows are read in this order.
    pub fn rows(&self, list: &str) -> Vec<Fields> {
        self.all_rows(list).into_iter().filter(|row| !row.is_blank()).collect()
    }

    /// Like [`Fields::rows`], including empty rows.
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

    /// Returns the same fields with these rows in a list, numbered from 0.
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

    /// Returns the same fields except these.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.pairs.retain(|(known, _)| !names.contains(&known.as_str()));
        self
    }

    /// Returns only this field.
    pub fn only(&self, name: &str) -> Self {
        let pairs = self.pairs.iter().filter(|(known, _)| known == name);
        Self { pairs: pairs.cloned().collect(), format: self.format, ..Self::default() }
    }

    /// Sets a field if it is empty.
    #[must_use]
    pub fn or_with(self, name: &str, value: &str) -> Self {
        if self.get(name).trim().is_empty() { self.replaced(name, value) } else { self }
    }

    /// Returns whether all fields are empty.
    pub fn is_blank(&self) -> bool {
        self.pairs.iter().all(|(_, value)| value.trim().is_empty())
    }

    /// Returns the value of a field, or of the fields of an object or a list, in that shape; null
    /// if it is empty, None if the form has no such field.
    fn value(&self, name: &str, shape: &Shape) -> Option<Value> {
        match shape {
            Shape::Flag => return self.has(name).then(|| Value::Bool(self.is_ticked(name))),
            Shape::List(Shape::Object(_)) if self.has(name) => {
                let entries = self.all(name).filter(|text| !text.is_empty());
                let entries = entries.map(|text| serde_json::from_str(text).unwrap_or_default());
                return Some(Value::Array(entries.collect()));
            }
            Shape::List(Shape::Object(part)) => {
                let has_rows = self.pairs.iter().any(|(known, _)| row_name(known, name).is_some());
                let rows = self.rows(name);
                let rows = rows.iter().map(|row| Value::Object(row.part("", part)));
                return has_rows.then(|| Value::Array(rows.collect()));
            }
            Shape::Object(_) if self.has(name) => return serde_json::from_str(self.get(name)).ok(),
            Shape::Object(part) => {
                let prefix = format!("{name}.");
                let is_there = self.pairs.iter().any(|(known, _)| known.starts_with(&prefix));
                let object = self.part(&prefix, part);
                let is_empty = object.values().all(Value::is_null);
                return is_there
                    .then(|| if is_empty { Value::Null } else { Value::Object(object) });
            }
            _ => {}
        }
        if !self.has(name) {
            return None;
        }
        // Browsers send each line break as two characters.
        let typed = self.get(name).replace("\r\n", "\n");
        let text = match shape {
            Shape::Secret { .. } => self.get(name),
            _ => typed.trim(),
        };
        Some(match shape {
            Shape::List(_) => {
                let words = text.split(['\n', ',']).map(str::trim);
                Value::Array(words.filter(|word| !word.is_empty()).map(Value::from).collect())
            }
            _ if text.is_empty() => Value::Null,
            Shape::Amount | Shape::Quantity | Shape::Rate | Shape::Percent => {
                match self.number(name) {
                    Ok(number) => number.parse().map_or_else(|_| text.into(), Value::Number),
                    // Pass an ambiguous number on as text that never parses as a number.
                    Err(Unread::Ambiguous(_)) => Value::Array(Vec::new()),
                    Err(Unread::NotNumber) => text.into(),
                }
            }
            _ => text.into(),
        })
    }

    fn part(&self, prefix: &str, part: &Part) -> Object {
        let value = |field: &Field| {
            let value = self.value(&format!("{prefix}{}", field.name), &field.shape)?;
            Some((field.name.to_owned(), value))
        };
        part.fields.iter().filter_map(value).collect()
    }
}

/// Form values as users type them: numbers such as `1,250.50`; lists with one entry per line, or
/// separated by commas; rows named `items.0.rate`, without empty ones; objects named
/// `location.city`, or as JSON in one field, or in several for a list. A hidden empty field
/// distinguishes an empty list or checkbox from one that is not part of the form.
impl Source for Fields {
    fn field<'a>(&'a self, name: &str, shape: &Shape) -> Option<Cow<'a, Value>> {
        self.value(name, shape).map(Cow::Owned)
    }

    fn is_typed(&self) -> bool {
        true
    }
}

/// The field that contains the version of what the form changes.
pub const VERSION: &str = "_version";

fn is_on(value: &str) -> bool {
    value == "on"
}

fn hash<'a>(pairs: impl Iterator<Item = &'a (String, String)>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in pairs.flat_map(|(name, value)| [name, value]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Returns the row and the field in the name of a list's field.
fn row_name<'a>(name: &'a str, list: &str) -> Option<(usize, &'a str)> {
    let (row, name) = name.strip_prefix(list)?.strip_prefix('.')?.split_once('.')?;
    Some((row.parse().ok()?, name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{
        account::Location,
        input::{List, New, One, Optional, OrEmpty, Presence, Required},
        invoice::Line,
        money::Amount,
        text::{Email, FreeText, Name, Phone},
    };

    fn given<P: Presence<New>>(fields: &Fields, name: &str) -> Option<Value> {
        fields.field(name, &P::SHAPE).map(Cow::into_owned)
    }

    #[test]
    fn numbers_are_parsed_in_the_users_format() {
        let number = |format, typed: &str| {
            let fields = Fields::default().with("rate", typed).typed_in(format);
            given::<Required<Amount>>(&fields, "rate").unwrap().to_string()
        };
        assert_eq!(number(NumberFormat::CommaPoint, "1,250.50"), "1250.50");
        assert_eq!(number(NumberFormat::PointComma, "1.250"), "1250");
        // An ambiguous number matches none of its meanings.
        assert_eq!(number(NumberFormat::PointComma, "7.5"), "[]");
        assert_eq!(number(NumberFormat::PointComma, "many"), "\"many\"");
    }

    #[test]
    fn fields_become_domain_input() {
        let fields = Fields::default()
            .with("name", "  Ada \r\n Lovelace ")
            .with("phone", "")
            .with("amount", "1,250.5")
            .with("skills", "Rust, SQL\r\n\r\nCSS")
            .with("items.2.description", "Second")
            .with("items.2.rate", "")
            .with("items.0.description", "")
            .with("items.10.description", "Third")
            .with("items.1.description", "First")
            .with("items.1.rate", "20")
            .with("location.city", "")
            .with("home.city", "Lagos");
        let items = json!([
            {"description": "First", "rate": 20},
            {"description": "Second", "rate": null},
            {"description": "Third"},
        ]);
        assert_eq!(given::<Optional<FreeText>>(&fields, "name"), Some(json!("Ada \n Lovelace")));
        assert_eq!(given::<Optional<Phone>>(&fields, "phone"), Some(Value::Null));
        assert_eq!(given::<Optional<Email>>(&fields, "email"), None);
        assert_eq!(given::<Optional<Amount>>(&fields, "amount").unwrap().to_string(), "1250.5");
        let skills = given::<OrEmpty<List<Name, 9>>>(&fields, "skills");
        assert_eq!(skills, Some(json!(["Rust", "SQL", "CSS"])));
        assert_eq!(given::<OrEmpty<List<One<Line>, 9>>>(&fields, "items"), Some(items));
        assert_eq!(given::<Optional<One<Location>>>(&fields, "location"), Some(Value::Null));
        assert_eq!(
            given::<Optional<One<Location>>>(&fields, "home"),
            Some(json!({"city": "Lagos"}))
        );
        assert_eq!(given::<Optional<One<Location>>>(&fields, "work"), None);
    }

    #[test]
    fn rows_in_any_order_take_linear_time() {
        let most = 100_000;
        let names = (0..most).rev().map(|row| (format!("items.{row}.rate"), row.to_string()));
        let fields = Fields { pairs: names.collect(), ..Fields::default() };
        let rows = fields.rows("items");
        assert_eq!((rows.len(), rows[0].get("rate")), (most, "0"));
    }
}
