//! The rollups behind the dashboard, and its short lists. With rollups it costs the same for a
//! thousand invoices and for a million (`docs/growth.svg`, `cargo bench --bench load -- --growth`).

use jiff::civil::Date;

pub use crate::store::timeline::{
    Measure, active_change_since, earned_between, earned_in_all, record,
};
use crate::{
    domain::{
        dashboard::{DEADLINES_SHOWN, Deadline, DeadlineKind},
        error::Result,
        home::OpenInvoice,
        id::{AccountId, Id, InvoiceKind, MilestoneKind, Named, ProjectKind},
        money::Money,
    },
    store::{
        engine::{Row, Tx, values},
        invoice::{amount_due, is_open},
    },
};

/// Adds to (or subtracts from) the sums of open invoices and their amounts due, by day and by
/// month.
pub fn bump_open(
    tx: &mut Tx,
    account: AccountId,
    due: Date,
    amount: Money,
    entries: i64,
) -> Result<()> {
    let day = due.to_string();
    for (span, due) in [("day", &day[..]), ("month", &day[..7])] {
        tx.change(
            "INSERT INTO open_totals (account_id, span, due, currency, entries, amount) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT (account_id, span, due, currency) \
             DO UPDATE SET entries = open_totals.entries + excluded.entries, \
             amount = open_totals.amount + excluded.amount",
            values![&account, span, due, amount.currency, entries, entries * amount.minor],
        )?;
        if entries < 0 {
            tx.change(
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

/// Returns the sums of sent and unpaid invoices, overdue or not. A currency may occur several
/// times.
pub fn open(tx: &mut Tx, account: AccountId, today: Date) -> Result<Vec<OpenSum>> {
    let sums = open_by_due(tx, account, today, today)?;
    let today = today.to_string();
    let sum = |DueSum { due, entries, amount }| OpenSum { overdue: due < today, entries, amount };
    Ok(sums.into_iter().map(sum).collect())
}

/// Sent and unpaid invoices of one currency, due on the same day or in the same month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueSum {
    /// `2026-03-18`, or `2026-03`.
    pub due: String,
    pub entries: i64,
    pub amount: Money,
}

/// Returns sent and unpaid invoices: by day from the month of `from` to that of `to`, by month
/// before and after. It reads one row for each of these days and months, however many invoices
/// there are.
pub fn open_by_due(tx: &mut Tx, account: AccountId, from: Date, to: Date) -> Result<Vec<DueSum>> {
    let (from, to) = (from.to_string(), to.to_string());
    let (first_month, last_month) = (&from[..7], &to[..7]);
    let (first_day, last_day) = (format!("{first_month}-01"), format!("{last_month}-31"));
    tx.list(
        "SELECT due, currency, entries, amount FROM open_totals \
         WHERE account_id = ?1 AND span = 'month' AND due NOT BETWEEN ?2 AND ?3 \
         UNION ALL SELECT due, currency, entries, amount FROM open_totals \
         WHERE account_id = ?1 AND span = 'day' AND due >= ?4 AND due <= ?5",
        values![&account, first_month, last_month, first_day, last_day],
        |row| {
            Ok(DueSum {
                due: row.get(0)?,
                entries: row.get(2)?,
                amount: Money::new(row.get(3)?, row.get(1)?),
            })
        },
    )
}

/// Lists the sent and unpaid invoices due from one day until before another, earliest first, at
/// most `most`.
pub fn open_invoices(
    tx: &mut Tx,
    account: AccountId,
    (from, until): (Date, Date),
    most: i64,
) -> Result<Vec<OpenInvoice>> {
    tx.list(
        concat!(
            "SELECT i.id, i.number, c.name, i.due_date, ",
            amount_due!("i."),
            ", i.currency, i.viewed_at, i.reminded_at \
             FROM invoices i JOIN clients c ON c.id = i.client_id WHERE i.account_id = ?1 AND ",
            is_open!("i."),
            " AND i.due_date >= ?2 AND i.due_date < ?3 ORDER BY i.due_date, i.id LIMIT ?4"
        ),
        values![&account, from, until, most],
        |row| {
            Ok(OpenInvoice {
                id: row.get(0)?,
                number: row.get(1)?,
                client_name: row.get(2)?,
                due: row.get(3)?,
                amount: Money::new(row.get(4)?, row.get(5)?),
                viewed_at: row.get(6)?,
                reminded_at: row.get(7)?,
            })
        },
    )
}

/// Lists the nearest deadlines of unfinished projects, earliest first.
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

/// Lists the nearest deadlines of unfinished projects, their pending milestones, and unpaid sent
/// invoices, earliest first. Includes only invoices due on that day or later.
pub fn deadlines(tx: &mut Tx, account: AccountId, from: Date) -> Result<Vec<Deadline>> {
    let mut deadlines = project_deadlines(tx, account)?;
    deadlines.extend(tx.list(
        concat!(
            "SELECT i.id, i.number, i.due_date, ",
            amount_due!("i."),
            ", i.currency, c.name FROM invoices i JOIN clients c ON c.id = i.client_id \
             WHERE i.account_id = ?1 AND ",
            is_open!("i."),
            " AND i.due_date >= ?2 ORDER BY i.due_date, i.id LIMIT 10"
        ),
        values![&account, from],
        |row| read_deadline::<InvoiceKind>(row, DeadlineKind::Invoice),
    )?);
    // A cross join reads milestones in index order, so none is sorted.
    deadlines.extend(tx.list(
        "SELECT m.id, m.name, m.due_date, m.amount, p.currency, c.name, p.id \
         FROM milestones m CROSS JOIN projects p CROSS JOIN clients c \
         WHERE m.account_id = ?1 AND m.status = 'pending' AND m.due_date IS NOT NULL \
         AND p.id = m.project_id AND p.status IN ('planning', 'active', 'on_hold') \
         AND c.id = p.client_id \
         ORDER BY m.due_date, m.id LIMIT 10",
        values![&account],
        |row| {
            let milestone = read_deadline::<MilestoneKind>(row, DeadlineKind::Milestone)?;
            Ok(Deadline { project_id: Some(row.get(6)?), ..milestone })
        },
    )?);
    deadlines.sort_by(|a, b| (a.day, &a.id).cmp(&(b.day, &b.id)));
    deadlines.truncate(DEADLINES_SHOWN);
    Ok(deadlines)
}

fn read_deadline<K: Named>(row: &dyn Row, kind: DeadlineKind) -> Result<Deadline> {
    let id: Id<K> = row.get(0)?;
    Ok(Deadline {
        id: id.to_string(),
        project_id: None,
        kind,
        title: row.get(1)?,
        day: row.get(2)?,
        amount: Some(Money::new(row.get(3)?, row.get(4)?)),
        client_name: row.get(5)?,
    })
}
