//! The period filter of a list.

use jiff::civil::{Date, date};
use poem::Request;

use crate::{
    domain::{
        date::month_start,
        error::{Error, Result},
    },
    locale::{Text, t},
    web::{days::Days, pager},
};

/// What a list filters by period.
struct What {
    /// The parameters of the first and last day.
    days: [&'static str; 2],
    /// The label when no period is selected.
    always: Text,
    since: Text,
    until: Text,
    between: Text,
    /// The label of a preset period.
    usually: Text,
}

/// The periods to choose from.
pub struct Periods {
    /// The selected one.
    pub label: Text,
    pub is_set: bool,
    pub choices: Vec<Choice>,
}

/// One period.
pub struct Choice {
    pub label: Text,
    pub href: String,
    pub is_current: bool,
}

impl Periods {
    /// Creates the filter for the requested list of invoices, by issue date.
    pub fn issued(
        request: &Request,
        from: Option<Date>,
        to: Option<Date>,
        days: &Days,
    ) -> Result<Self> {
        let what = What {
            days: ["issuedFrom", "issuedTo"],
            always: t("issued"),
            since: t("invoice-list-issued-from"),
            until: t("invoice-list-issued-until"),
            between: t("invoice-list-issued-between"),
            usually: t("invoice-list-issued-in"),
        };
        Self::new(what, request, (from, to), days)
    }

    /// Creates the filter for the requested list of payments, by day.
    pub fn paid(
        request: &Request,
        from: Option<Date>,
        to: Option<Date>,
        days: &Days,
    ) -> Result<Self> {
        let what = What {
            days: ["from", "to"],
            always: t("paid"),
            since: t("payment-list-paid-from"),
            until: t("payment-list-paid-until"),
            between: t("payment-list-paid-between"),
            usually: t("payment-list-paid-in"),
        };
        Self::new(what, request, (from, to), days)
    }

    fn new(
        what: What,
        request: &Request,
        chosen: (Option<Date>, Option<Date>),
        days: &Days,
    ) -> Result<Self> {
        let What { days: [first_day, last_day], always, since, until, between, usually } = what;
        let mut label = match chosen {
            (None, None) => always,
            (Some(from), None) => since.with("from", days.show(&from)),
            (None, Some(to)) => until.with("to", days.show(&to)),
            (Some(from), Some(to)) => {
                between.with("from", days.show(&from)).with("to", days.show(&to))
            }
        };
        let mut choices = Vec::new();
        for (name, first, last) in usual(days.today())? {
            let is_current = chosen == (Some(first), Some(last));
            if is_current {
                label = usually.clone().with("period", name);
            }
            let pairs = [(first_day, first.to_string()), (last_day, last.to_string())];
            choices.push(Choice {
                label: t("invoice-list-period").with("period", name),
                href: pager::link_with(request, &["page", first_day, last_day], &pairs),
                is_current,
            });
        }
        choices.push(Choice {
            label: t("invoice-list-any-time"),
            href: pager::link_with(request, &["page", first_day, last_day], &[]),
            is_current: chosen == (None, None),
        });
        Ok(Self { label, is_set: chosen != (None, None), choices })
    }
}

/// Returns the standard periods: their names in the catalogue, their first and last days.
fn usual(today: Date) -> Result<[(&'static str, Date, Date); 5]> {
    let quarter_month = i32::from((today.month() - 1) % 3);
    let months = |from: i32, to: i32| -> Result<(Date, Date)> {
        let last = month_start(today, to)?.yesterday().map_err(Error::internal)?;
        Ok((month_start(today, from)?, last))
    };
    let (month, month_end) = months(0, 1)?;
    let (last_month, last_month_end) = months(-1, 0)?;
    let (quarter, quarter_end) = months(-quarter_month, 3 - quarter_month)?;
    let year = today.year();
    Ok([
        ("this-month", month, month_end),
        ("last-month", last_month, last_month_end),
        ("this-quarter", quarter, quarter_end),
        ("this-year", date(year, 1, 1), date(year, 12, 31)),
        ("last-year", date(year - 1, 1, 1), date(year - 1, 12, 31)),
    ])
}
