//! Days and instants in the reader's format.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    app::App,
    domain::{
        account::Account,
        date::{self, DateFormat},
        error::Result,
        payment::PaidAt,
    },
    locale::t,
    web::visit::Visit,
};

/// The date format and timezone of an account.
pub struct Days {
    format: DateFormat,
    zone: TimeZone,
    today: Date,
}

impl Days {
    /// Returns the reader's.
    pub fn of(visit: &Visit) -> Result<Self> {
        Self::of_account(&visit.app, &visit.frame.account)
    }

    /// Returns those of the account whose page is shown.
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

    /// Returns today in words.
    pub fn in_words(&self) -> String {
        self.format.show_in_words(self.today)
    }

    /// Formats a day, without its year if that is the current one.
    pub fn brief(&self, day: &Date) -> String {
        let show = if day.year() == self.today.year() {
            DateFormat::show_in_year
        } else {
            DateFormat::show
        };
        show(self.format, *day)
    }

    /// Formats an instant as briefly as it can be told: the minute today, a weekday in the last
    /// week, else the day.
    pub fn lately(&self, at: &Timestamp) -> String {
        let day = self.day_of(at);
        if day == self.today { self.time(at) } else { self.lately_on(&day) }
    }

    /// Formats the day of a payment as briefly as possible.
    pub fn lately_paid(&self, paid: &PaidAt) -> String {
        match paid.on {
            Some(day) => self.lately_on(&day),
            None => self.lately(&paid.at),
        }
    }

    fn lately_on(&self, day: &Date) -> String {
        match self.since(day) {
            0 => t("today").into(),
            1 => t("yesterday").into(),
            2..7 => day.strftime("%A").to_string(),
            _ => self.brief(day),
        }
    }

    /// Formats the day of a payment.
    pub fn paid(&self, paid: &PaidAt) -> String {
        self.format.show(paid.day(&self.zone))
    }

    /// Returns the day of an instant.
    pub fn day_of(&self, at: &Timestamp) -> Date {
        date::day_in(*at, &self.zone)
    }

    /// Formats the minute of an instant.
    pub fn time(&self, at: &Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%H:%M").to_string()
    }

    /// Formats the day of an instant.
    pub fn on(&self, at: &Timestamp) -> String {
        self.format.show(self.day_of(at))
    }

    /// Formats the day and the minute of an instant.
    pub fn at(&self, at: &Timestamp) -> String {
        format!("{}, {}", self.on(at), self.time(at))
    }

    /// Returns how many days ago a day was.
    pub fn since(&self, day: &Date) -> i64 {
        date::days_until(*day, self.today)
    }

    /// Returns whether the day has passed.
    pub fn is_over(&self, day: &Date) -> bool {
        *day < self.today
    }
}
