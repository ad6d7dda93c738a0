//! Reads untrusted input field by field and collects every failure before giving up.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    error::{self, Error},
    patch::Patch,
    rule::{FieldError, Rule},
};

/// An object as it was sent, of which nothing is believed yet. Unknown fields are ignored.
pub type Object = Map<String, Value>;

/// Reads fields of an [`Object`] in the order in which failures shall be reported.
///
/// Every field is read before the first `?`, so that all failures are found:
/// `let name = form.required(…); let email = form.required(…); Ok(New { name: name?, email: email? })`.
pub struct Form<'a> {
    object: &'a Object,
    prefix: String,
    errors: Vec<FieldError>,
}

/// A field as it was read; why it failed stands in the form.
pub type Read<T> = Result<T, Failed>;

/// What stands for a field that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed;

impl<'a> Form<'a> {
    /// Reads an object whole.
    ///
    /// # Errors
    ///
    /// Every field that failed.
    pub fn read<T>(
        object: &'a Object,
        read: impl FnOnce(&mut Self) -> Read<T>,
    ) -> error::Result<T> {
        let mut form = Self { object, prefix: String::new(), errors: Vec::new() };
        match read(&mut form) {
            Ok(value) if form.errors.is_empty() => Ok(value),
            _ => Err(Error::invalid(form.errors)),
        }
    }

    /// A field that must be there.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, Rule>,
    ) -> Read<T> {
        match self.value(name) {
            None => Err(self.fail(name, Rule::Required)),
            Some(value) => self.keep(name, parse(value)),
        }
    }

    /// A field that may be missing, `null` or an empty string, which all mean "not given".
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, Rule>,
    ) -> Read<Option<T>> {
        match self.given(name) {
            None => Ok(None),
            Some(value) => self.keep(name, parse(value)).map(Some),
        }
    }

    /// A change to a field that must have a value: missing keeps it, `null` is an error.
    pub fn change<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, Rule>,
    ) -> Read<Option<T>> {
        match self.object.get(name) {
            None => Ok(None),
            Some(Value::Null) => Err(self.fail(name, Rule::Required)),
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
    ) -> Read<Option<T>> {
        match self.object.get(name) {
            Some(value) if is_empty(value) => Ok(emptied),
            _ => self.change(name, parse),
        }
    }

    /// A change to an optional field: missing keeps it, `null` or an empty string clears it.
    pub fn patch<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, Rule>,
    ) -> Read<Patch<T>> {
        let read = self.optional(name, parse);
        self.patched(name, read)
    }

    /// A list of objects, each read by `parse`, whose failures name the entry: `items[2].rate`.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        max: usize,
        mut parse: impl FnMut(&mut Form<'a>) -> Read<T>,
    ) -> Read<Option<Vec<T>>> {
        let list = match self.entries(name, max)? {
            Some(list) => list,
            None => return Ok(None),
        };
        let mut read = Vec::with_capacity(list.len());
        for (index, entry) in list.iter().enumerate() {
            let Value::Object(object) = entry else {
                self.fail(format!("{name}[{index}]"), Rule::NotObject);
                continue;
            };
            read.extend(self.within(&format!("{name}[{index}]"), object, &mut parse));
        }
        if read.len() == list.len() { Ok(Some(read)) } else { Err(Failed) }
    }

    /// An object within the object, whose failures name the field in it: `location.city`. One
    /// whose fields are all empty is not given: forms send it so.
    pub fn object<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&mut Form<'a>) -> Read<T>,
    ) -> Read<Option<T>> {
        let object = match self.given(name) {
            None => return Ok(None),
            Some(Value::Object(object)) if !object.is_empty() && object.values().all(is_blank) => {
                return Ok(None);
            }
            Some(Value::Object(object)) => object,
            Some(_) => return Err(self.fail(name, Rule::NotObject)),
        };
        self.within(name, object, parse).map(Some)
    }

    /// A list of plain values, each read by `parse`; a failure names the entry: `skills[2]`.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        max: usize,
        parse: impl Fn(&'a Value) -> Result<T, Rule>,
    ) -> Read<Option<Vec<T>>> {
        let list = match self.entries(name, max)? {
            Some(list) => list,
            None => return Ok(None),
        };
        let mut read = Vec::with_capacity(list.len());
        for (index, entry) in list.iter().enumerate() {
            read.extend(parse(entry).map_err(|rule| self.fail(format!("{name}[{index}]"), rule)));
        }
        if read.len() == list.len() { Ok(Some(read)) } else { Err(Failed) }
    }

    /// What was read of an optional field, as a change of it: missing keeps it, `null` or
    /// an empty string clears it.
    pub fn patched<T>(&self, name: &str, read: Read<Option<T>>) -> Read<Patch<T>> {
        Ok(match read? {
            Some(value) => Patch::Set(value),
            None if self.mentions(name) => Patch::Clear,
            None => Patch::Keep,
        })
    }

    /// The entries of a list that may be left out.
    fn entries(&mut self, name: &'static str, max: usize) -> Read<Option<&'a [Value]>> {
        match self.given(name) {
            None => Ok(None),
            Some(Value::Array(list)) if list.len() <= max => Ok(Some(list)),
            Some(value) => {
                let is_list = value.is_array();
                let rule = if is_list { Rule::TooManyItems { max } } else { Rule::NotList };
                Err(self.fail(name, rule))
            }
        }
    }

    /// Reads an object within this one.
    fn within<T>(
        &mut self,
        name: &str,
        object: &'a Object,
        parse: impl FnOnce(&mut Form<'a>) -> Read<T>,
    ) -> Read<T> {
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

    /// Records a failure, be it one found by comparing fields.
    pub fn fail(&mut self, name: impl Into<Cow<'static, str>>, rule: Rule) -> Failed {
        let name = name.into();
        let field = if self.prefix.is_empty() {
            name
        } else {
            Cow::Owned(format!("{}{name}", self.prefix))
        };
        self.errors.push(FieldError { field, rule });
        Failed
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// The value of an optional field; an empty string is none.
    fn given(&self, name: &str) -> Option<&'a Value> {
        self.value(name).filter(|value| !is_empty(value))
    }

    fn keep<T>(&mut self, name: &'static str, read: Result<T, Rule>) -> Read<T> {
        read.map_err(|rule| self.fail(name, rule))
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_str().is_some_and(str::is_empty)
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || is_empty(value)
}
