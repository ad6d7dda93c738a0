//! Closed sets of words: statuses, kinds, roles.

use serde_json::Value;

use super::{
    input::{Scalar, Shape},
    rule::Rule,
};

/// A closed set of words.
pub trait Word: Copy + 'static {
    /// Every word, in document order.
    const ALL: &'static [&'static str];

    /// Returns the word for a value.
    fn word(self) -> &'static str;

    /// Parses a word.
    fn read(word: &str) -> Option<Self>;
}

impl<W: Word> Scalar for W {
    type Value = Self;
    const SHAPE: Shape = Shape::Word(W::ALL);

    fn parse(value: &Value) -> Result<Self, Rule> {
        value.as_str().and_then(W::read).ok_or(Rule::OneOf(W::ALL))
    }
}

/// Declares an enum whose variants have fixed words in every layer.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every word, in document order.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// Returns its word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Parses a word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl $crate::domain::word::Word for $name {
            const ALL: &'static [&'static str] = Self::WORDS;

            fn word(self) -> &'static str {
                self.as_str()
            }

            fn read(word: &str) -> Option<Self> {
                Self::from_word(word)
            }
        }
    };
}

pub(crate) use words;
