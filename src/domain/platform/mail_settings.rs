//! How an account is told of what happened, and how it writes to clients.

use crate::domain::{
    input::{Flag, Inherited, Optional, input},
    notice::Notifications,
    patch::Patch,
    text::{Free, Name},
};

/// The maximum length of a signature, in characters.
const SIGNATURE_MAX: usize = 1000;

/// How an account is told of what happened, and how it writes to clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailSettings {
    pub notifications: Notifications,
    /// The name in the sender of emails to clients; by default that of the business.
    pub sender_name: Option<String>,
    /// What ends emails to clients.
    pub signature: Option<String>,
}

input! {
    /// A change of how an account writes to clients.
    #[derive(Debug, Clone)]
    pub change part MailChange as "MailChange",
        "How you write to clients. Any of the fields; null clears one.";

    thank_you "thankYou": Inherited<Flag> = "Whether clients get the receipt by email when an \
        invoice is paid in full, once for each invoice. Off at first.",
    sender_name "senderName": Optional<Name> =
        "The name in the sender of emails to clients; by default that of the business.",
    signature "signature": Optional<Free<SIGNATURE_MAX>> = "What ends emails to clients.",
}

impl MailChange {
    /// Applies the change of names and texts. Blank text is none.
    pub fn apply(self, settings: &mut MailSettings) {
        let current = settings.clone();
        let unless_blank = |patch: Patch<String>| match patch {
            Patch::Set(text) if text.trim().is_empty() => Patch::Clear,
            patch => patch,
        };
        settings.sender_name = unless_blank(self.sender_name).apply(current.sender_name);
        settings.signature = unless_blank(self.signature).apply(current.signature);
    }
}
