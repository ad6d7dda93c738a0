//! Emails and their results. Their jobs hold the time of the next try.

use jiff::Timestamp;

use crate::{
    domain::{
        error::Result,
        id::{AccountId, InvoiceId, MailId},
        invoice::InvoiceMail,
        job::JobKind,
        mail::{FailedMail, MailHealth, QueuedMail, Trouble},
    },
    store::{
        engine::{Row, Tx, json, values},
        jobs,
        row::row,
    },
};

/// Emails, each with its job if it still has one.
macro_rules! with_jobs {
    () => {
        " FROM mails LEFT JOIN jobs ON jobs.kind = 'mail' AND jobs.subject = mails.id "
    };
}

/// Waiting emails, by their jobs.
macro_rules! waiting {
    () => {
        " FROM jobs JOIN mails ON mails.id = jobs.subject WHERE jobs.kind = 'mail' "
    };
}

/// The columns that [`read`] expects, in order.
macro_rules! columns {
    () => {
        "SELECT mails.id, mails.account_id, mails.kind, mails.recipient, mails.subject, \
         mails.sealed, coalesce(jobs.tries, mails.tries), jobs.due_at, \
         coalesce(jobs.last_error, mails.last_error), mails.delivered_at, mails.failed_at, \
         mails.created_at, mails.invoice_id, mails.file_name, mails.cc"
    };
}

fn read(row: &dyn Row) -> Result<QueuedMail> {
    Ok(QueuedMail {
        id: row.get(0)?,
        account: row.get(1)?,
        kind: row.get(2)?,
        to: row.get(3)?,
        subject: row.get(4)?,
        sealed: row.get(5)?,
        tries: row.get(6)?,
        due_at: row.get(7)?,
        last_error: row.get(8)?,
        delivered_at: row.get(9)?,
        failed_at: row.get(10)?,
        created_at: row.get(11)?,
        invoice: row.get(12)?,
        file_name: row.get(13)?,
        cc: row.get(14)?,
    })
}

/// Adds an email, and the job that delivers it.
pub fn create(tx: &mut Tx, queued: &QueuedMail) -> Result<()> {
    tx.insert(row!(mails {
        id: &queued.id,
        account_id: queued.account.as_ref(),
        kind: queued.kind.as_str(),
        recipient: &queued.to,
        cc: json(&queued.cc),
        subject: &queued.subject,
        sealed: queued.sealed.as_deref(),
        tries: 0_i64,
        created_at: queued.created_at,
        invoice_id: queued.invoice.as_ref()
    }))?;
    let now = queued.created_at;
    jobs::create(tx, JobKind::Mail, queued.id, queued.account, now, now)
}

/// Removes a waiting email.
pub fn delete(tx: &mut Tx, id: MailId) -> Result<()> {
    jobs::delete(tx, JobKind::Mail, id)?;
    tx.change("DELETE FROM mails WHERE id = ?1", values![&id])
}

/// Records a delivery after `tries` tries, with the file if it was saved as one, and erases the
/// body.
pub fn mark_delivered(
    tx: &mut Tx,
    id: MailId,
    tries: i64,
    file_name: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    jobs::delete(tx, JobKind::Mail, id)?;
    tx.change(
        "UPDATE mails SET sealed = NULL, delivered_at = ?2, failed_at = NULL, \
         last_error = NULL, file_name = ?3, tries = ?4 WHERE id = ?1",
        values![&id, now, file_name, tries],
    )
}

/// Records why the last of `tries` tries failed, and erases the body.
pub fn give_up(tx: &mut Tx, id: MailId, tries: i64, now: Timestamp, reason: &str) -> Result<()> {
    jobs::delete(tx, JobKind::Mail, id)?;
    tx.change(
        "UPDATE mails SET sealed = NULL, failed_at = ?2, last_error = ?3, tries = ?4 \
         WHERE id = ?1 AND delivered_at IS NULL",
        values![&id, now, reason, tries],
    )
}

/// Finds an email.
pub fn find(tx: &mut Tx, id: MailId) -> Result<Option<QueuedMail>> {
    tx.find(concat!(columns!(), with_jobs!(), "WHERE mails.id = ?1"), values![&id], read)
}

/// Lists the waiting emails, next try first.
pub fn list_waiting(tx: &mut Tx) -> Result<Vec<QueuedMail>> {
    let sql = concat!(columns!(), waiting!(), "ORDER BY jobs.due_at, jobs.subject");
    tx.list(sql, &[], read)
}

/// Lists the emails that were given up, oldest failure first.
pub fn list_failed(tx: &mut Tx) -> Result<Vec<QueuedMail>> {
    let sql = concat!(
        columns!(),
        with_jobs!(),
        "WHERE mails.failed_at IS NOT NULL ORDER BY mails.failed_at, mails.id"
    );
    tx.list(sql, &[], read)
}

/// Lists the stored emails of an account, and when each was made.
pub fn list_of_account(tx: &mut Tx, account: AccountId) -> Result<Vec<(MailId, Timestamp)>> {
    tx.list("SELECT id, created_at FROM mails WHERE account_id = ?1", values![&account], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Lists all stored emails, oldest first.
pub fn list(tx: &mut Tx) -> Result<Vec<QueuedMail>> {
    let sql = concat!(columns!(), with_jobs!(), "ORDER BY mails.created_at, mails.id");
    tx.list(sql, &[], read)
}

/// Lists the stored emails about an invoice, newest first.
pub fn list_of_invoice(tx: &mut Tx, invoice: InvoiceId) -> Result<Vec<InvoiceMail>> {
    tx.list(
        concat!(
            "SELECT mails.id, mails.kind, mails.recipient, mails.created_at, mails.delivered_at, \
             mails.failed_at, coalesce(jobs.last_error, mails.last_error), mails.file_name, jobs.due_at",
            with_jobs!(),
            "WHERE mails.invoice_id = ?1 ORDER BY mails.id DESC"
        ),
        values![&invoice],
        |row| {
            Ok(InvoiceMail {
                id: row.get(0)?,
                kind: row.get(1)?,
                to: row.get(2)?,
                created_at: row.get(3)?,
                delivered_at: row.get(4)?,
                failed_at: row.get(5)?,
                last_error: row.get(6)?,
                file_name: row.get(7)?,
                due_at: row.get(8)?,
            })
        },
    )
}

/// Lists the emails of an account that were given up, unless a newer one about the same invoice or
/// of the same kind succeeded or waits: newest first, at most `most`.
pub fn list_failed_of(tx: &mut Tx, account: AccountId, most: i64) -> Result<Vec<FailedMail>> {
    tx.list(
        "SELECT failed.kind, failed.recipient, failed.failed_at, failed.last_error, \
         failed.invoice_id, invoices.number FROM mails AS failed \
         LEFT JOIN invoices ON invoices.id = failed.invoice_id \
         WHERE failed.account_id = ?1 AND failed.failed_at IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM mails AS newer \
          WHERE newer.invoice_id = failed.invoice_id AND newer.id > failed.id) \
         AND (failed.invoice_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM mails AS newer \
          WHERE newer.account_id = ?1 AND newer.kind = failed.kind \
          AND newer.invoice_id IS NULL AND newer.id > failed.id)) \
         ORDER BY failed.id DESC LIMIT ?2",
        values![&account, most],
        |row| {
            let invoice: Option<InvoiceId> = row.get(4)?;
            Ok(FailedMail {
                invoice: invoice.zip(row.get::<Option<String>>(5)?),
                kind: row.get(0)?,
                to: row.get(1)?,
                failed_at: row.get(2)?,
                reason: row.get::<Option<String>>(3)?.unwrap_or_default(),
            })
        },
    )
}

/// Returns the invoices among these whose newest mail was given up.
pub fn failed_of_invoices(tx: &mut Tx, invoices: &[InvoiceId]) -> Result<Vec<InvoiceId>> {
    let mut failed = Vec::new();
    for id in invoices {
        let newest = tx.find(
            "SELECT failed_at FROM mails WHERE invoice_id = ?1 ORDER BY id DESC LIMIT 1",
            values![id],
            |row| row.get::<Option<Timestamp>>(0),
        )?;
        failed.extend(newest.flatten().map(|_| *id));
    }
    Ok(failed)
}

/// Returns the state of mail: the emails waiting since `late`, and those given up since `lately`.
pub fn health(tx: &mut Tx, late: Timestamp, lately: Timestamp) -> Result<MailHealth> {
    let waiting = tx.one("SELECT count(*) FROM jobs WHERE kind = 'mail'", &[], |row| row.get(0))?;
    let trouble = |row: &dyn Row| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let late = tx.list(
        concat!(
            "SELECT mails.kind, mails.recipient, jobs.last_error",
            waiting!(),
            "AND mails.created_at <= ?1 ORDER BY jobs.due_at DESC, jobs.subject DESC"
        ),
        values![late],
        trouble,
    )?;
    let failed = tx.list(
        "SELECT kind, recipient, last_error FROM mails WHERE failed_at >= ?1 \
         ORDER BY failed_at DESC, id DESC",
        values![lately],
        trouble,
    )?;
    Ok(MailHealth { waiting, late: Trouble::of(late), failed: Trouble::of(failed) })
}

/// Deletes up to `most` finished emails older than `before`; returns how many.
pub fn delete_old(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64> {
    tx.execute(
        "DELETE FROM mails WHERE id IN \
         (SELECT id FROM mails WHERE created_at < ?1 \
          AND (delivered_at IS NOT NULL OR failed_at IS NOT NULL) \
          ORDER BY created_at LIMIT ?2)",
        values![before, most],
    )
}
