//! Currencies.

use std::{cmp::Ordering, fmt, sync::LazyLock};

use serde_json::Value;

use crate::domain::{
    input::{Scalar, Shape},
    rule::Rule,
    text,
};

/// An ISO 4217 currency with a defined number of minor units, which may be none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// Parses an upper-case code such as `NGN`.
    pub fn from_code(code: &str) -> Option<Self> {
        let currency = iso_currency::Currency::from_code(code)?;
        currency.exponent()?;
        Some(Self(currency))
    }

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The number of decimals: NGN 2, XOF 0, KWD 3.
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }

    /// The English name.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Returns every currency in everyday use, by code; funds and replaced currencies are left out.
    pub fn all() -> &'static [Self] {
        static ALL: LazyLock<Vec<Currency>> = LazyLock::new(|| {
            let letters = || 'A'..='Z';
            let codes = letters()
                .flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
            codes
                .filter_map(|code| Currency::from_code(&String::from_iter(code)))
                .filter(|Currency(known)| {
                    !known.is_fund() && !known.is_special() && known.is_superseded().is_none()
                })
                .collect()
        });
        &ALL
    }
}

impl Scalar for Currency {
    type Value = Self;
    const SHAPE: Shape = Shape::Currency;

    fn parse(value: &Value) -> Result<Self, Rule> {
        Self::from_code(text::raw(value)?).ok_or(Rule::Currency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> Ordering {
        self.code().cmp(other.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
