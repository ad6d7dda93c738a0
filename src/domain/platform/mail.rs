//! Emails, as they are written and queued.

use std::fmt;

use jiff::Timestamp;

use crate::domain::{
    id::{AccountId, Id, InvoiceId, MailId},
    image::Image,
    word::words,
};

words! {
    /// The subject of an email.
    MailKind {
        Verification "verification",
        PasswordReset "password_reset",
        SecurityNotice "security_notice",
        MessageReceived "message_received",
        ProposalAnswered "proposal_answered",
        /// A proposal, for its client.
        Proposal "proposal",
        /// An accepted proposal, for its client.
        ProposalCopy "proposal_copy",
        Invoice "invoice",
        InvoiceReminder "invoice_reminder",
        ProposalReminder "proposal_reminder",
        /// The receipt of a paid invoice.
        Receipt "receipt",
        CreditNote "credit_note",
        PaymentReceived "payment_received",
        PaymentHeld "payment_held",
        /// An email to a client was given up.
        MailFailed "mail_failed",
        /// An owner asked for it.
        Test "test",
    }
}

impl MailKind {
    /// Whether it is for a client. Its text is kept when it is given up, so that it can be sent
    /// again; others contain codes or tell of something that is on a page too.
    pub fn is_for_client(self) -> bool {
        match self {
            Self::Invoice
            | Self::InvoiceReminder
            | Self::CreditNote
            | Self::Receipt
            | Self::Proposal
            | Self::ProposalReminder
            | Self::ProposalCopy => true,
            Self::Verification
            | Self::PasswordReset
            | Self::SecurityNotice
            | Self::MessageReceived
            | Self::ProposalAnswered
            | Self::PaymentReceived
            | Self::PaymentHeld
            | Self::MailFailed
            | Self::Test => false,
        }
    }
}

/// The content of an email.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    pub kind: MailKind,
    pub to: String,
    /// Who gets a copy of the email, visible to all recipients.
    pub cc: Vec<String>,
    /// One line without secrets: it is stored and logged.
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The freelancer's name, if the email is from one.
    pub from_name: Option<String>,
    /// Where replies go, if not to the sender.
    pub reply_to: Option<String>,
    /// The picture that the HTML shows as [`LOGO`].
    pub logo: Option<Logo>,
    pub attachment: Option<Attachment>,
}

/// The address of the logo in the HTML of an email. The email contains the picture: email clients
/// show it without asking, wherever the server is.
pub const LOGO: &str = "logo@freelanceos";

/// A logo in an email.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    pub content_type: String,
    pub bytes: Vec<u8>,
}

impl From<Image> for Logo {
    fn from(image: Image) -> Self {
        Self { content_type: image.content_type, bytes: image.content }
    }
}

/// A PDF attached to an email.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The file name.
    pub name: String,
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Mail {
    /// Omits the bodies, which contain codes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("kind", &self.kind)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// An email in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMail {
    pub id: MailId,
    pub account: Option<AccountId>,
    /// The invoice it is about, if any.
    pub invoice: Option<InvoiceId>,
    /// The proposal or the credit note that it is about, if any.
    pub about: Option<Id<()>>,
    pub kind: MailKind,
    pub to: String,
    /// Who gets a copy of the email, visible to all recipients.
    pub cc: Vec<String>,
    pub subject: String,
    /// What cannot be written again, encrypted with the secret key; erased once it is delivered, or
    /// given up and not for a client. None if all of it is written from the invoice on delivery.
    pub sealed: Option<Vec<u8>>,
    pub tries: i64,
    /// The time of the next try, while it waits.
    pub due_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// When the mail server accepted it or it was saved as a file.
    pub delivered_at: Option<Timestamp>,
    /// The file it was saved as, if there was no mail server.
    pub file_name: Option<String>,
    pub failed_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl QueuedMail {
    /// Creates a waiting email that belongs to no account or invoice yet.
    pub fn new(id: MailId, kind: MailKind, to: &str, subject: String, now: Timestamp) -> Self {
        Self {
            id,
            account: None,
            invoice: None,
            about: None,
            kind,
            to: to.to_owned(),
            cc: Vec::new(),
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

    /// Whether it still waits for delivery.
    pub fn waits(&self) -> bool {
        self.delivered_at.is_none() && self.failed_at.is_none()
    }

    /// Whether it can be sent again: it was given up, and its text is known.
    pub fn can_be_sent_again(&self) -> bool {
        let has_text = self.sealed.is_some() || self.invoice.is_some();
        self.failed_at.is_some() && self.kind.is_for_client() && has_text
    }
}

/// The state of mail delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailHealth {
    /// Emails that wait for delivery.
    pub waiting: i64,
    /// Those that have waited for long.
    pub late: Trouble,
    /// Emails given up recently.
    pub failed: Trouble,
}

/// The number of emails in trouble, with details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub count: usize,
    /// The newest known reason.
    pub reason: Option<String>,
    /// The newest ones, a line each: kind, recipient and reason.
    pub shown: Vec<String>,
}

/// The number of emails in trouble to list.
const TROUBLE_SHOWN: usize = 5;

impl Trouble {
    /// Describes these emails, newest first: kind, recipient, and the reason if known.
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
