//! Query parameters, taken as they are and understood with the rest of the input.

use std::{borrow::Cow, marker::PhantomData};

use poem_openapi::{
    registry::MetaSchemaRef,
    types::{ParseFromParameter, ParseResult, Type},
};
use serde_json::Value;

use crate::domain::form::Object;

/// A parameter that is documented as `T` and checked by the domain.
#[derive(Debug, Clone)]
pub struct Loose<T> {
    text: String,
    documented_as: PhantomData<fn() -> T>,
}

impl<T: Type> Type for Loose<T> {
    const IS_REQUIRED: bool = T::IS_REQUIRED;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut poem_openapi::registry::Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: Type> ParseFromParameter for Loose<T> {
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
    pub fn with<T>(mut self, name: &str, value: Option<Loose<T>>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), Value::String(value.text));
        }
        self
    }

    pub fn object(&self) -> &Object {
        &self.0
    }
}
