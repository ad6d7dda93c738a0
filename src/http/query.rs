//! Query parameters, parsed together with the rest of the input.

use std::{borrow::Cow, marker::PhantomData};

use poem_openapi::{
    registry::{MetaSchemaRef, Registry},
    types::{ParseFromParameter, ParseResult, Type},
};
use serde_json::Value;

use super::schema::shape_schema;
use crate::domain::{form::Object, input::Kind};

/// A parameter that is documented as a kind, and read by the domain.
#[derive(Debug, Clone)]
pub struct Loose<K> {
    text: String,
    documented_as: PhantomData<fn() -> K>,
}

impl<K: Kind> Type for Loose<K> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "inline".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        shape_schema(&mut Registry::new(), &K::SHAPE)
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<K: Kind> ParseFromParameter for Loose<K> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self { text: value.to_owned(), documented_as: PhantomData })
    }
}

/// Gathers parameters into an object that the domain reads.
#[derive(Debug, Default)]
pub struct Parameters(Object);

impl Parameters {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter that was given.
    #[must_use]
    pub fn with<K>(mut self, name: &str, value: Option<Loose<K>>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), Value::String(value.text));
        }
        self
    }

    pub fn object(&self) -> &Object {
        &self.0
    }
}
