//! Whether the sums kept beside the rows are the sums of the rows.

use std::collections::{BTreeMap, HashSet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    activity::is_in_feed,
    engine::{Row, Tx},
};
use crate::domain::{
    date,
    error::{Error, Result},
    id::{AccountId, ActivityId, ClientId, ProjectId},
};

/// Sums by name, in minor units or entries.
type Sums = BTreeMap<String, Vec<i64>>;

/// Rollups that differ from their rows, each in one line; empty where all is well.
pub fn rollups(tx: &mut Tx) -> Result<Vec<String>> {
    let (mut findings, gone) = (Vec::new(), gone(tx)?);
    let mut compare = |what, rows, kept| compare(what, rows, kept, &gone, &mut findings);
    compare("list total", lists(tx)?, kept_lists(tx)?);
    compare("open total", open(tx)?, kept_open(tx)?);
    compare("earnings", earned(tx)?, kept_earned(tx)?);
    compare("active projects", active(tx)?, kept_active(tx)?);
    compare("client total", clients(tx)?, kept_clients(tx)?);
    Ok(findings)
}

/// Deleted accounts and their clients: what is left of them need not add up.
fn gone(tx: &mut Tx) -> Result<HashSet<String>> {
    let accounts: Vec<AccountId> =
        tx.list("SELECT id FROM accounts WHERE deleted_at IS NOT NULL", &[], |row| row.get(0))?;
    let clients: Vec<ClientId> = tx.list(
        "SELECT id FROM clients \
         WHERE account_id IN (SELECT id FROM accounts WHERE deleted_at IS NOT NULL)",
        &[],
        |row| row.get(0),
    )?;
    let accounts = accounts.iter().map(ToString::to_string);
    Ok(accounts.chain(clients.iter().map(ToString::to_string)).collect())
}

/// The newest instant written anywhere, if anything was written.
pub fn newest(tx: &mut Tx) -> Result<Option<Timestamp>> {
    tx.one(
        "SELECT max(at) FROM (SELECT max(at) AS at FROM activity \
         UNION ALL SELECT max(updated_at) FROM invoices \
         UNION ALL SELECT max(created_at) FROM sessions \
         UNION ALL SELECT max(updated_at) FROM accounts) AS newest",
        &[],
        |row| row.get(0),
    )
}

/// The newest id of each of these tables. (Not every PostgreSQL knows the max() of bytes.)
macro_rules! newest_of {
    ($first:literal $(, $table:literal)*) => {
        concat!(
            "SELECT id FROM (SELECT id FROM ", $first, " ORDER BY id DESC LIMIT 1) AS ", $first,
            $(
                " UNION ALL SELECT id FROM (SELECT id FROM ", $table,
                " ORDER BY id DESC LIMIT 1) AS ", $table,
            )*
            " ORDER BY id DESC LIMIT 1"
        )
    };
}

/// The newest id of what is listed by its id.
pub fn newest_id(tx: &mut Tx) -> Result<Option<ActivityId>> {
    tx.find(
        newest_of!(
            "activity",
            "clients",
            "projects",
            "milestones",
            "proposals",
            "invoices",
            "portfolio_items",
            "messages"
        ),
        &[],
        |row| row.get(0),
    )
}

fn compare(
    what: &str,
    mut rows: Sums,
    mut kept: Sums,
    gone: &HashSet<String>,
    findings: &mut Vec<String>,
) {
    let counts = |name: &str, sums: &[i64]| {
        let owner = name.split(' ').next().unwrap_or_default();
        sums.iter().any(|sum| *sum != 0) && !gone.contains(owner)
    };
    kept.retain(|name, sums| counts(name, sums));
    rows.retain(|name, sums| counts(name, sums));
    for (name, sums) in &rows {
        match kept.remove(name) {
            Some(kept) if kept == *sums => {}
            kept => findings.push(format!(
                "{what} {name}: rows say {}, kept is {}",
                shown(sums),
                kept.map_or("nothing".to_owned(), |kept| shown(&kept)),
            )),
        }
    }
    for (name, sums) in kept {
        findings.push(format!("{what} {name}: rows say nothing, kept is {}", shown(&sums)));
    }
}

fn shown(sums: &[i64]) -> String {
    sums.iter().map(i64::to_string).collect::<Vec<_>>().join("/")
}

fn add(into: &mut Sums, name: String, sums: &[i64]) {
    let kept = into.entry(name).or_insert_with(|| vec![0; sums.len()]);
    kept.iter_mut().zip(sums).for_each(|(kept, sum)| *kept += sum);
}

/// Hands each row's account and the row itself to `each`.
fn read(
    tx: &mut Tx,
    sql: &'static str,
    mut each: impl FnMut(&mut Sums, AccountId, &dyn Row) -> Result<()>,
) -> Result<Sums> {
    let mut sums = Sums::new();
    tx.list(sql, &[], |row| each(&mut sums, row.get(0)?, row))?;
    Ok(sums)
}

fn lists(tx: &mut Tx) -> Result<Sums> {
    let mut sums = read(
        tx,
        "SELECT account_id, count(*) FROM clients WHERE deleted_at IS NULL GROUP BY account_id",
        |sums, account, row| {
            add(sums, format!("{account} clients"), &[row.get(1)?]);
            Ok(())
        },
    )?;
    for (list, hidden, sql) in [
        (
            "projects",
            "",
            "SELECT account_id, status, client_id, count(*) FROM projects \
             WHERE deleted_at IS NULL GROUP BY account_id, status, client_id",
        ),
        (
            "proposals",
            "",
            "SELECT account_id, status, client_id, count(*) FROM proposals \
             GROUP BY account_id, status, client_id",
        ),
        (
            "invoices",
            "cancelled",
            "SELECT account_id, status, client_id, count(*) FROM invoices \
             GROUP BY account_id, status, client_id",
        ),
    ] {
        sums.extend(read(tx, sql, |sums, account, row| {
            let (status, client): (String, ClientId) = (row.get(1)?, row.get(2)?);
            let count = [row.get(3)?];
            // What is sent is counted by the day it is due.
            if (list, status.as_str()) != ("invoices", "sent") {
                add(sums, format!("{account} {list}:status:{status}"), &count);
            }
            if status != hidden {
                add(sums, format!("{account} {list}"), &count);
                add(sums, format!("{account} {list}:client:{client}"), &count);
            }
            Ok(())
        })?);
    }
    sums.extend(read(
        tx,
        "SELECT account_id, project_id, count(*) FROM milestones GROUP BY account_id, project_id",
        |sums, account, row| {
            let (project, count): (ProjectId, _) = (row.get(1)?, [row.get(2)?]);
            add(sums, format!("{account} milestones"), &count);
            add(sums, format!("{account} milestones:project:{project}"), &count);
            Ok(())
        },
    )?);
    sums.extend(read(
        tx,
        "SELECT account_id, count(*), count(*) - count(read_at) FROM messages GROUP BY account_id",
        |sums, account, row| {
            add(sums, format!("{account} messages"), &[row.get(1)?]);
            add(sums, format!("{account} messages:unread"), &[row.get(2)?]);
            Ok(())
        },
    )?);
    for (list, sql) in [
        (
            "clients:with-project",
            "SELECT account_id, count(DISTINCT client_id) FROM projects \
             WHERE deleted_at IS NULL GROUP BY account_id",
        ),
        (
            "profile_views",
            "SELECT account_id, CAST(sum(views) AS BIGINT) FROM profile_views GROUP BY account_id",
        ),
        (
            "activity:feed",
            concat!(
                "SELECT account_id, count(*) FROM activity WHERE ",
                is_in_feed!(),
                " GROUP BY account_id"
            ),
        ),
    ] {
        sums.extend(read(tx, sql, |sums, account, row| {
            add(sums, format!("{account} {list}"), &[row.get(1)?]);
            Ok(())
        })?);
    }
    Ok(sums)
}

fn kept_lists(tx: &mut Tx) -> Result<Sums> {
    read(tx, "SELECT account_id, list, entries FROM list_totals", |sums, account, row| {
        add(sums, format!("{account} {}", row.get::<String>(1)?), &[row.get(2)?]);
        Ok(())
    })
}

fn open(tx: &mut Tx) -> Result<Sums> {
    read(
        tx,
        "SELECT account_id, due_date, currency, count(*), CAST(sum(amount) AS BIGINT) \
         FROM invoices WHERE status = 'sent' GROUP BY account_id, due_date, currency",
        |sums, account, row| {
            let (due, currency): (Date, String) = (row.get(1)?, row.get(2)?);
            let (day, sum) = (due.to_string(), [row.get(3)?, row.get(4)?]);
            add(sums, format!("{account} day {day} {currency}"), &sum);
            add(sums, format!("{account} month {} {currency}", &day[..7]), &sum);
            Ok(())
        },
    )
}

fn kept_open(tx: &mut Tx) -> Result<Sums> {
    read(
        tx,
        "SELECT account_id, span, due, currency, entries, amount FROM open_totals",
        |sums, account, row| {
            let (span, due, currency): (String, String, String) =
                (row.get(1)?, row.get(2)?, row.get(3)?);
            add(sums, format!("{account} {span} {due} {currency}"), &[row.get(4)?, row.get(5)?]);
            Ok(())
        },
    )
}

fn earned(tx: &mut Tx) -> Result<Sums> {
    read(
        tx,
        "SELECT account_id, paid_at - paid_at % 900, currency, coalesce(base_currency, ''), \
         count(*), CAST(sum(amount) AS BIGINT), CAST(coalesce(sum(base_amount), 0) AS BIGINT) \
         FROM payments GROUP BY 1, 2, 3, 4",
        |sums, account, row| {
            let (at, currency, base): (Timestamp, String, String) =
                (row.get(1)?, row.get(2)?, row.get(3)?);
            let sum = [row.get(4)?, row.get(5)?, row.get(6)?];
            let day = date::day_in(at, &TimeZone::UTC);
            let start = |day: Date| -> Result<i64> {
                Ok(date::day_start(day, &TimeZone::UTC)?.as_second())
            };
            for (span, starts_at) in [
                ("quarter", at.as_second()),
                ("week", start(date::week_start(day, 0)?)?),
                ("month", start(date::month_start(day, 0)?)?),
                ("all", 0),
            ] {
                add(sums, format!("{account} {span} {starts_at} {currency}/{base}"), &sum);
            }
            Ok(())
        },
    )
}

fn kept_earned(tx: &mut Tx) -> Result<Sums> {
    read(
        tx,
        "SELECT account_id, span, starts_at, currency, base_currency, entries, amount, \
         base_amount FROM timeline_totals WHERE measure = 'earned'",
        |sums, account, row| {
            let (span, starts_at): (String, i64) = (row.get(1)?, row.get(2)?);
            let (currency, base): (String, String) = (row.get(3)?, row.get(4)?);
            let sum = [row.get(5)?, row.get(6)?, row.get(7)?];
            add(sums, format!("{account} {span} {starts_at} {currency}/{base}"), &sum);
            Ok(())
        },
    )
}

/// How many projects are active now: what every span of that timeline must add up to.
fn active(tx: &mut Tx) -> Result<Sums> {
    read(
        tx,
        "SELECT account_id, count(*) FROM projects \
         WHERE status = 'active' AND deleted_at IS NULL GROUP BY account_id",
        |sums, account, row| {
            for span in ["quarter", "week", "month", "all"] {
                add(sums, format!("{account} {span}"), &[row.get(1)?]);
            }
            Ok(())
        },
    )
}

fn kept_active(tx: &mut Tx) -> Result<Sums> {
    read(
        tx,
        "SELECT account_id, span, CAST(sum(entries) AS BIGINT) FROM timeline_totals \
         WHERE measure = 'active' GROUP BY account_id, span",
        |sums, account, row| {
            add(sums, format!("{account} {}", row.get::<String>(1)?), &[row.get(2)?]);
            Ok(())
        },
    )
}

fn clients(tx: &mut Tx) -> Result<Sums> {
    by_client(
        tx,
        "SELECT client_id, currency, coalesce(base_currency, ''), CAST(sum(amount) AS BIGINT), \
         CAST(coalesce(sum(base_amount), 0) AS BIGINT) FROM payments GROUP BY 1, 2, 3",
    )
}

fn kept_clients(tx: &mut Tx) -> Result<Sums> {
    by_client(
        tx,
        "SELECT client_id, currency, base_currency, amount, base_amount FROM client_totals",
    )
}

fn by_client(tx: &mut Tx, sql: &'static str) -> Result<Sums> {
    let mut sums = Sums::new();
    tx.list(sql, &[], |row| {
        let client: ClientId = row.get(0)?;
        let (currency, base): (String, String) = (row.get(1)?, row.get(2)?);
        add(&mut sums, format!("{client} {currency}/{base}"), &[row.get(3)?, row.get(4)?]);
        Ok::<(), Error>(())
    })?;
    Ok(sums)
}
