//! Mail to be delivered.

use jiff::Timestamp;

use super::engine::{Row, Tx, values};
use crate::domain::{
    error::Result,
    id::{AccountId, InvoiceId, MailId},
    invoice::InvoiceMail,
    mail::{FailedMail, Letter, MailHealth, Trouble},
};

/// The columns [`read`] expects, in order.
macro_rules! columns {
    () => {
        "id, account_id, kind, recipient, subject, sealed, tries, due_at, last_error, \
         delivered_at, failed_at, created_at, invoice_id, file_name"
    };
}

fn read(row: &dyn Row) -> Result<Letter> {
    Ok(Letter {
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
    })
}

/// Adds a letter.
pub fn create(tx: &mut Tx, letter: &Letter) -> Result<()> {
    tx.change(
        "INSERT INTO outbox (id, account_id, kind, recipient, subject, sealed, tries, due_at, \
         created_at, invoice_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        values![
            &letter.id,
            letter.account.as_ref(),
            letter.kind.as_str(),
            &letter.to,
            &letter.subject,
            letter.sealed.as_deref(),
            letter.tries,
            letter.due_at,
            letter.created_at,
            letter.invoice.as_ref(),
        ],
    )
}

/// Removes a letter.
pub fn delete(tx: &mut Tx, id: MailId) -> Result<()> {
    tx.change("DELETE FROM outbox WHERE id = ?1", values![&id])
}

/// How many letters are due, up to `most`.
pub fn count_due(tx: &mut Tx, now: Timestamp, most: i64) -> Result<usize> {
    let due = tx.list(
        "SELECT 1 FROM outbox \
         WHERE delivered_at IS NULL AND failed_at IS NULL AND due_at <= ?1 LIMIT ?2",
        values![now, most],
        |_| Ok(()),
    )?;
    Ok(due.len())
}

/// Takes out the due letter whose turn it is, unless another server does so already; see
/// [`take`]. What became due last goes first: after a long outage, the newest codes are the ones
/// somebody still waits for.
pub fn take_next(tx: &mut Tx, now: Timestamp, until: Timestamp) -> Result<Option<Letter>> {
    let next = tx.claim(
        "SELECT id FROM outbox \
         WHERE delivered_at IS NULL AND failed_at IS NULL AND due_at <= ?1 \
         ORDER BY due_at DESC, id DESC LIMIT 1",
        values![now],
        |row| row.get(0),
    )?;
    match next {
        Some(id) => take(tx, id, now, until),
        None => Ok(None),
    }
}

/// When the next letter becomes due.
pub fn next_due(tx: &mut Tx) -> Result<Option<Timestamp>> {
    let first = tx.find(
        "SELECT due_at FROM outbox WHERE delivered_at IS NULL AND failed_at IS NULL \
         ORDER BY due_at LIMIT 1",
        &[],
        |row| row.get(0),
    )?;
    Ok(first)
}

/// Takes a due letter out for a try, which counts from now on. Nobody else gets it before
/// `until`, and if nothing is heard of the try, it is due again then.
pub fn take(tx: &mut Tx, id: MailId, now: Timestamp, until: Timestamp) -> Result<Option<Letter>> {
    tx.find(
        concat!(
            "UPDATE outbox SET tries = tries + 1, due_at = ?3 \
             WHERE id = ?1 AND due_at <= ?2 AND delivered_at IS NULL AND failed_at IS NULL \
             RETURNING ",
            columns!()
        ),
        values![&id, now, until],
        read,
    )
}

/// Notes a delivery, with the file where it became one, and erases the body.
pub fn mark_delivered(
    tx: &mut Tx,
    id: MailId,
    file_name: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    tx.change(
        "UPDATE outbox SET sealed = NULL, delivered_at = ?2, failed_at = NULL, \
         last_error = NULL, file_name = ?3 WHERE id = ?1",
        values![&id, now, file_name],
    )
}

/// Notes why a try failed, and when the next one is.
pub fn postpone(tx: &mut Tx, id: MailId, due_at: Timestamp, reason: &str) -> Result<()> {
    tx.change(
        "UPDATE outbox SET due_at = ?2, last_error = ?3 \
         WHERE id = ?1 AND delivered_at IS NULL AND failed_at IS NULL",
        values![&id, due_at, reason],
    )
}

/// Notes why the last try failed, and erases the body.
pub fn give_up(tx: &mut Tx, id: MailId, now: Timestamp, reason: &str) -> Result<()> {
    tx.change(
        "UPDATE outbox SET sealed = NULL, failed_at = ?2, last_error = ?3 \
         WHERE id = ?1 AND delivered_at IS NULL",
        values![&id, now, reason],
    )
}

/// A letter.
pub fn find(tx: &mut Tx, id: MailId) -> Result<Option<Letter>> {
    tx.find(concat!("SELECT ", columns!(), " FROM outbox WHERE id = ?1"), values![&id], read)
}

/// The letters that wait, next try first.
pub fn list_waiting(tx: &mut Tx) -> Result<Vec<Letter>> {
    tx.list(
        concat!(
            "SELECT ",
            columns!(),
            " FROM outbox WHERE delivered_at IS NULL AND failed_at IS NULL ORDER BY due_at, id"
        ),
        &[],
        read,
    )
}

/// The letters that were given up, oldest failure first.
pub fn list_failed(tx: &mut Tx) -> Result<Vec<Letter>> {
    tx.list(
        concat!(
            "SELECT ",
            columns!(),
            " FROM outbox WHERE failed_at IS NOT NULL ORDER BY failed_at, id"
        ),
        &[],
        read,
    )
}

/// The letters of an account that are still known, and when each was made.
pub fn list_of_account(tx: &mut Tx, account: AccountId) -> Result<Vec<(MailId, Timestamp)>> {
    tx.list("SELECT id, created_at FROM outbox WHERE account_id = ?1", values![&account], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Every letter that is still known, oldest first.
pub fn list(tx: &mut Tx) -> Result<Vec<Letter>> {
    tx.list(concat!("SELECT ", columns!(), " FROM outbox ORDER BY created_at, id"), &[], read)
}

/// The letters about an invoice that are still known, newest first.
pub fn list_of_invoice(tx: &mut Tx, invoice: InvoiceId) -> Result<Vec<InvoiceMail>> {
    tx.list(
        "SELECT id, kind, recipient, created_at, delivered_at, failed_at, last_error, due_at, \
         file_name FROM outbox WHERE invoice_id = ?1 ORDER BY id DESC",
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
                due_at: row.get(7)?,
                file_name: row.get(8)?,
            })
        },
    )
}

/// The mails of an account that were given up and not followed by a newer one about the same
/// invoice, or of the same kind, that was not: newest first, `most` at most.
pub fn list_failed_of(tx: &mut Tx, account: AccountId, most: i64) -> Result<Vec<FailedMail>> {
    tx.list(
        "SELECT failed.kind, failed.recipient, failed.failed_at, failed.last_error, \
         failed.invoice_id, invoices.number FROM outbox AS failed \
         LEFT JOIN invoices ON invoices.id = failed.invoice_id \
         WHERE failed.account_id = ?1 AND failed.failed_at IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM outbox AS newer \
          WHERE newer.invoice_id = failed.invoice_id AND newer.id > failed.id) \
         AND (failed.invoice_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM outbox AS newer \
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

/// Which of these invoices' newest mails were given up.
pub fn failed_of_invoices(tx: &mut Tx, invoices: &[InvoiceId]) -> Result<Vec<InvoiceId>> {
    let mut failed = Vec::new();
    for id in invoices {
        let newest = tx.find(
            "SELECT failed_at FROM outbox WHERE invoice_id = ?1 ORDER BY id DESC LIMIT 1",
            values![id],
            |row| row.get::<Option<Timestamp>>(0),
        )?;
        failed.extend(newest.flatten().map(|_| *id));
    }
    Ok(failed)
}

/// Makes a waiting letter due, or where none is named, every one; answers how many.
pub fn make_due(tx: &mut Tx, id: Option<MailId>, now: Timestamp) -> Result<u64> {
    match id {
        Some(id) => tx.execute(
            "UPDATE outbox SET due_at = ?2 \
             WHERE id = ?1 AND delivered_at IS NULL AND failed_at IS NULL",
            values![&id, now],
        ),
        None => tx.execute(
            "UPDATE outbox SET due_at = ?1 WHERE delivered_at IS NULL AND failed_at IS NULL",
            values![now],
        ),
    }
}

/// How mail is doing: what has waited since `late`, and what was given up since `lately`.
pub fn health(tx: &mut Tx, late: Timestamp, lately: Timestamp) -> Result<MailHealth> {
    let waiting = tx.one(
        "SELECT count(*) FROM outbox WHERE delivered_at IS NULL AND failed_at IS NULL",
        &[],
        |row| row.get(0),
    )?;
    let late = tx.list(
        "SELECT kind, recipient, last_error FROM outbox \
         WHERE delivered_at IS NULL AND failed_at IS NULL AND created_at <= ?1 \
         ORDER BY due_at DESC, id DESC",
        values![late],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let failed = tx.list(
        "SELECT kind, recipient, last_error FROM outbox WHERE failed_at >= ?1 ORDER BY failed_at DESC, id DESC",
        values![lately],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok(MailHealth { waiting, late: Trouble::of(late), failed: Trouble::of(failed) })
}

/// Forgets up to `most` letters from before `before` that wait no more; answers how many.
pub fn delete_old(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64> {
    tx.execute(
        "DELETE FROM outbox WHERE id IN \
         (SELECT id FROM outbox WHERE created_at < ?1 \
          AND (delivered_at IS NOT NULL OR failed_at IS NOT NULL) \
          ORDER BY created_at LIMIT ?2)",
        values![before, most],
    )
}
