//! Jobs: work to do later.

use jiff::Timestamp;

use crate::{
    domain::{
        error::Result,
        id::{AccountId, Id},
        job::{Job, JobKind},
    },
    store::engine::{Row, Tx, values},
};

/// Adds a job, unless one of that kind exists for that subject.
pub fn create<K>(
    tx: &mut Tx,
    kind: JobKind,
    subject: Id<K>,
    account: Option<AccountId>,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    tx.change(
        "INSERT INTO jobs (kind, subject, account_id, due_at, tries, created_at) \
         VALUES (?1, ?2, ?3, ?4, 0, ?5) ON CONFLICT (kind, subject) DO NOTHING",
        values![kind.as_str(), &subject, account.as_ref(), due_at, now],
    )
}

/// Removes a job that is done or no longer needed.
pub fn delete<K>(tx: &mut Tx, kind: JobKind, subject: Id<K>) -> Result<()> {
    tx.change("DELETE FROM jobs WHERE kind = ?1 AND subject = ?2", values![kind.as_str(), &subject])
}

/// Counts the due jobs of a kind, up to `most`.
pub fn count_due(tx: &mut Tx, kind: JobKind, now: Timestamp, most: i64) -> Result<usize> {
    let due = tx.list(
        "SELECT 1 FROM jobs WHERE kind = ?1 AND due_at <= ?2 LIMIT ?3",
        values![kind.as_str(), now, most],
        |_| Ok(()),
    )?;
    Ok(due.len())
}

/// Whether a job for this subject is due.
pub fn is_due<K>(tx: &mut Tx, kind: JobKind, subject: Id<K>, now: Timestamp) -> Result<bool> {
    let due = tx.find(
        "SELECT 1 FROM jobs WHERE kind = ?1 AND subject = ?2 AND due_at <= ?3",
        values![kind.as_str(), &subject, now],
        |_| Ok(()),
    )?;
    Ok(due.is_some())
}

/// Claims the next due job of a kind, unless another server has it; see [`claim`]. The job that
/// became due last goes first: after a long outage, the newest codes are still useful.
pub fn claim_next(
    tx: &mut Tx,
    kind: JobKind,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Job>> {
    let next: Option<Id<()>> = tx.claim(
        "SELECT subject FROM jobs WHERE kind = ?1 AND due_at <= ?2 \
         ORDER BY due_at DESC, subject DESC LIMIT 1",
        values![kind.as_str(), now],
        |row| row.get(0),
    )?;
    match next {
        Some(subject) => claim(tx, kind, subject, now, until),
        None => Ok(None),
    }
}

/// Claims a due job for a try, and counts it. Nobody else gets it before `until`. If the try
/// reports nothing, the job is due again then.
pub fn claim<K>(
    tx: &mut Tx,
    kind: JobKind,
    subject: Id<K>,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Job>> {
    tx.find(
        "UPDATE jobs SET tries = tries + 1, due_at = ?4 \
         WHERE kind = ?1 AND subject = ?2 AND due_at <= ?3 \
         RETURNING account_id, tries, created_at",
        values![kind.as_str(), &subject, now, until],
        |row: &dyn Row| Ok(Job::new(kind, subject, row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Returns when the next job of a kind becomes due.
pub fn next_due(tx: &mut Tx, kind: JobKind) -> Result<Option<Timestamp>> {
    tx.find(
        "SELECT due_at FROM jobs WHERE kind = ?1 ORDER BY due_at LIMIT 1",
        values![kind.as_str()],
        |row| row.get(0),
    )
}

/// Returns when the last job of a kind becomes due.
pub fn last_due(tx: &mut Tx, kind: JobKind) -> Result<Option<Timestamp>> {
    tx.find(
        "SELECT due_at FROM jobs WHERE kind = ?1 ORDER BY due_at DESC LIMIT 1",
        values![kind.as_str()],
        |row| row.get(0),
    )
}

/// Postpones a job, with the reason if a try failed; not if it was claimed again meanwhile.
pub fn postpone(tx: &mut Tx, job: &Job, due_at: Timestamp, reason: Option<&str>) -> Result<()> {
    tx.change(
        "UPDATE jobs SET due_at = ?4, last_error = ?5 \
         WHERE kind = ?1 AND subject = ?2 AND tries = ?3",
        values![job.kind.as_str(), &job.subject::<()>(), job.tries, due_at, reason],
    )
}

/// Makes a job due or, without a subject, every job of its kind; returns how many.
pub fn make_due<K>(
    tx: &mut Tx,
    kind: JobKind,
    subject: Option<Id<K>>,
    now: Timestamp,
) -> Result<u64> {
    match subject {
        Some(subject) => tx.execute(
            "UPDATE jobs SET due_at = ?3 WHERE kind = ?1 AND subject = ?2",
            values![kind.as_str(), &subject, now],
        ),
        None => {
            tx.execute("UPDATE jobs SET due_at = ?2 WHERE kind = ?1", values![kind.as_str(), now])
        }
    }
}

/// Moves a job that is not due yet.
pub fn move_to<K>(
    tx: &mut Tx,
    kind: JobKind,
    subject: Id<K>,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    tx.change(
        "UPDATE jobs SET due_at = ?3 WHERE kind = ?1 AND subject = ?2 AND due_at > ?4",
        values![kind.as_str(), &subject, due_at, now],
    )
}

/// Makes the jobs of a kind due that are later than `latest`: the clock was ahead when their time
/// was written. Returns how many.
pub fn recall(tx: &mut Tx, kind: JobKind, latest: Timestamp, now: Timestamp) -> Result<u64> {
    tx.execute(
        "UPDATE jobs SET due_at = ?3 WHERE kind = ?1 AND due_at > ?2",
        values![kind.as_str(), latest, now],
    )
}

/// Returns kind and reason of each job, other than an email, whose last try failed.
pub fn list_failing(tx: &mut Tx) -> Result<Vec<(String, String)>> {
    tx.list(
        "SELECT kind, last_error FROM jobs WHERE kind <> 'mail' AND last_error IS NOT NULL \
         ORDER BY created_at, subject",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}
