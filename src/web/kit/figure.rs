//! Typography of amounts: the currency is subdued, and in a large figure so are the cents.

use std::{borrow::Borrow, fmt};

use askama::filters::HtmlSafe;
use rust_decimal::Decimal;

use crate::domain::money::{Currency, Money, divide_rounded, grouped};

/// A sum as a large figure: `US$` 17,630 `.39`.
pub struct Figure(Parts);

/// A sum in a list: 3,480.00 `GBP`.
pub struct Amount(Parts, Currency);

/// The parts of a displayed amount.
struct Parts {
    minus: &'static str,
    symbol: String,
    whole: String,
    /// Includes the decimal point; empty if the currency has no decimals.
    cents: String,
}

/// Returns an amount as a large figure.
pub fn figure(amount: &Money) -> Figure {
    sum(amount.currency, &amount.minor.into())
}

/// Returns a sum of minor units as a large figure.
pub fn sum(currency: Currency, minor: &i128) -> Figure {
    Figure(Parts::of(currency, *minor))
}

/// Returns an amount for a list.
pub fn amount(amount: impl Borrow<Money>) -> Amount {
    let Money { currency, minor } = *amount.borrow();
    Amount(Parts::of(currency, minor.into()), currency)
}

/// Returns a sum of minor units without decimals: `1,250`.
pub fn whole(minor: i128, currency: Currency) -> String {
    let units = divide_rounded(minor, 10_i128.pow(currency.exponent()));
    // No stored sum comes near the largest decimal.
    grouped(Decimal::try_from_i128_with_scale(units, 0).unwrap_or(Decimal::MAX))
}

/// Returns a sum of minor units in its currency without decimals: `US$1,250`.
pub fn rounded(minor: i128, currency: Currency) -> String {
    let unit = 10_i128.pow(currency.exponent());
    let Parts { minus, symbol, whole, .. } =
        Parts::of(currency, divide_rounded(minor, unit).saturating_mul(unit));
    format!("{minus}{symbol}{whole}")
}

/// Returns a sum of minor units without its currency, which is named elsewhere.
pub fn number(currency: Currency, minor: &i128) -> String {
    let Parts { minus, whole, cents, .. } = Parts::of(currency, *minor);
    format!("{minus}{whole}{cents}")
}

/// Returns a sum of minor units in one line of text: `US$17,630.39`.
pub fn text(currency: Currency, minor: &i128) -> String {
    let Parts { minus, symbol, whole, cents } = Parts::of(currency, *minor);
    format!("{minus}{symbol}{whole}{cents}")
}

/// Returns an amount in one line of text: `US$17,630.39`.
pub fn money(amount: &Money) -> String {
    text(amount.currency, &amount.minor.into())
}

impl Parts {
    fn of(currency: Currency, minor: i128) -> Self {
        let shown = currency.show(minor);
        let shown = shown.strip_prefix('-').unwrap_or(&shown);
        let (symbol, number) = shown.split_at(shown.find(char::is_numeric).unwrap_or(0));
        let (whole, cents) = number.split_at(number.find('.').unwrap_or(number.len()));
        Self {
            minus: if minor < 0 { "−" } else { "" },
            symbol: if currency == Currency::USD { "US$".to_owned() } else { symbol.to_owned() },
            whole: whole.to_owned(),
            cents: cents.to_owned(),
        }
    }
}

impl HtmlSafe for Figure {}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Parts { minus, symbol, whole, cents }) = self;
        write!(f, r#"<span class="figure__cur">{minus}{symbol}</span>{whole}"#)?;
        if cents.is_empty() { Ok(()) } else { write!(f, "<small>{cents}</small>") }
    }
}

impl HtmlSafe for Amount {}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Parts { minus, whole, cents, .. }, currency) = self;
        write!(f, r#"<bdi>{minus}{whole}{cents}</bdi> <span class="cur">{currency}</span>"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, Currency::from_code(code).unwrap())
    }

    #[test]
    fn currency_and_cents_of_a_figure_are_marked() {
        let shown = |minor, code| figure(&money(minor, code)).to_string();
        assert_eq!(
            shown(1_763_039, "USD"),
            r#"<span class="figure__cur">US$</span>17,630<small>.39</small>"#
        );
        assert_eq!(
            shown(-211_473, "EUR"),
            "<span class=\"figure__cur\">−€</span>2,114<small>.73</small>"
        );
        assert_eq!(shown(15_000, "XOF"), "<span class=\"figure__cur\">XOF\u{a0}</span>15,000");
        assert_eq!(
            shown(125, "LKR"),
            "<span class=\"figure__cur\">රු\u{a0}</span>1<small>.25</small>"
        );
    }

    #[test]
    fn in_a_list_the_currency_comes_last() {
        let shown = |minor, code| amount(money(minor, code)).to_string();
        assert_eq!(shown(348_000, "GBP"), r#"<bdi>3,480.00</bdi> <span class="cur">GBP</span>"#);
        assert_eq!(shown(-568_750, "XOF"), r#"<bdi>−568,750</bdi> <span class="cur">XOF</span>"#);
        assert_eq!(number(Currency::USD, &-5), "−0.05");
        assert_eq!(text(Currency::USD, &426_000), "US$4,260.00");
    }
}
