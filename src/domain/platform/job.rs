//! Jobs: work to do later.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    id::{AccountId, Id},
    word::words,
};

/// The minimum time for which a job is retried.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// The pause after the first failed try. It doubles with each further one.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);
/// Fewer tries than fit in a day. A machine that slept, or whose clock was wrong, has made fewer
/// and continues.
const ENOUGH_TRIES: i64 = 50;

words! {
    /// The kind of a job.
    JobKind {
        /// Delivers an email.
        Mail "mail",
        /// Renders the PDF of an invoice that was sent without an email.
        PrintInvoice "print_invoice",
        /// Renders the PDF of a credit note.
        PrintCreditNote "print_credit_note",
        /// Asks a provider whether a checkout was paid.
        Checkout "checkout",
        /// Reminds the clients of an account, every day.
        Remind "remind",
        /// Removes expired data, repeatedly.
        Sweep "sweep",
    }
}

impl JobKind {
    /// Whether such jobs are due at a time of day, not as soon as possible.
    pub fn is_scheduled(self) -> bool {
        self == Self::Remind
    }
}

/// A job that is being run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub kind: JobKind,
    /// Its subject; [`Id::NIL`] if there is one such job for the whole database.
    subject: Id<()>,
    pub account: Option<AccountId>,
    /// The number of tries, including this one.
    pub tries: i64,
    pub created_at: Timestamp,
}

impl Job {
    pub fn new<K>(
        kind: JobKind,
        subject: Id<K>,
        account: Option<AccountId>,
        tries: i64,
        created_at: Timestamp,
    ) -> Self {
        Self { kind, subject: Id::from_uuid(subject.uuid()), account, tries, created_at }
    }

    /// Returns its subject.
    pub fn subject<K>(&self) -> Id<K> {
        Id::from_uuid(self.subject.uuid())
    }

    /// Returns the time of the next try if this one fails. `None` once it is given up: after a day
    /// with enough tries or, if the clock cannot tell the day, after twice as many tries. The last
    /// try is at the end of the day.
    pub fn next_try(&self, now: Timestamp) -> Option<Timestamp> {
        let Self { created_at, tries, .. } = *self;
        let end = created_at.checked_add(GIVEN_UP_AFTER).ok()?;
        if (now >= end && tries >= ENOUGH_TRIES) || tries >= 2 * ENOUGH_TRIES {
            return None;
        }
        let doublings = u32::try_from(tries.clamp(1, 16) - 1).unwrap_or(0);
        let pause =
            FIRST_PAUSE.checked_mul(1 << doublings).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        let next = now.checked_add(pause).ok()?;
        Some(if now < end { next.min(end) } else { next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_an_hour_and_end_after_a_day() {
        let created: Timestamp = "2026-03-18T12:00:00Z".parse().unwrap();
        let mut now = created;
        let mut job = Job::new(JobKind::Mail, Id::<()>::NIL, None, 1, created);
        let mut pauses = Vec::new();
        while let Some(next) = job.next_try(now) {
            pauses.push(next.duration_since(now).as_secs());
            now = next;
            job.tries += 1;
        }
        assert_eq!(pauses[..11], [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]);
        assert_eq!(now.duration_since(created), GIVEN_UP_AFTER);
        assert!(pauses.len() < 60, "{pauses:?}");
    }
}
