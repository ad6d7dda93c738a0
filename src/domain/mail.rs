//! Mails, and the letters in which they wait to be delivered.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::{
    id::{AccountId, InvoiceId, MailId},
    word::words,
};

/// How long delivery is tried at least.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// The pause after the first failed try; each further one is twice as long.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);
/// Fewer tries than a day has room for. A machine that slept, or whose clock was wrong, has made
/// fewer, and goes on.
const ENOUGH_TRIES: i64 = 50;

words! {
    /// What a mail is about.
    MailKind {
        Verification "verification",
        PasswordReset "password_reset",
        SecurityNotice "security_notice",
        MessageReceived "message_received",
        ProposalAnswered "proposal_answered",
        Invoice "invoice",
        InvoiceReminder "invoice_reminder",
    }
}

/// A mail as its reader will see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    pub kind: MailKind,
    pub to: String,
    /// One line without anything secret: it is kept and logged.
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    pub attachment: Option<Attachment>,
}

/// A PDF that comes with a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Of the file.
    pub name: String,
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Mail {
    /// Leaves out the bodies, which hold codes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("kind", &self.kind)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// A mail on its way, as the outbox keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub id: MailId,
    pub account: Option<AccountId>,
    /// The invoice it is about, if any.
    pub invoice: Option<InvoiceId>,
    pub kind: MailKind,
    pub to: String,
    pub subject: String,
    /// All of the mail, readable with the secret key alone; erased once it is delivered or
    /// given up.
    pub sealed: Option<Vec<u8>>,
    pub tries: i64,
    /// When it is tried next.
    pub due_at: Timestamp,
    pub last_error: Option<String>,
    /// When the mail server accepted it, or it was saved as a file.
    pub delivered_at: Option<Timestamp>,
    /// The file it was saved as, where there was no mail server.
    pub file_name: Option<String>,
    pub failed_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl Letter {
    /// Whether it is still to be delivered.
    pub fn waits(&self) -> bool {
        self.delivered_at.is_none() && self.failed_at.is_none()
    }
}

/// A mail that was given up, and has not been made good by a newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedMail {
    /// The invoice it is about, if any.
    pub invoice: Option<(InvoiceId, String)>,
    pub kind: MailKind,
    pub to: String,
    pub failed_at: Timestamp,
    /// In the mail server's words.
    pub reason: String,
}

/// How the mail of a database is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailHealth {
    /// Letters that wait to be delivered.
    pub waiting: i64,
    /// Those of them that wait for long.
    pub late: Trouble,
    /// Letters that were given up lately.
    pub failed: Trouble,
}

/// So many letters are in trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub count: usize,
    /// The newest reason that is known.
    pub reason: Option<String>,
    /// The newest of them, a line each: what it is, for whom, and why it failed.
    pub shown: Vec<String>,
}

/// How many mails in trouble are shown.
const TROUBLE_SHOWN: usize = 5;

impl Trouble {
    /// The trouble of these mails, newest first: kind, recipient, and the reason if one is known.
    pub fn of(mails: Vec<(MailKind, String, Option<String>)>) -> Self {
        let line = |(kind, to, reason): &(MailKind, String, Option<String>)| {
            let kind = kind.as_str().replace('_', " ");
            let reason = reason.as_deref().unwrap_or("not tried yet");
            format!("{kind} to {to}: {reason}")
        };
        Self {
            count: mails.len(),
            shown: mails.iter().take(TROUBLE_SHOWN).map(line).collect(),
            reason: mails.into_iter().find_map(|(_, _, reason)| reason),
        }
    }
}

/// When a mail is tried again that has failed so many times; `None` once it is given up: after a
/// day in which it was tried often enough, or where the clock cannot tell the day, after twice as
/// many tries. The last try comes when the day is over.
pub fn next_try(created_at: Timestamp, tries: i64, now: Timestamp) -> Option<Timestamp> {
    let end = created_at.checked_add(GIVEN_UP_AFTER).ok()?;
    if (now >= end && tries >= ENOUGH_TRIES) || tries >= 2 * ENOUGH_TRIES {
        return None;
    }
    let doublings = u32::try_from(tries.clamp(1, 16) - 1).unwrap_or(0);
    let pause = FIRST_PAUSE.checked_mul(1 << doublings).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
    let next = now.checked_add(pause).ok()?;
    Some(if now < end { next.min(end) } else { next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_an_hour_and_end_after_a_day() {
        let created: Timestamp = "2026-03-18T12:00:00Z".parse().unwrap();
        let mut now = created;
        let mut pauses = Vec::new();
        while let Some(next) = next_try(created, i64::try_from(pauses.len()).unwrap() + 1, now) {
            pauses.push(next.duration_since(now).as_secs());
            now = next;
        }
        assert_eq!(pauses[..11], [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]);
        assert_eq!(now.duration_since(created), GIVEN_UP_AFTER);
        assert!(pauses.len() < 60, "{pauses:?}");
    }
}
