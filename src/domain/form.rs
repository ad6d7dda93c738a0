//! Reads untrusted input field by field and collects every failure before giving up.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    error::{Error, Result},
    patch::Patch,
    rule::{FieldError, Rule},
};

/// An object as it was sent, of which nothing is believed yet. Unknown fields are ignored.
pub type Object = Map<String, Value>;

/// Reads fields of an [`Object`] in the order in which failures shall be reported.
///
/// Each reading method answers `None` when the field failed, so that a caller ends with
/// `let (Some(a), Some(b)) = (a, b) else { return Err(form.failure()) };`.
pub struct Form<'a> {
    object: &'a Object,
    prefix: String,
    errors: Vec<FieldError>,
}

impl<'a> Form<'a> {
    pub fn new(object: &'a Object) -> Self {
        Self { object, prefix: String::new(), errors: Vec::new() }
    }

    /// A field that must be there.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, Rule>,
    ) -> Option<T> {
        match self.value(name) {
            None => {
                self.fail(name, Rule::Required);
                None
            }
            Some(value) => self.keep(name, parse(value)),
        }
    }

    /// A field that may be missing, `null` or an empty string, which all mean "not given".
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, Rule>,
    ) -> Option<Option<T>> {
        match self.given(name) {
            None => Some(None),
            Some(value) => self.keep(name, parse(value)).map(Some),
        }
    }

    /// A change to a field that must have a value: missing keeps it, `null` is an error.
    pub fn change<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, Rule>,
    ) -> Option<Option<T>> {
        match self.object.get(name) {
            None => Some(None),
            Some(Value::Null) => {
                self.fail(name, Rule::Required);
                None
            }
            Some(value) => self.keep(name, parse(value)).map(Some),
        }
    }

    /// A change to a field that has a default: missing keeps it, `null` is an error, and an empty
    /// string means `emptied`, or keeps it where nothing can stand for "empty".
    pub fn change_or<T>(
        &mut self,
        name: &'static str,
        emptied: Option<T>,
        parse: impl FnOnce(&'a Value) -> Result<T, Rule>,
    ) -> Option<Option<T>> {
        match self.object.get(name) {
            Some(value) if is_empty(value) => Some(emptied),
            _ => self.change(name, parse),
        }
    }

    /// A change to an optional field: missing keeps it, `null` or an empty string clears it.
    pub fn patch<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, Rule>,
    ) -> Option<Patch<T>> {
        let read = self.optional(name, parse);
        self.patched(name, read)
    }

    /// A list of objects, each read by `parse`, whose failures name the entry: `items[2].rate`.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        max: usize,
        mut parse: impl FnMut(&mut Form<'a>) -> Option<T>,
    ) -> Option<Option<Vec<T>>> {
        let list = match self.entries(name, max)? {
            Some(list) => list,
            None => return Some(None),
        };
        let mut read = Vec::with_capacity(list.len());
        for (index, entry) in list.iter().enumerate() {
            let Value::Object(object) = entry else {
                self.fail(format!("{name}[{index}]"), Rule::NotObject);
                continue;
            };
            read.extend(self.within(&format!("{name}[{index}]"), object, &mut parse));
        }
        (read.len() == list.len()).then_some(Some(read))
    }

    /// An object within the object, whose failures name the field in it: `location.city`. One
    /// whose fields are all empty is not given: forms send it so.
    pub fn object<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&mut Form<'a>) -> Option<T>,
    ) -> Option<Option<T>> {
        let object = match self.given(name) {
            None => return Some(None),
            Some(Value::Object(object)) if !object.is_empty() && object.values().all(is_blank) => {
                return Some(None);
            }
            Some(Value::Object(object)) => object,
            Some(_) => {
                self.fail(name, Rule::NotObject);
                return None;
            }
        };
        self.within(name, object, parse).map(Some)
    }

    /// A list of plain values, each read by `parse`; a failure names the entry: `skills[2]`.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        max: usize,
        parse: impl Fn(&'a Value) -> Result<T, Rule>,
    ) -> Option<Option<Vec<T>>> {
        let list = match self.entries(name, max)? {
            Some(list) => list,
            None => return Some(None),
        };
        let mut read = Vec::with_capacity(list.len());
        for (index, entry) in list.iter().enumerate() {
            match parse(entry) {
                Ok(value) => read.push(value),
                Err(rule) => self.fail(format!("{name}[{index}]"), rule),
            }
        }
        (read.len() == list.len()).then_some(Some(read))
    }

    /// What was read of an optional field, as a change of it: missing keeps it, `null` or
    /// an empty string clears it.
    pub fn patched<T>(&self, name: &str, read: Option<Option<T>>) -> Option<Patch<T>> {
        Some(match read? {
            Some(value) => Patch::Set(value),
            None if self.mentions(name) => Patch::Clear,
            None => Patch::Keep,
        })
    }

    /// The entries of a list that may be left out.
    fn entries(&mut self, name: &'static str, max: usize) -> Option<Option<&'a [Value]>> {
        match self.given(name) {
            None => Some(None),
            Some(Value::Array(list)) if list.len() <= max => Some(Some(list)),
            Some(value) => {
                let is_list = value.is_array();
                self.fail(name, if is_list { Rule::TooManyItems { max } } else { Rule::NotList });
                None
            }
        }
    }

    /// Reads an object within this one.
    fn within<T>(
        &mut self,
        name: &str,
        object: &'a Object,
        parse: impl FnOnce(&mut Form<'a>) -> Option<T>,
    ) -> Option<T> {
        let prefix = format!("{}{name}.", self.prefix);
        let mut inner = Form { object, prefix, errors: std::mem::take(&mut self.errors) };
        let read = parse(&mut inner);
        self.errors = inner.errors;
        read
    }

    /// Whether the field is there, be it null.
    pub fn mentions(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// Records a failure found by comparing fields.
    pub fn fail(&mut self, name: impl Into<Cow<'static, str>>, rule: Rule) {
        let name = name.into();
        let field = if self.prefix.is_empty() {
            name
        } else {
            Cow::Owned(format!("{}{name}", self.prefix))
        };
        self.errors.push(FieldError { field, rule });
    }

    /// Whether nothing has failed so far.
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// Everything that failed.
    pub fn failure(self) -> Error {
        Error::invalid(self.errors)
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// The value of an optional field; an empty string is none.
    fn given(&self, name: &str) -> Option<&'a Value> {
        self.value(name).filter(|value| !is_empty(value))
    }

    fn keep<T>(&mut self, name: &'static str, read: Result<T, Rule>) -> Option<T> {
        read.map_err(|rule| self.fail(name, rule)).ok()
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_str().is_some_and(str::is_empty)
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || is_empty(value)
}
