//! Exchange rates.

use jiff::civil::Date;

use super::{App, admin};
use crate::{
    domain::{
        date,
        error::{Error, Result},
        exchange_rate::{ExchangeRate, NewRate},
        expected::{self, Expected},
        money::Currency,
        rule::Rule,
        session::Claims,
    },
    store,
};

impl App {
    /// Takes in rates for the account of that e-mail: all of them or none. Days lie in the past
    /// or are today.
    pub async fn import_rates(&self, email: String, rates: Vec<ExchangeRate>) -> Result<()> {
        let now = self.now();
        self.store
            .write(move |tx| {
                let account = admin::by_email(tx, &email)?;
                let today = date::day_in(now, &account.zone.rules()?);
                rates.iter().try_for_each(|rate| {
                    check_day(rate, today)?;
                    store::exchange_rate::set(tx, account.id, rate).map(drop)
                })
            })
            .await
    }

    /// The calendar day it is for the account of that e-mail.
    pub async fn today_of(&self, email: String) -> Result<Date> {
        let now = self.now();
        self.store
            .read(move |tx| {
                let account = admin::by_email(tx, &email)?;
                Ok(date::day_in(now, &account.zone.rules()?))
            })
            .await
    }

    /// The latest known rates of the account of that e-mail.
    pub async fn list_rates(&self, email: String) -> Result<Vec<ExchangeRate>> {
        self.store
            .read(move |tx| {
                let account = admin::by_email(tx, &email)?;
                store::exchange_rate::list(tx, account.id)
            })
            .await
    }

    /// The latest known rates of the caller.
    pub async fn list_exchange_rates(&self, claims: Claims) -> Result<Vec<ExchangeRate>> {
        self.read(claims, |tx, actor| store::exchange_rate::list(tx, actor.account)).await
    }

    /// Takes in a rate of the caller, in place of an older one of the same pair.
    ///
    /// # Errors
    ///
    /// A conflict, if a newer rate is known; stale, if the caller's rates are not the expected ones
    /// any more.
    pub async fn set_exchange_rate(
        &self,
        claims: Claims,
        new: NewRate,
        expected: Option<Expected<Vec<ExchangeRate>>>,
    ) -> Result<ExchangeRate> {
        let now = self.now();
        self.write(claims, move |tx, actor| {
            let today = date::day_in(now, &actor.zone.rules()?);
            let rate = new.clone().complete(actor.currency, today)?;
            check_day(&rate, today)?;
            if expected.is_some() {
                let rates = store::exchange_rate::list(tx, actor.account)?;
                expected::check(expected.as_ref(), &rates)?;
            }
            if !store::exchange_rate::set(tx, actor.account, &rate)? {
                return Err(Error::conflict("A newer rate of these currencies is known"));
            }
            Ok(rate)
        })
        .await
    }

    /// Forgets the caller's rate from one currency into another, the base currency where none is
    /// given.
    pub async fn delete_exchange_rate(
        &self,
        claims: Claims,
        from: Currency,
        into: Option<Currency>,
    ) -> Result<()> {
        self.write(claims, move |tx, actor| {
            let into = into.unwrap_or(actor.currency);
            match store::exchange_rate::delete(tx, actor.account, from, into)? {
                true => Ok(()),
                false => Err(Error::not_found("Exchange rate")),
            }
        })
        .await
    }
}

fn check_day(rate: &ExchangeRate, today: Date) -> Result<()> {
    if rate.day > today { Err(Error::field("day", Rule::FutureDate)) } else { Ok(()) }
}
