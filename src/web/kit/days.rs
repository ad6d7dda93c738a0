//! Days and instants as the reader of a page has them written.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    app::App,
    domain::{
        account::Account,
        date::{self, DateFormat},
        error::Result,
    },
    web::visit::Visit,
};

/// The calendar of an account.
pub struct Days {
    format: DateFormat,
    zone: TimeZone,
    today: Date,
}

impl Days {
    /// The reader's.
    pub fn of(visit: &Visit) -> Result<Self> {
        Self::of_account(&visit.app, &visit.frame.account)
    }

    /// That of whose page is read.
    pub fn of_account(app: &App, account: &Account) -> Result<Self> {
        let zone = account.zone.rules()?;
        Ok(Self { format: account.date_format, today: date::day_in(app.now(), &zone), zone })
    }

    pub fn today(&self) -> Date {
        self.today
    }

    pub fn show(&self, day: &Date) -> String {
        self.format.show(*day)
    }

    /// The day of an instant.
    pub fn on(&self, at: &Timestamp) -> String {
        self.format.show(date::day_in(*at, &self.zone))
    }

    /// The day and the minute of an instant.
    pub fn at(&self, at: &Timestamp) -> String {
        let time = at.to_zoned(self.zone.clone()).strftime("%H:%M").to_string();
        format!("{}, {time}", self.on(at))
    }

    /// Whether the day has passed.
    pub fn is_over(&self, day: &Date) -> bool {
        *day < self.today
    }
}
