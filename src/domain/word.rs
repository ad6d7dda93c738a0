//! Closed sets of words: statuses, kinds, roles.

/// A closed set of words.
pub trait Word: Copy + 'static {
    /// Every word, in the order of the documents.
    const ALL: &'static [&'static str];

    /// The word a value is written as.
    fn word(self) -> &'static str;
}

/// Declares an enum whose variants are written as fixed words in every layer.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every word, in the order of the documents.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word it is written as.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads the word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl $crate::domain::input::Scalar for $name {
            type Value = Self;
            const SHAPE: $crate::domain::input::Shape =
                $crate::domain::input::Shape::Word(Self::WORDS);

            fn parse(value: &serde_json::Value) -> Result<Self, $crate::domain::rule::Rule> {
                value
                    .as_str()
                    .and_then(Self::from_word)
                    .ok_or($crate::domain::rule::Rule::OneOf(Self::WORDS))
            }
        }

        impl $crate::domain::word::Word for $name {
            const ALL: &'static [&'static str] = Self::WORDS;

            fn word(self) -> &'static str {
                self.as_str()
            }
        }
    };
}

pub(crate) use words;
