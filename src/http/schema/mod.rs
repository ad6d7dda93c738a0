//! JSON formats: structs that serialize themselves and describe themselves in OpenAPI.

mod input;

use std::fmt::Display;

use jiff::{Timestamp, civil::Date};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseFromParameter, ParseResult, Type},
};
use serde::{Serialize, Serializer};
use serde_json::Value;

pub(crate) use self::input::bodies;
pub use self::input::{Described, Readable, object_of, parameters};
use crate::domain::{
    date::JsonTime,
    id::{Id, Named},
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

        $crate::http::schema::described!(
            [] $name,
            poem_openapi::registry::MetaSchemaRef::Reference($schema.to_owned()),
            |registry| {
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
        );
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
    schema.properties.push((name, about_it(T::schema_ref(), description)));
}

/// An inline schema.
pub fn in_place(schema: MetaSchema) -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(schema))
}

/// Parses an example from its JSON text.
pub fn example(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok()
}

/// Adds a description to a schema.
fn about_it(schema: MetaSchemaRef, description: &'static str) -> MetaSchemaRef {
    schema.merge(MetaSchema { description: text(description), ..MetaSchema::ANY })
}

fn text(description: &'static str) -> Option<&'static str> {
    // Fully qualified: OpenAPI types have their own `is_empty`.
    Some(description.trim()).filter(|text| !str::is_empty(text))
}

/// Describes a type by its schema; other types that this names are registered with it.
macro_rules! described {
    ([$($generics:tt)*] $type:ty, $schema:expr $(, $inner:ty)*) => {
        $crate::http::schema::described!([$($generics)*] $type, $schema, |_registry| {
            $(<$inner>::register(_registry);)*
        });
    };
    ([$($generics:tt)*] $type:ty, $schema:expr, |$registry:ident| $register:block) => {
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

            fn register($registry: &mut poem_openapi::registry::Registry) {
                $register
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
