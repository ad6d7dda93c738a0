//! The outbox: emails of an account, and how far they have come.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::{
    domain::{
        id::{CreditNoteId, Id, InvoiceId, MailId, ProposalId},
        input::{Optional, input},
        mail::MailKind,
        page::Page,
        text::Email,
        word::words,
    },
    locale::{Text, t},
};

words! {
    /// How far an email has come.
    MailStatus {
        /// It is tried until it is delivered or given up.
        Waiting "waiting",
        /// The mail server accepted it, or it was saved as a file.
        Delivered "delivered",
        /// It was given up.
        Failed "failed",
    }
}

words! {
    /// Why an email was not delivered, as far as the mail server's answer tells.
    MailTrouble {
        /// There is no such address, or it cannot receive mail.
        NoSuchAddress "no_such_address",
        MailboxFull "mailbox_full",
        TooLarge "too_large",
        /// The recipient's mail server does not want it.
        Rejected "rejected",
        /// The mail server asks to try again later.
        Busy "busy",
        /// The mail server refuses the sender or the sign-in, not this email.
        Settings "settings",
        /// The mail server does not answer.
        Unreachable "unreachable",
        Other "other",
    }
}

impl MailTrouble {
    /// Reads a mail server's answer, or the reason why there is none.
    pub fn of(reason: &str) -> Self {
        let reason = reason.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
        let codes: Vec<_> = reason.split([' ', ':', '(', ')', '-']).collect();
        let has = |known: &[&str]| known.iter().any(|code| codes.contains(code));
        if says(&["cannot receive mail"])
            || has(&["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
            || says(&["no such user", "user unknown", "unknown user", "does not exist"])
        {
            Self::NoSuchAddress
        } else if has(&["5.2.2", "4.2.2"]) || says(&["mailbox full", "mailbox is full", "quota"]) {
            Self::MailboxFull
        } else if has(&["552", "5.2.3", "5.3.4"]) {
            Self::TooLarge
        } else if has(&["530", "534", "535", "538", "5.1.8", "5.1.7", "5.7.8", "5.7.9"])
            || says(&["sender address rejected", "relay access denied", "authentication"])
        {
            Self::Settings
        } else if says(&["permanent error"]) && (has(&["554"]) || says(&["5.7.", "spam"])) {
            Self::Rejected
        } else if says(&["transient error"]) {
            Self::Busy
        } else if says(&["permanent error"]) {
            Self::Other
        } else if says(&["cannot be written"]) {
            Self::Settings
        } else {
            Self::Unreachable
        }
    }
}

impl MailTrouble {
    /// Says it in plain words.
    pub fn text(self) -> Text {
        match self {
            Self::NoSuchAddress => t("mail-why-no-such-address"),
            Self::MailboxFull => t("mail-why-mailbox-full"),
            Self::TooLarge => t("mail-why-too-large"),
            Self::Rejected => t("mail-why-rejected"),
            Self::Busy => t("mail-why-busy"),
            Self::Settings => t("mail-why-settings"),
            Self::Unreachable => t("mail-why-unreachable"),
            Self::Other => t("mail-why-other"),
        }
    }
}

/// A document that an email is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    Invoice(InvoiceId),
    Proposal(ProposalId),
    CreditNote(CreditNoteId),
}

impl Document {
    /// Returns the document of an email of this kind.
    pub fn of(kind: MailKind, invoice: Option<InvoiceId>, about: Option<Id<()>>) -> Option<Self> {
        match (invoice, about.map(|about| about.uuid())) {
            (Some(invoice), _) => Some(Self::Invoice(invoice)),
            (None, Some(id)) if kind == MailKind::CreditNote => {
                Some(Self::CreditNote(Id::from_uuid(id)))
            }
            (None, Some(id)) => Some(Self::Proposal(Id::from_uuid(id))),
            (None, None) => None,
        }
    }

    /// Returns its id without its kind.
    pub fn id(self) -> Id<()> {
        Id::from_uuid(match self {
            Self::Invoice(id) => id.uuid(),
            Self::Proposal(id) => id.uuid(),
            Self::CreditNote(id) => id.uuid(),
        })
    }
}

impl fmt::Display for Document {
    /// Writes its id as the API does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invoice(id) => id.fmt(f),
            Self::Proposal(id) => id.fmt(f),
            Self::CreditNote(id) => id.fmt(f),
        }
    }
}

/// An email of an account, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMail {
    pub id: MailId,
    pub kind: MailKind,
    pub to: String,
    pub subject: String,
    /// The document it is about, if any, and its number or title, unless it was deleted.
    pub document: Option<Document>,
    pub name: Option<String>,
    pub created_at: Timestamp,
    /// The number of tries so far.
    pub tries: i64,
    /// The time of the next try, while it waits.
    pub due_at: Option<Timestamp>,
    /// When the mail server accepted it or it was saved as a file.
    pub delivered_at: Option<Timestamp>,
    /// The file it was saved as, if there was no mail server.
    pub file_name: Option<String>,
    /// When it was given up.
    pub failed_at: Option<Timestamp>,
    /// Why the last try failed, in the mail server's words.
    pub last_error: Option<String>,
    /// Since when it has waited, while it waits.
    pub waits_since: Option<Timestamp>,
    /// Whether its text is still there.
    pub has_text: bool,
}

/// How long an email may fail before its owner is told.
const QUIET: SignedDuration = SignedDuration::from_mins(15);

impl OutboxMail {
    pub fn status(&self) -> MailStatus {
        match (self.delivered_at, self.failed_at) {
            (Some(_), _) => MailStatus::Delivered,
            (None, Some(_)) => MailStatus::Failed,
            (None, None) => MailStatus::Waiting,
        }
    }

    /// Whether it was given up, or has failed for a while.
    pub fn is_in_trouble(&self, now: Timestamp) -> bool {
        match self.status() {
            MailStatus::Delivered => false,
            MailStatus::Failed => true,
            MailStatus::Waiting => {
                let since = self.waits_since.unwrap_or(self.created_at);
                self.last_error.is_some() && since <= Self::late(now)
            }
        }
    }

    /// Returns the instant since which one that waits must have failed.
    pub fn late(now: Timestamp) -> Timestamp {
        now.checked_sub(QUIET).unwrap_or(Timestamp::MIN)
    }

    /// Returns why it was not delivered, if a try failed.
    pub fn trouble(&self) -> Option<MailTrouble> {
        self.last_error.as_deref().map(MailTrouble::of)
    }

    /// Whether it can be sent again: it was given up, and its text is known.
    pub fn can_be_sent_again(&self) -> bool {
        self.status() == MailStatus::Failed && self.kind.is_for_client() && self.has_text
    }
}

input! {
    /// Which emails to list.
    #[derive(Debug, Clone, Copy, Default)]
    pub new MailFilter;

    status "status": Optional<MailStatus>,
    invoice_id "invoiceId": Optional<InvoiceId>,
    proposal_id "proposalId": Optional<ProposalId>,
    credit_note_id "creditNoteId": Optional<CreditNoteId>,
    page "page": Page = "Emails per page; 10 by default.",
}

input! {
    /// How a failed email is sent again.
    #[derive(Debug, Clone, Default)]
    pub new MailAgain;

    email "email": Optional<Email> => "The same address by default.",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_a_mail_server_tells_the_trouble() {
        for (reason, trouble) in [
            ("mail:25: permanent error (550): 5.1.1 nobody here", MailTrouble::NoSuchAddress),
            ("mail:25: permanent error (550): <a@b> does not exist", MailTrouble::NoSuchAddress),
            ("this address cannot receive mail: mail servers …", MailTrouble::NoSuchAddress),
            ("mail:25: permanent error (552): 5.2.2 over quota", MailTrouble::MailboxFull),
            ("mail:25: permanent error (552): 5.3.4 too big", MailTrouble::TooLarge),
            ("mail:25: permanent error (554): 5.7.1 looks like spam", MailTrouble::Rejected),
            ("mail:25: permanent error (550): 5.7.1 not wanted", MailTrouble::Rejected),
            ("mail:25: permanent error (535): 5.7.8 bad password", MailTrouble::Settings),
            ("mail:25: permanent error (554): Relay access denied", MailTrouble::Settings),
            ("/data/mail/1.eml cannot be written: full", MailTrouble::Settings),
            ("mail:25: transient error (450): 4.2.0 greylisted", MailTrouble::Busy),
            ("mail:25: permanent error (550): no", MailTrouble::Other),
            ("mail:25 did not answer in 30 seconds", MailTrouble::Unreachable),
        ] {
            assert_eq!(MailTrouble::of(reason), trouble, "{reason}");
        }
    }
}
