//! Notices: what others or the program did, told to the owner of an account in the app and by email.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{
    activity::{Activity, ActivityKind},
    id::ActivityId,
    input::{Flag, Inherited, One, Optional, OrDefault, input, kinds},
    page::Page,
    rule::Rule,
    word::words,
};

words! {
    /// What a notice is about.
    NoticeKind {
        /// A client accepted or declined a proposal.
        ProposalAnswered "proposal_answered",
        /// A client paid through a provider.
        PaymentReceived "payment_received",
        /// A payment through a provider waits for its owner's decision.
        PaymentHeld "payment_held",
        MessageReceived "message_received",
        /// An email to a client was given up.
        MailFailed "mail_failed",
    }
}

impl NoticeKind {
    /// Returns every kind, in document order.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::WORDS.iter().filter_map(|word| Self::from_word(word))
    }

    /// Returns the kind of notice that such an entry can be, if others or the program cause it.
    pub fn of(kind: ActivityKind) -> Option<Self> {
        match kind {
            ActivityKind::ProposalAccepted | ActivityKind::ProposalRejected => {
                Some(Self::ProposalAnswered)
            }
            ActivityKind::PaymentReceived => Some(Self::PaymentReceived),
            ActivityKind::PaymentHeld => Some(Self::PaymentHeld),
            ActivityKind::MessageReceived => Some(Self::MessageReceived),
            ActivityKind::MailFailed => Some(Self::MailFailed),
            ActivityKind::ClientAdded
            | ActivityKind::ProjectCreated
            | ActivityKind::ProjectCompleted
            | ActivityKind::MilestoneCompleted
            | ActivityKind::ProposalSent
            | ActivityKind::InvoiceCreated
            | ActivityKind::InvoiceSent
            | ActivityKind::InvoicePaid
            | ActivityKind::InvoiceVoided
            | ActivityKind::CreditNoteIssued => None,
        }
    }
}

words! {
    /// Where a notice is told.
    Channel {
        InApp "in_app",
        Email "email",
    }
}

/// Which notices an account gets, and where. Everything is on until it is turned off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Notifications {
    /// What is turned off, as `kind:channel`. Words that this version does not know stay.
    muted: BTreeSet<String>,
}

impl Notifications {
    /// Whether a notice is told there.
    pub fn tells(&self, kind: NoticeKind, channel: Channel) -> bool {
        !self.muted.contains(&word(kind, channel))
    }

    /// Turns a notice on or off.
    pub fn set(&mut self, kind: NoticeKind, channel: Channel, is_on: bool) {
        match is_on {
            true => self.muted.remove(&word(kind, channel)),
            false => self.muted.insert(word(kind, channel)),
        };
    }
}

fn word(kind: NoticeKind, channel: Channel) -> String {
    format!("{}:{}", kind.as_str(), channel.as_str())
}

input! {
    /// A change of where a notice is told.
    #[derive(Debug, Clone)]
    pub change part ChannelsChange as "ChannelsChange", "Where a notice is told.";

    in_app "inApp": Inherited<Flag>,
    email "email": Inherited<Flag>,
}

input! {
    /// A change of the notices that an account gets.
    #[derive(Debug, Clone)]
    pub change part NotificationsChange as "NotificationsChange",
        "Which notices you get, and where. Any of the fields.";

    proposal_answered "proposalAnswered": Inherited<One<ChannelsChange>> =
        "A client accepted or declined a proposal.",
    payment_received "paymentReceived": Inherited<One<ChannelsChange>> =
        "A client paid through a payment provider.",
    payment_held "paymentHeld": Inherited<One<ChannelsChange>> =
        "A payment through a provider needs your decision.",
    message_received "messageReceived": Inherited<One<ChannelsChange>>,
    mail_failed "mailFailed": Inherited<One<ChannelsChange>> =
        "An email to a client could not be delivered.",
}

impl NotificationsChange {
    /// Applies the change.
    pub fn apply(self, notifications: &mut Notifications) {
        for (kind, change) in [
            (NoticeKind::ProposalAnswered, self.proposal_answered),
            (NoticeKind::PaymentReceived, self.payment_received),
            (NoticeKind::PaymentHeld, self.payment_held),
            (NoticeKind::MessageReceived, self.message_received),
            (NoticeKind::MailFailed, self.mail_failed),
        ] {
            let Some(change) = change else { continue };
            for (channel, is_on) in
                [(Channel::InApp, change.in_app), (Channel::Email, change.email)]
            {
                if let Some(is_on) = is_on {
                    notifications.set(kind, channel, is_on);
                }
            }
        }
    }
}

/// An entry of the log that is a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub entry: Activity,
    pub is_unread: bool,
}

input! {
    /// Which notices to list.
    #[derive(Debug, Clone, Copy, Default)]
    pub new NoticeFilter;

    unread "unread": OrDefault<QueryFlag> = "`true` for unread ones only.",
    page "page": Page = "Notices per page; 10 by default.",
}

input! {
    /// Which notices were read.
    #[derive(Debug, Clone, Copy, Default)]
    pub new NoticesRead;

    until "until": Optional<ActivityId> = "This one and all older ones; all by default.",
}

kinds! {
    /// True or false in a query parameter.
    QueryFlag = bool, crate::domain::input::Shape::Flag, |value| match value {
        Value::Bool(flag) => Ok(*flag),
        value => match value.as_str() {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            _ => Err(Rule::NotBoolean),
        },
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_on_until_they_are_turned_off_and_unknown_ones_stay() {
        let mut known: Notifications =
            serde_json::from_str(r#"["later:email","mail_failed:email"]"#).unwrap();
        assert!(!known.tells(NoticeKind::MailFailed, Channel::Email));
        assert!(known.tells(NoticeKind::MailFailed, Channel::InApp));
        known.set(NoticeKind::MailFailed, Channel::Email, true);
        known.set(NoticeKind::PaymentHeld, Channel::InApp, false);
        let stored = serde_json::to_string(&known).unwrap();
        assert_eq!(stored, r#"["later:email","payment_held:in_app"]"#);
    }
}
