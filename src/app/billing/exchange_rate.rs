//! Exchange rates.

use jiff::civil::Date;

use crate::{
    app::{App, admin, unit_of_work::Work},
    domain::{
        date,
        error::{Error, Result},
        exchange_rate::{ExchangeRate, NewRate},
        expected::{self, Expected},
        money::Currency,
        rule::Rule,
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
        let account = self.account_by_email(email).await?;
        self.store.read(move |tx| store::exchange_rate::list(tx, account)).await
    }
}

/// The latest known rates of the caller.
pub fn list_exchange_rates(work: &mut Work) -> Result<Vec<ExchangeRate>> {
    store::exchange_rate::list(work.tx, work.account)
}

/// Takes in a rate of the caller, in place of an older one of the same pair.
///
/// # Errors
///
/// A conflict, if a newer rate is known; stale, if the caller's rates are not the expected ones
/// any more.
pub fn set_exchange_rate(
    work: &mut Work,
    new: &NewRate,
    expected: Option<&Expected<Vec<ExchangeRate>>>,
) -> Result<ExchangeRate> {
    let today = work.today()?;
    let rate = new.clone().complete(work.actor.currency, today)?;
    check_day(&rate, today)?;
    expected::check(expected, &list_exchange_rates(work)?)?;
    if !store::exchange_rate::set(work.tx, work.account, &rate)? {
        return Err(Error::conflict("A newer rate of these currencies is known"));
    }
    Ok(rate)
}

/// Forgets the caller's rate from one currency into another, the base currency where none is given.
pub fn delete_exchange_rate(work: &mut Work, from: Currency, into: Option<Currency>) -> Result<()> {
    let into = into.unwrap_or(work.actor.currency);
    match store::exchange_rate::delete(work.tx, work.account, from, into)? {
        true => Ok(()),
        false => Err(Error::not_found("Exchange rate")),
    }
}

fn check_day(rate: &ExchangeRate, today: Date) -> Result<()> {
    if rate.day > today { Err(Error::field("day", Rule::FutureDate)) } else { Ok(()) }
}
