//! Query parameters, read together with the rest of the input.

use std::marker::PhantomData;

use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchemaRef},
};

use super::schema::parameters;
use crate::domain::{error, form::Object, input::Input};

/// The query of a request, documented as parameters with the fields of `T`.
#[derive(Debug)]
pub struct Query<T> {
    parameters: Object,
    documented_as: PhantomData<fn() -> T>,
}

impl<T: Input> Query<T> {
    /// Parses the parameters.
    pub fn read(&self) -> error::Result<T> {
        T::read(&self.parameters)
    }
}

impl<'a, T: Input> ApiExtractor<'a> for Query<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    /// An object, of which the document makes a parameter for each field.
    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(parameters(T::FIELDS))
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let mut parameters = Object::new();
        for (name, text) in request.params::<Vec<(String, String)>>().unwrap_or_default() {
            parameters.entry(name).or_insert(text.into());
        }
        Ok(Self { parameters, documented_as: PhantomData })
    }
}
