//! The calculator for the sums of an invoice.

use rust_decimal::Decimal;

use crate::domain::{
    error::{Error, Result},
    input::{Required, input},
    money::{self, Currency, LineRate, Money, Quantity},
    rule::Rule,
    text,
};

/// The description of the line when an invoice has only an amount.
pub const DEFAULT_LINE: &str = "Professional services";

input! {
    /// One line before pricing.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub part Line as "NewInvoiceItem", "A line of a new invoice.";

    description "description": Required<text::Line<500>>,
    quantity "quantity": Required<Quantity>,
    rate "rate": Required<LineRate> = "Negative for a discount.",
}

/// The sums of an invoice in minor units; `amount` = `subtotal` + `tax`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    pub subtotal: i64,
    pub tax: i64,
    /// The total to pay, including tax.
    pub amount: i64,
}

/// Lines with their amounts, and their sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    pub lines: Vec<(Line, i64)>,
    pub totals: Totals,
}

/// Prices lines in a currency. Tax is computed once, on the subtotal.
pub fn price(lines: Vec<Line>, tax_rate: Decimal, currency: Currency) -> Result<Priced> {
    let mut subtotal: i64 = 0;
    let mut priced = Vec::with_capacity(lines.len());
    for (index, line) in lines.into_iter().enumerate() {
        let amount = money::line_amount(line.quantity, line.rate, currency)
            .map_err(|rule| Error::field(format!("items[{index}].rate"), rule))?;
        // 500 lines of at most 10^15 stay far below the range of i64.
        subtotal += amount;
        priced.push((line, amount));
    }
    if subtotal < 0 {
        return Err(Error::field("items", Rule::NegativeTotal));
    }
    let totals = if subtotal <= money::MAX_MINOR {
        let tax = money::percent_of(subtotal, tax_rate);
        Totals { subtotal, tax, amount: subtotal + tax }
    } else {
        return Err(Error::field("items", Rule::TooLarge));
    };
    if totals.amount > money::MAX_MINOR {
        return Err(Error::field("items", Rule::TooLarge));
    }
    Ok(Priced { lines: priced, totals })
}

/// Prices an amount without lines as a single line. The tax is the amount minus the net, so that
/// the sum is exact.
pub fn price_amount(amount: Decimal, tax_rate: Decimal, currency: Currency) -> Result<Priced> {
    let gross = Money::exact(amount, currency).map_err(|rule| Error::field("amount", rule))?;
    let subtotal = money::without_percent(gross.minor, tax_rate);
    let line = Line {
        description: DEFAULT_LINE.to_owned(),
        quantity: Decimal::ONE,
        rate: Money::new(subtotal, currency).decimal(),
    };
    Ok(Priced {
        lines: vec![(line, subtotal)],
        totals: Totals { subtotal, tax: gross.minor - subtotal, amount: gross.minor },
    })
}

/// Whether a given amount equals this one, ignoring floating-point noise.
pub(super) fn is_amount(given: Decimal, amount: Decimal, currency: Currency) -> bool {
    money::without_noise(given, currency.exponent()) == Some(amount)
}

/// Checks a given amount against the computed one; the error names both.
pub fn check_amount(given: Decimal, computed: i64, currency: Currency) -> Result<()> {
    let computed = Money::new(computed, currency).decimal();
    if is_amount(given, computed, currency) {
        return Ok(());
    }
    let rule = Rule::SumDiffers { given: given.to_string(), computed: computed.to_string() };
    Err(Error::field("amount", rule))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(quantity: Decimal, rate: Decimal) -> Line {
        Line { description: "Work".to_owned(), quantity, rate }
    }

    #[test]
    fn tax_is_rounded_once_on_the_subtotal() {
        let cent = || line(Decimal::ONE, Decimal::new(9, 2));
        let priced =
            price(vec![cent(), cent(), cent()], Decimal::new(75, 1), Currency::USD).unwrap();
        assert_eq!(priced.totals, Totals { subtotal: 27, tax: 2, amount: 29 });
    }

    #[test]
    fn a_discount_cannot_make_the_total_negative() {
        let lines = vec![line(Decimal::ONE, Decimal::TEN), line(Decimal::ONE, -Decimal::TEN)];
        assert_eq!(price(lines, Decimal::ZERO, Currency::USD).unwrap().totals.amount, 0);
        let lines = vec![line(Decimal::ONE, Decimal::new(-1, 2))];
        assert!(price(lines, Decimal::ZERO, Currency::USD).is_err());
    }

    proptest! {
        #[test]
        fn totals_are_the_sums_of_the_displayed_amounts(
            rows in prop::collection::vec((1..100_000i64, 0..10_000_000i64), 1..40),
            rate in 0..=1_000_000i64,
        ) {
            let lines = rows.iter().map(|(q, r)| line(Decimal::new(*q, 3), Decimal::new(*r, 3)));
            let priced = price(lines.collect(), Decimal::new(rate, 4), Currency::USD).unwrap();
            let shown: i64 = priced.lines.iter().map(|(_, amount)| amount).sum();
            prop_assert_eq!(shown, priced.totals.subtotal);
            prop_assert_eq!(priced.totals.subtotal + priced.totals.tax, priced.totals.amount);
        }

        #[test]
        fn a_lone_amount_is_the_exact_total(minor in 0..=money::MAX_MINOR, rate in 0..=1_000_000i64) {
            let amount = Money::new(minor, Currency::USD).decimal();
            let priced = price_amount(amount, Decimal::new(rate, 4), Currency::USD).unwrap();
            prop_assert_eq!(priced.totals.amount, minor);
            prop_assert_eq!(priced.totals.subtotal + priced.totals.tax, minor);
            prop_assert_eq!(priced.lines[0].1, priced.totals.subtotal);
        }
    }
}
