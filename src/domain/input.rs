//! Input, field by field. Each field of a noun is declared once, with its name, its kind and
//! whether it is required. The structs for a new noun and for a change, their readers, the API
//! documents and the forms are derived from that.

use std::{borrow::Cow, marker::PhantomData};

use serde_json::Value;

use super::{
    error::Result,
    form::{Form, Object, Read},
    patch::Patch,
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
    /// True or false.
    Flag,
    /// Longitude and latitude.
    Coordinates,
    List(&'static Shape),
    Object(&'static Part),
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

/// Marks the fields of something new.
#[derive(Debug, Clone, Copy)]
pub struct New;

/// Marks the fields of a change: missing fields keep their value.
#[derive(Debug, Clone, Copy)]
pub struct Change;

/// Whether a field is required in a new or a changed object, and its value if it is missing.
pub trait Presence<M> {
    type Value;
    const SHAPE: Shape;
    const NEED: Need;
    const IS_FILLED: bool = false;

    fn read(form: &mut Form, name: &'static str) -> Read<Self::Value>;
}

/// Declares the usual kinds of presence.
macro_rules! presences {
    ($(
        $(#[doc = $doc:literal])*
        $presence:ident $(where $bound:ident)?, filled $is_filled:literal {
            New => $new:ty, $new_need:ident, $read_new:expr;
            Change => $change:ty, $change_need:ident, $read_change:expr;
        }
    )*) => {$(
        $(#[doc = $doc])*
        pub struct $presence<K>(PhantomData<K>);

        impl<K: Kind<Value: Sized $(+ $bound)?>> Presence<New> for $presence<K> {
            type Value = $new;
            const SHAPE: Shape = K::SHAPE;
            const NEED: Need = Need::$new_need;
            const IS_FILLED: bool = $is_filled;

            fn read(form: &mut Form, name: &'static str) -> Read<$new> {
                $read_new(form, name)
            }
        }

        impl<K: Kind<Value: Sized $(+ $bound)?>> Presence<Change> for $presence<K> {
            type Value = $change;
            const SHAPE: Shape = K::SHAPE;
            const NEED: Need = Need::$change_need;
            const IS_FILLED: bool = $is_filled;

            fn read(form: &mut Form, name: &'static str) -> Read<$change> {
                $read_change(form, name)
            }
        }
    )*};
}

presences! {
    /// Required, and never emptied.
    Required, filled true {
        New => K::Value, Required, Form::required::<K>;
        Change => Option<K::Value>, Kept, Form::change::<K>;
    }
    /// May be missing; null or an empty string clears it.
    Optional, filled false {
        New => Option<K::Value>, Nullable, Form::optional::<K>;
        Change => Patch<K::Value>, Nullable, Form::patch::<K>;
    }
    /// May be missing or emptied, and is then empty, 0 or similar, but never null.
    OrDefault where Default, filled false {
        New => K::Value, Nullable, or_default::<K>;
        Change => Option<K::Value>, Kept,
            |form: &mut Form, name| form.change_or::<K>(name, Some(K::Value::default()));
    }
    /// Empty if missing; null or an empty string empties it.
    OrEmpty where Default, filled false {
        New => K::Value, Nullable, or_default::<K>;
        Change => Patch<K::Value>, Nullable, Form::patch::<K>;
    }
    /// Starts with its default; an empty string keeps it.
    Initial where Default, filled true {
        New => K::Value, Nullable, or_default::<K>;
        Change => Option<K::Value>, Kept, |form: &mut Form, name| form.change_or::<K>(name, None);
    }
    /// Defaults to the value of something else, such as the account's currency; an empty string
    /// keeps it.
    Inherited, filled true {
        New => Option<K::Value>, Nullable, Form::optional::<K>;
        Change => Option<K::Value>, Kept, |form: &mut Form, name| form.change_or::<K>(name, None);
    }
}

fn or_default<K: Kind<Value: Default>>(form: &mut Form, name: &'static str) -> Read<K::Value> {
    form.optional::<K>(name).map(Option::unwrap_or_default)
}

/// A field that exists on pages but not in the APIs.
pub struct OfPages<P>(PhantomData<P>);

impl<M, P: Presence<M, Value: Default>> Presence<M> for OfPages<P> {
    type Value = P::Value;
    const SHAPE: Shape = P::SHAPE;
    const NEED: Need = Need::Hidden;
    const IS_FILLED: bool = P::IS_FILLED;

    fn read(form: &mut Form, name: &'static str) -> Read<P::Value> {
        if form.is_typed() { P::read(form, name) } else { Ok(P::Value::default()) }
    }
}

/// The status of something that starts as a draft; only a change can set another.
pub struct Drafted<K>(PhantomData<K>);

kinds! {
    /// The word `draft`.
    Draft = (), Shape::Word(&["draft"]), |value| match value.as_str() {
        Some("draft") => Ok(()),
        _ => Err(Rule::OneOf(&["draft"])),
    };
}

impl<K> Presence<New> for Drafted<K> {
    type Value = ();
    const SHAPE: Shape = <Draft as Scalar>::SHAPE;
    const NEED: Need = Need::Hidden;

    fn read(form: &mut Form, name: &'static str) -> Read<()> {
        form.optional::<Draft>(name).map(Option::unwrap_or_default)
    }
}

impl<K: Kind> Presence<Change> for Drafted<K> {
    type Value = Option<K::Value>;
    const SHAPE: Shape = K::SHAPE;
    const NEED: Need = Need::Kept;

    fn read(form: &mut Form, name: &'static str) -> Read<Option<K::Value>> {
        form.change_or::<K>(name, None)
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
    ($(#[$meta:meta])* pub new $new:ident; $($fields:tt)*) => {
        $crate::domain::input::input!(@struct New [$(#[$meta])*] $new [] { $($fields)* });
    };
    ($(#[$meta:meta])* pub change $change:ident; $($fields:tt)*) => {
        $crate::domain::input::input!(@struct Change [$(#[$meta])*] $change [] { $($fields)* });
    };
    // A nested object, with its name and meaning in the documents.
    ($(#[$meta:meta])* pub part $part:ident as $schema:literal, $about:literal; $($fields:tt)*) => {
        $crate::domain::input::input!(@struct New [$(#[$meta])*] $part [] { $($fields)* });

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
