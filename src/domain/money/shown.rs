//! Amounts as displayed on pages, in emails and in PDFs.

use rust_decimal::Decimal;

use super::{Currency, Money};

impl Money {
    /// Formats the amount: `₦1,250,000.50`, `USD 2,250.00`, `-XOF 15,000`.
    pub fn shown(self) -> String {
        self.currency.show(self.minor.into())
    }
}

impl Currency {
    /// Formats a sum of minor units like [`Money::shown`], even beyond the range of one amount.
    pub fn show(self, minor: i128) -> String {
        // No stored sum comes near the largest decimal.
        let sum = Decimal::try_from_i128_with_scale(minor, self.exponent()).unwrap_or(Decimal::MAX);
        let number = grouped(sum.abs());
        let minus = if minor < 0 { "-" } else { "" };
        match self.sign() {
            Some(sign) => format!("{minus}{sign}{number}"),
            None => format!("{minus}{self}\u{a0}{number}"),
        }
    }

    /// Formats a unit price without the currency, with at least the currency's decimals: `85.00`
    /// and `0.085`.
    pub fn show_rate(self, rate: Decimal) -> String {
        let mut rate = rate.normalize();
        if rate.scale() < self.exponent() {
            rate.rescale(self.exponent());
        }
        grouped(rate)
    }

    /// The sign of this currency; `None` if others share it, as with `$`.
    fn sign(self) -> Option<&'static str> {
        Some(match self.code() {
            "NGN" => "₦",
            "GHS" => "₵",
            "EUR" => "€",
            "GBP" => "£",
            "INR" => "₹",
            "JPY" => "¥",
            "LKR" => "රු\u{a0}",
            _ => return None,
        })
    }
}

/// Formats a number with its thousands grouped and its decimals unchanged: `1,237.085`.
pub fn grouped(number: Decimal) -> String {
    let text = number.to_string();
    let whole = text.find('.').unwrap_or(text.len());
    let first = usize::from(text.starts_with('-'));
    let mut shown = String::with_capacity(text.len() + whole / 3);
    for (place, digit) in text.char_indices() {
        if place > first && place < whole && (whole - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::parse_decimal;

    fn dec(text: &str) -> Decimal {
        parse_decimal(text).unwrap()
    }

    #[test]
    fn amounts_have_grouped_thousands_and_the_currencys_decimals() {
        let shown = |minor, code| Money::new(minor, Currency::from_code(code).unwrap()).shown();
        assert_eq!(shown(125_000_050, "NGN"), "₦1,250,000.50");
        assert_eq!(shown(99, "GHS"), "₵0.99");
        assert_eq!(shown(225_000, "USD"), "USD\u{a0}2,250.00");
        assert_eq!(shown(15_000, "XOF"), "XOF\u{a0}15,000");
        assert_eq!(shown(1_234_567, "KWD"), "KWD\u{a0}1,234.567");
        assert_eq!(shown(100_000, "JPY"), "¥100,000");
        assert_eq!(shown(125_000, "LKR"), "රු\u{a0}1,250.00");
        assert_eq!(shown(-50_000, "EUR"), "-€500.00");
        assert_eq!(shown(-100_000, "KES"), "-KES\u{a0}1,000.00");
        assert_eq!(shown(i64::MIN, "XOF"), "-XOF\u{a0}9,223,372,036,854,775,808");
        let sum = 10_i128.pow(21);
        assert_eq!(Currency::USD.show(sum), "USD\u{a0}10,000,000,000,000,000,000.00");
    }

    #[test]
    fn a_price_has_at_least_the_currencys_decimals() {
        let shown = |rate, code| Currency::from_code(code).unwrap().show_rate(dec(rate));
        for (rate, code, expected) in [
            ("0.8", "USD", "0.80"),
            ("99.5", "EUR", "99.50"),
            ("85", "NGN", "85.00"),
            ("1250", "USD", "1,250.00"),
            ("-150", "USD", "-150.00"),
            ("85", "JPY", "85"),
            ("85.000", "JPY", "85"),
            ("0.5", "JPY", "0.5"),
            ("1.2", "KWD", "1.200"),
            ("0.085", "USD", "0.085"),
            ("0.1000", "USD", "0.10"),
        ] {
            assert_eq!(shown(rate, code), expected, "{rate} {code}");
        }
    }

    #[test]
    fn grouping_keeps_the_decimals() {
        assert_eq!(grouped(dec("1234567.1234567")), "1,234,567.1234567");
        assert_eq!(grouped(dec("-123456")), "-123,456");
        assert_eq!(grouped(dec("-100")), "-100");
        assert_eq!(grouped(dec("0.085")), "0.085");
    }
}
