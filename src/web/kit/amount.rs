//! Amounts in lists: the number first, then the quiet code of its currency.

use std::{borrow::Borrow, fmt};

use askama::filters::HtmlSafe;
use rust_decimal::Decimal;

use crate::domain::money::{Currency, Money, divide_rounded, grouped};

/// An amount in a list.
pub struct Amount(Money);

/// Returns an amount for a list.
pub fn amount(money: impl Borrow<Money>) -> Amount {
    Amount(*money.borrow())
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Money { currency, .. } = self.0;
        let number = currency.show_rate(self.0.decimal());
        write!(f, "<bdi>{number}</bdi> <span class=\"cur\">{currency}</span>")
    }
}

impl HtmlSafe for Amount {}

/// Returns a sum of minor units without decimals: `1,250`.
pub fn whole(minor: i128, currency: Currency) -> String {
    let units = divide_rounded(minor, 10_i128.pow(currency.exponent()));
    // No stored sum comes near the largest decimal.
    grouped(Decimal::try_from_i128_with_scale(units, 0).unwrap_or(Decimal::MAX))
}
