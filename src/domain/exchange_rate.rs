//! Exchange rates, as the user entered or imported them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;

use super::{
    date,
    error::Error,
    form::{Form, Object},
    money::{self, Currency, Money},
    payment::PaymentSum,
    rule::{FieldError, Rule},
};

/// So many units of `into` are one unit of `from`, from that day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeRate {
    pub from: Currency,
    pub into: Currency,
    pub day: Date,
    pub rate: Decimal,
}

impl ExchangeRate {
    /// Reads the four columns `day,from,to,rate` of an import.
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

/// A rate as its owner enters it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRate {
    pub from: Currency,
    /// The base currency of the account where none is given.
    pub into: Option<Currency>,
    pub rate: Decimal,
    /// Today where none is given.
    pub day: Option<Date>,
}

impl NewRate {
    /// Reads `from`, `to`, `rate` and `day`.
    pub fn read(object: &Object) -> Result<Self, Error> {
        let mut form = Form::new(object);
        let from = form.required("from", Currency::read);
        let into = form.optional("to", Currency::read);
        let rate = form.required("rate", |value| match value {
            Value::Number(number) => money::exchange_rate(&number.to_string()),
            Value::String(text) => money::exchange_rate(text),
            _ => Err(Rule::NotNumber),
        });
        let day = form.optional("day", date::read);
        let (Some(from), Some(into), Some(rate), Some(day)) = (from, into, rate, day) else {
            return Err(form.failure());
        };
        Ok(Self { from, into, rate, day })
    }

    /// The rate for an account with that base currency, on that day.
    pub fn complete(self, base: Currency, today: Date) -> Result<ExchangeRate, Error> {
        let (into, day) = (self.into.unwrap_or(base), self.day.unwrap_or(today));
        if into == self.from {
            return Err(Error::field("from", Rule::SameCurrency(into.code())));
        }
        Ok(ExchangeRate { from: self.from, into, day, rate: self.rate })
    }
}

/// The latest known rates into one base currency.
#[derive(Debug, Clone)]
pub struct Rates {
    base: Currency,
    rates: BTreeMap<Currency, Decimal>,
}

impl Rates {
    /// `known` are the latest rates by pair; a pair known only the other way round is inverted.
    pub fn new(
        base: Currency,
        known: impl IntoIterator<Item = (Currency, Currency, Decimal)>,
    ) -> Self {
        let mut rates = BTreeMap::from([(base, Decimal::ONE)]);
        let mut inverse = BTreeMap::new();
        for (from, into, rate) in known {
            if into == base {
                rates.insert(from, rate);
            } else if from == base
                && let Some(rate) = Decimal::ONE.checked_div(rate)
            {
                inverse.insert(into, rate.round_sf(18).unwrap_or(rate));
            }
        }
        for (currency, rate) in inverse {
            rates.entry(currency).or_insert(rate);
        }
        rates.insert(base, Decimal::ONE);
        Self { base, rates }
    }

    pub fn base(&self) -> Currency {
        self.base
    }

    /// Units of the base currency for one unit of `from`.
    pub fn rate(&self, from: Currency) -> Option<Decimal> {
        self.rates.get(&from).copied()
    }
}

/// Sums by currency. Each currency is converted once, so that a total does not depend on how
/// its parts were grouped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Total(BTreeMap<Currency, i128>);

impl Total {
    /// Adds a sum that converts at the latest known rate.
    pub fn add(&mut self, sum: Money) {
        *self.0.entry(sum.currency).or_default() += i128::from(sum.minor);
    }

    /// Adds payments: what was frozen with them where that is in this base currency, else the
    /// sum itself, at the latest known rate.
    pub fn add_payments(&mut self, sum: &PaymentSum, base: Currency) {
        self.add(match sum.base {
            Some(frozen) if frozen.currency == base => frozen,
            _ => Money::new(sum.minor, sum.currency),
        });
    }

    /// The total in the base currency.
    pub fn convert(self, rates: &Rates) -> Converted {
        let mut converted = Converted { minor: 0, unconverted: BTreeMap::new() };
        for (currency, minor) in self.0 {
            let sum = rates
                .rate(currency)
                .and_then(|rate| money::convert_sum(minor, currency, rate, rates.base()));
            match sum {
                Some(sum) => converted.minor += sum,
                None => {
                    converted.unconverted.insert(currency, minor);
                }
            }
        }
        converted
    }
}

/// A total in the base currency, and what could not be converted into it.
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

    #[test]
    fn what_has_no_rate_is_left_out_and_named() {
        let known = [(currency("NGN"), Currency::USD, Decimal::new(65, 5))];
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
    fn a_rate_known_the_other_way_round_is_inverted() {
        let rates =
            Rates::new(Currency::USD, [(Currency::USD, currency("XOF"), Decimal::from(600))]);
        let mut total = Total::default();
        total.add(Money::new(6_000, currency("XOF")));
        assert_eq!(total.convert(&rates).minor, 1_000);
    }

    #[test]
    fn a_total_is_rounded_once_a_currency_however_it_is_made_up() {
        let rates =
            Rates::new(Currency::USD, [(currency("NGN"), Currency::USD, Decimal::new(4, 1))]);
        let mut total = Total::default();
        (0..10).for_each(|_| total.add(Money::new(1, currency("NGN"))));
        assert_eq!(total.convert(&rates).minor, 4);
    }
}
