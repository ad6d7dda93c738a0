//! Amounts as JSON numbers: exact decimals without trailing zeros.

use poem_openapi::registry::MetaSchema;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::Number;

use super::schema::{described, in_place};
use crate::domain::money::{Currency, Money};

/// A decimal written as a JSON number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub Decimal);

impl Amount {
    /// A sum of minor units, in major units.
    pub fn from_minor(minor: i128, currency: Currency) -> Self {
        let decimal = Decimal::try_from_i128_with_scale(minor, currency.exponent());
        Self(decimal.unwrap_or(Decimal::MAX).normalize())
    }

    /// A whole number of major units.
    pub fn from_whole(number: i128) -> Self {
        Self(Decimal::try_from_i128_with_scale(number, 0).unwrap_or(Decimal::MAX))
    }

    fn number(self) -> Number {
        // The text of a decimal is a JSON number; the zero fallback is unreachable.
        self.0.normalize().to_string().parse().unwrap_or_else(|_| Number::from(0))
    }
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self(money.decimal())
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Most amounts are whole and can be written without formatting them first.
        match i64::try_from(self.0) {
            Ok(whole) if self.0.is_integer() => serializer.serialize_i64(whole),
            _ => self.number().serialize(serializer),
        }
    }
}

described!([] Amount, in_place(MetaSchema::new("number")));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::parse_decimal;

    #[test]
    fn amounts_are_exact_and_without_trailing_zeros() {
        for (text, json) in [
            ("2250.00", "2250"),
            ("8750.50", "8750.5"),
            ("0", "0"),
            ("-0.01", "-0.01"),
            ("9999999999999.99", "9999999999999.99"),
        ] {
            let amount = Amount(parse_decimal(text).unwrap());
            assert_eq!(serde_json::to_string(&amount).unwrap(), json);
        }
    }
}
