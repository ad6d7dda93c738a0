//! Exchange rates.

use std::{cell::OnceCell, rc::Rc};

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

/// Sets a rate, unless a newer one of the same pair is stored. Returns whether it was set.
pub fn set(tx: &mut Tx, account: AccountId, rate: &ExchangeRate) -> Result<bool> {
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

/// Removes the rate of a pair; returns whether there was one.
pub fn delete(tx: &mut Tx, account: AccountId, from: Currency, into: Currency) -> Result<bool> {
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
