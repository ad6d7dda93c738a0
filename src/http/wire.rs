//! Shapes on the wire: structs that write themselves as JSON and describe themselves in OpenAPI.

use std::{borrow::Cow, fmt::Display, marker::PhantomData};

use jiff::{Timestamp, civil::Date};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::domain::{date::WireTime, word::Word};

/// Declares a JSON object: `field "name": Type`. A field of an `Option` is left out without a
/// value; the doc comments become descriptions, and the text after `example` its example.
macro_rules! wire {
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

        impl $crate::http::wire::Input for $name {
            const NEEDS_FIELDS: bool =
                false $(|| <$type as poem_openapi::types::Type>::IS_REQUIRED)*;
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
                    let (registry, mut schema) = (registry, $crate::http::wire::object(concat!($($doc, "\n"),*)));
                    $(schema.example = $crate::http::wire::example($example);)?
                    $($crate::http::wire::property::<$type>(
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

pub(crate) use wire;

/// An object that may be the body of a request.
pub trait Input: Type {
    /// Whether any of its fields must be there.
    const NEEDS_FIELDS: bool;
}

/// The schema of an object, still without properties.
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

/// An example out of its JSON text.
pub fn example(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok()
}

fn text(description: &'static str) -> Option<&'static str> {
    // Named in full: OpenAPI types have an `is_empty` of their own.
    Some(description.trim()).filter(|text| !str::is_empty(text))
}

/// Describes a type by a schema of its own, written in place.
macro_rules! inline {
    ([$($generics:tt)*] $type:ty, $required:literal, $schema:expr $(, $inner:ty)*) => {
        impl<$($generics)*> Type for $type {
            const IS_REQUIRED: bool = $required;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                "inline".into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new($schema))
            }

            fn register(_registry: &mut Registry) {
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

/// Written as a string.
#[derive(Debug, Clone)]
pub struct Text<T>(pub T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

inline!([T: Display + Send + Sync] Text<T>, true, MetaSchema::new("string"));

/// An instant: `2026-04-15T09:30:00Z`.
#[derive(Debug, Clone, Copy)]
pub struct Instant(pub Timestamp);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(WireTime::of_instant(self.0).as_str())
    }
}

inline!([] Instant, true, MetaSchema::new_with_format("string", "date-time"));

/// A calendar day: `2026-04-15T00:00:00Z`.
#[derive(Debug, Clone, Copy)]
pub struct Day(pub Date);

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(WireTime::of_day(self.0).as_str())
    }
}

inline!([] Day, true, MetaSchema::new_with_format("string", "date-time"));

/// The end of a calendar day: `2026-04-15T23:59:59Z`.
#[derive(Debug, Clone, Copy)]
pub struct DayEnd(pub Date);

impl Serialize for DayEnd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(WireTime::of_day_end(self.0).as_str())
    }
}

inline!([] DayEnd, true, MetaSchema::new_with_format("string", "date-time"));

/// One of a closed set of words.
#[derive(Debug, Clone, Copy)]
pub struct OneOf<W>(pub W);

impl<W: Word> Serialize for OneOf<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}

inline!([W: Word + Send + Sync] OneOf<W>, true, MetaSchema {
    enum_items: W::ALL.iter().map(|word| Value::from(*word)).collect(),
    ..MetaSchema::new("string")
});

/// Describes a type as another that may be null.
macro_rules! or_null {
    ($type:ident, $required:literal) => {
        impl<T: Type> Type for $type<T> {
            const IS_REQUIRED: bool = $required;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                T::name()
            }

            fn schema_ref() -> MetaSchemaRef {
                let nullable = MetaSchema { nullable: true, ..MetaSchema::ANY };
                match T::schema_ref().merge(nullable) {
                    // A list of all values must name null too.
                    MetaSchemaRef::Inline(mut schema) if !schema.enum_items.is_empty() => {
                        schema.enum_items.push(Value::Null);
                        MetaSchemaRef::Inline(schema)
                    }
                    schema => schema,
                }
            }

            fn register(registry: &mut Registry) {
                T::register(registry);
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

/// A value, or null.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Nullable<T>(pub Option<T>);

or_null!(Nullable, true);

/// Always null.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Nothing(pub ());

inline!([] Nothing, true, MetaSchema { nullable: true, ..MetaSchema::new("object") });

/// Describes input of `MIN` to `MAX` characters. Never has a value.
#[derive(Debug, Clone, Serialize)]
pub struct Str<const MIN: usize, const MAX: usize>(());

inline!([const MIN: usize, const MAX: usize] Str<MIN, MAX>, true, MetaSchema {
    min_length: (MIN > 0).then_some(MIN),
    max_length: Some(MAX),
    ..MetaSchema::new("string")
});

/// Describes a whole number from `MIN` to `MAX` in the input. Never has a value.
#[derive(Debug, Clone, Serialize)]
pub struct Whole<const MIN: u32, const MAX: u32>(());

inline!([const MIN: u32, const MAX: u32] Whole<MIN, MAX>, true, MetaSchema {
    minimum: Some(MIN.into()),
    maximum: Some(MAX.into()),
    ..MetaSchema::new("integer")
});

/// Declares types that describe input and never have a value.
macro_rules! input {
    ($($(#[$doc:meta])* $name:ident $schema:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize)]
        pub struct $name(());
        inline!([] $name, true, $schema);
    )*};
}

input! {
    /// An e-mail address.
    EmailInput MetaSchema { max_length: Some(254), ..MetaSchema::new_with_format("string", "email") };
    /// A one-time password.
    OtpInput MetaSchema {
        pattern: Some("^[0-9]{6}$".to_owned()),
        ..MetaSchema::new("string")
    };
    /// A username.
    UsernameInput MetaSchema {
        min_length: Some(3),
        max_length: Some(50),
        pattern: Some("^[A-Za-z0-9_-]+$".to_owned()),
        ..MetaSchema::new("string")
    };
    /// A phone number in E.164 form.
    PhoneInput MetaSchema {
        pattern: Some("^\\+[1-9][0-9]{5,14}$".to_owned()),
        ..MetaSchema::new("string")
    };
    /// A plain calendar date.
    PlainDateInput MetaSchema::new_with_format("string", "date");
    /// A short word of lowercase letters, digits and hyphens.
    WordInput MetaSchema {
        pattern: Some("^[a-z0-9-]{1,30}$".to_owned()),
        ..MetaSchema::new("string")
    };
    /// An http or https address.
    UrlInput MetaSchema { max_length: Some(2000), ..MetaSchema::new_with_format("string", "uri") };
    /// A calendar date, with or without a time, of which only the day counts.
    DateInput MetaSchema { example: Some("2026-04-15T00:00:00Z".into()), ..MetaSchema::new("string") };
    /// An ISO 4217 code.
    CurrencyInput MetaSchema { pattern: Some("^[A-Z]{3}$".to_owned()), ..MetaSchema::new("string") };
    /// An IANA timezone.
    ZoneInput MetaSchema { example: Some("Africa/Lagos".into()), ..MetaSchema::new("string") };
    /// An amount in major units, with no more decimals than the currency has.
    AmountInput MetaSchema { minimum: Some(0.0), maximum: Some(1e15), ..MetaSchema::new("number") };
    /// A quantity.
    QuantityInput MetaSchema {
        minimum: Some(0.0),
        exclusive_minimum: Some(true),
        maximum: Some(1e15),
        ..MetaSchema::new("number")
    };
    /// The rate of a line; a discount is negative.
    RateInput MetaSchema { minimum: Some(-1e15), maximum: Some(1e15), ..MetaSchema::new("number") };
    /// A tax rate in percent, with at most 4 decimals.
    PercentInput MetaSchema { minimum: Some(0.0), maximum: Some(100.0), ..MetaSchema::new("number") };
}

/// Either of two bodies.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Either<A, B> {
    A(A),
    B(B),
}

inline!([A: Type, B: Type] Either<A, B>, true, MetaSchema {
    any_of: vec![A::schema_ref(), B::schema_ref()],
    ..MetaSchema::ANY
}, A, B);

impl<A: Input, B: Input> Input for Either<A, B> {
    const NEEDS_FIELDS: bool = A::NEEDS_FIELDS && B::NEEDS_FIELDS;
}

/// Describes input that may be left out or null.
#[derive(Debug, Clone)]
pub struct Maybe<T>(PhantomData<fn() -> T>);

impl<T> Serialize for Maybe<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

or_null!(Maybe, false);
