//! Whether a field must be there, for something new and for a change of it, and what it is if it is
//! not.

use std::marker::PhantomData;

use super::{Kind, Need, Scalar, Shape, kinds};
use crate::domain::{
    form::{Form, Read},
    patch::Patch,
    rule::Rule,
};

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
    /// May be missing; only null or an empty string removes it, not an object with empty fields.
    Removable, filled false {
        New => Option<K::Value>, Nullable, Form::optional::<K>;
        Change => Patch<K::Value>, Nullable, Form::removal::<K>;
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
    /// Follows from something else, such as payment terms, unless it is given; cannot be cleared.
    Implied, filled true {
        New => Option<K::Value>, Nullable, Form::optional::<K>;
        Change => Option<K::Value>, Kept, Form::change::<K>;
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
