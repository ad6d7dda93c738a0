//! Rollups: stored sums that every write updates.

use std::collections::BTreeMap;

use freelanceos::{
    domain::{
        error::Result,
        id::{ClientId, ProjectId},
    },
    store::{
        Database,
        engine::{Connection, Row, Tx},
    },
};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde_json::json;

use crate::support::{User, spawn_app};

/// Key of a sum → its values: entries, amount, base amount.
type Sums = BTreeMap<String, [i64; 3]>;

/// Asserts that every rollup of a database equals a recount of its rows.
pub fn assert_rollups(database: &Database) {
    let check = |connection: &mut dyn Connection| {
        let tx = &mut Tx::new(connection);
        compare("list_totals", kept(tx, LISTS)?, lists(tx)?);
        compare("open_totals", kept(tx, OPEN)?, open(tx)?);
        compare("client_totals", kept(tx, CLIENTS)?, kept(tx, CLIENTS_ANEW)?);
        compare("timeline_totals earned", kept(tx, EARNED)?, earned(tx)?);
        compare("paid on invoices", kept(tx, PAID)?, kept(tx, PAID_ANEW)?);
        compare("credited on invoices", kept(tx, CREDITED)?, kept(tx, CREDITED_ANEW)?);
        active(tx)
    };
    database.peek(check).unwrap();
}

fn compare(what: &str, mut kept: Sums, mut recount: Sums) {
    for sums in [&mut kept, &mut recount] {
        sums.retain(|_, parts| *parts != [0; 3]);
    }
    assert_eq!(kept, recount, "{what}");
}

const LISTS: &str = "SELECT account_id, list, entries, 0, 0 FROM list_totals";
const OPEN: &str = "SELECT account_id, due || ' ' || currency, entries, amount, 0 FROM open_totals";
const CLIENTS: &str = "SELECT client_id, currency || ' ' || base_currency, 0, amount, base_amount \
                       FROM client_totals";
const CLIENTS_ANEW: &str = "SELECT client_id, currency || ' ' || coalesce(base_currency, ''), 0, \
                            CAST(sum(amount) AS BIGINT), \
                            CAST(coalesce(sum(base_amount), 0) AS BIGINT) \
                            FROM payments GROUP BY 1, 2";
const EARNED: &str = "SELECT account_id, measure || ' ' || span || ' ' || CAST(starts_at AS TEXT) || ' ' || \
                      currency || ' ' || base_currency, entries, amount, base_amount \
                      FROM timeline_totals WHERE measure <> 'active'";

const PAID: &str = "SELECT id, '', amount_paid, amount_withheld, 0 FROM invoices";
const PAID_ANEW: &str = "SELECT invoice_id, '', CAST(sum(amount) AS BIGINT), \
                         CAST(sum(withheld) AS BIGINT), 0 FROM payments GROUP BY 1";

const CREDITED: &str = "SELECT id, '', amount_credited, 0, 0 FROM invoices";
const CREDITED_ANEW: &str = "SELECT invoice_id, '', CAST(sum(amount) AS BIGINT), 0, 0 \
                             FROM credit_notes GROUP BY 1";

/// An id of any kind.
fn hex(row: &dyn Row, column: usize) -> Result<String> {
    let bytes: Vec<u8> = row.get(column)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Reads an id, the rest of the key, and three numbers per row.
fn kept(tx: &mut Tx, sql: &'static str) -> Result<Sums> {
    let rows = tx.list(sql, &[], |row| {
        let key = format!("{} {}", hex(row, 0)?, row.get::<String>(1)?);
        Ok((key, [row.get(2)?, row.get(3)?, row.get(4)?]))
    })?;
    Ok(rows.into_iter().collect())
}

fn add(sums: &mut Sums, key: String, parts: [i64; 3]) {
    let sum = sums.entry(key).or_default();
    for (sum, part) in sum.iter_mut().zip(parts) {
        *sum += part;
    }
}

/// Counts the entries of each list row by row.
fn lists(tx: &mut Tx) -> Result<Sums> {
    let mut sums = Sums::new();
    let mut count =
        |account: &str, list: String| add(&mut sums, format!("{account} {list}"), [1, 0, 0]);
    for account in accounts(tx, "SELECT account_id FROM clients WHERE deleted_at IS NULL")? {
        count(&account, "clients".to_owned());
    }
    for (noun, sql) in [
        ("projects", "SELECT account_id, client_id, status FROM projects WHERE deleted_at IS NULL"),
        ("proposals", "SELECT account_id, client_id, status FROM proposals"),
        ("invoices", "SELECT account_id, client_id, status FROM invoices"),
    ] {
        let rows = tx.list(sql, &[], |row| {
            Ok((hex(row, 0)?, row.get::<ClientId>(1)?, row.get::<String>(2)?))
        })?;
        for (account, client, status) in rows {
            // Sent invoices are counted by due date.
            if (noun, &*status) != ("invoices", "sent") {
                count(&account, format!("{noun}:status:{status}"));
            }
            if (noun, &*status) != ("invoices", "cancelled") {
                count(&account, noun.to_owned());
                count(&account, format!("{noun}:client:{client}"));
            }
        }
    }
    let milestones = tx.list("SELECT account_id, project_id FROM milestones", &[], |row| {
        Ok((hex(row, 0)?, row.get::<ProjectId>(1)?))
    })?;
    for (account, project) in milestones {
        count(&account, "milestones".to_owned());
        count(&account, format!("milestones:project:{project}"));
    }
    for (list, sql) in [
        (
            "clients:with-project",
            "SELECT DISTINCT account_id, client_id FROM projects WHERE deleted_at IS NULL",
        ),
        ("payments", "SELECT account_id FROM payments"),
        ("credit_notes", "SELECT account_id FROM credit_notes"),
        ("messages", "SELECT account_id FROM messages"),
        ("messages:unread", "SELECT account_id FROM messages WHERE read_at IS NULL"),
        (
            "activity:feed",
            "SELECT account_id FROM activity WHERE kind NOT IN ('client_added', \
             'milestone_completed', 'invoice_created', 'invoice_sent', 'invoice_voided', \
             'credit_note_issued', 'payment_received', 'payment_held', 'mail_failed')",
        ),
        ("activity:notices", "SELECT account_id FROM activity WHERE is_notice = 1"),
    ] {
        accounts(tx, sql)?.iter().for_each(|account| count(account, list.to_owned()));
    }
    let views = tx.list("SELECT account_id, views FROM profile_views", &[], |row| {
        Ok((hex(row, 0)?, row.get(1)?))
    })?;
    for (account, views) in views {
        add(&mut sums, format!("{account} profile_views"), [views, 0, 0]);
    }
    Ok(sums)
}

fn accounts(tx: &mut Tx, sql: &'static str) -> Result<Vec<String>> {
    tx.list(sql, &[], |row| hex(row, 0))
}

fn open(tx: &mut Tx) -> Result<Sums> {
    let sent = tx.list(
        "SELECT account_id, due_date, currency, amount - (SELECT CAST(coalesce(sum(p.amount), 0) \
         AS BIGINT) FROM payments p WHERE p.invoice_id = invoices.id) - \
         (SELECT CAST(coalesce(sum(c.amount), 0) AS BIGINT) \
         FROM credit_notes c WHERE c.invoice_id = invoices.id) FROM invoices \
         WHERE status = 'sent'",
        &[],
        |row| {
            let text = |column| row.get::<String>(column);
            Ok((hex(row, 0)?, text(1)?, text(2)?, row.get::<i64>(3)?))
        },
    )?;
    let mut sums = Sums::new();
    for (account, due, currency, amount) in sent {
        for due in [&due[..], &due[..7]] {
            add(&mut sums, format!("{account} {due} {currency}"), [1, amount, 0]);
        }
    }
    Ok(sums)
}

/// The UTC quarter-hour, week and month that contain an instant.
fn spans(at: Timestamp) -> [(&'static str, i64); 4] {
    let day = at.to_zoned(TimeZone::UTC).date();
    let start =
        |day: jiff::civil::Date| day.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second();
    let monday = day - i64::from(day.weekday().to_monday_zero_offset()).days();
    let quarter = at.as_second() / 900 * 900;
    [
        ("quarter", quarter),
        ("week", start(monday)),
        ("month", start(day.first_of_month())),
        ("all", 0),
    ]
}

fn earned(tx: &mut Tx) -> Result<Sums> {
    let payments = tx.list(
        "SELECT account_id, paid_at, currency, coalesce(base_currency, ''), amount, \
         coalesce(base_amount, 0), paid_on FROM payments",
        &[],
        |row| {
            let key: [String; 3] = [hex(row, 0)?, row.get(2)?, row.get(3)?];
            let (at, on): (Timestamp, Option<jiff::civil::Date>) = (row.get(1)?, row.get(6)?);
            Ok((key, at, on, [1, row.get(4)?, row.get(5)?]))
        },
    )?;
    let mut sums = Sums::new();
    for ([account, currency, base], at, on, parts) in payments {
        let (measure, at) = match on {
            Some(day) => ("earned_on", day.to_zoned(TimeZone::UTC).unwrap().timestamp()),
            None => ("earned", at),
        };
        for (span, start) in spans(at) {
            add(&mut sums, format!("{account} {measure} {span} {start} {currency} {base}"), parts);
        }
    }
    Ok(sums)
}

/// Rows only know their current status, so the timeline of active projects cannot be recounted. But
/// its last value can, and all its spans must agree.
fn active(tx: &mut Tx) -> Result<()> {
    let mut now = kept(
        tx,
        "SELECT account_id, '', count(*), 0, 0 FROM projects \
         WHERE status = 'active' AND deleted_at IS NULL GROUP BY 1",
    )?;
    let rows = tx.list(
        "SELECT account_id, span, starts_at, entries FROM timeline_totals \
         WHERE measure = 'active'",
        &[],
        |row| Ok((hex(row, 0)?, row.get::<String>(1)?, row.get(2)?, row.get::<i64>(3)?)),
    )?;
    let (mut kept, mut regrouped) = (Sums::new(), Sums::new());
    let mut ends = Sums::new();
    for (account, span, starts_at, entries) in rows {
        if span == "quarter" {
            for (span, start) in spans(starts_at) {
                add(&mut regrouped, format!("{account} {span} {start}"), [entries, 0, 0]);
            }
            add(&mut ends, format!("{account} "), [entries, 0, 0]);
        }
        add(&mut kept, format!("{account} {span} {}", starts_at.as_second()), [entries, 0, 0]);
    }
    now.retain(|_, parts| parts[0] != 0);
    compare("timeline_totals active, now", ends, now);
    compare("timeline_totals active", kept, regrouped);
    Ok(())
}

/// Makes every kind of change to one account's rows, many times in pseudo-random order.
async fn churn(user: &User<'_>) {
    let mut state = 7_u64;
    let mut roll = |sides: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % sides
    };
    let statuses = ["planning", "active", "on_hold", "completed", "cancelled"];
    let answers = ["draft", "sent", "accepted", "rejected"];
    let mut ids: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for name in ["C", "D", "E"] {
        ids.entry("clients").or_default().push(user.client(name).await);
    }
    for round in 0..360 {
        let mut one = |noun: &str| {
            let of = ids.get(noun).filter(|of| !of.is_empty())?;
            Some(of[roll(of.len())].clone())
        };
        let client = one("clients").unwrap();
        let (project, invoice) = (one("projects"), one("invoices"));
        let (milestone, proposal) = (one("milestones"), one("proposals"));
        let payment = one("payments");
        let due = format!("2026-{:02}-{:02}", roll(3) + 2, roll(28) + 1);
        let (status, answer) = (statuses[roll(5)], answers[roll(4)]);
        let currency = ["USD", "NGN", "XOF"][roll(3)];
        let amount = roll(900) + 1;
        let or = |id: &Option<String>| id.clone().unwrap_or_else(|| "none".to_owned());
        let (path, body) = match roll(24) {
            0 => ("clients".to_owned(), json!({"name": "N", "email": "n@example.com"})),
            1 | 2 => {
                ("projects".to_owned(), json!({"clientId": client, "name": "P", "status": status}))
            }
            3 => (
                format!("projects/{}", or(&project)),
                json!({"clientId": client, "status": status}),
            ),
            4 => (
                "milestones".to_owned(),
                json!({"projectId": or(&project), "name": "M", "amount": amount, "dueDate": due}),
            ),
            5 => (
                format!("milestones/{}", or(&milestone)),
                json!({"projectId": or(&project), "status": "completed"}),
            ),
            6 => ("proposals".to_owned(), json!({"clientId": client, "title": "T"})),
            7 => (
                format!("proposals/{}", or(&proposal)),
                json!({"clientId": client, "status": answer}),
            ),
            8..=10 => (
                "invoices".to_owned(),
                json!({"clientId": client, "amount": amount, "currency": currency, "dueDate": due}),
            ),
            11 => (
                format!("invoices/{}", or(&invoice)),
                json!({"clientId": client, "dueDate": due, "currency": currency}),
            ),
            12 | 13 => (format!("invoices/{}/send", or(&invoice)), json!({})),
            14 | 15 => (format!("invoices/{}/mark-paid", or(&invoice)), json!({})),
            16 | 17 => (
                format!("invoices/{}/payments", or(&invoice)),
                json!({
                    "amount": amount / 3, "withheld": amount / 9, "paidAt": due.replace("-04-", "-02-"),
                    "allowOverpayment": true,
                }),
            ),
            18 => (format!("invoices/{}/refunds", or(&invoice)), json!({"amount": 1})),
            19 | 20 => (
                format!("invoices/{}/credit-notes", or(&invoice)),
                json!({"amount": amount / 4 + 1, "reason": "R"}),
            ),
            21 => (format!("invoices/{}/void", or(&invoice)), json!({"reason": "R"})),
            22 => {
                let path = format!("/payments/{}", or(&payment));
                user.delete(&path).await;
                continue;
            }
            _ => {
                let nouns = ["clients", "projects", "milestones", "proposals", "invoices"];
                let noun = nouns[roll(5)];
                let id = [Some(client), project, milestone, proposal, invoice]
                    [nouns.iter().position(|n| *n == noun).unwrap()]
                .clone();
                let last_client = noun == "clients" && ids["clients"].len() < 4;
                if let Some(id) = id.filter(|_| !last_client)
                    && user.delete(&format!("/{noun}/{id}")).await.status == 200
                    && noun != "invoices"
                {
                    ids.get_mut(noun).unwrap().retain(|known| *known != id);
                }
                continue;
            }
        };
        let made = match path.split_once('/') {
            Some((noun, rest)) if !rest.contains('/') => {
                user.put(&format!("/{noun}/{rest}"), body).await;
                continue;
            }
            Some(_) => {
                let made = user.post(&format!("/{path}"), body).await;
                let id = made.body["data"]["id"].as_str().unwrap_or_default().to_owned();
                if made.status == 201 && id.starts_with("pay_") {
                    ids.entry("payments").or_default().push(id);
                }
                continue;
            }
            None => user.post(&format!("/{path}"), body).await,
        };
        if made.status == 201 {
            let id = made.body["data"]["id"].as_str().unwrap().to_owned();
            let noun = ["clients", "projects", "milestones", "proposals", "invoices"]
                .into_iter()
                .find(|n| *n == path);
            ids.entry(noun.unwrap()).or_default().push(id);
        }
        if round % 20 == 0 {
            user.app.clock.advance(jiff::SignedDuration::from_hours(7));
            assert_rollups(user.app.database());
        }
    }
}

#[tokio::test]
async fn rollups_equal_a_recount_after_any_history() {
    let app = spawn_app().await;
    let (user, other) = (app.register("a@example.com").await, app.register("b@example.com").await);
    let client = other.client("F").await;
    other.invoice(&client, json!(1), "2026-03-18").await;
    churn(&user).await;
    assert_rollups(app.database());
}
