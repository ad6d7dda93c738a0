//! Reminders: how accounts chase late clients, and the log of it.

use jiff::{Timestamp, civil::Date};

use crate::{
    domain::{
        error::Result,
        id::{AccountId, InvoiceId, MailId, ProposalId, ReminderId},
        page::{Listing, Page},
        reminder::{
            Remindable, Reminder, ReminderFilter, ReminderSettings, ReminderState, SkipReason,
        },
    },
    store::{
        billing::invoice::is_open,
        engine::{Row, Tx, json, values},
        lister::Lister,
        row::{record, row as columns},
    },
};

const LIST: Lister = Lister::new("reminders", COLUMNS);

record! {
    reminders, reminder: &Reminder {
        id = &reminder.id,
        state = reminder.state.as_str(),
        reason = reminder.reason.map(SkipReason::as_str),
        mail_id = reminder.mail.as_ref(),
        @once {
            account_id = &reminder.account,
            invoice_id = &reminder.invoice,
            step_days = reminder.days.map(i64::from),
            created_at = reminder.at,
        }
        @read {
            fee_invoice_id = "fee_invoice_id",
            number = "(SELECT number FROM invoices WHERE invoices.id = reminders.invoice_id)",
            client = "(SELECT client_id FROM invoices WHERE invoices.id = reminders.invoice_id)",
            name = "(SELECT name FROM clients JOIN invoices ON invoices.client_id = clients.id \
                    WHERE invoices.id = reminders.invoice_id)",
            fee_number = "(SELECT number FROM invoices \
                          WHERE invoices.id = reminders.fee_invoice_id) AS fee_number",
        }
    } => Reminder {
        account: account_id,
        invoice: invoice_id,
        invoice_number: number,
        client_name: name,
        days: step_days,
        mail: mail_id,
        fee: Option::zip(fee_invoice_id, fee_number),
        at: created_at,
        id, client, state, reason,
    }
}

/// Returns how an account reminds its clients, even if never chosen.
pub fn find_settings(tx: &mut Tx, account: AccountId) -> Result<ReminderSettings> {
    let found = tx.find(
        "SELECT enabled, steps, proposals, proposal_days, proposals_since, thank_you \
         FROM reminder_settings WHERE account_id = ?1",
        values![&account],
        |row| {
            Ok(ReminderSettings {
                enabled: row.get(0)?,
                steps: row.get(1)?,
                proposals: row.get(2)?,
                proposal_days: row.get(3)?,
                proposals_since: row.get(4)?,
                thank_you: row.get(5)?,
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Saves how an account reminds its clients.
pub fn set_settings(
    tx: &mut Tx,
    account: AccountId,
    settings: &ReminderSettings,
    now: Timestamp,
) -> Result<()> {
    tx.upsert(columns!(reminder_settings {
        account_id: &account,
        enabled: settings.enabled,
        steps: json(&settings.steps),
        proposals: settings.proposals,
        proposal_days: settings.proposal_days,
        proposals_since: settings.proposals_since,
        thank_you: settings.thank_you,
        updated_at: now
    }))
}

/// Adds an entry to the log, unless its step is decided; returns whether it was added.
pub fn create(tx: &mut Tx, reminder: &Reminder) -> Result<bool> {
    let added = tx.execute(
        "INSERT INTO reminders (id, state, reason, mail_id, account_id, invoice_id, step_days, \
         created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
         ON CONFLICT (invoice_id, step_days) DO NOTHING",
        &row(reminder).values,
    )? > 0;
    if added {
        LIST.tally(tx, reminder.account, &[], 1)?;
    }
    Ok(added)
}

/// Records the email of a reminder.
pub fn set_mail(tx: &mut Tx, id: ReminderId, mail: MailId) -> Result<()> {
    tx.update(columns!(reminders { id: &id, mail_id: &mail }))
}

/// Records the draft of a late fee.
pub fn set_fee(tx: &mut Tx, id: ReminderId, fee: InvoiceId) -> Result<()> {
    tx.update(columns!(reminders { id: &id, fee_invoice_id: &fee }))
}

/// Records that the email of a reminder did not go out.
pub fn mark_skipped(tx: &mut Tx, mail: MailId, reason: SkipReason) -> Result<()> {
    tx.change(
        "UPDATE reminders SET state = ?2, reason = ?3, mail_id = NULL WHERE mail_id = ?1",
        values![&mail, ReminderState::Skipped.as_str(), reason.as_str()],
    )
}

/// Returns the step that an email belongs to; None if it was sent by hand.
pub fn find_step(tx: &mut Tx, mail: MailId) -> Result<Option<i32>> {
    let days =
        tx.find("SELECT step_days FROM reminders WHERE mail_id = ?1", values![&mail], |row| {
            row.get::<Option<i32>>(0)
        })?;
    Ok(days.flatten())
}

/// Lists a page of the log, newest first.
pub fn list(tx: &mut Tx, account: AccountId, filter: &ReminderFilter) -> Result<Listing<Reminder>> {
    let state = filter.state.map(ReminderState::as_str);
    LIST.of(&account).which("state = ?", state).page(tx, filter.page, read)
}

/// Lists a page of the log of an invoice, newest first.
pub fn list_of_invoice(
    tx: &mut Tx,
    account: AccountId,
    invoice: InvoiceId,
    page: Page,
) -> Result<Listing<Reminder>> {
    LIST.of(&account).which("invoice_id = ?", Some(&invoice)).page(tx, page, read)
}

/// The columns of a [`Remindable`], in order.
macro_rules! remindable {
    () => {
        "SELECT i.id, i.due_date, coalesce(i.sent_at, i.updated_at), \
         (SELECT max(r.step_days) FROM reminders r WHERE r.invoice_id = i.id) FROM invoices i "
    };
}

fn read_remindable(row: &dyn Row) -> Result<Remindable> {
    Ok(Remindable {
        id: row.get(0)?,
        due_date: row.get(1)?,
        sent_at: row.get(2)?,
        decided: row.get(3)?,
    })
}

/// Lists open invoices that get reminders, at most `most`, from the earliest due date: those after
/// `after` that are due until `last`.
pub fn list_remindable(
    tx: &mut Tx,
    account: AccountId,
    (day, id): (Date, InvoiceId),
    last: Date,
    most: i64,
) -> Result<Vec<Remindable>> {
    tx.list(
        concat!(
            remindable!(),
            "JOIN clients c ON c.id = i.client_id \
             WHERE i.account_id = ?1 AND ",
            is_open!("i."),
            " AND (i.due_date, i.id) > (?2, ?3) AND i.due_date <= ?4 \
             AND i.reminders_off = 0 AND c.reminders_off = 0 AND c.deleted_at IS NULL \
             ORDER BY i.due_date, i.id LIMIT ?5"
        ),
        values![&account, day, &id, last, most],
        read_remindable,
    )
}

/// Returns what decides about the reminders of an invoice.
pub fn find_remindable(tx: &mut Tx, id: InvoiceId) -> Result<Remindable> {
    tx.one(concat!(remindable!(), "WHERE i.id = ?1"), values![&id], read_remindable)
}

/// Whether the client of an invoice was deleted.
pub fn is_client_gone(tx: &mut Tx, id: InvoiceId) -> Result<bool> {
    tx.one(
        "SELECT c.deleted_at FROM invoices i JOIN clients c ON c.id = i.client_id WHERE i.id = ?1",
        values![&id],
        |row| Ok(row.get::<Option<Timestamp>>(0)?.is_some()),
    )
}

/// Records that the client of a paid invoice was thanked; returns false if it was before.
pub fn mark_thanked(tx: &mut Tx, id: InvoiceId, now: Timestamp) -> Result<bool> {
    let marked = tx.execute(
        "UPDATE invoices SET thanked_at = ?2 WHERE id = ?1 AND thanked_at IS NULL",
        values![&id, now],
    )?;
    Ok(marked > 0)
}

/// Lists sent proposals after `after` that were not reminded of, at most `most`: valid until a day
/// from `from` to `to`, each with that day and when it was sent.
pub fn list_expiring(
    tx: &mut Tx,
    account: AccountId,
    (from, to): (Date, Date),
    (day, id): (Date, ProposalId),
    most: i64,
) -> Result<Vec<(ProposalId, Date, Option<Timestamp>)>> {
    tx.list(
        "SELECT p.id, p.valid_until, p.sent_at FROM proposals p \
         JOIN clients c ON c.id = p.client_id WHERE p.account_id = ?1 AND p.status = 'sent' \
         AND p.valid_until IS NOT NULL AND p.valid_until >= ?2 AND p.valid_until <= ?3 \
         AND (p.valid_until, p.id) > (?4, ?5) AND p.reminded_at IS NULL \
         AND c.reminders_off = 0 AND c.deleted_at IS NULL \
         ORDER BY p.valid_until, p.id LIMIT ?6",
        values![&account, from, to, day, &id, most],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Records that the client of a proposal was reminded; returns false if it was before.
pub fn mark_proposal(tx: &mut Tx, id: ProposalId, now: Timestamp) -> Result<bool> {
    let marked = tx.execute(
        "UPDATE proposals SET reminded_at = ?2 WHERE id = ?1 AND reminded_at IS NULL",
        values![&id, now],
    )?;
    Ok(marked > 0)
}

/// Returns the accounts that remind but have no job.
pub fn list_unscheduled(tx: &mut Tx) -> Result<Vec<AccountId>> {
    tx.list(
        "SELECT s.account_id FROM reminder_settings s JOIN accounts a ON a.id = s.account_id \
         WHERE a.deleted_at IS NULL AND (s.enabled = 1 OR s.proposals = 1) \
         AND NOT EXISTS (SELECT 1 FROM jobs WHERE kind = 'remind' AND subject = s.account_id)",
        &[],
        |row| row.get(0),
    )
}
