//! Reads untrusted input field by field and collects every failure.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    error::{self, Error},
    input::{Field, Kind, Scalar, Shape, Source},
    patch::Patch,
    rule::{FieldError, Rule},
};

/// An untrusted object. Unknown fields are ignored.
pub type Object = Map<String, Value>;

/// Reads fields of a [`Source`] in the order in which failures are reported.
///
/// Every field is read before the first `?`, so that all failures are found:
///
/// ```ignore
/// let name = form.required::<Name>("name");
/// let day = form.optional::<Day>("day");
/// Ok(New { name: name?, day: day? })
/// ```
pub struct Form<'a> {
    source: &'a dyn Source,
    prefix: String,
    errors: Vec<FieldError>,
}

/// The result of reading a field. If it failed, the form has the reason.
pub type Read<T> = Result<T, Failed>;

/// A field that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed;

impl<'a> Form<'a> {
    /// Reads a whole source.
    ///
    /// # Errors
    ///
    /// Every field that failed.
    pub fn read<T>(
        source: &'a dyn Source,
        read: impl FnOnce(&mut Form<'a>) -> Read<T>,
    ) -> error::Result<T> {
        let mut form = Self { source, prefix: String::new(), errors: Vec::new() };
        match read(&mut form) {
            Ok(value) if form.errors.is_empty() => Ok(value),
            _ => Err(Error::invalid(form.errors)),
        }
    }

    /// Reads a field that must be present.
    pub fn required<K: Kind>(&mut self, name: &'static str) -> Read<K::Value> {
        let is_object = matches!(K::SHAPE, Shape::Object(_));
        let value = if is_object { self.given::<K>(name) } else { self.value::<K>(name) };
        match value {
            None => Err(self.fail(name, Rule::Required)),
            Some(value) => K::read(self, name, &value),
        }
    }

    /// Reads a field that may be missing, `null` or an empty string, which all mean "not given".
    pub fn optional<K: Kind>(&mut self, name: &'static str) -> Read<Option<K::Value>> {
        self.given::<K>(name).map(|value| K::read(self, name, &value)).transpose()
    }

    /// Reads a change to a required field: missing keeps it, `null` is an error.
    pub fn change<K: Kind>(&mut self, name: &'static str) -> Read<Option<K::Value>> {
        match self.source.field(name, &K::SHAPE).as_deref() {
            None => Ok(None),
            Some(Value::Null) => Err(self.fail(name, Rule::Required)),
            Some(value) => K::read(self, name, value).map(Some),
        }
    }

    /// Reads a change to a field with a default: missing keeps it, `null` is an error, and an empty
    /// string means `emptied`, or keeps it if that is `None`. A form's `null` means `emptied` too.
    pub fn change_or<K: Kind>(
        &mut self,
        name: &'static str,
        emptied: Option<K::Value>,
    ) -> Read<Option<K::Value>> {
        match self.source.field(name, &K::SHAPE).as_deref() {
            Some(value) if is_empty(value) => Ok(emptied),
            Some(Value::Null) if self.is_typed() && emptied.is_some() => Ok(emptied),
            _ => self.change::<K>(name),
        }
    }

    /// Reads a change to an optional field: missing keeps it, `null` or an empty string clears it.
    pub fn patch<K: Kind>(&mut self, name: &'static str) -> Read<Patch<K::Value>> {
        Ok(match self.optional::<K>(name)? {
            Some(value) => Patch::Set(value),
            None if self.source.field(name, &K::SHAPE).is_some() => Patch::Clear,
            None => Patch::Keep,
        })
    }

    /// Like [`Form::patch`], but an object with only empty fields does not clear the value.
    pub fn removal<K: Kind>(&mut self, name: &'static str) -> Read<Patch<K::Value>> {
        match self.source.field(name, &K::SHAPE).as_deref() {
            None => Ok(Patch::Keep),
            Some(value) if is_blank(value) => Ok(Patch::Clear),
            Some(value) => K::read(self, name, value).map(Patch::Set),
        }
    }

    /// Whether a field has a value.
    pub fn says<K: Kind>(&self, name: &str) -> bool {
        self.given::<K>(name)
            .is_some_and(|value| value.as_array().is_none_or(|list| !list.is_empty()))
    }

    /// Returns the value of a field, to compare another with it; `None` if it fails.
    pub fn peek<K: Scalar>(&self, name: &str) -> Option<K::Value> {
        K::parse(&*self.value::<K>(name)?).ok()
    }

    /// Reads a nested object.
    pub fn within<T>(
        &mut self,
        name: &str,
        object: &Object,
        read: impl FnOnce(&mut Form) -> Read<T>,
    ) -> Read<T> {
        let prefix = format!("{}{name}.", self.prefix);
        let mut inner = Form { source: object, prefix, errors: std::mem::take(&mut self.errors) };
        let read = read(&mut inner);
        self.errors = inner.errors;
        read
    }

    /// Whether the source is a form of this program.
    pub fn is_typed(&self) -> bool {
        self.source.is_typed()
    }

    /// Records a failure.
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

    /// Sorts the failures in the order of these fields.
    pub fn sort(&mut self, fields: &[Field]) {
        self.errors.sort_by_key(|error| {
            let name = error.field.split(['.', '[']).next();
            fields.iter().position(|field| Some(field.name) == name)
        });
    }

    fn value<K: Kind>(&self, name: &str) -> Option<Cow<'a, Value>> {
        self.source.field(name, &K::SHAPE).filter(|value| !value.is_null())
    }

    /// Returns the value of an optional field. An empty string counts as none, and so does an
    /// object with only empty fields: forms send these.
    fn given<K: Kind>(&self, name: &str) -> Option<Cow<'a, Value>> {
        self.value::<K>(name).filter(|value| match &**value {
            Value::Object(object) => object.is_empty() || !object.values().all(is_blank),
            value => !is_empty(value),
        })
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_str().is_some_and(str::is_empty)
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || is_empty(value)
}
