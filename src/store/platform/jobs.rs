//! What is to be done later.

use jiff::Timestamp;

use crate::{
    domain::{
        error::Result,
        id::{AccountId, Id},
        job::{Job, JobKind},
    },
    store::engine::{Row, Tx, values},
};

/// Adds a job, unless there is one of that kind for that subject.
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

/// Removes a job that was done, or is not to be done.
pub fn delete<K>(tx: &mut Tx, kind: JobKind, subject: Id<K>) -> Result<()> {
    tx.change("DELETE FROM jobs WHERE kind = ?1 AND subject = ?2", values![kind.as_str(), &subject])
}

/// How many jobs of a kind are due, up to `most`.
pub fn count_due(tx: &mut Tx, kind: JobKind, now: Timestamp, most: i64) -> Result<usize> {
    let due = tx.list(
        "SELECT 1 FROM jobs WHERE kind = ?1 AND due_at <= ?2 LIMIT ?3",
        values![kind.as_str(), now, most],
        |_| Ok(()),
    )?;
    Ok(due.len())
}

/// Takes the due job of a kind whose turn it is, unless another server does so already; see
/// [`claim`]. What became due last goes first: after a long outage, the newest codes are the ones
/// somebody still waits for.
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

/// Takes a due job for a try, which counts from now on. Nobody else gets it before `until`, and if
/// nothing is heard of the try, it is due again then.
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

/// When the next job of a kind becomes due.
pub fn next_due(tx: &mut Tx, kind: JobKind) -> Result<Option<Timestamp>> {
    tx.find(
        "SELECT due_at FROM jobs WHERE kind = ?1 ORDER BY due_at LIMIT 1",
        values![kind.as_str()],
        |row| row.get(0),
    )
}

/// Puts a job off, with the reason where a try has failed; not if it was claimed again meanwhile.
pub fn postpone(tx: &mut Tx, job: &Job, due_at: Timestamp, reason: Option<&str>) -> Result<()> {
    tx.change(
        "UPDATE jobs SET due_at = ?4, last_error = ?5 \
         WHERE kind = ?1 AND subject = ?2 AND tries = ?3",
        values![job.kind.as_str(), &job.subject::<()>(), job.tries, due_at, reason],
    )
}

/// Makes a job due, or where no subject is named, every one of its kind; answers how many.
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

/// Kind and reason of each job, other than a mail, whose last try has failed.
pub fn list_failing(tx: &mut Tx) -> Result<Vec<(String, String)>> {
    tx.list(
        "SELECT kind, last_error FROM jobs WHERE kind <> 'mail' AND last_error IS NOT NULL \
         ORDER BY created_at, subject",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}
