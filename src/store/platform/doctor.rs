//! Checks that the stored sums equal the sums of the rows.

use std::collections::{BTreeMap, HashSet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    domain::{
        date::day_start,
        error::Result,
        id::{
            AccountId, AccountKind, ActivityId, ClientId, ClientKind, Id, InvoiceKind, Named,
            ProjectId,
        },
    },
    store::{
        activity::is_in_feed,
        engine::{Row, Tx},
        invoice::{amount_due, is_open},
        timeline::{self, Measure},
    },
};

/// Sums by name, in minor units or entries.
type Sums = BTreeMap<String, Vec<i64>>;

/// Returns the rollups that differ from their rows, one per line; empty if none.
pub fn rollups(tx: &mut Tx) -> Result<Vec<String>> {
    let (mut findings, gone) = (Vec::new(), gone(tx)?);
    let mut compare = |what, rows, kept| compare(what, rows, kept, &gone, &mut findings);
    let kept = "SELECT account_id, list, entries FROM list_totals";
    compare("list total", lists(tx)?, read::<AccountKind>(tx, kept, 1, 3)?);

    let rows = concat!(
        "SELECT account_id, 'day', due_date, currency, count(*), CAST(sum(",
        amount_due!(),
        ") AS BIGINT) FROM invoices WHERE ",
        is_open!(),
        " GROUP BY account_id, due_date, currency \
         UNION ALL SELECT account_id, 'month', substr(due_date, 1, 7), currency, count(*), CAST(sum(",
        amount_due!(),
        ") AS BIGINT) FROM invoices WHERE ",
        is_open!(),
        " GROUP BY 1, 2, 3, 4"
    );
    let rows = read::<AccountKind>(tx, rows, 3, 6)?;
    let kept = "SELECT account_id, span, due, currency, entries, amount FROM open_totals";
    compare("open total", rows, read::<AccountKind>(tx, kept, 3, 6)?);

    let kept = "SELECT account_id, measure, span, CAST(starts_at AS TEXT), currency, \
                base_currency, entries, amount, base_amount FROM timeline_totals \
                WHERE measure <> 'active'";
    compare("earnings", earned(tx)?, read::<AccountKind>(tx, kept, 5, 9)?);

    // Every span of that timeline must add up to the number of active projects.
    let rows = "SELECT account_id, span, count(*) FROM projects CROSS JOIN \
                (SELECT 'quarter' AS span UNION ALL SELECT 'week' UNION ALL SELECT 'month' \
                UNION ALL SELECT 'all') AS spans \
                WHERE status = 'active' AND deleted_at IS NULL GROUP BY account_id, span";
    let rows = read::<AccountKind>(tx, rows, 1, 3)?;
    let kept = "SELECT account_id, span, CAST(sum(entries) AS BIGINT) FROM timeline_totals \
                WHERE measure = 'active' GROUP BY account_id, span";
    compare("active projects", rows, read::<AccountKind>(tx, kept, 1, 3)?);

    let rows = "SELECT client_id, currency, coalesce(base_currency, ''), \
                CAST(sum(amount) AS BIGINT), CAST(coalesce(sum(base_amount), 0) AS BIGINT) \
                FROM payments GROUP BY 1, 2, 3";
    let rows = read::<ClientKind>(tx, rows, 2, 5)?;
    let kept = "SELECT client_id, currency, base_currency, amount, base_amount FROM client_totals";
    compare("client total", rows, read::<ClientKind>(tx, kept, 2, 5)?);

    let rows = "SELECT invoice_id, CAST(sum(amount) AS BIGINT), CAST(sum(withheld) AS BIGINT) \
                FROM payments GROUP BY 1";
    let rows = read::<InvoiceKind>(tx, rows, 0, 3)?;
    let kept = "SELECT id, amount_paid, amount_withheld FROM invoices";
    compare("paid on", rows, read::<InvoiceKind>(tx, kept, 0, 3)?);

    let rows = "SELECT invoice_id, CAST(sum(amount) AS BIGINT) FROM credit_notes GROUP BY 1";
    let rows = read::<InvoiceKind>(tx, rows, 0, 2)?;
    let kept = "SELECT id, amount_credited FROM invoices";
    compare("credited on", rows, read::<InvoiceKind>(tx, kept, 0, 2)?);
    Ok(findings)
}

/// Returns deleted accounts and their clients, whose remaining rows need not add up.
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

/// Returns the newest instant written anywhere, if any.
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

/// The newest id of each table. (Not every PostgreSQL has max() for bytes.)
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

/// Returns the newest id in any list ordered by id.
pub fn newest_id(tx: &mut Tx) -> Result<Option<ActivityId>> {
    tx.find(
        newest_of!(
            "activity",
            "clients",
            "projects",
            "milestones",
            "proposals",
            "invoices",
            "credit_notes",
            "checkouts",
            "reminders",
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

/// Reads rows of an id, `words` words, and numbers in columns up to `end`.
fn read<K: Named>(tx: &mut Tx, sql: &'static str, words: usize, end: usize) -> Result<Sums> {
    read_each(tx, sql, |sums, row| {
        let mut name = row.get::<Id<K>>(0)?.to_string();
        for word in 1..=words {
            name.extend([" ", row.text(word)?.unwrap_or_default()]);
        }
        let numbers: Result<Vec<i64>> = (words + 1..end).map(|column| row.get(column)).collect();
        add(sums, name, &numbers?);
        Ok(())
    })
}

fn read_each(
    tx: &mut Tx,
    sql: &'static str,
    mut each: impl FnMut(&mut Sums, &dyn Row) -> Result<()>,
) -> Result<Sums> {
    let mut sums = Sums::new();
    tx.list(sql, &[], |row| each(&mut sums, row))?;
    Ok(sums)
}

fn add(into: &mut Sums, name: String, sums: &[i64]) {
    let kept = into.entry(name).or_insert_with(|| vec![0; sums.len()]);
    kept.iter_mut().zip(sums).for_each(|(kept, sum)| *kept += sum);
}

fn lists(tx: &mut Tx) -> Result<Sums> {
    let mut sums = read::<AccountKind>(
        tx,
        concat!(
            "SELECT account_id, 'clients', count(*) FROM clients \
             WHERE deleted_at IS NULL GROUP BY account_id \
             UNION ALL SELECT account_id, 'clients:with-project', count(DISTINCT client_id) \
             FROM projects WHERE deleted_at IS NULL GROUP BY account_id \
             UNION ALL SELECT account_id, 'projects', count(*) FROM projects \
             WHERE deleted_at IS NULL GROUP BY account_id \
             UNION ALL SELECT account_id, 'projects:status:' || status, count(*) FROM projects \
             WHERE deleted_at IS NULL GROUP BY account_id, status \
             UNION ALL SELECT account_id, 'proposals', count(*) FROM proposals GROUP BY account_id \
             UNION ALL SELECT account_id, 'proposals:status:' || status, count(*) FROM proposals \
             GROUP BY account_id, status \
             UNION ALL SELECT account_id, 'milestones', count(*) FROM milestones \
             GROUP BY account_id \
             UNION ALL SELECT account_id, 'invoices', count(*) FROM invoices \
             WHERE status <> 'cancelled' GROUP BY account_id ",
            // Sent invoices are counted by due date.
            "UNION ALL SELECT account_id, 'invoices:status:' || status, count(*) FROM invoices \
             WHERE NOT ",
            is_open!(),
            " GROUP BY account_id, status \
             UNION ALL SELECT account_id, 'payments', count(*) FROM payments GROUP BY account_id \
             UNION ALL SELECT account_id, 'credit_notes', count(*) FROM credit_notes \
             GROUP BY account_id \
             UNION ALL SELECT account_id, 'reminders', count(*) FROM reminders \
             GROUP BY account_id \
             UNION ALL SELECT account_id, 'taxes', count(*) FROM taxes GROUP BY account_id \
             UNION ALL SELECT account_id, 'messages', count(*) FROM messages GROUP BY account_id \
             UNION ALL SELECT account_id, 'messages:unread', count(*) - count(read_at) \
             FROM messages GROUP BY account_id \
             UNION ALL SELECT account_id, 'profile_views', CAST(sum(views) AS BIGINT) \
             FROM profile_views GROUP BY account_id \
             UNION ALL SELECT account_id, 'activity:feed', count(*) FROM activity WHERE ",
            is_in_feed!(),
            " GROUP BY account_id \
             UNION ALL SELECT account_id, 'activity:notices', count(*) FROM activity \
             WHERE is_notice = 1 GROUP BY account_id"
        ),
        1,
        3,
    )?;
    let mut of_parents = |sql, parent: fn(&dyn Row) -> Result<String>| -> Result<()> {
        sums.extend(read_each(tx, sql, |sums, row| {
            let account: AccountId = row.get(0)?;
            let list: String = row.get(1)?;
            add(sums, format!("{account} {list}:{}", parent(row)?), &[row.get(3)?]);
            Ok(())
        })?);
        Ok(())
    };
    of_parents(
        "SELECT account_id, 'projects:client', client_id, count(*) FROM projects \
         WHERE deleted_at IS NULL GROUP BY account_id, client_id \
         UNION ALL SELECT account_id, 'proposals:client', client_id, count(*) FROM proposals \
         GROUP BY account_id, client_id \
         UNION ALL SELECT account_id, 'invoices:client', client_id, count(*) FROM invoices \
         WHERE status <> 'cancelled' GROUP BY account_id, client_id",
        |row| Ok(row.get::<ClientId>(2)?.to_string()),
    )?;
    of_parents(
        "SELECT account_id, 'milestones:project', project_id, count(*) FROM milestones \
         GROUP BY account_id, project_id",
        |row| Ok(row.get::<ProjectId>(2)?.to_string()),
    )?;
    Ok(sums)
}

fn earned(tx: &mut Tx) -> Result<Sums> {
    read_each(
        tx,
        "SELECT account_id, CASE WHEN paid_on IS NULL THEN paid_at - paid_at % 900 END, paid_on, \
         currency, coalesce(base_currency, ''), count(*), CAST(sum(amount) AS BIGINT), \
         CAST(coalesce(sum(base_amount), 0) AS BIGINT) FROM payments GROUP BY 1, 2, 3, 4, 5",
        |sums, row| {
            let (account, at): (AccountId, Option<Timestamp>) = (row.get(0)?, row.get(1)?);
            let (measure, at) = match (at, row.get::<Option<Date>>(2)?) {
                (_, Some(day)) => (Measure::EarnedOn, day_start(day, &TimeZone::UTC)?),
                (at, None) => (Measure::Earned, at.unwrap_or_default()),
            };
            let (currency, base): (String, String) = (row.get(3)?, row.get(4)?);
            let sum = [row.get(5)?, row.get(6)?, row.get(7)?];
            for (span, starts_at) in timeline::spans(at)? {
                let name = format!("{} {span} {starts_at} {currency} {base}", measure.as_str());
                add(sums, format!("{account} {name}"), &sum);
            }
            Ok(())
        },
    )
}
