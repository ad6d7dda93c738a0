//! The sums of an invoice. All are exact and in minor units, rounded half away from zero.

use rust_decimal::Decimal;

use super::line::{DEFAULT_LINE, Line};
use crate::domain::{
    discount::Discount,
    error::{Error, Result},
    money::{self, Currency, Money},
    rule::Rule,
    tax::{Tax, TaxSum, Withholding},
};

/// What applies to an invoice as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The tax in percent on lines without taxes of their own. Once priced, the rate of the one tax
    /// on all lines, or 0 if there is no such tax.
    pub tax_rate: Decimal,
    pub discount: Option<Discount>,
    /// Whether the rates of the lines include their taxes.
    pub prices_include_tax: bool,
    pub withholding: Option<Withholding>,
}

/// The sums of an invoice in minor units; `amount` = `subtotal` − `discount` + `tax`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub subtotal: i64,
    pub discount: i64,
    pub tax: i64,
    /// The total to pay, including tax.
    pub amount: i64,
    /// The part of the amount that the client withholds as tax.
    pub withheld: i64,
}

impl Totals {
    /// Returns the total without tax.
    pub fn net(&self) -> i64 {
        self.amount - self.tax
    }
}

/// Lines with their amounts, and their sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// Either no line has taxes of its own, or each has.
    pub lines: Vec<(Line, i64)>,
    pub terms: Terms,
    pub totals: Totals,
    pub taxes: Vec<TaxSum>,
}

/// Lines with the same taxes, before and after the discount of the invoice.
struct Group {
    /// Places in the list of taxes, in ascending order.
    taxes: Vec<usize>,
    sum: i64,
}

/// Prices lines in a currency.
///
/// # Errors
///
/// Invalid if a sum is negative or too large, a discount exceeds its base, or a line has the same
/// tax twice.
pub fn price(lines: Vec<Line>, terms: &Terms, currency: Currency) -> Result<Priced> {
    let lines = explicit(lines, terms.tax_rate);
    let mut own: i64 = 0;
    let mut priced = Vec::with_capacity(lines.len());
    for (index, line) in lines.into_iter().enumerate() {
        let amount = line_amount(&line, currency, index)?;
        // 500 lines of at most 10^15 stay far below the range of i64.
        own += if line.deposit.is_none() { amount } else { 0 };
        priced.push((line, amount));
    }
    let total = |minor: i64| match minor {
        ..0 => Err(Error::field("items", Rule::NegativeTotal)),
        minor if minor > money::MAX_MINOR => Err(Error::field("items", Rule::TooLarge)),
        minor => Ok(minor),
    };
    let own = total(own)?;
    // Deposits are deducted after the discount.
    let discount = match &terms.discount {
        Some(discount) => discount.on(own, currency, "discount")?,
        None => 0,
    };
    let (groups, taxes) = grouped(&priced, terms, discount)?;
    let sum: i64 = groups.iter().map(|group| group.sum).sum();
    let sums =
        if terms.prices_include_tax { included(&groups, &taxes) } else { on_top(&groups, &taxes) };
    let tax: i64 = sums.iter().map(|(_, amount)| amount).sum();
    let amount = match terms.prices_include_tax {
        true => total(sum)?,
        false => total(sum + tax)?,
    };
    let tax_rate = match (&groups[..], &taxes[..]) {
        ([_], [tax]) => tax.rate,
        _ => Decimal::ZERO,
    };
    let withheld = terms
        .withholding
        .as_ref()
        .map_or(0, |withholding| money::percent_of(amount - tax, withholding.rate));
    let sum = |(tax, (base, amount))| TaxSum { tax, base, amount };
    Ok(Priced {
        lines: priced,
        terms: Terms { tax_rate, ..terms.clone() },
        totals: Totals { subtotal: amount - tax + discount, discount, tax, amount, withheld },
        taxes: taxes.into_iter().zip(sums).map(sum).collect(),
    })
}

/// Prices parts of invoice lines, each given by the line's place and a part of its amount. They
/// share the discount of the invoice in proportion. Returns the total with tax, and the taxes of the
/// invoice in order.
///
/// # Errors
///
/// A line has the same tax twice.
pub fn price_parts(
    lines: &[(&Line, i64)],
    parts: &[(usize, i64)],
    terms: &Terms,
    discount: i64,
) -> Result<(i64, Vec<TaxSum>)> {
    let is_own = |index: usize| lines[index].0.deposit.is_none();
    let (mut taxes, mut groups) = (Vec::new(), Vec::new());
    for (index, (line, amount)) in lines.iter().enumerate() {
        // Only lines that are not deposits share the discount.
        let amount = if is_own(index) { *amount } else { 0 };
        join(&mut groups, &mut taxes, line, amount, (terms.tax_rate, index))?;
    }
    let (mut known, mut credited) = (taxes.clone(), Vec::new());
    for (index, part) in parts.iter().filter(|(index, _)| is_own(*index)) {
        join(&mut credited, &mut known, lines[*index].0, *part, (terms.tax_rate, *index))?;
    }
    let before: Vec<i64> = groups.iter().map(|group| group.sum).collect();
    share(&mut groups, discount);
    for group in &mut credited {
        let whole = groups.iter().zip(&before).find(|(whole, _)| whole.taxes == group.taxes);
        if let Some((whole, before)) = whole.filter(|(_, before)| **before > 0) {
            let part = i128::from(group.sum) * i128::from(whole.sum);
            // A discount only reduces it.
            group.sum = money::divide_rounded(part, i128::from(*before)) as i64;
        }
    }
    for (index, part) in parts.iter().filter(|(index, _)| !is_own(*index)) {
        join(&mut credited, &mut known, lines[*index].0, *part, (terms.tax_rate, *index))?;
    }
    let sums = match terms.prices_include_tax {
        true => included(&credited, &taxes),
        false => on_top(&credited, &taxes),
    };
    let tax: i64 = sums.iter().map(|(_, amount)| amount).sum();
    let sum: i64 = credited.iter().map(|group| group.sum).sum();
    let taxes = taxes.into_iter().zip(sums);
    let taxes = taxes.map(|(tax, (base, amount))| TaxSum { tax, base, amount }).collect();
    Ok((if terms.prices_include_tax { sum } else { sum + tax }, taxes))
}

/// Returns the taxes of each group of lines, and its sum after the discount of the invoice.
///
/// # Errors
///
/// A line has the same tax twice.
pub fn by_taxes(
    lines: &[(Line, i64)],
    terms: &Terms,
    discount: i64,
) -> Result<Vec<(Vec<Tax>, i64)>> {
    let (groups, taxes) = grouped(lines, terms, discount)?;
    let own = |group: Group| {
        let own = group.taxes.iter().map(|place| taxes[*place].clone());
        (own.collect(), group.sum)
    };
    Ok(groups.into_iter().map(own).collect())
}

/// Groups lines by their taxes and subtracts the discount from those that are not deposits.
fn grouped(lines: &[(Line, i64)], terms: &Terms, discount: i64) -> Result<(Vec<Group>, Vec<Tax>)> {
    let (mut taxes, mut groups) = (Vec::new(), Vec::new());
    let mut join_those = |groups: &mut Vec<Group>, are_deposits: bool| {
        let those = lines.iter().enumerate();
        let mut those = those.filter(|(_, (line, _))| line.deposit.is_some() == are_deposits);
        those.try_for_each(|(index, (line, amount))| {
            join(groups, &mut taxes, line, *amount, (terms.tax_rate, index))
        })
    };
    join_those(&mut groups, false)?;
    share(&mut groups, discount);
    join_those(&mut groups, true)?;
    Ok((groups, taxes))
}

impl Priced {
    /// Converts prices that include taxes to prices without them. The sums do not change. Each line
    /// has a quantity of 1 and its own combination of taxes.
    pub(in crate::domain) fn take_taxes_out(&mut self, currency: Currency) {
        for (line, amount) in &mut self.lines {
            let own = line.taxes.as_ref().map(|taxes| taxes.iter().map(|tax| tax.rate).sum());
            *amount = money::without_percent(*amount, own.unwrap_or(self.terms.tax_rate));
            line.rate = Money::new(*amount, currency).decimal();
        }
        self.terms.prices_include_tax = false;
    }
}

/// Gives each line its taxes if any line has taxes of its own.
pub(super) fn explicit(mut lines: Vec<Line>, rate: Decimal) -> Vec<Line> {
    if lines.iter().any(|line| line.taxes.is_some()) {
        for line in &mut lines {
            line.taxes.get_or_insert_with(|| Tax::plain(rate).into_iter().collect());
        }
    }
    lines
}

/// Returns quantity × rate less the discount of the line at this place.
///
/// # Errors
///
/// Invalid if the amount is too large or the discount exceeds it.
pub fn line_amount(line: &Line, currency: Currency, index: usize) -> Result<i64> {
    let gross = money::line_amount(line.quantity, line.rate, currency)
        .map_err(|rule| Error::field(format!("items[{index}].rate"), rule))?;
    let Some(discount) = &line.discount else { return Ok(gross) };
    let field = format!("items[{index}].discount");
    if gross <= 0 {
        return Err(Error::field(field, Rule::DiscountOfNothing));
    }
    Ok(gross - discount.on(gross, currency, &field)?)
}

/// Adds the amount of a line to the group of its taxes.
fn join(
    groups: &mut Vec<Group>,
    taxes: &mut Vec<Tax>,
    line: &Line,
    amount: i64,
    (rate, index): (Decimal, usize),
) -> Result<()> {
    let plain: Vec<Tax>;
    let own = match &line.taxes {
        Some(own) => own,
        None => {
            plain = Tax::plain(rate).into_iter().collect();
            &plain
        }
    };
    let mut places = Vec::with_capacity(own.len());
    for (at, tax) in own.iter().enumerate() {
        let known = taxes.iter().position(|known| known == tax);
        let place = known.unwrap_or_else(|| {
            taxes.push(tax.clone());
            taxes.len() - 1
        });
        if places.contains(&place) {
            return Err(Error::field(format!("items[{index}].taxes[{at}]"), Rule::Duplicate));
        }
        places.push(place);
    }
    places.sort_unstable();
    match groups.iter_mut().find(|group| group.taxes == places) {
        Some(group) => group.sum += amount,
        None => groups.push(Group { taxes: places, sum: amount }),
    }
    Ok(())
}

/// Takes a discount off the groups in proportion to their sums. A negative group takes no share.
fn share(groups: &mut [Group], discount: i64) {
    let weights: Vec<i64> = groups.iter().map(|group| group.sum.max(0)).collect();
    for (group, part) in groups.iter_mut().zip(money::shares(discount, &weights)) {
        group.sum -= part;
    }
}

/// Returns base and amount of each tax that is added to the prices.
fn on_top(groups: &[Group], taxes: &[Tax]) -> Vec<(i64, i64)> {
    let base = |place| {
        let own = groups.iter().filter(|group| group.taxes.contains(&place));
        own.map(|group| group.sum).sum()
    };
    let sum = |(place, tax): (usize, &Tax)| {
        let base = base(place);
        (base, money::percent_of(base, tax.rate))
    };
    taxes.iter().enumerate().map(sum).collect()
}

/// Returns base and amount of each tax that the prices include.
fn included(groups: &[Group], taxes: &[Tax]) -> Vec<(i64, i64)> {
    let mut sums = vec![(0, 0); taxes.len()];
    for group in groups {
        let rate: Decimal = group.taxes.iter().map(|place| taxes[*place].rate).sum();
        let net = money::without_percent(group.sum, rate);
        let mut left = group.sum - net;
        let last = group.taxes.iter().rfind(|place| !taxes[**place].rate.is_zero());
        for place in &group.taxes {
            let amount = match Some(place) == last {
                true => left,
                false => money::percent_of(net, taxes[*place].rate),
            };
            left -= amount;
            sums[*place].0 += net;
            sums[*place].1 += amount;
        }
    }
    sums
}

/// Prices an amount without lines as a single line with these taxes, else the tax of the rate. The
/// tax is the amount minus the net, so that the sum is exact.
pub fn price_amount(
    amount: Decimal,
    taxes: Option<Vec<Tax>>,
    terms: &Terms,
    currency: Currency,
) -> Result<Priced> {
    if terms.discount.is_some() {
        return Err(Error::field("discount", Rule::NeedsItems));
    }
    let gross = Money::exact(amount, currency).map_err(|rule| Error::field("amount", rule))?;
    let line = Line { taxes, ..Line::new(DEFAULT_LINE, Decimal::ONE, gross.decimal()) };
    let all_in = Terms { prices_include_tax: true, ..terms.clone() };
    let mut priced = price(vec![line], &all_in, currency)?;
    if !terms.prices_include_tax {
        priced.take_taxes_out(currency);
    }
    Ok(priced)
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
#[path = "price_tests.rs"]
mod tests;
