//! Exchange rates that the user entered or imported.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::domain::{
    date::{self, Day},
    error::Error,
    input::{Inherited, Required, Shape, input, kinds},
    money::{self, Currency, Money},
    payment::PaymentSum,
    rule::{FieldError, Rule},
};

/// From this day on, one unit of `from` is worth `rate` units of `into`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeRate {
    pub from: Currency,
    pub into: Currency,
    pub day: Date,
    pub rate: Decimal,
}

impl ExchangeRate {
    /// Parses the four columns `day,from,to,rate` of an import.
    pub fn parse(day: &str, from: &str, into: &str, rate: &str) -> Result<Self, FieldError> {
        let field = |field: &'static str| move |rule| FieldError { field: field.into(), rule };
        let currency = |code: &str| Currency::from_code(code.trim()).ok_or(Rule::Currency);
        let day = date::parse(day.trim()).map_err(field("day"))?;
        let from = currency(from).map_err(field("from"))?;
        let into = currency(into).map_err(field("to"))?;
        let rate = money::exchange_rate(rate).map_err(field("rate"))?;
        Ok(Self { from, into, day, rate })
    }
}

kinds! {
    /// A rate in JSON or in a form field.
    GivenRate = Decimal, Shape::Rate, |value| match value {
        Value::Number(number) => money::exchange_rate(&number.to_string()),
        Value::String(text) => money::exchange_rate(text),
        _ => Err(Rule::NotNumber),
    };
}

input! {
    /// A rate as entered by the user.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub new NewRate;

    from "from": Required<Currency>,
    /// Defaults to the account's base currency.
    into "to": Inherited<Currency>,
    rate "rate": Required<GivenRate>,
    /// Defaults to today.
    day "day": Inherited<Day>,
}

impl NewRate {
    /// Completes the rate with the account's base currency and today's date.
    pub fn complete(self, base: Currency, today: Date) -> Result<ExchangeRate, Error> {
        let (into, day) = (self.into.unwrap_or(base), self.day.unwrap_or(today));
        if into == self.from {
            return Err(Error::field("from", Rule::SameCurrency(into.code())));
        }
        Ok(ExchangeRate { from: self.from, into, day, rate: self.rate })
    }
}

/// The known rate of a pair of currencies.
struct Known {
    day: Date,
    /// Whether it was entered this way round.
    is_given: bool,
    rate: Decimal,
}

fn keep_newer(
    pairs: &mut BTreeMap<(Currency, Currency), Known>,
    pair: (Currency, Currency),
    new: Known,
) {
    let is_newer = |known: &Known| (known.day, known.is_given) < (new.day, new.is_given);
    if pairs.get(&pair).is_none_or(is_newer) {
        pairs.insert(pair, new);
    }
}

/// The latest known rates into one base currency.
#[derive(Debug, Clone)]
pub struct Rates {
    base: Currency,
    rates: BTreeMap<Currency, Decimal>,
}

impl Rates {
    /// `known` are the rates by pair. If a pair is known both ways, the newer one counts. A
    /// currency without a rate into the base converts through the currency that has the newest
    /// rates with both.
    pub fn new(base: Currency, known: impl IntoIterator<Item = ExchangeRate>) -> Self {
        let mut pairs = BTreeMap::new();
        for ExchangeRate { from, into, day, rate } in known {
            keep_newer(&mut pairs, (from, into), Known { day, is_given: true, rate });
            if let Some(rate) = Decimal::ONE.checked_div(rate) {
                keep_newer(&mut pairs, (into, from), Known { day, is_given: false, rate });
            }
        }
        let mut by_way: BTreeMap<Currency, ((Date, Date), Decimal)> = BTreeMap::new();
        for ((from, way), first) in &pairs {
            let Some(second) = pairs.get(&(*way, base)) else { continue };
            let Some(rate) = first.rate.checked_mul(second.rate) else { continue };
            let age = (first.day.min(second.day), first.day.max(second.day));
            if by_way.get(from).is_none_or(|(known, _)| *known < age) {
                by_way.insert(*from, (age, rate));
            }
        }
        let mut rates: BTreeMap<Currency, Decimal> =
            by_way.into_iter().map(|(from, (_, rate))| (from, rate)).collect();
        let direct = pairs.into_iter().filter(|((_, into), _)| *into == base);
        rates.extend(direct.map(|((from, _), known)| (from, known.rate)));
        // Far more digits than any known rate has.
        rates.values_mut().for_each(|rate| *rate = rate.round_sf(18).unwrap_or(*rate));
        rates.retain(|_, rate| !rate.is_zero());
        rates.insert(base, Decimal::ONE);
        Self { base, rates }
    }

    pub fn base(&self) -> Currency {
        self.base
    }

    /// Returns the units of the base currency for one unit of `from`.
    pub fn rate(&self, from: Currency) -> Option<Decimal> {
        self.rates.get(&from).copied()
    }

    /// Returns a sum in minor units of the base currency; None without a known rate.
    pub fn convert(&self, minor: i128, currency: Currency) -> Option<i128> {
        money::convert_sum(minor, currency, self.rate(currency)?, self.base)
    }
}

/// Sums by currency. Each currency is converted once, so the total does not depend on how its parts
/// were grouped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Total(BTreeMap<Currency, i128>);

impl Total {
    /// Adds a sum to convert at the latest known rate.
    pub fn add(&mut self, sum: Money) {
        *self.0.entry(sum.currency).or_default() += i128::from(sum.minor);
    }

    /// Adds payments: their frozen amount if it is in this base currency, else the sum itself, at
    /// the latest known rate.
    pub fn add_payments(&mut self, sum: &PaymentSum, base: Currency) {
        self.add(match sum.base {
            Some(frozen) if frozen.currency == base => frozen,
            _ => Money::new(sum.minor, sum.currency),
        });
    }

    /// Returns the total, if it has no sums in other currencies than this.
    pub fn only(&self, currency: Currency) -> Option<i128> {
        match self.0.len() {
            0 => Some(0),
            1 => self.0.get(&currency).copied(),
            _ => None,
        }
    }

    /// Returns the total in the base currency.
    pub fn convert(self, rates: &Rates) -> Converted {
        let mut converted = Converted { minor: 0, unconverted: BTreeMap::new() };
        for (currency, minor) in self.0 {
            match rates.convert(minor, currency) {
                Some(sum) => converted.minor += sum,
                None => {
                    converted.unconverted.insert(currency, minor);
                }
            }
        }
        converted
    }
}

/// A total in the base currency, and the sums that could not be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// In minor units of the base currency.
    pub minor: i128,
    pub unconverted: BTreeMap<Currency, i128>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    fn rate(from: &str, into: &str, day: i8, rate: Decimal) -> ExchangeRate {
        let day = jiff::civil::date(2026, 3, day);
        ExchangeRate { from: currency(from), into: currency(into), day, rate }
    }

    #[test]
    fn unconverted_amounts_are_left_out_and_named() {
        let known = [rate("NGN", "USD", 17, Decimal::new(65, 5))];
        let rates = Rates::new(Currency::USD, known);
        let mut total = Total::default();
        total.add(Money::new(100_000, currency("NGN")));
        total.add(Money::new(500, currency("EUR")));
        total.add(Money::new(1, Currency::USD));
        let total = total.convert(&rates);
        assert_eq!(total.minor, 66);
        assert_eq!(total.unconverted, BTreeMap::from([(currency("EUR"), 500)]));
    }

    #[test]
    fn a_rate_of_the_opposite_direction_is_inverted() {
        let rates = Rates::new(Currency::USD, [rate("USD", "XOF", 17, Decimal::from(600))]);
        let mut total = Total::default();
        total.add(Money::new(6_000, currency("XOF")));
        assert_eq!(total.convert(&rates).minor, 1_000);
    }

    #[test]
    fn a_currency_without_a_rate_is_converted_through_a_common_one() {
        let known = [
            rate("EUR", "USD", 17, Decimal::new(125, 2)),
            rate("EUR", "NGN", 17, Decimal::from(2000)),
            rate("JPY", "NGN", 17, Decimal::from(10)),
            // Older, and through another currency.
            rate("GBP", "USD", 3, Decimal::from(9)),
            rate("GBP", "NGN", 3, Decimal::from(9)),
        ];
        let into = |base: &str| Rates::new(currency(base), known.clone());
        assert_eq!(into("NGN").rate(currency("USD")), Some(Decimal::from(1600)));
        assert_eq!(into("USD").rate(currency("NGN")), Some(Decimal::new(625, 6)));
        assert_eq!(into("JPY").rate(currency("EUR")), Some(Decimal::from(200)));
        // No currency has rates with both.
        assert_eq!(into("JPY").rate(currency("USD")), None);
    }

    #[test]
    fn the_newer_direction_of_a_pair_counts_and_no_other_currency() {
        let known = [
            rate("EUR", "USD", 17, Decimal::from(2)),
            rate("USD", "EUR", 18, Decimal::new(8, 1)),
            rate("EUR", "GBP", 19, Decimal::ONE),
            rate("GBP", "USD", 19, Decimal::from(3)),
        ];
        let rates = Rates::new(Currency::USD, known);
        assert_eq!(rates.rate(currency("EUR")), Some(Decimal::new(125, 2)));
    }

    #[test]
    fn a_total_is_rounded_once_per_currency_whatever_its_parts() {
        let rates = Rates::new(Currency::USD, [rate("NGN", "USD", 17, Decimal::new(4, 1))]);
        let mut total = Total::default();
        (0..10).for_each(|_| total.add(Money::new(1, currency("NGN"))));
        assert_eq!(total.convert(&rates).minor, 4);
    }
}
