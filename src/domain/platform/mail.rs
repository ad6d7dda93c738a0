//! Mails, and the outbox in which they wait to be delivered.

use std::fmt;

use jiff::Timestamp;

use crate::domain::{
    id::{AccountId, InvoiceId, MailId},
    word::words,
};

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
pub struct QueuedMail {
    pub id: MailId,
    pub account: Option<AccountId>,
    /// The invoice it is about, if any.
    pub invoice: Option<InvoiceId>,
    pub kind: MailKind,
    pub to: String,
    pub subject: String,
    /// All of the mail, readable with the secret key alone; erased once it is delivered or
    /// given up. None where it is written from the invoice when it is delivered.
    pub sealed: Option<Vec<u8>>,
    pub tries: i64,
    /// When it is tried next, as long as it waits.
    pub due_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// When the mail server accepted it, or it was saved as a file.
    pub delivered_at: Option<Timestamp>,
    /// The file it was saved as, where there was no mail server.
    pub file_name: Option<String>,
    pub failed_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl QueuedMail {
    /// One that waits from now on, about nothing and for nobody yet.
    pub fn new(id: MailId, kind: MailKind, to: &str, subject: String, now: Timestamp) -> Self {
        Self {
            id,
            account: None,
            invoice: None,
            kind,
            to: to.to_owned(),
            subject,
            sealed: None,
            tries: 0,
            due_at: Some(now),
            last_error: None,
            delivered_at: None,
            file_name: None,
            failed_at: None,
            created_at: now,
        }
    }

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
    /// Mails that wait to be delivered.
    pub waiting: i64,
    /// Those of them that wait for long.
    pub late: Trouble,
    /// Mails that were given up lately.
    pub failed: Trouble,
}

/// So many mails are in trouble.
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
