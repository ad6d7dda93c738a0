//! Input, field by field. Each field of a noun is declared once, with its name, its kind and
//! whether it is required. The structs for a new noun and for a change, their readers, the API
//! documents and the forms are derived from that.

mod presence;

use std::{borrow::Cow, marker::PhantomData};

use serde_json::Value;

pub use self::presence::{
    Change, Drafted, Implied, Inherited, Initial, New, OfPages, Optional, OrDefault, OrEmpty,
    Presence, Removable, Required,
};
use super::{
    error::Result,
    form::{Form, Object, Read},
    rule::Rule,
};

/// A source of fields: JSON, or a form.
pub trait Source {
    /// Returns the field; null if it is emptied, `None` if it is missing.
    fn field<'a>(&'a self, name: &str, shape: &Shape) -> Option<Cow<'a, Value>>;

    /// Whether it is a form of this program.
    fn is_typed(&self) -> bool {
        false
    }
}

impl Source for Object {
    fn field<'a>(&'a self, name: &str, _: &Shape) -> Option<Cow<'a, Value>> {
        self.get(name).map(Cow::Borrowed)
    }
}

/// A type that can be read from the fields of a source.
pub trait Input: Sized {
    const FIELDS: &'static [Field];

    /// Reads every field.
    fn read_fields(form: &mut Form) -> Read<Self>;

    /// Reads the whole source.
    ///
    /// # Errors
    ///
    /// Every field that failed.
    fn read(source: &dyn Source) -> Result<Self> {
        Form::read(source, Self::read_fields)
    }
}

/// Input without fields.
impl Input for () {
    const FIELDS: &'static [Field] = &[];

    fn read_fields(_: &mut Form) -> Read<Self> {
        Ok(())
    }
}

/// The description of a field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in JSON and in forms.
    pub name: &'static str,
    pub shape: Shape,
    pub need: Need,
    /// Whether forms require it.
    pub is_filled: bool,
    /// Its meaning; empty if the name is enough.
    pub about: &'static str,
}

impl Field {
    pub const fn new<M, P: Presence<M>>(name: &'static str, about: &'static str) -> Self {
        Self { name, shape: P::SHAPE, need: P::NEED, is_filled: P::IS_FILLED, about }
    }
}

/// Whether a field may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It must be there.
    Required,
    /// It may be left out or null.
    Nullable,
    /// It may be left out, but is never null.
    Kept,
    /// Only forms have it.
    Hidden,
}

/// The type of a field's value, and its limits.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Text with any content: an id, a token.
    Any,
    /// Text with a length limit in characters.
    Text {
        min: usize,
        max: usize,
    },
    /// Text in which surrounding spaces count.
    Secret {
        min: usize,
        max: Option<usize>,
    },
    Email,
    Url,
    Username,
    Phone,
    ShortWord,
    Otp,
    /// A calendar date, with or without a time.
    Day,
    /// A calendar date alone.
    PlainDay,
    Currency,
    /// A country code of two letters.
    Country,
    Timezone,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Money in major units.
    Amount,
    /// More than 0.
    Quantity,
    /// Any number, positive or negative.
    Rate,
    /// From 0 to 100.
    Percent,
    Whole {
        min: u32,
        max: u32,
    },
    /// A whole number from `-max` to `max`.
    Signed {
        max: u32,
    },
    /// True or false.
    Flag,
    /// Longitude and latitude.
    Coordinates,
    List(&'static Shape),
    Object(&'static Part),
    /// These fields, side by side; one without a meaning of its own has that of the whole.
    Fields(&'static [Field]),
}

/// A nested object.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Its name in the documents.
    pub name: &'static str,
    pub about: &'static str,
    pub fields: &'static [Field],
}

/// A kind of field value.
pub trait Kind {
    type Value;
    const SHAPE: Shape;

    /// Reads the value of the field with that name.
    fn read(form: &mut Form, name: &str, value: &Value) -> Read<Self::Value>;
}

/// A kind that is read from a single value.
pub trait Scalar {
    type Value;
    const SHAPE: Shape;

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// The rule that it breaks.
    fn parse(value: &Value) -> Result<Self::Value, Rule>;
}

impl<S: Scalar> Kind for S {
    type Value = S::Value;
    const SHAPE: Shape = S::SHAPE;

    fn read(form: &mut Form, name: &str, value: &Value) -> Read<S::Value> {
        S::parse(value).map_err(|rule| form.fail(name.to_owned(), rule))
    }
}

/// Declares kinds: `Name = type, shape, |value| parser`.
macro_rules! kinds {
    ($(
        $(#[doc = $doc:literal])*
        $kind:ident = $value:ty, $shape:expr, |$given:ident| $parse:expr;
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $kind;

        impl $crate::domain::input::Scalar for $kind {
            type Value = $value;
            const SHAPE: $crate::domain::input::Shape = $shape;

            fn parse($given: &serde_json::Value) -> Result<$value, $crate::domain::rule::Rule> {
                $parse
            }
        }
    )*};
}

pub(crate) use kinds;

kinds! {
    /// True or false.
    Flag = bool, Shape::Flag, |value| value.as_bool().ok_or(Rule::NotBoolean);
}

/// At most `MAX` values of a kind; a failure names the entry: `skills[2]`.
pub struct List<K, const MAX: usize>(PhantomData<K>);

impl<K: Kind, const MAX: usize> Kind for List<K, MAX> {
    type Value = Vec<K::Value>;
    const SHAPE: Shape = Shape::List(&K::SHAPE);

    fn read(form: &mut Form, name: &str, value: &Value) -> Read<Self::Value> {
        let list = match value {
            Value::Array(list) if list.len() <= MAX => Ok(list),
            Value::Array(_) => Err(Rule::TooManyItems { max: MAX }),
            _ => Err(Rule::NotList),
        };
        let list = list.map_err(|rule| form.fail(name.to_owned(), rule))?;
        let entries = list.iter().enumerate();
        let read: Vec<_> =
            entries.map(|(at, entry)| K::read(form, &format!("{name}[{at}]"), entry)).collect();
        read.into_iter().collect()
    }
}

/// Declares an input as a nested object.
pub trait Nested: Input {
    const PART: Part;
}

/// A nested object. Its failures name the field in it: `location.city`.
pub struct One<T>(PhantomData<T>);

impl<T: Nested> Kind for One<T> {
    type Value = T;
    const SHAPE: Shape = Shape::Object(&T::PART);

    fn read(form: &mut Form, name: &str, value: &Value) -> Read<T> {
        match value {
            Value::Object(object) => form.within(name, object, T::read_fields),
            _ => Err(form.fail(name.to_owned(), Rule::NotObject)),
        }
    }
}

/// Declares the fields of a noun: `field "name": Presence<Kind>`, for a new object, for a change,
/// or for both. Fields that only a new object has are in braces after its name. The function after
/// `checked by` checks rules across fields. The text after `=` documents the field, the text after
/// `=>` its default.
///
/// ```ignore
/// input! {
/// /// A new milestone.
/// #[derive(Debug, Clone)]
/// pub new NewMilestone;
///
/// /// A change of a milestone.
/// #[derive(Debug, Clone)]
/// pub change MilestoneChange;
///
/// name "name": Required<Name>,
/// description "description": Optional<FreeText>,
/// status "status": Initial<MilestoneStatus> => "`pending` by default.",
/// }
/// ```
macro_rules! input {
    (
        $(#[$meta:meta])* pub new $new:ident $({ $($only:tt)* })? $(checked by $check:path)?;
        $(#[$change_meta:meta])* pub change $change:ident;
        $($fields:tt)*
    ) => {
        $crate::domain::input::input!(
            @struct New [$(#[$meta])*] $new [$($check)?] { $($fields)* $($($only)*)? }
        );
        $crate::domain::input::input!(
            @struct Change [$(#[$change_meta])*] $change [] { $($fields)* }
        );
    };
    ($(#[$meta:meta])* pub new $new:ident $(checked by $check:path)?; $($fields:tt)*) => {
        $crate::domain::input::input!(
            @struct New [$(#[$meta])*] $new [$($check)?] { $($fields)* }
        );
    };
    ($(#[$meta:meta])* pub change $change:ident; $($fields:tt)*) => {
        $crate::domain::input::input!(@struct Change [$(#[$meta])*] $change [] { $($fields)* });
    };
    // A nested object, with its name and meaning in the documents.
    (
        $(#[$meta:meta])* pub part $part:ident as $schema:literal, $about:literal
        $(checked by $check:path)?;
        $($fields:tt)*
    ) => {
        $crate::domain::input::input!(
            @struct New [$(#[$meta])*] $part [$($check)?] { $($fields)* }
        );

        impl $crate::domain::input::Nested for $part {
            const PART: $crate::domain::input::Part = $crate::domain::input::Part {
                name: $schema,
                about: $about,
                fields: <Self as $crate::domain::input::Input>::FIELDS,
            };
        }
    };
    // The same for a change.
    (
        $(#[$meta:meta])* pub change part $part:ident as $schema:literal, $about:literal;
        $($fields:tt)*
    ) => {
        $crate::domain::input::input!(@struct Change [$(#[$meta])*] $part [] { $($fields)* });

        impl $crate::domain::input::Nested for $part {
            const PART: $crate::domain::input::Part = $crate::domain::input::Part {
                name: $schema,
                about: $about,
                fields: <Self as $crate::domain::input::Input>::FIELDS,
            };
        }
    };
    (@struct $mode:ident [$($meta:tt)*] $name:ident [$($check:path)?] {$(
        $(#[$field_meta:meta])*
        $field:ident $wire:literal: $presence:ty $(= $about:literal)? $(=> $absent:literal)?,
    )*}) => {
        $($meta)*
        pub struct $name {$(
            $(#[$field_meta])*
            pub $field: <$presence as
                $crate::domain::input::Presence<$crate::domain::input::$mode>>::Value,
        )*}

        impl $crate::domain::input::Input for $name {
            const FIELDS: &'static [$crate::domain::input::Field] = &[$(
                $crate::domain::input::Field::new::<$crate::domain::input::$mode, $presence>(
                    $wire,
                    $crate::domain::input::input!(@about $mode [$($about)?] [$($absent)?]),
                ),
            )*];

            fn read_fields(
                form: &mut $crate::domain::form::Form,
            ) -> $crate::domain::form::Read<Self> {
                use $crate::domain::input::{$mode, Presence};
                $(let $field = <$presence as Presence<$mode>>::read(form, $wire);)*
                $(
                    $check(form);
                    form.sort(Self::FIELDS);
                )?
                Ok(Self { $($field: $field?,)* })
            }
        }
    };
    (@about New [$($about:literal)?] [$($absent:literal)?]) => { concat!($($about,)? $($absent)?) };
    (@about Change [$($about:literal)?] [$($absent:literal)?]) => { concat!($($about)?) };
}

pub(crate) use input;
