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
        let decimal = self.0.normalize();
        // The exact digits of a number are costly to pass through a serializer. A whole number needs
        // none, and a float shows a decimal of up to 15 digits as it is.
        match (i64::try_from(decimal.mantissa()), decimal.scale()) {
            (Ok(whole), 0) => serializer.serialize_i64(whole),
            (Ok(digits), scale @ 1..=4) if digits.unsigned_abs() < 1_000_000_000_000_000 => {
                serializer.serialize_f64(digits as f64 / f64::from(10_u32.pow(scale)))
            }
            _ => self.number().serialize(serializer),
        }
    }
}

described!([] Amount, in_place(MetaSchema::new("number")));

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_exact_and_without_trailing_zeros() {
        for (text, json) in [
            ("2250.00", "2250"),
            ("8750.50", "8750.5"),
            ("0", "0"),
            ("-0.01", "-0.01"),
            ("0.0001", "0.0001"),
            ("1.005", "1.005"),
            ("9999999999999.99", "9999999999999.99"),
            ("-99999999999.9999", "-99999999999.9999"),
            ("99999999999999.99", "99999999999999.99"),
            ("0.00001", "0.00001"),
        ] {
            let amount = Amount(text.parse().unwrap());
            assert_eq!(serde_json::to_string(&amount).unwrap(), json);
        }
    }

    proptest! {
        #[test]
        fn every_amount_is_written_as_its_digits(minor: i64, scale in 0_u32..=5) {
            let amount = Amount(Decimal::new(minor, scale));
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(json, amount.0.normalize().to_string());
        }

        #[test]
        fn every_common_amount_is_written_as_its_digits(minor in -10_i64.pow(12)..10_i64.pow(12)) {
            let amount = Amount(Decimal::new(minor, 2));
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(json, amount.0.normalize().to_string());
        }
    }
}
