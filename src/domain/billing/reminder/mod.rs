//! Reminders: emails that chase unpaid invoices, step by step around the due date, and proposals
//! that wait for an answer.

mod settings;
mod step;

use jiff::{Timestamp, civil::Date};

pub use self::{
    settings::{
        DueStep, ProposalReminderChange, Remindable, ReminderSettings, ReminderSettingsChange,
        RemindersChange, STEPS_MAX, Step, next_time, time_of,
    },
    step::{Facts, LateFee, ReminderStep, StepDays, VARIABLES, usual_text},
};
use crate::domain::{
    id::{AccountId, ClientId, InvoiceId, MailId, ReminderId},
    input::{Optional, input},
    page::Page,
    word::words,
};

words! {
    /// The outcome of a reminder.
    ReminderState {
        Sent "sent",
        Skipped "skipped",
    }
}

words! {
    /// Why a reminder was not sent.
    SkipReason {
        /// A newer step was due by then.
        Passed "passed",
        /// The invoice was paid before the email went out.
        Paid "paid",
        /// The invoice was voided before the email went out.
        Voided "voided",
        /// Reminders were turned off before the email went out.
        TurnedOff "turned_off",
        /// The freelancer's address is not verified.
        Unverified "unverified",
        /// The server has no mail server: the email was only saved as a file.
        NoMailServer "no_mail_server",
        /// The mail server did not take the email.
        Failed "failed",
    }
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    pub id: ReminderId,
    pub account: AccountId,
    pub invoice: InvoiceId,
    pub invoice_number: String,
    pub client: ClientId,
    pub client_name: String,
    /// Its step; None if it was sent by hand.
    pub days: Option<i32>,
    pub state: ReminderState,
    pub reason: Option<SkipReason>,
    pub mail: Option<MailId>,
    /// The id and number of the draft of its late fee.
    pub fee: Option<(InvoiceId, String)>,
    pub at: Timestamp,
}

/// What the page of an invoice says of its reminders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceReminders {
    /// Newest first.
    pub log: Vec<Reminder>,
    /// The day of the next one.
    pub next: Option<Date>,
    /// Whether they are turned off for its client.
    pub client_off: bool,
    /// Whether they are turned off for all invoices.
    pub all_off: bool,
}

input! {
    /// The filter of the log.
    #[derive(Debug, Clone, Copy)]
    pub new ReminderFilter;

    state "state": Optional<ReminderState> = "Only reminders with this outcome.",
    page "page": Page = "Reminders per page; 10 by default.",
}

input! {
    /// A page of the log of an invoice.
    #[derive(Debug, Clone, Copy)]
    pub new ReminderPage;

    page "page": Page = "Reminders per page; 10 by default.",
}
