//! The figures of the Home page: amounts that clients owe and have paid this year, and invoices
//! that need action.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::Date};

use crate::domain::{
    date,
    error::{Error, Result},
    id::InvoiceId,
    money::{Currency, Money, divide_rounded},
};

/// An invoice is due soon if it is due today or within this many days.
pub const SOON_DAYS: i32 = 14;
const MONTHS: usize = 12;

/// Amounts that clients owe and have paid, in the account's currency.
#[derive(Debug, Clone)]
pub struct Income {
    pub currency: Currency,
    /// Today in the account's timezone.
    pub today: Date,
    pub owed: Owed,
    pub year: Year,
    /// Sums without a known exchange rate, not included: currency → minor units.
    pub unconverted: BTreeMap<Currency, i128>,
}

/// Sent and unpaid invoices by due date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Owed {
    pub overdue: Due,
    pub soon: Due,
    pub later: Due,
}

impl Owed {
    pub fn entries(&self) -> i64 {
        self.overdue.entries + self.soon.entries + self.later.entries
    }

    /// In minor units of the account's currency.
    pub fn amount(&self) -> i128 {
        self.overdue.amount + self.soon.amount + self.later.amount
    }
}

/// Some invoices and their sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Due {
    pub entries: i64,
    /// In minor units of the account's currency.
    pub amount: i128,
}

/// Payments in a calendar year, in minor units of the account's currency.
#[derive(Debug, Clone)]
pub struct Year {
    pub year: i16,
    pub paid: i128,
    /// Payments in the previous year up to the same day.
    pub last_so_far: i128,
    /// January to December.
    pub months: Vec<Month>,
    /// Payments in the month before the current one.
    pub last_month: i128,
}

/// One month of a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// Its first day.
    pub start: Date,
    pub paid: i128,
    /// Payments in the same month of the previous year.
    pub last_year: i128,
    /// The amount of open invoices that are due in the rest of this month.
    pub expected: i128,
}

/// The first days of the months of last year, this year and next January, and the day after today's
/// date last year: the boundaries between the sums of a [`Year`].
#[derive(Debug, Clone)]
pub struct YearDays {
    /// In order. Includes the day of last year, unless it is the first of a month.
    pub edges: Vec<Date>,
    pub so_far: Date,
}

impl YearDays {
    pub fn new(today: Date) -> Result<Self> {
        let january = today.first_of_year();
        let last_january = january.checked_sub(1.year()).map_err(Error::internal)?;
        let months = (0..).take(2 * MONTHS + 1).map(|by| date::month_start(last_january, by));
        let mut edges = months.collect::<Result<Vec<_>>>()?;
        let same_day = today.checked_sub(1.year()).map_err(Error::internal)?;
        let so_far = same_day.tomorrow().map_err(Error::internal)?;
        if let Err(place) = edges.binary_search(&so_far) {
            edges.insert(place, so_far);
        }
        Ok(Self { edges, so_far })
    }
}

/// Returns the change from an earlier amount in whole percent; None if that was zero.
pub fn change(now: i128, before: i128) -> Option<i128> {
    (before > 0).then(|| divide_rounded((now - before).saturating_mul(100), before))
}

/// An invoice that is sent and unpaid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenInvoice {
    pub id: InvoiceId,
    pub number: String,
    pub client_name: String,
    pub due: Date,
    pub amount: Money,
    /// When its client first opened it.
    pub viewed_at: Option<Timestamp>,
    pub reminded_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_divided_at_months_and_at_the_same_day_of_last_year() {
        let days = YearDays::new("2026-11-29".parse().unwrap()).unwrap();
        assert_eq!(days.so_far.to_string(), "2025-11-30");
        assert_eq!(days.edges.len(), 26);
        let ends = (days.edges[0].to_string(), days.edges[25].to_string());
        assert_eq!(ends, ("2025-01-01".to_owned(), "2027-01-01".to_owned()));
        assert_eq!(days.edges[11].to_string(), "2025-11-30");
        // The first of a month is a boundary anyway.
        let days = YearDays::new("2026-11-30".parse().unwrap()).unwrap();
        assert_eq!((days.edges.len(), days.so_far.to_string()), (25, "2025-12-01".to_owned()));
        let leap = YearDays::new("2028-02-29".parse().unwrap()).unwrap();
        assert_eq!(leap.so_far.to_string(), "2027-03-01");
    }

    #[test]
    fn changes_are_in_whole_percent() {
        assert_eq!(change(771_743, 1_090_210), Some(-29));
        assert_eq!(change(3, 2), Some(50));
        assert_eq!(change(5, 0), None);
    }
}
