//! The figures of the Home page.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};

use crate::{
    app::unit_of_work::Work,
    domain::{
        dashboard::Period,
        date,
        error::{Error, Result},
        exchange_rate::{Converted, Total},
        home::{Due, Income, Month, OpenInvoice, Owed, SOON_DAYS, Year, YearDays},
        money::Currency,
        payment::PaymentSum,
    },
    store::dashboard,
};

/// The number of invoices shown of each kind.
const INVOICES_SHOWN: i64 = 5;

/// Returns what clients owe and have paid this year, as of now in the account's timezone and
/// currency.
pub fn income(work: &mut Work) -> Result<Income> {
    let today = work.today()?;
    let mut unconverted = BTreeMap::new();
    let (owed, expected) = owed(work, today, &mut unconverted)?;
    let year = year(work, today, &expected, &mut unconverted)?;
    Ok(Income { currency: work.actor.currency, today, owed, year, unconverted })
}

/// Sums left out because there is no exchange rate.
type Unconverted = BTreeMap<Currency, i128>;

fn keep(converted: Converted, left_out: &mut Unconverted) -> i128 {
    for (currency, minor) in converted.unconverted {
        *left_out.entry(currency).or_default() += minor;
    }
    converted.minor
}

/// Returns the open invoices by due date, and the amount due in each month from today on, by the
/// month's name (`2026-03`).
fn owed(
    work: &mut Work,
    today: Date,
    left_out: &mut Unconverted,
) -> Result<(Owed, BTreeMap<String, i128>)> {
    let rates = work.rates()?;
    let soon = today.checked_add(SOON_DAYS.days()).map_err(Error::internal)?;
    let sums = dashboard::open_by_due(work.tx, work.account, today, soon)?;
    let (today, soon) = (today.to_string(), soon.to_string());
    let mut entries = [0; 3];
    let mut totals = [Total::default(), Total::default(), Total::default()];
    let mut months = BTreeMap::<String, Total>::new();
    for sum in sums {
        // The first and last month are read by day, so that all other rows are before or after
        // them.
        let place = usize::from(sum.due >= today) + usize::from(sum.due > soon);
        entries[place] += sum.entries;
        totals[place].add(sum.amount);
        if sum.due >= today {
            months.entry(sum.due[..7].to_owned()).or_default().add(sum.amount);
        }
    }
    let mut totals = totals
        .into_iter()
        .zip(entries)
        .map(|(total, entries)| Due { entries, amount: keep(total.convert(&rates), left_out) });
    let mut next = || totals.next().unwrap_or_default();
    let owed = Owed { overdue: next(), soon: next(), later: next() };
    let months = months.into_iter().map(|(month, total)| (month, total.convert(&rates).minor));
    Ok((owed, months.collect()))
}

/// Returns this year's payments by month, next to last year's.
fn year(
    work: &mut Work,
    today: Date,
    expected: &BTreeMap<String, i128>,
    left_out: &mut Unconverted,
) -> Result<Year> {
    let (zone, rates) = (work.actor.time_zone()?, work.rates()?);
    let days = YearDays::new(today)?;
    let edges = days.edges.iter().map(|day| date::day_start(*day, &zone));
    let edges = edges.collect::<Result<Vec<_>>>()?;
    let sums = dashboard::earned_between(work.tx, work.account, Period::Monthly, &edges, &zone)?;
    let base = rates.base();
    // The payments from one day until before another; both must be edges.
    let between = |from: Date, until: Date| {
        let periods = days.edges.iter().zip(&sums);
        let some = periods.filter(|(start, _)| (from..until).contains(*start));
        let mut total = Total::default();
        some.flat_map(|(_, sums)| sums).for_each(|sum: &PaymentSum| total.add_payments(sum, base));
        total.convert(&rates)
    };
    let january = today.first_of_year();
    let (last_january, next_january) =
        (date::month_start(january, -12)?, date::month_start(january, 12)?);
    let mut months = Vec::with_capacity(12);
    for by in 0..12 {
        let (start, end) = (date::month_start(january, by)?, date::month_start(january, by + 1)?);
        let before = (date::month_start(start, -12)?, date::month_start(end, -12)?);
        months.push(Month {
            start,
            paid: between(start, end).minor,
            last_year: between(before.0, before.1).minor,
            expected: expected.get(&start.to_string()[..7]).copied().unwrap_or_default(),
        });
    }
    let (last_month, this_month) = (date::month_start(today, -1)?, today.first_of_month());
    keep(between(last_january, january), left_out);
    Ok(Year {
        year: today.year(),
        paid: keep(between(january, next_january), left_out),
        last_so_far: between(last_january, days.so_far).minor,
        months,
        last_month: between(last_month, this_month).minor,
    })
}

/// Returns the invoices that are overdue longest, longest first.
pub fn overdue_invoices(work: &mut Work) -> Result<Vec<OpenInvoice>> {
    let today = work.today()?;
    dashboard::open_invoices(work.tx, work.account, (Date::ZERO, today), INVOICES_SHOWN)
}

/// Returns the open invoices with the nearest due dates, earliest first.
pub fn invoices_due_next(work: &mut Work) -> Result<Vec<OpenInvoice>> {
    let today = work.today()?;
    dashboard::open_invoices(work.tx, work.account, (today, Date::MAX), INVOICES_SHOWN)
}
