//! The rollups behind the dashboard, and its short lists.

use std::{cmp::Ordering, collections::HashMap};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    client::read_sum,
    engine::{Row, Tx, values},
};
use crate::domain::{
    dashboard::{DEADLINES_SHOWN, Deadline, DeadlineKind},
    date,
    error::{Error, Result},
    id::{AccountId, Id, InvoiceKind, MilestoneKind, Named, ProjectKind},
    money::{Currency, Money},
    payment::PaymentSum,
};

/// Seconds of a quarter of an hour: every timezone since 2000 is a multiple of it from UTC.
const QUARTER: i64 = 900;

/// What a timeline adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Payments.
    Earned,
    /// Projects that become active (+1) or stop being so (-1).
    Active,
}

impl Measure {
    fn as_str(self) -> &'static str {
        match self {
            Measure::Earned => "earned",
            Measure::Active => "active",
        }
    }
}

/// The UTC periods of which a local one is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    Week,
    Month,
}

impl Span {
    fn as_str(self) -> &'static str {
        match self {
            Span::Week => "week",
            Span::Month => "month",
        }
    }

    /// The first day of the period of `day`, or of one `by` periods later.
    fn start(self, day: Date, by: i32) -> Result<Date> {
        match self {
            Span::Week => date::week_start(day, by),
            Span::Month => date::month_start(day, by),
        }
    }

    /// The UTC edge nearest to a local one.
    fn nearest(self, at: Timestamp) -> Result<Timestamp> {
        let day = date::day_in(at, &TimeZone::UTC);
        let mut edges = Vec::with_capacity(2);
        for by in 0..=1 {
            edges.push(date::day_start(self.start(day, by)?, &TimeZone::UTC)?);
        }
        let distance = |edge: &Timestamp| at.duration_since(*edge).abs();
        edges
            .into_iter()
            .min_by_key(distance)
            .ok_or_else(|| Error::internal("a period has no edge"))
    }
}

/// Adds an event to a timeline: to its quarter-hour, week, month and to all time.
pub fn record(
    tx: &mut Tx,
    account: AccountId,
    measure: Measure,
    at: Timestamp,
    entries: i64,
    sum: Option<&PaymentSum>,
) -> Result<()> {
    let seconds = at.as_second();
    let day = date::day_in(at, &TimeZone::UTC);
    let start = |span: Span| -> Result<i64> {
        Ok(date::day_start(span.start(day, 0)?, &TimeZone::UTC)?.as_second())
    };
    let base = sum.and_then(|sum| sum.base);
    for (span, starts_at) in [
        ("quarter", seconds - seconds.rem_euclid(QUARTER)),
        ("week", start(Span::Week)?),
        ("month", start(Span::Month)?),
        ("all", 0),
    ] {
        tx.execute(
            "INSERT INTO timeline_totals (account_id, measure, span, starts_at, currency, \
             base_currency, entries, amount, base_amount) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
             ON CONFLICT (account_id, measure, span, starts_at, currency, base_currency) \
             DO UPDATE SET entries = timeline_totals.entries + excluded.entries, \
             amount = timeline_totals.amount + excluded.amount, \
             base_amount = timeline_totals.base_amount + excluded.base_amount",
            values![
                &account,
                measure.as_str(),
                span,
                starts_at,
                sum.map_or("", |sum| sum.currency.code()),
                base.map_or("", |base| base.currency.code()),
                entries,
                sum.map_or(0, |sum| sum.minor),
                base.map_or(0, |base| base.minor),
            ],
        )?;
    }
    Ok(())
}

/// Everything ever earned, by currency.
pub fn earned_in_all(tx: &mut Tx, account: AccountId) -> Result<Vec<PaymentSum>> {
    tx.list(
        "SELECT currency, amount, base_currency, base_amount FROM timeline_totals \
         WHERE account_id = ?1 AND measure = 'earned' AND span = 'all' AND starts_at = 0",
        values![&account],
        |row| read_sum(row, row.get(0)?, 1),
    )
}

/// What was earned in each period between neighbouring `edges` (instants, oldest first).
pub fn earned_between(
    tx: &mut Tx,
    account: AccountId,
    span: Span,
    edges: &[Timestamp],
) -> Result<Vec<Vec<PaymentSum>>> {
    let mut periods = between(tx, account, Measure::Earned, span, edges)?;
    Ok(periods
        .iter_mut()
        .map(|period| period.drain().filter_map(|(key, sum)| sum.payments(&key)).collect())
        .collect())
}

/// How the number of active projects has changed since an instant.
pub fn active_change_since(tx: &mut Tx, account: AccountId, since: Timestamp) -> Result<i64> {
    let edges = [since, Timestamp::MAX];
    let periods = between(tx, account, Measure::Active, Span::Month, &edges)?;
    Ok(periods.iter().flat_map(HashMap::values).map(|sum| sum.entries).sum())
}

/// Currency and base currency of a sum; empty where there is none.
type SumKey = (String, String);

#[derive(Debug, Clone, Copy, Default)]
struct TimelineSum {
    entries: i64,
    amount: i64,
    base_amount: i64,
}

impl TimelineSum {
    fn add(&mut self, other: TimelineSum, sign: i64) {
        self.entries += sign * other.entries;
        self.amount += sign * other.amount;
        self.base_amount += sign * other.base_amount;
    }

    fn payments(self, (currency, base): &SumKey) -> Option<PaymentSum> {
        Some(PaymentSum {
            currency: Currency::from_code(currency)?,
            minor: self.amount,
            base: Currency::from_code(base).map(|base| Money::new(self.base_amount, base)),
        })
    }
}

/// Sums of each period between neighbouring edges: whole UTC periods between the UTC edges
/// nearest to the local ones, plus or minus the quarter-hours between the two.
fn between(
    tx: &mut Tx,
    account: AccountId,
    measure: Measure,
    span: Span,
    edges: &[Timestamp],
) -> Result<Vec<HashMap<SumKey, TimelineSum>>> {
    let mut periods = vec![HashMap::<SumKey, TimelineSum>::new(); edges.len().saturating_sub(1)];
    let mut utc_edges = Vec::with_capacity(edges.len());
    for (index, &edge) in edges.iter().enumerate() {
        let utc = if edge == Timestamp::MAX { edge } else { span.nearest(edge)? };
        utc_edges.push(utc);
        // Quarter-hours from the local edge to a later UTC edge belong to the later period
        // though the whole UTC periods counted them to the earlier one, and the reverse.
        let (from, to, sign) = match utc.cmp(&edge) {
            Ordering::Equal => continue,
            Ordering::Greater => (edge, utc, 1),
            Ordering::Less => (utc, edge, -1),
        };
        for (_, key, sum) in rows(tx, account, measure, "quarter", from, to)? {
            if let Some(later) = periods.get_mut(index) {
                later.entry(key.clone()).or_default().add(sum, sign);
            }
            if let Some(earlier) = index.checked_sub(1).and_then(|i| periods.get_mut(i)) {
                earlier.entry(key).or_default().add(sum, -sign);
            }
        }
    }
    if let (Some(&first), Some(&last)) = (utc_edges.first(), utc_edges.last()) {
        for (starts_at, key, sum) in rows(tx, account, measure, span.as_str(), first, last)? {
            let index = utc_edges.partition_point(|edge| *edge <= starts_at) - 1;
            if let Some(period) = periods.get_mut(index) {
                period.entry(key).or_default().add(sum, 1);
            }
        }
    }
    Ok(periods)
}

fn rows(
    tx: &mut Tx,
    account: AccountId,
    measure: Measure,
    span: &'static str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Timestamp, SumKey, TimelineSum)>> {
    tx.list(
        "SELECT starts_at, currency, base_currency, entries, amount, base_amount \
         FROM timeline_totals \
         WHERE account_id = ?1 AND measure = ?2 AND span = ?3 AND starts_at >= ?4 AND starts_at < ?5",
        values![&account, measure.as_str(), span, from, to],
        |row| {
            let sum =
                TimelineSum { entries: row.get(3)?, amount: row.get(4)?, base_amount: row.get(5)? };
            Ok((row.get(0)?, (row.get(1)?, row.get(2)?), sum))
        },
    )
}

/// Adds to (or takes from) what sent and unpaid invoices add up to, by day and by month.
pub fn bump_open(
    tx: &mut Tx,
    account: AccountId,
    due: Date,
    amount: Money,
    entries: i64,
) -> Result<()> {
    let day = due.to_string();
    for (span, due) in [("day", &day[..]), ("month", &day[..7])] {
        tx.execute(
            "INSERT INTO open_totals (account_id, span, due, currency, entries, amount) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT (account_id, span, due, currency) \
             DO UPDATE SET entries = open_totals.entries + excluded.entries, \
             amount = open_totals.amount + excluded.amount",
            values![&account, span, due, amount.currency, entries, entries * amount.minor],
        )?;
        if entries < 0 {
            tx.execute(
                "DELETE FROM open_totals WHERE account_id = ?1 AND span = ?2 AND due = ?3 \
                 AND currency = ?4 AND entries = 0",
                values![&account, span, due, amount.currency],
            )?;
        }
    }
    Ok(())
}

/// Sent and unpaid invoices of one currency.
#[derive(Debug, Clone, Copy)]
pub struct OpenSum {
    pub entries: i64,
    pub amount: Money,
    /// Whether they were due before today.
    pub overdue: bool,
}

/// Sent and unpaid invoices, overdue or not; several sums may be of the same kind. Other months
/// than this one are summed up already, so at most a month's days are read one by one.
pub fn open(tx: &mut Tx, account: AccountId, today: Date) -> Result<Vec<OpenSum>> {
    let today = today.to_string();
    let this_month = &today[..7];
    let read = |row: &dyn Row| {
        let due: String = row.get(0)?;
        Ok(OpenSum {
            overdue: due < today,
            entries: row.get(2)?,
            amount: Money::new(row.get(3)?, row.get(1)?),
        })
    };
    let mut sums = tx.list(
        "SELECT due, currency, entries, amount FROM open_totals \
         WHERE account_id = ?1 AND span = 'month' AND due <> ?2",
        values![&account, this_month],
        read,
    )?;
    sums.extend(tx.list(
        "SELECT due, currency, entries, amount FROM open_totals \
         WHERE account_id = ?1 AND span = 'day' AND due >= ?2 AND due <= ?3",
        values![&account, format!("{this_month}-01"), format!("{this_month}-31")],
        read,
    )?);
    Ok(sums)
}

/// The nearest deadlines of unfinished projects, earliest first.
pub fn project_deadlines(tx: &mut Tx, account: AccountId) -> Result<Vec<Deadline>> {
    tx.list(
        "SELECT p.id, p.name, p.deadline, p.budget, p.currency, c.name \
         FROM projects p JOIN clients c ON c.id = p.client_id \
         WHERE p.account_id = ?1 AND p.deleted_at IS NULL AND p.deadline IS NOT NULL \
         AND p.status IN ('planning', 'active', 'on_hold') \
         ORDER BY p.deadline, p.id LIMIT 10",
        values![&account],
        |row| read_deadline::<ProjectKind>(row, DeadlineKind::Project),
    )
}

/// The nearest deadlines of unfinished projects, their pending milestones, and unpaid sent
/// invoices, earliest first; of invoices those due on that day or later.
pub fn deadlines(tx: &mut Tx, account: AccountId, from: Date) -> Result<Vec<Deadline>> {
    let mut deadlines = project_deadlines(tx, account)?;
    deadlines.extend(tx.list(
        "SELECT i.id, i.number, i.due_date, i.amount, i.currency, c.name \
         FROM invoices i JOIN clients c ON c.id = i.client_id \
         WHERE i.account_id = ?1 AND i.status = 'sent' AND i.due_date >= ?2 \
         ORDER BY i.due_date, i.id LIMIT 10",
        values![&account, from],
        |row| read_deadline::<InvoiceKind>(row, DeadlineKind::Invoice),
    )?);
    // Joined crosswise, milestones are read in the order of their index and none is sorted.
    deadlines.extend(tx.list(
        "SELECT m.id, m.name, m.due_date, m.amount, p.currency, c.name \
         FROM milestones m CROSS JOIN projects p CROSS JOIN clients c \
         WHERE m.account_id = ?1 AND m.status = 'pending' AND m.due_date IS NOT NULL \
         AND p.id = m.project_id AND p.status IN ('planning', 'active', 'on_hold') \
         AND c.id = p.client_id \
         ORDER BY m.due_date, m.id LIMIT 10",
        values![&account],
        |row| read_deadline::<MilestoneKind>(row, DeadlineKind::Milestone),
    )?);
    deadlines.sort_by(|a, b| (a.day, &a.id).cmp(&(b.day, &b.id)));
    deadlines.truncate(DEADLINES_SHOWN);
    Ok(deadlines)
}

fn read_deadline<K: Named>(row: &dyn Row, kind: DeadlineKind) -> Result<Deadline> {
    let id: Id<K> = row.get(0)?;
    Ok(Deadline {
        id: id.to_string(),
        kind,
        title: row.get(1)?,
        day: row.get(2)?,
        amount: Some(Money::new(row.get(3)?, row.get(4)?)),
        client_name: row.get(5)?,
    })
}
