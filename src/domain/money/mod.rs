//! Money: whole minor units of an ISO 4217 currency, and exact decimals. Floats are never used.

mod currency;
mod shown;

use std::{fmt, str::FromStr};

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

pub use self::{currency::Currency, shown::grouped};
use super::{
    error::Result,
    input::{Shape, kinds},
    rule::Rule,
};

/// The largest accepted amount, in minor units.
pub const MAX_MINOR: i64 = 1_000_000_000_000_000;

kinds! {
    /// An amount whose currency is not known yet.
    Amount = Decimal, Shape::Amount, |value| amount(value);
    /// A quantity: greater than 0, at most 18 decimals.
    Quantity = Decimal, Shape::Quantity, |value| {
        let quantity = factor(value)?;
        if quantity > Decimal::ZERO { bounded(quantity) } else { Err(Rule::Positive) }
    };
    /// The rate of a line: any sign (a discount is negative), at most 18 decimals.
    LineRate = Decimal, Shape::Rate, |value| bounded(factor(value)?);
    /// A tax rate: 0 to 100 percent with at most 4 decimals.
    TaxRate = Decimal, Shape::Percent, |value| {
        let sent = decimal(value)?;
        let rate = without_noise(sent, 4).unwrap_or(sent);
        if !(Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&rate) {
            return Err(Rule::Between { min: "0", max: "100" });
        }
        if rate.scale() > 4 { Err(Rule::Decimals { max: 4 }) } else { Ok(rate) }
    };
}

/// An amount in whole minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    pub fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Returns the amount with all its decimals and without separators, for other programs.
    pub fn exchanged(self) -> String {
        format!("{:.*}", self.currency.exponent() as usize, self.decimal())
    }

    /// Converts an amount from 0 to [`MAX_MINOR`] exactly. More decimals than the currency has are
    /// an error, never rounded, unless they are floating-point noise.
    pub fn exact(amount: Decimal, currency: Currency) -> Result<Self, Rule> {
        let exponent = currency.exponent();
        let amount = without_noise(amount, exponent).ok_or(Rule::Decimals { max: exponent })?;
        if amount.is_sign_negative() && !amount.is_zero() {
            return Err(Rule::Between { min: "0", max: "1000000000000000 minor units" });
        }
        let minor = rescaled(amount.mantissa(), amount.scale(), exponent).ok_or(Rule::TooLarge)?;
        if minor > i128::from(MAX_MINOR) {
            return Err(Rule::TooLarge);
        }
        i64::try_from(minor).map(|minor| Self { minor, currency }).map_err(|_| Rule::TooLarge)
    }

    /// The amount in major units, without trailing zeros.
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent()).normalize()
    }

    /// Converts at `rate` units of `into` for one unit of this currency, rounded half away from
    /// zero. `None` if the result is out of range.
    pub fn convert(self, rate: Decimal, into: Currency) -> Option<Self> {
        let minor = convert_sum(i128::from(self.minor), self.currency, rate, into)?;
        Some(Self { minor: i64::try_from(minor).ok()?, currency: into })
    }
}

impl fmt::Display for Money {
    /// `USD 2250.00`: the readable form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        write!(f, "{} {}", self.currency, Decimal::new(self.minor, exponent))
    }
}

/// Converts a sum of minor units, rounded once, half away from zero.
pub fn convert_sum(minor: i128, from: Currency, rate: Decimal, into: Currency) -> Option<i128> {
    let product = minor.checked_mul(rate.mantissa())?;
    rescaled(product, rate.scale() + from.exponent(), into.exponent())
}

/// Returns `quantity` × `rate` in minor units, rounded once, half away from zero.
pub fn line_amount(quantity: Decimal, rate: Decimal, currency: Currency) -> Result<i64, Rule> {
    let (quantity, rate) = (quantity.normalize(), rate.normalize());
    let product = quantity.mantissa().checked_mul(rate.mantissa()).ok_or(Rule::TooLarge)?;
    let minor = rescaled(product, quantity.scale() + rate.scale(), currency.exponent())
        .ok_or(Rule::TooLarge)?;
    if minor.unsigned_abs() > MAX_MINOR.unsigned_abs().into() {
        return Err(Rule::TooLarge);
    }
    i64::try_from(minor).map_err(|_| Rule::TooLarge)
}

/// Returns `rate` percent (at most 4 decimals) of minor units, rounded half away from zero.
pub fn percent_of(minor: i64, rate: Decimal) -> i64 {
    let ten_thousandths = percent_mantissa(rate);
    // 10^15 × 10^6 easily fits i128, and the quotient fits i64.
    divide_rounded(i128::from(minor) * ten_thousandths, 1_000_000) as i64
}

/// Returns `minor` as it was before `rate` percent was added, rounded half away from zero.
pub fn without_percent(minor: i64, rate: Decimal) -> i64 {
    let ten_thousandths = percent_mantissa(rate);
    divide_rounded(i128::from(minor) * 1_000_000, 1_000_000 + ten_thousandths) as i64
}

/// Converts a number with `scale` decimals to `wanted` decimals, rounded half away from zero.
/// `None` if it is out of range.
fn rescaled(mantissa: i128, scale: u32, wanted: u32) -> Option<i128> {
    match scale.checked_sub(wanted) {
        Some(excess) => Some(divide_rounded(mantissa, 10_i128.checked_pow(excess)?)),
        None => mantissa.checked_mul(10_i128.checked_pow(wanted - scale)?),
    }
}

/// Divides integers, rounded half away from zero. `divisor` must be positive.
pub fn divide_rounded(value: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (value / divisor, value % divisor);
    if rest.unsigned_abs() * 2 >= divisor.unsigned_abs() {
        quotient + value.signum()
    } else {
        quotient
    }
}

/// Parses a JSON number as an exact decimal; trailing zeros and exponents are fine. It is rounded
/// to the type's 28 decimals, which floats such as `5.551115123125783e-17` exceed.
pub fn decimal(value: &Value) -> Result<Decimal, Rule> {
    let Value::Number(number) = value else { return Err(Rule::NotNumber) };
    parse_decimal(number.as_str()).or_else(|rule| match rule {
        Rule::Decimals { .. } => parse_nearest(number.as_str()),
        rule => Err(rule),
    })
}

/// Parses decimal text with more decimals than the type has, and rounds it.
fn parse_nearest(text: &str) -> Result<Decimal, Rule> {
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let number = Decimal::from_str(number).map_err(|_| Rule::TooLarge)?;
    // Such an exponent is far below the last decimal.
    let Ok(exponent) = exponent.parse::<i32>() else { return Ok(Decimal::ZERO) };
    let shift = u32::try_from(exponent).unwrap_or(0);
    let scale = number.scale().saturating_add(exponent.min(0).unsigned_abs());
    let kept = scale.min(Decimal::MAX_SCALE);
    let mantissa = rescaled(number.mantissa(), 0, shift).ok_or(Rule::TooLarge)?;
    let mantissa = rescaled(mantissa, scale, kept).unwrap_or(0);
    Decimal::try_from_i128_with_scale(mantissa, kept)
        .map(|decimal| decimal.normalize())
        .map_err(|_| Rule::TooLarge)
}

/// Floating-point noise is at most this fraction of a number, or of 1.
const NOISE: Decimal = Decimal::from_parts(1, 0, 0, false, 9);

/// Returns the number with at most this many decimals that equals `number` apart from
/// floating-point noise.
pub fn without_noise(number: Decimal, decimals: u32) -> Option<Decimal> {
    if number.scale() <= decimals {
        return Some(number.normalize());
    }
    let nearest = number.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    // A number too large for the decimals of noise contains none.
    let noise = number.abs().max(Decimal::ONE).checked_mul(NOISE)?;
    ((number - nearest).abs() <= noise).then(|| nearest.normalize())
}

/// Parses decimal text exactly: `8750.50`, `1e3`.
pub fn parse_decimal(text: &str) -> Result<Decimal, Rule> {
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let number = match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => number,
    };
    let exact = Decimal::from_str_exact(if number.is_empty() { "0" } else { number });
    let decimal = exact.map_err(|_| {
        if number.contains('.') { Rule::Decimals { max: 18 } } else { Rule::TooLarge }
    })?;
    if decimal.is_zero() {
        return Ok(decimal);
    }
    // No decimal is that large or small.
    let out_of_range =
        if exponent.starts_with('-') { Rule::Decimals { max: 18 } } else { Rule::TooLarge };
    let exponent: i32 = exponent.parse().map_err(|_| out_of_range)?;
    if exponent == 0 {
        return Ok(decimal);
    }
    let scale = i64::from(decimal.scale()) - i64::from(exponent);
    let by = u32::try_from(scale.unsigned_abs()).map_err(|_| Rule::TooLarge)?;
    let (mantissa, scale) = match scale {
        ..0 => (rescaled(decimal.mantissa(), 0, by).ok_or(Rule::TooLarge)?, 0),
        _ => (decimal.mantissa(), by),
    };
    Decimal::try_from_i128_with_scale(mantissa, scale)
        .map(|decimal| decimal.normalize())
        .map_err(|_| if scale > 0 { Rule::Decimals { max: 18 } } else { Rule::TooLarge })
}

/// Parses a quantity or a line rate without rounding: noise in them disappears when their product
/// is rounded to the currency.
fn factor(value: &Value) -> Result<Decimal, Rule> {
    let Value::Number(number) = value else { return Err(Rule::NotNumber) };
    Ok(parse_decimal(number.as_str())?.normalize())
}

fn bounded(value: Decimal) -> Result<Decimal, Rule> {
    if value.abs() > Decimal::from(MAX_MINOR) {
        return Err(Rule::TooLarge);
    }
    if value.scale() > 18 { Err(Rule::Decimals { max: 18 }) } else { Ok(value) }
}

/// Parses an amount whose currency is not known yet.
pub fn amount(value: &Value) -> Result<Decimal, Rule> {
    let amount = decimal(value)?;
    // Currencies without decimals, such as XOF, have the largest major amount, so this is the
    // widest bound. Noise around 0 may be below it.
    if amount < -NOISE || amount > Decimal::from(MAX_MINOR) {
        return Err(Rule::Between { min: "0", max: "1000000000000000 minor units" });
    }
    Ok(amount.normalize())
}

/// Parses an exchange rate: greater than 0, below 10^12, at most 12 decimals.
pub fn exchange_rate(text: &str) -> Result<Decimal, Rule> {
    let rate = Decimal::from_str(text.trim()).map_err(|_| Rule::NotNumber)?.normalize();
    if rate <= Decimal::ZERO {
        return Err(Rule::Positive);
    }
    if rate.scale() > 12 {
        return Err(Rule::Decimals { max: 12 });
    }
    if rate >= Decimal::from(1_000_000_000_000_i64) { Err(Rule::TooLarge) } else { Ok(rate) }
}

/// Splits a sum in proportion to weights of at least 0. The units that rounding down leaves go to
/// the largest remainders, one each, earlier ones first if equal. Without any weight, nothing is
/// split.
pub fn shares(sum: i64, weights: &[i64]) -> Vec<i64> {
    let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if whole == 0 {
        return vec![0; weights.len()];
    }
    let part = |weight: &i64| i128::from(sum) * i128::from(*weight);
    // A share is at most the sum.
    let mut shares: Vec<i64> = weights.iter().map(|weight| (part(weight) / whole) as i64).collect();
    let left = sum - shares.iter().sum::<i64>();
    let rest = |(at, weight)| (std::cmp::Reverse(part(weight) % whole), at);
    let mut remainders: Vec<_> = weights.iter().enumerate().map(rest).collect();
    remainders.sort_unstable();
    for (_, at) in remainders.into_iter().take(left.unsigned_abs() as usize) {
        shares[at] += 1;
    }
    shares
}

fn percent_mantissa(rate: Decimal) -> i128 {
    let rate = rate.normalize();
    rate.mantissa() * 10_i128.pow(4_u32.saturating_sub(rate.scale()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dec(text: &str) -> Decimal {
        parse_decimal(text).unwrap()
    }

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    #[test]
    fn an_exact_rate_keeps_its_three_decimals() {
        assert_eq!(line_amount(dec("1237"), dec("0.085"), Currency::USD).unwrap(), 10515);
    }

    #[test]
    fn halves_round_away_from_zero() {
        assert_eq!(line_amount(dec("1"), dec("0.005"), Currency::USD).unwrap(), 1);
        assert_eq!(line_amount(dec("1"), dec("-0.005"), Currency::USD).unwrap(), -1);
        assert_eq!(line_amount(dec("0.5"), dec("1"), currency("XOF")).unwrap(), 1);
        assert_eq!(percent_of(10, dec("5")), 1);
    }

    #[test]
    fn too_many_decimals_are_refused_and_not_rounded() {
        assert_eq!(Money::exact(dec("1.005"), Currency::USD), Err(Rule::Decimals { max: 2 }));
        assert_eq!(Money::exact(dec("1.5"), currency("XOF")), Err(Rule::Decimals { max: 0 }));
        assert_eq!(Money::exact(dec("1.005"), currency("KWD")).unwrap().minor, 1005);
        assert_eq!(Money::exact(dec("1.500"), Currency::USD).unwrap().minor, 150);
    }

    #[test]
    fn exponents_and_trailing_zeros_are_accepted() {
        assert_eq!(dec("1e3"), dec("1000"));
        assert_eq!(dec("1.25E+2"), dec("125"));
        assert_eq!(dec("125e-2"), dec("1.25"));
        assert_eq!(dec("0.000e99999"), Decimal::ZERO);
        assert_eq!(dec("1.0000000000000000000000000000000000"), Decimal::ONE);
        assert!(parse_decimal("1e999999999999").is_err());
        assert!(parse_decimal("1e40").is_err());
        assert!(parse_decimal("1e-40").is_err());
        assert_eq!(dec("0e999999999999"), Decimal::ZERO);
        for tiny in ["1e-2147483648", "1e-999999999999", "1.5e-2147483647"] {
            assert_eq!(parse_decimal(tiny), Err(Rule::Decimals { max: 18 }), "{tiny}");
        }
    }

    #[test]
    fn amounts_are_limited_to_ten_to_the_fifteen_minor_units() {
        assert_eq!(Money::exact(dec("10000000000000"), Currency::USD).unwrap().minor, MAX_MINOR);
        assert!(Money::exact(dec("10000000000000.01"), Currency::USD).is_err());
        assert!(Money::exact(dec("-0.01"), Currency::USD).is_err());
    }

    #[test]
    fn codes_without_minor_units_and_lower_case_are_refused() {
        assert_eq!(Currency::from_code("XXX"), None);
        assert_eq!(Currency::from_code("usd"), None);
    }

    proptest! {
        #[test]
        fn a_decimal_converts_to_money_and_back(minor in 0..=MAX_MINOR, exponent in 0..3usize) {
            let currency = currency(["XOF", "USD", "KWD"][exponent]);
            let money = Money::new(minor, currency);
            prop_assert_eq!(Money::exact(money.decimal(), currency).unwrap(), money);
        }

        #[test]
        fn a_line_is_within_half_a_unit_of_the_exact_product(
            quantity in 1..10_000_000i64, rate in -1_000_000_000..1_000_000_000i64,
        ) {
            let (quantity, rate) = (Decimal::new(quantity, 3), Decimal::new(rate, 4));
            let line = line_amount(quantity, rate, Currency::USD).unwrap();
            let exact = quantity * rate * Decimal::ONE_HUNDRED;
            prop_assert!((Decimal::from(line) - exact).abs() <= Decimal::new(5, 1));
        }

        #[test]
        fn net_plus_tax_equals_the_gross(gross in 0..=MAX_MINOR, rate in 0..=1_000_000i64) {
            let rate = Decimal::new(rate, 4);
            let net = without_percent(gross, rate);
            let tax = gross - net;
            prop_assert!((percent_of(net, rate) - tax).abs() <= 1);
        }
    }
}
