//! The dashboard's figures: earned, owed, overdue and due next.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;

use crate::domain::{
    activity::FeedEntry,
    client::Client,
    date,
    error::Result,
    id::ProjectId,
    input::{Optional, OrDefault, input},
    message::Message,
    money::{Currency, Money, divide_rounded},
    page::{LimitedPage, Size},
    word::words,
};

/// The number of deadlines on the dashboard.
pub const DEADLINES_SHOWN: usize = 10;
/// The number of activity entries, and of messages, on FreelanceHub's dashboard.
pub const FEED_SHOWN: u32 = 10;
pub const MESSAGES_SHOWN: u32 = 5;
/// The number of newest clients on the dashboard.
pub const CLIENTS_SHOWN: u32 = 5;
/// The default number of entries of the activity log.
pub const ACTIVITY_SHOWN: u32 = 20;
/// The number of months or weeks of earnings, including the current one.
pub const PERIODS_SHOWN: i32 = 12;

/// The key figures of an account.
#[derive(Debug, Clone)]
pub struct Stats {
    pub currency: Currency,
    /// Today in the account's timezone.
    pub today: Date,
    /// Minor units of `currency`, like all sums here.
    pub total_earnings: i128,
    pub monthly_earnings: i128,
    /// In percent compared with last month, one decimal.
    pub earnings_growth: Decimal,
    pub active_projects: i64,
    /// The change since the end of last month.
    pub active_projects_growth: i64,
    /// Sent, not paid and not overdue.
    pub pending_invoices: i64,
    pub pending_amount: i128,
    pub overdue_invoices: i64,
    pub overdue_amount: i128,
    pub deadlines: Vec<Deadline>,
    pub recent_clients: Vec<Client>,
    /// Sums without a known exchange rate, not included above: currency → minor units.
    pub unconverted: BTreeMap<Currency, i128>,
}

words! {
    /// The kind of object that is due.
    DeadlineKind {
        Project "project",
        Invoice "invoice",
        Milestone "milestone",
    }
}

/// A due date or deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// The id of the object, in its API form.
    pub id: String,
    /// The project of a milestone.
    pub project_id: Option<ProjectId>,
    pub kind: DeadlineKind,
    pub title: String,
    pub day: Date,
    pub amount: Option<Money>,
    pub client_name: String,
}

impl Deadline {
    /// Whether the day has passed in the account's timezone.
    pub fn is_overdue(&self, today: Date) -> bool {
        self.day < today
    }
}

words! {
    /// The period by which earnings are added up.
    #[derive(Default)]
    Period {
        #[default]
        Monthly "monthly",
        Weekly "weekly",
    }
}

input! {
    /// The filter of earnings.
    #[derive(Debug, Clone, Copy)]
    pub new EarningsFilter;

    period "period": OrDefault<Period> = "`monthly` by default.",
}

input! {
    /// The filter of the activity log.
    #[derive(Debug, Clone, Copy)]
    pub new ActivityFilter;

    limit "limit": Optional<Size> = "The number of entries; 20 by default.",
}

input! {
    /// The filter of FreelanceHub's activity feed.
    #[derive(Debug, Clone, Copy)]
    pub new FeedFilter;

    page "page": LimitedPage = "Entries per page; 10 by default.",
}

impl Period {
    /// Returns the first days of the last [`PERIODS_SHOWN`] periods, oldest first, and of the next
    /// one.
    pub fn starts(self, today: Date) -> Result<Vec<Date>> {
        (1 - PERIODS_SHOWN..=1).map(|by| self.start(today, by)).collect()
    }

    /// Returns the first day of the period of `day`, or of the one `by` periods later.
    pub fn start(self, day: Date, by: i32) -> Result<Date> {
        match self {
            Self::Monthly => date::month_start(day, by),
            Self::Weekly => date::week_start(day, by),
        }
    }

    /// Returns the name of the period that begins on `start`: `Mar 2026`, `2026-W12`.
    pub fn label(self, start: Date) -> String {
        match self {
            Self::Monthly => start.strftime("%b %Y").to_string(),
            Self::Weekly => {
                let week = start.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
        }
    }
}

/// Earnings of one month or week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarningsPoint {
    pub label: String,
    /// Its first day.
    pub start: Date,
    /// Minor units of the account's currency.
    pub amount: i128,
}

/// The days and instants that bound the figures.
#[derive(Debug, Clone)]
pub struct Calendar {
    pub today: Date,
    pub this_month: Timestamp,
    pub last_month: Timestamp,
}

impl Calendar {
    pub fn new(now: Timestamp, zone: &TimeZone) -> Result<Self> {
        let today = date::day_in(now, zone);
        Ok(Self {
            today,
            this_month: date::day_start(date::month_start(today, 0)?, zone)?,
            last_month: date::day_start(date::month_start(today, -1)?, zone)?,
        })
    }
}

/// Returns the growth in percent with one decimal: 0 if both are 0, 100 if it rose from 0, or -100 if
/// it fell from 0. A month with more refunds than payments is negative; the next one is compared with
/// its absolute value, so that a rise is never negative.
pub fn growth(now: i128, last: i128) -> Decimal {
    let tenths = match (now, last) {
        (0, 0) => 0,
        (_, 0) => 1000 * now.signum(),
        _ => (now - last).checked_mul(1000).map_or(0, |part| divide_rounded(part, last.abs())),
    };
    Decimal::try_from_i128_with_scale(tenths, 1).unwrap_or(Decimal::MAX).normalize()
}

/// FreelanceHub's statistics of an account's work so far.
#[derive(Debug, Clone)]
pub struct Career {
    pub currency: Currency,
    /// Minor units of `currency`, without sums that have no known exchange rate.
    pub earnings: i128,
    pub active_projects: u64,
    pub completed_projects: u64,
    pub cancelled_projects: u64,
    pub pending_proposals: u64,
    pub accepted_proposals: u64,
    pub rejected_proposals: u64,
    pub profile_views: u64,
    /// Clients with a project.
    pub clients: u64,
    pub began_at: Timestamp,
}

impl Career {
    /// Proposals that were sent, whatever the answer.
    pub fn proposals(&self) -> u64 {
        self.pending_proposals + self.accepted_proposals + self.rejected_proposals
    }

    /// The share of accepted proposals among those sent, in whole percent.
    pub fn acceptance_rate(&self) -> u64 {
        percent(self.accepted_proposals, self.proposals())
    }

    /// The share of completed projects among those that have ended, in whole percent.
    pub fn success_rate(&self) -> u64 {
        percent(self.completed_projects, self.completed_projects + self.cancelled_projects)
    }

    /// The earnings per completed project in major units, truncated to a whole number.
    pub fn average_project_value(&self) -> i128 {
        let unit = 10_i128.pow(self.currency.exponent());
        self.earnings.checked_div(i128::from(self.completed_projects) * unit).unwrap_or(0)
    }
}

/// FreelanceHub's dashboard.
#[derive(Debug, Clone)]
pub struct Overview {
    pub career: Career,
    /// How much of the profile is filled in, in whole percent.
    pub profile_completion: usize,
    /// Today in the account's timezone.
    pub today: Date,
    pub activity: Vec<FeedEntry>,
    /// Of unfinished projects, earliest first.
    pub deadlines: Vec<Deadline>,
    pub messages: Vec<Message>,
}

/// Returns `part` of `whole` in percent, rounded half away from zero; 0 if `whole` is 0.
fn percent(part: u64, whole: u64) -> u64 {
    if whole == 0 {
        return 0;
    }
    let percent = divide_rounded(i128::from(part) * 100, i128::from(whole));
    u64::try_from(percent).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_has_one_decimal() {
        assert_eq!(growth(0, 0), Decimal::ZERO);
        assert_eq!(growth(5, 0), Decimal::ONE_HUNDRED);
        assert_eq!(growth(1235, 1000), Decimal::new(235, 1));
        assert_eq!(growth(2, 3), Decimal::new(-333, 1));
        assert_eq!(growth(0, 7), -Decimal::ONE_HUNDRED);
        assert_eq!(growth(-5, 0), -Decimal::ONE_HUNDRED);
        // After a month with more refunds than payments.
        assert_eq!(growth(97, -400), Decimal::new(1243, 1));
        assert_eq!(growth(-700, -400), Decimal::new(-75, 0));
    }

    #[test]
    fn percents_are_whole_and_halves_round_up() {
        for (part, whole, rounded) in [(18, 25, 72), (1, 8, 13), (1, 3, 33), (2, 3, 67), (0, 0, 0)]
        {
            assert_eq!(percent(part, whole), rounded, "{part} of {whole}");
        }
    }

    #[test]
    fn periods_are_named_as_documented() {
        let day: Date = "2026-03-18".parse().unwrap();
        let months = Period::Monthly.starts(day).unwrap();
        assert_eq!(months.len(), 13);
        assert_eq!(Period::Monthly.label(months[11]), "Mar 2026");
        assert_eq!(Period::Monthly.label(months[0]), "Apr 2025");
        let weeks = Period::Weekly.starts(day).unwrap();
        assert_eq!(Period::Weekly.label(weeks[11]), "2026-W12");
        assert_eq!(weeks[11].to_string(), "2026-03-16");
    }
}
