//! Exchange rates.

use std::{cell::OnceCell, rc::Rc};

use jiff::civil::Date;

use crate::{
    domain::{
        error::Result,
        exchange_rate::{ExchangeRate, Rates},
        id::AccountId,
        money::Currency,
    },
    store::engine::{Row, Tx, values},
};

fn read(row: &dyn Row) -> Result<ExchangeRate> {
    Ok(ExchangeRate { from: row.get(0)?, into: row.get(1)?, day: row.get(2)?, rate: row.get(3)? })
}

/// Sets the rate of its day; returns whether it is the latest of its pair.
pub fn set(tx: &mut Tx, account: AccountId, rate: &ExchangeRate) -> Result<bool> {
    tx.change(
        "INSERT INTO exchange_rate_days (account_id, from_currency, into_currency, day, rate) \
         VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (account_id, from_currency, into_currency, day) \
         DO UPDATE SET rate = excluded.rate",
        values![&account, rate.from, rate.into, rate.day, rate.rate],
    )?;
    let changed = tx.execute(
        "INSERT INTO exchange_rates (account_id, from_currency, into_currency, day, rate) \
         VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (account_id, from_currency, into_currency) \
         DO UPDATE SET day = excluded.day, rate = excluded.rate \
         WHERE excluded.day >= exchange_rates.day",
        values![&account, rate.from, rate.into, rate.day, rate.rate],
    )?;
    Ok(changed > 0)
}

/// Removes the rates of a pair; returns whether there was one.
pub fn delete(tx: &mut Tx, account: AccountId, from: Currency, into: Currency) -> Result<bool> {
    tx.change(
        "DELETE FROM exchange_rate_days \
         WHERE account_id = ?1 AND from_currency = ?2 AND into_currency = ?3",
        values![&account, from, into],
    )?;
    let deleted = tx.execute(
        "DELETE FROM exchange_rates \
         WHERE account_id = ?1 AND from_currency = ?2 AND into_currency = ?3",
        values![&account, from, into],
    )?;
    Ok(deleted > 0)
}

/// Returns the latest known rate of each pair.
pub fn list(tx: &mut Tx, account: AccountId) -> Result<Vec<ExchangeRate>> {
    tx.list(
        "SELECT from_currency, into_currency, day, rate FROM exchange_rates \
         WHERE account_id = ?1 ORDER BY from_currency, into_currency",
        values![&account],
        read,
    )
}

/// Returns every known rate, the latest of each pair last.
pub fn list_days(tx: &mut Tx, account: AccountId) -> Result<Vec<ExchangeRate>> {
    tx.list(
        "SELECT from_currency, into_currency, day, rate FROM exchange_rate_days \
         WHERE account_id = ?1 ORDER BY from_currency, into_currency, day",
        values![&account],
        read,
    )
}

/// Returns the rates into a base currency as known on a day: for each pair, the newest up to that
/// day.
pub fn find_on(tx: &mut Tx, account: AccountId, base: Currency, day: Date) -> Result<Rates> {
    let known = tx.list(
        "SELECT known.from_currency, known.into_currency, known.day, known.rate \
         FROM exchange_rates latest JOIN exchange_rate_days known \
         ON known.account_id = latest.account_id AND known.from_currency = latest.from_currency \
         AND known.into_currency = latest.into_currency AND known.day = \
         (SELECT max(until.day) FROM exchange_rate_days until \
         WHERE until.account_id = latest.account_id AND until.from_currency = latest.from_currency \
         AND until.into_currency = latest.into_currency AND until.day <= ?2) \
         WHERE latest.account_id = ?1",
        values![&account, day],
        read,
    )?;
    Ok(Rates::new(base, known))
}

/// The latest known rates into an account's currency, read when first needed.
pub struct LatestRates {
    account: AccountId,
    base: Currency,
    known: OnceCell<Rc<Rates>>,
}

impl LatestRates {
    pub fn new(account: AccountId, base: Currency) -> Self {
        Self { account, base, known: OnceCell::new() }
    }

    pub fn base(&self) -> Currency {
        self.base
    }

    pub fn get(&self, tx: &mut Tx) -> Result<Rc<Rates>> {
        if let Some(known) = self.known.get() {
            return Ok(Rc::clone(known));
        }
        let read = Rc::new(Rates::new(self.base, list(tx, self.account)?));
        Ok(Rc::clone(self.known.get_or_init(|| read)))
    }
}
