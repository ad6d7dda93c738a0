//! What was typed into a form, and how it becomes input of the domain.

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

/// The names and values of a form, in the order of the page.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pub(in crate::web) pairs: Vec<(String, String)>,
    /// How whoever typed them writes numbers; none where they are plain decimals of our own.
    pub(in crate::web) format: Option<NumberFormat>,
    pub(in crate::web) upload: Option<Vec<u8>>,
    /// Whether a file came with the form, be it that it was dropped.
    pub(in crate::web) had_file: bool,
}

impl Fields {
    /// Query parameters, without those that are empty.
    pub fn of_query(request: &Request) -> Self {
        let mut pairs = request.params::<Vec<(String, String)>>().unwrap_or_default();
        pairs.retain(|(_, value)| !value.trim().is_empty());
        Self { pairs, ..Self::default() }
    }

    /// The one field of a form that only sets a status.
    pub fn of_status(status: &impl Word) -> Self {
        Self::default().with("status", status.word())
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
        let version = self.version();
        self.replaced(VERSION, &version)
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

    /// A row of fields a row of the list, named as in it but without list and number, those
    /// without a word left out: the order in which they are read.
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

    /// The same fields but for these.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.pairs.retain(|(known, _)| !names.contains(&known.as_str()));
        self
    }

    /// One of the fields alone.
    pub fn only(&self, name: &str) -> Self {
        let pairs = self.pairs.iter().filter(|(known, _)| known == name);
        Self { pairs: pairs.cloned().collect(), format: self.format, ..Self::default() }
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

    /// What stands in a field, or in those of an object or a list, as a value of that shape; null
    /// where it is empty, none where the form has no such field.
    fn value(&self, name: &str, shape: &Shape) -> Option<Value> {
        match shape {
            Shape::Flag => return Some(Value::Bool(self.get(name) == "on")),
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
        // Browsers send every line break as two characters.
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
                    // What could be several numbers is passed on as what is none to anybody.
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

/// Numbers as people write them: `1,250.50`; lists of one entry a line, or between commas; rows
/// named `items.0.rate`, those without a word left out; objects named `location.city`, or as the
/// JSON that a script has put into one field.
impl Source for Fields {
    fn field<'a>(&'a self, name: &str, shape: &Shape) -> Option<Cow<'a, Value>> {
        self.value(name, shape).map(Cow::Owned)
    }

    fn is_typed(&self) -> bool {
        true
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

/// The row and the field that the name of a field in a list gives.
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
    fn numbers_are_read_in_the_format_of_whoever_typed_them() {
        let number = |format, typed: &str| {
            let fields = Fields::default().with("rate", typed).typed_in(format);
            given::<Required<Amount>>(&fields, "rate").unwrap().to_string()
        };
        assert_eq!(number(NumberFormat::CommaPoint, "1,250.50"), "1250.50");
        assert_eq!(number(NumberFormat::PointComma, "1.250"), "1250");
        // What can mean several things is taken for none of them.
        assert_eq!(number(NumberFormat::PointComma, "7.5"), "[]");
        assert_eq!(number(NumberFormat::PointComma, "many"), "\"many\"");
    }

    #[test]
    fn fields_become_the_input_of_the_domain() {
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
    fn rows_in_any_order_cost_no_more_than_they_are() {
        let most = 100_000;
        let names = (0..most).rev().map(|row| (format!("items.{row}.rate"), row.to_string()));
        let fields = Fields { pairs: names.collect(), ..Fields::default() };
        let rows = fields.rows("items");
        assert_eq!((rows.len(), rows[0].get("rate")), (most, "0"));
    }
}
