//! What a document says of input: bodies of requests and query parameters.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde_json::Value;

use super::{Either, about_it, in_place, nullable, object};
use crate::domain::input::{Field, Input, Need, Part, Shape};

/// The body of a request, as a document describes it.
pub trait Described {
    fn schema_ref() -> MetaSchemaRef;

    fn register(registry: &mut Registry);

    /// Whether any of its fields is required.
    fn needs_fields() -> bool;
}

/// A body that is read as one kind of input.
pub trait Readable: Described {
    type Input: Input;
}

/// Declares bodies of requests: `Name "its name in the document" = the input it is read as`, and
/// an example. The doc comments become descriptions.
macro_rules! bodies {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident $schema:literal = $input:ty $(, example $example:literal)?;
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug)]
        pub struct $name;

        impl $crate::http::schema::Described for $name {
            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                poem_openapi::registry::MetaSchemaRef::Reference($schema.to_owned())
            }

            fn register(registry: &mut poem_openapi::registry::Registry) {
                registry.create_schema::<Self, _>($schema.to_owned(), |registry| {
                    let about = concat!($($doc, "\n"),*);
                    #[allow(unused_mut, reason = "not every body has an example")]
                    let mut schema = $crate::http::schema::object_of(
                        registry, about, <$input as $crate::domain::input::Input>::FIELDS,
                    );
                    $(schema.example = $crate::http::schema::example($example);)?
                    schema
                });
            }

            fn needs_fields() -> bool {
                let fields = <$input as $crate::domain::input::Input>::FIELDS;
                fields.iter().any(|field| field.need == $crate::domain::input::Need::Required)
            }
        }

        impl $crate::http::schema::Readable for $name {
            type Input = $input;
        }
    )*};
}

pub(crate) use bodies;

impl<A: Described, B: Described> Described for Either<A, B> {
    fn schema_ref() -> MetaSchemaRef {
        in_place(MetaSchema { any_of: vec![A::schema_ref(), B::schema_ref()], ..MetaSchema::ANY })
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
        B::register(registry);
    }

    fn needs_fields() -> bool {
        A::needs_fields() && B::needs_fields()
    }
}

/// The schema of an object with these fields.
pub fn object_of(
    registry: &mut Registry,
    about: &'static str,
    fields: &'static [Field],
) -> MetaSchema {
    let mut schema = object(about);
    for field in shown(fields) {
        if field.need == Need::Required {
            schema.required.push(field.name);
        }
        let property = match field.need {
            Need::Nullable => nullable(shape_schema(registry, &field.shape)),
            _ => shape_schema(registry, &field.shape),
        };
        schema.properties.push((field.name, about_it(property, field.about)));
    }
    schema
}

/// The schema of an object whose properties are the parameters that these fields are given in.
pub fn parameters(fields: &'static [Field]) -> MetaSchemaRef {
    let mut schema = MetaSchema::new("object");
    add_parameters(&mut schema, fields, "");
    in_place(schema)
}

fn add_parameters(schema: &mut MetaSchema, fields: &'static [Field], about: &'static str) {
    for field in shown(fields) {
        let about = if field.about.is_empty() { about } else { field.about };
        if let Shape::Fields(fields) = field.shape {
            add_parameters(schema, fields, about);
            continue;
        }
        let parameter = shape_schema(&mut Registry::new(), &field.shape);
        schema.properties.push((field.name, about_it(parameter, about)));
    }
}

fn shown(fields: &'static [Field]) -> impl Iterator<Item = &'static Field> {
    fields.iter().filter(|field| field.need != Need::Hidden)
}

/// The schema of a field.
fn shape_schema(registry: &mut Registry, shape: &Shape) -> MetaSchemaRef {
    let string = || MetaSchema::new("string");
    let number = |min, max| MetaSchema {
        minimum: Some(min),
        maximum: Some(max),
        ..MetaSchema::new("number")
    };
    let pattern = |pattern: &str| MetaSchema { pattern: Some(pattern.to_owned()), ..string() };
    let format = |format, max| MetaSchema {
        max_length: max,
        ..MetaSchema::new_with_format("string", format)
    };
    let example = |text: &str| MetaSchema { example: Some(text.into()), ..string() };
    let length = |min: usize, max| MetaSchema {
        min_length: Some(min).filter(|min| *min > 0),
        max_length: max,
        ..string()
    };
    MetaSchemaRef::Inline(Box::new(match shape {
        Shape::Any => string(),
        Shape::Text { min, max } => length(*min, Some(*max)),
        Shape::Secret { min, max } => length(*min, *max),
        Shape::Email => format("email", Some(254)),
        Shape::Url => format("uri", Some(2000)),
        Shape::Username => {
            MetaSchema { min_length: Some(3), max_length: Some(50), ..pattern("^[A-Za-z0-9_-]+$") }
        }
        Shape::Phone => pattern("^\\+[1-9][0-9]{5,14}$"),
        Shape::ShortWord => pattern("^[a-z0-9-]{1,30}$"),
        Shape::Otp => pattern("^[0-9]{6}$"),
        Shape::Day => example("2026-04-15T00:00:00Z"),
        Shape::PlainDay => format("date", None),
        Shape::Currency => pattern("^[A-Z]{3}$"),
        Shape::Country => pattern("^[A-Z]{2}$"),
        Shape::Timezone => example("Africa/Lagos"),
        Shape::Word(words) => MetaSchema {
            enum_items: words.iter().map(|word| Value::from(*word)).collect(),
            ..string()
        },
        Shape::Amount => number(0.0, 1e15),
        Shape::Quantity => MetaSchema { exclusive_minimum: Some(true), ..number(0.0, 1e15) },
        Shape::Rate => number(-1e15, 1e15),
        Shape::Percent => number(0.0, 100.0),
        Shape::Whole { min, max } => MetaSchema {
            minimum: Some((*min).into()),
            maximum: Some((*max).into()),
            ..MetaSchema::new("integer")
        },
        Shape::Signed { max } => MetaSchema {
            minimum: Some(-f64::from(*max)),
            maximum: Some((*max).into()),
            ..MetaSchema::new("integer")
        },
        Shape::Flag => MetaSchema::new("boolean"),
        Shape::Coordinates => *list(f64::schema_ref()),
        Shape::List(of) => *list(shape_schema(registry, of)),
        Shape::Fields(fields) => return parameters(fields),
        Shape::Object(part) => {
            let name = part.name.to_owned();
            registry.create_schema::<Part, _>(name.clone(), |registry| {
                object_of(registry, part.about, part.fields)
            });
            return MetaSchemaRef::Reference(name);
        }
    }))
}

fn list(of: MetaSchemaRef) -> Box<MetaSchema> {
    Box::new(MetaSchema { items: Some(Box::new(of)), ..MetaSchema::new("array") })
}
