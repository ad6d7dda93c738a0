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
    /// Imports rates for the account with this email: all or none. No day may be in the future.
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

    /// Returns the current date of the account with this email.
    pub async fn today_of(&self, email: String) -> Result<Date> {
        let now = self.now();
        self.store
            .read(move |tx| {
                let account = admin::by_email(tx, &email)?;
                Ok(date::day_in(now, &account.zone.rules()?))
            })
            .await
    }

    /// Returns the latest rates of the account with this email.
    pub async fn list_rates(&self, email: String) -> Result<Vec<ExchangeRate>> {
        let account = self.account_by_email(email).await?;
        self.store.read(move |tx| store::exchange_rate::list(tx, account)).await
    }
}

/// Returns the caller's latest rates.
pub fn list_exchange_rates(work: &mut Work) -> Result<Vec<ExchangeRate>> {
    store::exchange_rate::list(work.tx, work.account)
}

/// Stores a rate for the caller, and returns whether it is now the latest of its pair. A rate of an
/// earlier day applies to payments from that day until the day of the next rate.
///
/// # Errors
///
/// Invalid if its day is in the future; stale if the caller's rates are no longer the expected ones.
pub fn set_exchange_rate(
    work: &mut Work,
    new: &NewRate,
    expected: Option<&Expected<Vec<ExchangeRate>>>,
) -> Result<(ExchangeRate, bool)> {
    let today = work.today()?;
    let rate = new.clone().complete(work.actor.currency, today)?;
    check_day(&rate, today)?;
    expected::check(expected, &list_exchange_rates(work)?)?;
    let is_latest = store::exchange_rate::set(work.tx, work.account, &rate)?;
    Ok((rate, is_latest))
}

/// Deletes the caller's rate from one currency into another, by default the base currency.
///
/// # Errors
///
/// Not found if the caller has no such rate.
pub fn delete_exchange_rate(work: &mut Work, from: Currency, into: Option<Currency>) -> Result<()> {
    let into = into.unwrap_or(work.actor.currency);
    match store::exchange_rate::delete(work.tx, work.account, from, into)? {
        true => Ok(()),
        false => Err(Error::not_found("error-exchange-rate-not-found")),
    }
}

fn check_day(rate: &ExchangeRate, today: Date) -> Result<()> {
    if rate.day > today { Err(Error::field("day", Rule::FutureDate)) } else { Ok(()) }
}
