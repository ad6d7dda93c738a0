//! Emails and their results. Their jobs hold the time of the next try.

use jiff::Timestamp;

use crate::{
    domain::{
        error::Result,
        id::{AccountId, InvoiceId, MailId},
        job::JobKind,
        mail::{MailHealth, QueuedMail, Trouble},
        outbox::{Document, MailFilter, MailStatus, OutboxMail},
        page::Listing,
        reminder::SkipReason,
    },
    store::{
        engine::{Row, Tx, json, values},
        jobs,
        lister::Lister,
        reminder,
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
         mails.created_at, mails.invoice_id, mails.file_name, mails.cc, mails.about"
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
        about: row.get(15)?,
    })
}

/// What [`OutboxMail`] has of each found email, and where it is.
macro_rules! listed {
    (columns) => {
        "found.id, found.kind, found.recipient, found.subject, found.invoice_id, found.about, \
         coalesce(invoices.number, proposals.title, credit_notes.number), found.created_at, \
         coalesce(jobs.tries, found.tries), jobs.due_at, coalesce(jobs.last_error, \
         found.last_error), found.delivered_at, found.file_name, found.failed_at, \
         jobs.created_at, CASE WHEN found.sealed IS NULL THEN 0 ELSE 1 END"
    };
    (names) => {
        "LEFT JOIN invoices ON invoices.id = found.invoice_id \
         LEFT JOIN proposals ON proposals.id = found.about \
         LEFT JOIN credit_notes ON credit_notes.id = found.about "
    };
    (join) => {
        concat!("LEFT JOIN jobs ON jobs.kind = 'mail' AND jobs.subject = found.id ", listed!(names))
    };
}

const LIST: Lister = Lister { join: listed!(join), ..Lister::new("mails", listed!(columns)) };

fn read_listed(row: &dyn Row) -> Result<OutboxMail> {
    let (kind, invoice): (_, Option<InvoiceId>) = (row.get(1)?, row.get(4)?);
    Ok(OutboxMail {
        id: row.get(0)?,
        kind,
        to: row.get(2)?,
        subject: row.get(3)?,
        document: Document::of(kind, invoice, row.get(5)?),
        name: row.get(6)?,
        created_at: row.get(7)?,
        tries: row.get(8)?,
        due_at: row.get(9)?,
        last_error: row.get(10)?,
        delivered_at: row.get(11)?,
        file_name: row.get(12)?,
        failed_at: row.get(13)?,
        waits_since: row.get(14)?,
        // The others are written from their invoice.
        has_text: row.get::<bool>(15)? || invoice.is_some(),
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
        invoice_id: queued.invoice.as_ref(),
        about: queued.about.as_ref()
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

/// Records why the last of `tries` tries failed; returns false if that is known already. The body
/// is erased, unless the email is for a client.
pub fn give_up(
    tx: &mut Tx,
    queued: &QueuedMail,
    tries: i64,
    now: Timestamp,
    reason: &str,
) -> Result<bool> {
    jobs::delete(tx, JobKind::Mail, queued.id)?;
    reminder::mark_skipped(tx, queued.id, SkipReason::Failed)?;
    let sql = if queued.kind.is_for_client() {
        "UPDATE mails SET failed_at = ?2, last_error = ?3, tries = ?4 \
         WHERE id = ?1 AND delivered_at IS NULL AND failed_at IS NULL"
    } else {
        "UPDATE mails SET failed_at = ?2, last_error = ?3, tries = ?4, sealed = NULL \
         WHERE id = ?1 AND delivered_at IS NULL AND failed_at IS NULL"
    };
    Ok(tx.execute(sql, values![&queued.id, now, reason, tries])? > 0)
}

/// Lets an email that was given up wait again, for this recipient and these copies; returns false if
/// it was not given up.
pub fn revive(
    tx: &mut Tx,
    account: Option<AccountId>,
    id: MailId,
    (to, cc): (&str, &[String]),
    now: Timestamp,
) -> Result<bool> {
    let revived = tx.execute(
        "UPDATE mails SET failed_at = NULL, last_error = NULL, tries = 0, recipient = ?2, cc = ?3 \
         WHERE id = ?1 AND failed_at IS NOT NULL",
        values![&id, to, json(&cc)],
    )?;
    if revived > 0 {
        jobs::create(tx, JobKind::Mail, id, account, now, now)?;
    }
    Ok(revived > 0)
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

/// Lists a page of the emails of an account, newest first.
pub fn list_page(
    tx: &mut Tx,
    account: AccountId,
    filter: &MailFilter,
) -> Result<Listing<OutboxMail>> {
    let about = (filter.proposal_id.map(|id| Document::Proposal(id).id()))
        .or(filter.credit_note_id.map(|id| Document::CreditNote(id).id()));
    let query = LIST
        .of(&account)
        .which("invoice_id = ?", filter.invoice_id.as_ref())
        .which("about = ?", about.as_ref())
        .counted();
    match filter.status {
        Some(MailStatus::Waiting) => query.only("delivered_at IS NULL AND failed_at IS NULL"),
        Some(MailStatus::Delivered) => query.only("delivered_at IS NOT NULL"),
        Some(MailStatus::Failed) => query.only("failed_at IS NOT NULL"),
        None => query,
    }
    .page(tx, filter.page, read_listed)
}

/// Finds an email of an account.
pub fn find_of(tx: &mut Tx, account: AccountId, id: MailId) -> Result<OutboxMail> {
    LIST.of(&account).find(tx, "error-mail-not-found", &id, read_listed)
}

/// Lists the stored emails about a document, newest first.
pub fn list_about(tx: &mut Tx, document: Document) -> Result<Vec<OutboxMail>> {
    let sql = match document {
        Document::Invoice(_) => concat!(
            "SELECT ",
            listed!(columns),
            " FROM mails AS found ",
            listed!(join),
            "WHERE found.invoice_id = ?1 ORDER BY found.id DESC"
        ),
        _ => concat!(
            "SELECT ",
            listed!(columns),
            " FROM mails AS found ",
            listed!(join),
            "WHERE found.about = ?1 ORDER BY found.id DESC"
        ),
    };
    tx.list(sql, values![&document.id()], read_listed)
}

/// Lists the emails of an account that were given up, unless a newer one about the same document or
/// of the same kind succeeded or waits, and those that have failed since `late`: newest first, at
/// most `most` of both.
pub fn list_troubled_of(
    tx: &mut Tx,
    account: AccountId,
    late: Timestamp,
    most: i64,
) -> Result<Vec<OutboxMail>> {
    let mut mails = tx.list(
        concat!(
            "SELECT ",
            listed!(columns),
            " FROM jobs JOIN mails AS found ON found.id = jobs.subject ",
            listed!(names),
            "WHERE jobs.account_id = ?1 AND jobs.kind = 'mail' \
             AND jobs.last_error IS NOT NULL AND jobs.created_at <= ?2 LIMIT ?3"
        ),
        values![&account, late, most],
        read_listed,
    )?;
    mails.extend(tx.list(
        concat!(
            "SELECT ",
            listed!(columns),
            " FROM mails AS found ",
            listed!(join),
            "WHERE found.account_id = ?1 AND found.failed_at IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM mails AS newer \
              WHERE newer.invoice_id = found.invoice_id AND newer.id > found.id) \
             AND NOT EXISTS (SELECT 1 FROM mails AS newer \
              WHERE newer.about = found.about AND newer.id > found.id) \
             AND (found.invoice_id IS NOT NULL OR found.about IS NOT NULL \
              OR NOT EXISTS (SELECT 1 FROM mails AS newer \
              WHERE newer.account_id = ?1 AND newer.kind = found.kind \
              AND newer.invoice_id IS NULL AND newer.id > found.id)) \
             ORDER BY found.id DESC LIMIT ?2"
        ),
        values![&account, most],
        read_listed,
    )?);
    mails.sort_by_key(|mail| std::cmp::Reverse(mail.id.uuid()));
    Ok(mails)
}

/// Returns the invoices among these whose newest mail was given up or has failed since `late`.
pub fn failed_of_invoices(
    tx: &mut Tx,
    invoices: &[InvoiceId],
    late: Timestamp,
) -> Result<Vec<InvoiceId>> {
    let mut failed = Vec::new();
    for id in invoices {
        let newest = tx.find(
            concat!(
                "SELECT mails.failed_at, jobs.last_error, jobs.created_at",
                with_jobs!(),
                "WHERE mails.invoice_id = ?1 ORDER BY mails.id DESC LIMIT 1"
            ),
            values![id],
            |row| {
                let (failed_at, error): (Option<Timestamp>, Option<String>) =
                    (row.get(0)?, row.get(1)?);
                let since: Option<Timestamp> = row.get(2)?;
                let is_late = error.is_some() && since.is_some_and(|since| since <= late);
                Ok(failed_at.is_some() || is_late)
            },
        )?;
        failed.extend(newest.filter(|is_failed| *is_failed).map(|_| *id));
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
