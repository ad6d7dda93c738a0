//! Query parameters, parsed together with the rest of the input.

use std::marker::PhantomData;

use poem_openapi::{
    registry::Registry,
    types::{ParseFromParameter, ParseResult},
};
use serde_json::Value;

use super::schema::{described, shape_schema};
use crate::domain::{form::Object, input::Kind};

/// A parameter documented as a kind and parsed by the domain.
#[derive(Debug, Clone)]
pub struct Loose<K> {
    text: String,
    documented_as: PhantomData<fn() -> K>,
}

described!([K: Kind] Loose<K>, shape_schema(&mut Registry::new(), &K::SHAPE));

impl<K: Kind> ParseFromParameter for Loose<K> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self { text: value.to_owned(), documented_as: PhantomData })
    }
}

/// Collects parameters into an object that the domain parses.
#[derive(Debug, Default)]
pub struct Parameters(Object);

impl Parameters {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter if it was given.
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
