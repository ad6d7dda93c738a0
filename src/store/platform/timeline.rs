//! Events over time: sums of payments and of active projects, by UTC periods, from which the
//! periods of any timezone are composed.

use std::{cmp::Ordering, collections::HashMap};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    domain::{
        dashboard::Period,
        date,
        error::Result,
        id::AccountId,
        money::{Currency, Money},
        payment::PaymentSum,
        word::words,
    },
    store::{
        client::read_sum,
        engine::{Row, Tx, Value, values},
    },
};

/// Seconds of a quarter-hour: since 2000, the UTC offset of every timezone is a multiple of it.
const QUARTER: i64 = 900;

words! {
    /// What a timeline sums.
    Measure {
        /// Payments at an instant.
        Earned "earned",
        /// Payments of a day, at its start in UTC. No timezone shifts them.
        EarnedOn "earned_on",
        /// Projects that become active (+1) or stop being so (-1).
        Active "active",
    }
}

/// Returns the name of the UTC periods that make up a local one.
fn span(period: Period) -> &'static str {
    match period {
        Period::Monthly => "month",
        Period::Weekly => "week",
    }
}

/// Returns the start of the UTC period that contains an instant, or of the one `by` periods later.
fn utc_start(period: Period, at: Timestamp, by: i32) -> Result<Timestamp> {
    date::day_start(period.start(date::day_in(at, &TimeZone::UTC), by)?, &TimeZone::UTC)
}

/// Returns the UTC edge nearest to a local one.
fn nearest(period: Period, at: Timestamp) -> Result<Timestamp> {
    let (before, after) = (utc_start(period, at, 0)?, utc_start(period, at, 1)?);
    let is_before = at.duration_since(before) <= after.duration_since(at);
    Ok(if is_before { before } else { after })
}

/// Returns the UTC periods that an instant counts towards, and the start of each.
pub(in crate::store) fn spans(at: Timestamp) -> Result<[(&'static str, i64); 4]> {
    let seconds = at.as_second();
    Ok([
        ("quarter", seconds - seconds.rem_euclid(QUARTER)),
        ("week", utc_start(Period::Weekly, at, 0)?.as_second()),
        ("month", utc_start(Period::Monthly, at, 0)?.as_second()),
        ("all", 0),
    ])
}

/// Adds an event to a timeline: to its quarter-hour, week, month and the all-time sum.
pub fn record(
    tx: &mut Tx,
    account: AccountId,
    measure: Measure,
    at: Timestamp,
    entries: i64,
    sum: Option<&PaymentSum>,
) -> Result<()> {
    let base = sum.and_then(|sum| sum.base);
    for (span, starts_at) in spans(at)? {
        tx.change(
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

/// Returns everything ever earned, by currency.
pub fn earned_in_all(tx: &mut Tx, account: AccountId) -> Result<Vec<PaymentSum>> {
    tx.list(
        "SELECT currency, amount, base_currency, base_amount FROM timeline_totals \
         WHERE account_id = ?1 AND measure IN ('earned', 'earned_on') AND span = 'all' \
         AND starts_at = 0",
        values![&account],
        |row| read_sum(row, row.get(0)?, 1),
    )
}

/// Returns the earnings of each period between neighbouring `edges`: the starts of days in a
/// timezone, oldest first.
pub fn earned_between(
    tx: &mut Tx,
    account: AccountId,
    period: Period,
    edges: &[Timestamp],
    zone: &TimeZone,
) -> Result<Vec<Vec<PaymentSum>>> {
    let days = edges.iter().map(|edge| match *edge == Timestamp::MAX {
        true => Ok(Timestamp::MAX),
        false => date::day_start(date::day_in(*edge, zone), &TimeZone::UTC),
    });
    let days = days.collect::<Result<Vec<_>>>()?;
    let instants = between(tx, account, Measure::Earned, period, edges)?;
    let days = between(tx, account, Measure::EarnedOn, period, &days)?;
    let both = instants.into_iter().zip(days);
    Ok(both
        .map(|(some, more)| {
            some.iter().chain(&more).filter_map(|(key, sum)| sum.payments(key)).collect()
        })
        .collect())
}

/// Returns the change in the number of active projects since an instant.
pub fn active_change_since(tx: &mut Tx, account: AccountId, since: Timestamp) -> Result<i64> {
    let edges = [since, Timestamp::MAX];
    let periods = between(tx, account, Measure::Active, Period::Monthly, &edges)?;
    Ok(periods.iter().flat_map(HashMap::values).map(|sum| sum.entries).sum())
}

/// Currency and base currency of a sum; empty if none.
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

/// Returns the sums of each period between neighbouring edges: whole UTC periods between the UTC
/// edges nearest to the local ones, plus or minus the quarter-hours in between.
fn between(
    tx: &mut Tx,
    account: AccountId,
    measure: Measure,
    period: Period,
    edges: &[Timestamp],
) -> Result<Vec<HashMap<SumKey, TimelineSum>>> {
    let mut periods = vec![HashMap::<SumKey, TimelineSum>::new(); edges.len().saturating_sub(1)];
    let mut utc_edges = Vec::with_capacity(edges.len());
    let mut gaps = Vec::with_capacity(edges.len());
    for (index, &edge) in edges.iter().enumerate() {
        let utc = if edge == Timestamp::MAX { edge } else { nearest(period, edge)? };
        utc_edges.push(utc);
        // Quarter-hours from the local edge to a later UTC edge belong to the later period though
        // the whole UTC periods counted them in the earlier one, and vice versa.
        let (from, to, sign) = match utc.cmp(&edge) {
            Ordering::Equal => continue,
            Ordering::Greater => (edge, utc, 1),
            Ordering::Less => (utc, edge, -1),
        };
        gaps.push(Gap { index, from, to, sign });
    }
    for (Gap { index, sign, .. }, key, sum) in quarters(tx, account, measure, &gaps)? {
        if let Some(later) = periods.get_mut(index) {
            later.entry(key.clone()).or_default().add(sum, sign);
        }
        if let Some(earlier) = index.checked_sub(1).and_then(|i| periods.get_mut(i)) {
            earlier.entry(key).or_default().add(sum, -sign);
        }
    }
    if let (Some(&first), Some(&last)) = (utc_edges.first(), utc_edges.last()) {
        let whole = tx.list(
            "SELECT starts_at, currency, base_currency, entries, amount, base_amount \
             FROM timeline_totals WHERE account_id = ?1 AND measure = ?2 AND span = ?3 \
             AND starts_at >= ?4 AND starts_at < ?5",
            values![&account, measure.as_str(), span(period), first, last],
            |row| Ok((row.get::<Timestamp>(0)?, (row.get(1)?, row.get(2)?), read_sums(row, 3)?)),
        )?;
        for (starts_at, key, sum) in whole {
            let index = utc_edges.partition_point(|edge| *edge <= starts_at) - 1;
            if let Some(period) = periods.get_mut(index) {
                period.entry(key).or_default().add(sum, 1);
            }
        }
    }
    Ok(periods)
}

/// The gap between a local edge and the nearest UTC edge.
#[derive(Debug, Clone, Copy)]
struct Gap {
    /// The index of the edge.
    index: usize,
    from: Timestamp,
    to: Timestamp,
    /// Whether its quarter-hours belong to the period that begins there (1) or ends there (-1).
    sign: i64,
}

/// The quarter-hours of one gap of several, and its index.
macro_rules! of_gap {
    ($gap:literal, $from:literal, $to:literal) => {
        concat!(
            "SELECT ",
            $gap,
            ", currency, base_currency, entries, amount, base_amount FROM timeline_totals \
             WHERE account_id = ?1 AND measure = ?2 AND span = 'quarter' \
             AND starts_at >= ",
            $from,
            " AND starts_at < ",
            $to
        )
    };
}

/// Returns the quarter-hours of some gaps, five per statement: twelve months have thirteen edges.
fn quarters(
    tx: &mut Tx,
    account: AccountId,
    measure: Measure,
    gaps: &[Gap],
) -> Result<Vec<(Gap, SumKey, TimelineSum)>> {
    let mut found = Vec::new();
    for some in gaps.chunks(5) {
        let mut values = vec![Value::from(&account), measure.as_str().into()];
        for index in 0..5 {
            // An empty gap.
            let nothing = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
            let (from, to) = some.get(index).map_or(nothing, |gap| (gap.from, gap.to));
            values.extend([from.into(), to.into()]);
        }
        let rows = tx.list(
            concat!(
                of_gap!("0", "?3", "?4"),
                " UNION ALL ",
                of_gap!("1", "?5", "?6"),
                " UNION ALL ",
                of_gap!("2", "?7", "?8"),
                " UNION ALL ",
                of_gap!("3", "?9", "?10"),
                " UNION ALL ",
                of_gap!("4", "?11", "?12"),
            ),
            &values,
            |row| {
                let gap: i64 = row.get(0)?;
                Ok((gap.unsigned_abs() as usize, (row.get(1)?, row.get(2)?), read_sums(row, 3)?))
            },
        )?;
        let of_gap = |(index, key, sum)| some.get(index).map(|gap| (*gap, key, sum));
        found.extend(rows.into_iter().filter_map(of_gap));
    }
    Ok(found)
}

/// Reads `entries, amount, base_amount`, starting at the given column.
fn read_sums(row: &dyn Row, column: usize) -> Result<TimelineSum> {
    Ok(TimelineSum {
        entries: row.get(column)?,
        amount: row.get(column + 1)?,
        base_amount: row.get(column + 2)?,
    })
}
