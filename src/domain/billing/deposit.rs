//! Deposits: a part of the agreed amount, paid before the work and deducted from a later invoice.

use rust_decimal::Decimal;

use crate::domain::{
    date::Day,
    discount::must_be_one,
    error::{Error, Kind, Result},
    input::{Implied, Optional, input},
    invoice::{Invoice, Line, Priced, Terms, by_taxes, price},
    money::{self, Amount, Currency, Money, TaxRate},
    rule::Rule,
    tax::Tax,
    word::words,
};

/// The maximum number of units that rounding can deduct too much: one for each tax.
const UNITS_MAX: usize = 20;

words! {
    /// What an invoice asks for.
    #[derive(Default)]
    Purpose {
        /// Work.
        #[default]
        Invoice "invoice",
        /// A part of the agreed amount, before the work.
        Deposit "deposit",
    }
}

input! {
    /// How large a deposit is: a percentage or an amount.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub part Deposit as "Deposit", "A deposit: either `percent` or `amount`."
        checked by must_be_one;

    percent "percent": Optional<TaxRate> = "In percent of the total with tax.",
    amount "amount": Optional<Amount> = "Including tax, in the currency of the proposal.",
}

input! {
    /// A deposit invoice of a proposal.
    #[derive(Debug, Clone)]
    pub new NewDeposit checked by must_be_one;

    percent "percent": Optional<TaxRate> = "In percent of the total with tax.",
    amount "amount": Optional<Amount> = "Including tax, in the currency of the proposal.",
    due_date "dueDate": Implied<Day> => "Defaults to the payment terms of the client or the \
        settings, or else to 30 days from today.",
}

impl NewDeposit {
    /// Returns how large it is.
    pub fn size(&self) -> Deposit {
        Deposit { percent: self.percent, amount: self.amount }
    }
}

impl Deposit {
    /// Returns the deposit for a total, with tax; at most `left`. `path` prefixes field names in
    /// errors.
    ///
    /// # Errors
    ///
    /// Invalid if it is 0, more than is left, or has too many decimals for the currency.
    pub fn of(&self, total: Money, left: Money, path: &str) -> Result<Money> {
        let field = if self.percent.is_some() { "percent" } else { "amount" };
        let fail = |rule| Error::field(format!("{path}{field}"), rule);
        let sum = match (self.percent, self.amount) {
            (Some(percent), _) => {
                Money::new(money::percent_of(total.minor, percent), total.currency)
            }
            (None, amount) => {
                Money::exact(amount.unwrap_or_default(), total.currency).map_err(fail)?
            }
        };
        match sum.minor {
            ..=0 => Err(fail(Rule::Positive)),
            minor if minor > left.minor => Err(fail(Rule::MoreThan(left.decimal().to_string()))),
            _ => Ok(sum),
        }
    }
}

/// Prices a deposit: `sum` including tax, spread over the taxes of the proposal.
///
/// # Errors
///
/// Invalid if a line has the same tax twice.
pub fn price_deposit(of: &Priced, sum: Money, description: &str) -> Result<Priced> {
    let parts = by_taxes(&of.lines, &of.terms, of.totals.discount)?;
    let gross = parts.iter().map(|part| gross(part, &of.terms).max(0)).collect::<Vec<_>>();
    let line = |(share, (taxes, _)): (i64, (Vec<Tax>, i64))| {
        let rate = Money::new(share, sum.currency).decimal();
        Line { taxes: Some(taxes), ..Line::new(description, Decimal::ONE, rate) }
    };
    let shares = money::shares(sum.minor, &gross).into_iter().zip(parts);
    let lines = shares.filter(|(share, _)| *share != 0).map(line).collect();
    let all_in = Terms { prices_include_tax: true, ..Terms::default() };
    let mut priced = price(lines, &all_in, sum.currency)?;
    if !of.terms.prices_include_tax {
        priced.take_taxes_out(sum.currency);
    }
    Ok(priced)
}

/// Deducts deposits from an invoice, up to its total. Each becomes negative lines with the taxes of
/// the deposit.
///
/// # Errors
///
/// Invalid if the sums are too large.
pub fn deduct(own: Priced, deposits: &[Invoice], currency: Currency) -> Result<Priced> {
    let mut left = own.totals.amount;
    let mut lines: Vec<Line> = own.lines.iter().map(|(line, _)| line.clone()).collect();
    for deposit in deposits {
        let part = deposit.balance().owed().min(left);
        if part <= 0 {
            continue;
        }
        left -= part;
        let items = deposit.items.iter().map(|item| (item.line.clone(), item.amount));
        let items: Vec<_> = items.collect();
        for of in by_taxes(&items, &deposit.terms, deposit.totals.discount)? {
            // Prices include tax if those of the invoice do.
            let sum = match (deposit.terms.prices_include_tax, own.terms.prices_include_tax) {
                (false, true) => gross(&of, &deposit.terms),
                (true, false) => money::without_percent(of.1, rate_of(&of.0)),
                _ => of.1,
            };
            // Round down, so that at most the total is deducted.
            let sum = i128::from(sum) * i128::from(part) / i128::from(deposit.totals.amount);
            let rate = -Money::new(sum as i64, currency).decimal();
            let text = deposit.deducted_text();
            lines.push(Line {
                taxes: Some(of.0),
                deposit: Some(deposit.id),
                ..Line::new(text, Decimal::ONE, rate)
            });
        }
    }
    // If rounding deducts too much, the last line deducts less.
    for _ in 0..UNITS_MAX {
        match (price(lines.clone(), &own.terms, currency), lines.last_mut()) {
            (Err(error), Some(last)) if is_negative(&error) => {
                last.rate += Money::new(1, currency).decimal();
            }
            (priced, _) => return priced,
        }
    }
    price(lines, &own.terms, currency)
}

fn is_negative(error: &Error) -> bool {
    matches!(error.kind(), Kind::Invalid(fields)
        if fields.iter().any(|field| field.rule == Rule::NegativeTotal))
}

/// Returns a sum with its taxes.
fn gross((taxes, sum): &(Vec<Tax>, i64), terms: &Terms) -> i64 {
    let tax = |tax: &Tax| money::percent_of(*sum, tax.rate);
    if terms.prices_include_tax { *sum } else { sum + taxes.iter().map(tax).sum::<i64>() }
}

fn rate_of(taxes: &[Tax]) -> Decimal {
    taxes.iter().map(|tax| tax.rate).sum()
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::Date};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{discount::Discount, invoice::Item};

    fn line(rate: i64, percent: u32) -> Line {
        let tax = Tax {
            name: format!("Tax {percent}"),
            rate: Decimal::from(percent),
            category: crate::domain::tax::TaxCategory::Standard,
            note: None,
        };
        let taxes = if percent == 0 { Vec::new() } else { vec![tax] };
        let line = Line::new("Work", Decimal::ONE, Decimal::new(rate, 2));
        Line { taxes: Some(taxes), ..line }
    }

    /// A sent deposit with these sums.
    fn sent(priced: Priced) -> Invoice {
        let lines = priced.lines.clone();
        let days = (Date::ZERO, Date::ZERO);
        let number = "INV-2026-001".to_owned();
        let invoice =
            Invoice::for_show(number, days, (priced, Currency::USD), Timestamp::UNIX_EPOCH);
        let item = |(line, amount)| Item { id: crate::domain::id::Id::NIL, line, amount };
        Invoice { items: lines.into_iter().map(item).collect(), ..invoice }
    }

    proptest! {
        #[test]
        fn a_deposit_and_the_rest_are_the_whole(
            lines in prop::collection::vec((1..1_000_000_i64, 0..4_u32), 1..6),
            discount in 0..60_u32, percent in 1..=100_u32,
            is_inclusive: bool, is_rest_inclusive: bool,
        ) {
            let lines: Vec<Line> = lines.iter().map(|(rate, tax)| line(*rate, tax * 5)).collect();
            let discount = Some(Discount { percent: Some(discount.into()), amount: None });
            let terms = |prices_include_tax| {
                Terms { discount: discount.clone(), prices_include_tax, ..Terms::default() }
            };
            let whole = price(lines.clone(), &terms(is_inclusive), Currency::USD).unwrap();
            let total = Money::new(whole.totals.amount, Currency::USD);
            let size = Deposit { percent: Some(percent.into()), amount: None };
            let Ok(sum) = size.of(total, total, "") else { return Ok(()) };
            let deposit = price_deposit(&whole, sum, "Deposit").unwrap();
            prop_assert_eq!(deposit.totals.amount, sum.minor);
            let taxes: i64 = deposit.taxes.iter().map(|tax| tax.amount).sum();
            prop_assert_eq!(deposit.totals.tax, taxes);

            let own = price(lines, &terms(is_rest_inclusive), Currency::USD).unwrap();
            let own_total = own.totals.amount;
            let rest = deduct(own, &[sent(deposit)], Currency::USD).unwrap();
            let expected = (own_total - sum.minor).max(0);
            // Each rate is rounded separately.
            prop_assert!((rest.totals.amount - expected).abs() <= 4, "{:?} {}", rest.totals, expected);
        }
    }
}
