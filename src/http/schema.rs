//! JSON formats: structs that serialize themselves and describe themselves in OpenAPI.

use std::fmt::Display;

use jiff::{Timestamp, civil::Date};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseFromParameter, ParseResult, Type},
};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::domain::{
    date::JsonTime,
    id::{Id, Named},
    input::{Field, Need, Part, Shape},
    word::Word,
};

/// Declares a JSON object: `field "name": Type`. An `Option` field is omitted if it is
/// `None`; the doc comments become descriptions, and the text after `example` its example.
///
/// A body built from a value names it, and defines each field:
///
/// ```ignore
/// schema! {
///     /// A link.
///     struct LinkBody "Link" of link: Link {
///         link_type "type": String = link.link_type,
///         url "url": String = link.url,
///     }
/// }
/// ```
macro_rules! schema {
    ($(#[doc = $doc:literal])* struct $name:ident $schema:literal $(example $example:literal)?
    of $source:tt: $from:ty {
        $($(#[doc = $field_doc:literal])* $field:ident $wire:literal: $type:ty = $value:expr,)*
    }) => {
        $crate::http::schema::schema! {
            $(#[doc = $doc])*
            struct $name $schema $(example $example)? {
                $($(#[doc = $field_doc])* $field $wire: $type,)*
            }
        }

        impl From<$from> for $name {
            fn from($source: $from) -> Self {
                Self { $($field: $value,)* }
            }
        }
    };
    ($(#[doc = $doc:literal])* struct $name:ident $schema:literal $(example $example:literal)? {
        $($(#[doc = $field_doc:literal])* $field:ident $wire:literal: $type:ty,)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, serde::Serialize)]
        pub struct $name {
            $(
                $(#[doc = $field_doc])*
                #[serde(
                    rename = $wire,
                    skip_serializing_if = "poem_openapi::types::Type::is_none"
                )]
                pub $field: $type,
            )*
        }

        impl poem_openapi::types::Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                $schema.into()
            }

            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                poem_openapi::registry::MetaSchemaRef::Reference($schema.to_owned())
            }

            fn register(registry: &mut poem_openapi::registry::Registry) {
                registry.create_schema::<Self, _>($schema.to_owned(), |registry| {
                    #[allow(unused, reason = "an object may have no fields")]
                    let (registry, mut schema) = (registry, $crate::http::schema::object(concat!($($doc, "\n"),*)));
                    $(schema.example = $crate::http::schema::example($example);)?
                    $($crate::http::schema::property::<$type>(
                        registry, &mut schema, $wire, concat!($($field_doc, "\n",)* ""),
                    );)*
                    schema
                });
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    };
}

pub(crate) use schema;

/// The schema of an object, without properties so far.
pub fn object(description: &'static str) -> MetaSchema {
    MetaSchema { description: text(description), ..MetaSchema::new("object") }
}

/// Adds a property to the schema of an object.
pub fn property<T: Type>(
    registry: &mut Registry,
    schema: &mut MetaSchema,
    name: &'static str,
    description: &'static str,
) {
    T::register(registry);
    if T::IS_REQUIRED {
        schema.required.push(name);
    }
    let described = MetaSchema { description: text(description), ..MetaSchema::ANY };
    schema.properties.push((name, T::schema_ref().merge(described)));
}

/// An inline schema.
pub fn in_place(schema: MetaSchema) -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(schema))
}

/// Parses an example from its JSON text.
pub fn example(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok()
}

fn text(description: &'static str) -> Option<&'static str> {
    // Fully qualified: OpenAPI types have their own `is_empty`.
    Some(description.trim()).filter(|text| !str::is_empty(text))
}

/// Describes a type by an inline schema, possibly made of other types.
macro_rules! described {
    ([$($generics:tt)*] $type:ty, $schema:expr $(, $inner:ty)*) => {
        impl<$($generics)*> poem_openapi::types::Type for $type {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                "inline".into()
            }

            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                $schema
            }

            fn register(_registry: &mut poem_openapi::registry::Registry) {
                $(<$inner>::register(_registry);)*
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    };
}

pub(crate) use described;

/// A value serialized as a string.
#[derive(Debug, Clone)]
pub struct Text<T>(pub T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

described!([T: Display + Send + Sync] Text<T>, in_place(MetaSchema::new("string")));

described!([K: Named] Id<K>, in_place(MetaSchema::new("string")));

/// An id that is invalid for this kind matches nothing.
impl<K: Named> ParseFromParameter for Id<K> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self::parse(value))
    }
}

/// An instant: `2026-04-15T09:30:00Z`.
#[derive(Debug, Clone, Copy)]
pub struct Instant(pub Timestamp);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(JsonTime::of_instant(self.0).as_str())
    }
}

described!([] Instant, in_place(MetaSchema::new_with_format("string", "date-time")));

/// A calendar day: `2026-04-15T00:00:00Z`.
#[derive(Debug, Clone, Copy)]
pub struct Day(pub Date);

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(JsonTime::of_day(self.0).as_str())
    }
}

described!([] Day, in_place(MetaSchema::new_with_format("string", "date-time")));

/// The end of a calendar day: `2026-04-15T23:59:59Z`.
#[derive(Debug, Clone, Copy)]
pub struct DayEnd(pub Date);

impl Serialize for DayEnd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(JsonTime::of_day_end(self.0).as_str())
    }
}

described!([] DayEnd, in_place(MetaSchema::new_with_format("string", "date-time")));

/// One of a fixed set of words.
#[derive(Debug, Clone, Copy)]
pub struct OneOf<W>(pub W);

impl<W: Word> Serialize for OneOf<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}

described!([W: Word + Send + Sync] OneOf<W>, in_place(MetaSchema {
    enum_items: W::ALL.iter().map(|word| Value::from(*word)).collect(),
    ..MetaSchema::new("string")
}));

/// A value, or null.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Nullable<T>(pub Option<T>);

described!([T: Type] Nullable<T>, nullable(T::schema_ref()), T);

/// Always null.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Nothing(pub ());

described!([] Nothing, in_place(MetaSchema { nullable: true, ..MetaSchema::new("object") }));

/// One of two bodies.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Either<A, B> {
    A(A),
    B(B),
}

described!([A: Type, B: Type] Either<A, B>, in_place(MetaSchema {
    any_of: vec![A::schema_ref(), B::schema_ref()],
    ..MetaSchema::ANY
}), A, B);

/// The body of a request, as a document describes it.
pub trait Described {
    fn schema_ref() -> MetaSchemaRef;

    fn register(registry: &mut Registry);

    /// Whether any of its fields is required.
    fn needs_fields() -> bool;
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
    for field in fields.iter().filter(|field| field.need != Need::Hidden) {
        if field.need == Need::Required {
            schema.required.push(field.name);
        }
        let property = match field.need {
            Need::Nullable => nullable(shape_schema(registry, &field.shape)),
            _ => shape_schema(registry, &field.shape),
        };
        let described = MetaSchema { description: text(field.about), ..MetaSchema::ANY };
        schema.properties.push((field.name, property.merge(described)));
    }
    schema
}

/// The schema of a field.
pub fn shape_schema(registry: &mut Registry, shape: &Shape) -> MetaSchemaRef {
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
        Shape::Flag => MetaSchema::new("boolean"),
        Shape::Coordinates => *list(f64::schema_ref()),
        Shape::List(of) => *list(shape_schema(registry, of)),
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

/// The schema of a nullable value.
fn nullable(schema: MetaSchemaRef) -> MetaSchemaRef {
    match schema.merge(MetaSchema { nullable: true, ..MetaSchema::ANY }) {
        // An enum must list null as well.
        MetaSchemaRef::Inline(mut schema) if !schema.enum_items.is_empty() => {
            schema.enum_items.push(Value::Null);
            MetaSchemaRef::Inline(schema)
        }
        schema => schema,
    }
}
