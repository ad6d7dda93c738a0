//! Exchange rates.

use jiff::civil::Date;

use super::{App, admin};
use crate::{
    domain::{
        date,
        error::{Error, Result},
        exchange_rate::ExchangeRate,
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
                for rate in &rates {
                    if rate.day > today {
                        return Err(Error::field("day", Rule::Date));
                    }
                    store::exchange_rate::set(tx, account.id, rate)?;
                }
                Ok(())
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
}
