//! The activity log as text, grouped by day.

use jiff::civil::Date;

use crate::{
    domain::{
        activity::{Activity, ActivityKind},
        date,
        id::{CreditNoteKind, InvoiceKind, Named, ProposalKind},
    },
    locale::{Html, html, t},
    web::{days::Days, figure},
};

/// The events of one day.
pub struct LogDay {
    pub label: String,
    pub entries: Vec<Entry>,
}

/// One entry of the log.
pub struct Entry {
    pub icon: &'static str,
    /// The colour of its icon; empty for most.
    pub tone: &'static str,
    /// A description of the event with a link.
    pub sentence: Html,
    /// The time of day.
    pub time: String,
}

/// Groups entries, newest first, by days in the reader's timezone.
pub fn by_day(entries: &[Activity], days: &Days) -> Vec<LogDay> {
    let of_day = entries.chunk_by(|a, b| days.day_of(&a.at) == days.day_of(&b.at));
    let day = |entries: &[Activity]| LogDay {
        label: entries
            .first()
            .map_or_else(String::new, |entry| label(days.day_of(&entry.at), days)),
        entries: entries.iter().map(|entry| self::entry(entry, days)).collect(),
    };
    of_day.map(day).collect()
}

/// Returns the name of a day: the weekday within the last week.
fn label(day: Date, days: &Days) -> String {
    match date::days_until(day, days.today()) {
        0 => t("home-today").into(),
        1 => t("home-yesterday").into(),
        2..7 => day.strftime("%A").to_string(),
        _ => days.brief(&day),
    }
}

/// Describes an entry.
pub fn entry(entry: &Activity, days: &Days) -> Entry {
    let (icon, tone) = match entry.kind {
        ActivityKind::ClientAdded => ("clients", ""),
        ActivityKind::ProjectCreated => ("project", ""),
        ActivityKind::ProjectCompleted | ActivityKind::MilestoneCompleted => ("check", ""),
        ActivityKind::ProposalSent | ActivityKind::InvoiceSent => ("send", ""),
        ActivityKind::ProposalAccepted => ("proposal", "green"),
        ActivityKind::ProposalRejected => ("close", ""),
        ActivityKind::InvoiceCreated => ("invoice", ""),
        ActivityKind::InvoicePaid => ("check", "green"),
        ActivityKind::InvoiceVoided => ("close", ""),
        ActivityKind::CreditNoteIssued => ("receipt", ""),
        ActivityKind::PaymentReceived => ("receipt", "green"),
        ActivityKind::PaymentHeld => ("alert", "amber"),
        ActivityKind::MessageReceived => ("message", ""),
        ActivityKind::MailFailed => ("alert", "red"),
    };
    Entry { icon, tone, sentence: sentence(entry), time: days.time(&entry.at) }
}

fn sentence(entry: &Activity) -> Html {
    let key = match entry.kind {
        ActivityKind::ClientAdded => "home-log-client-html",
        ActivityKind::MessageReceived => "home-log-message-html",
        ActivityKind::ProjectCreated => "home-log-project-html",
        ActivityKind::ProjectCompleted => "home-log-project-done-html",
        ActivityKind::MilestoneCompleted => "home-log-milestone-html",
        ActivityKind::ProposalSent => "home-log-proposal-sent-html",
        ActivityKind::ProposalAccepted => "home-log-proposal-accepted-html",
        ActivityKind::ProposalRejected => "home-log-proposal-declined-html",
        ActivityKind::InvoiceCreated => "home-log-invoice-html",
        ActivityKind::InvoiceSent => "home-log-invoice-sent-html",
        ActivityKind::InvoicePaid => "home-log-invoice-paid-html",
        ActivityKind::InvoiceVoided => "home-log-invoice-voided-html",
        ActivityKind::CreditNoteIssued => "home-log-credit-note-html",
        ActivityKind::PaymentReceived => "home-log-payment-received-html",
        ActivityKind::PaymentHeld => "home-log-payment-held-html",
        ActivityKind::MailFailed => "home-log-mail-failed-html",
    };
    let person = match entry.kind {
        ActivityKind::ClientAdded | ActivityKind::MessageReceived | ActivityKind::MailFailed => {
            Some(&entry.subject)
        }
        _ => entry.client_name.as_ref(),
    };
    let (Some(person), Some(place)) = (person, place(entry)) else {
        // Entries from older versions may lack a part.
        return html("home-log-other").bdi("message", entry.message());
    };
    let amount = entry.amount.map(|sum| figure::text(sum.currency, &sum.minor.into()));
    html(key)
        .with("href", place)
        .bdi("person", person)
        .bdi("subject", &entry.subject)
        .bdi("amount", amount.unwrap_or_default())
}

/// Returns the page of a log entry. Entries of milestones do not name their project.
fn place(activity: &Activity) -> Option<String> {
    let folder = match activity.kind {
        ActivityKind::ClientAdded => "clients",
        ActivityKind::ProjectCreated | ActivityKind::ProjectCompleted => "projects",
        ActivityKind::ProposalSent
        | ActivityKind::ProposalAccepted
        | ActivityKind::ProposalRejected => "proposals",
        ActivityKind::InvoiceCreated
        | ActivityKind::InvoiceSent
        | ActivityKind::InvoicePaid
        | ActivityKind::InvoiceVoided
        | ActivityKind::PaymentReceived
        | ActivityKind::PaymentHeld => "invoices",
        ActivityKind::CreditNoteIssued => "credit-notes",
        ActivityKind::MessageReceived => return Some("/messages".to_owned()),
        ActivityKind::MilestoneCompleted => return Some("/projects".to_owned()),
        // Such an email is about a document.
        ActivityKind::MailFailed => match activity.entity_id.as_ref()?.split_once('_')?.0 {
            InvoiceKind::PREFIX => "invoices",
            ProposalKind::PREFIX => "proposals",
            CreditNoteKind::PREFIX => "credit-notes",
            _ => return Some("/settings/email".to_owned()),
        },
    };
    activity.entity_id.as_ref().map(|id| format!("/{folder}/{id}"))
}
