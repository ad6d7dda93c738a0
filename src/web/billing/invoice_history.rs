//! The history of an invoice on its page.

use jiff::Timestamp;

use crate::{
    domain::{invoice::InvoiceRecord, mail::MailKind, outbox::OutboxMail},
    locale::{Html, html, t},
    web::days::Days,
};

/// One event.
pub struct Entry {
    /// The name of its icon.
    pub icon: &'static str,
    /// `green` or `red`; empty for neither.
    pub tone: &'static str,
    pub text: Html,
    pub detail: Option<Html>,
    pub at: Timestamp,
}

/// Returns the events of an invoice, newest first.
pub fn history(record: &InvoiceRecord, days: &Days) -> Vec<Entry> {
    let (invoice, times) = (&record.shown.invoice, &record.times);
    let entry = |icon, text, at| Entry { icon, tone: "", text, detail: None, at };
    let paid = invoice.paid_at.map(|paid| Entry {
        tone: "green",
        ..entry("check", html("invoice-log-paid-html"), paid.at)
    });
    let viewed = times.viewed_at.map(|at| entry("eye", html("invoice-log-opened-html"), at));
    let mails = record.mails.iter().map(|mail| mailed(mail, days));
    // Emails are deleted after a month, and some were never created.
    let has_mail = |kind, at| record.mails.iter().any(|m| m.kind == kind && m.created_at == at);
    let reminded = times
        .reminded_at
        .filter(|at| !has_mail(MailKind::InvoiceReminder, *at))
        .map(|at| entry("bell", html("invoice-log-reminded-html"), at));
    let sent = times
        .sent_at
        .filter(|at| !has_mail(MailKind::Invoice, *at))
        .map(|at| entry("send", html("invoice-log-sent-html"), at));
    let created = entry("invoice", html("invoice-log-created-html"), invoice.created_at);
    let mut entries: Vec<Entry> = paid.into_iter().chain(viewed).chain(mails).collect();
    entries.extend(reminded.into_iter().chain(sent).chain([created]));
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    entries
}

/// Returns the outcome of an email.
fn mailed(mail: &OutboxMail, days: &Days) -> Entry {
    let (name, icon) = match mail.kind {
        MailKind::InvoiceReminder => (t("reminder"), "bell"),
        MailKind::Receipt => (t("receipt"), "receipt"),
        _ => (t("invoice"), "send"),
    };
    let why = || mail.last_error.as_deref().unwrap_or_default();
    let (tone, at, detail) = match (mail.delivered_at, mail.failed_at) {
        (Some(at), _) => {
            let detail = match &mail.file_name {
                Some(file) => {
                    let key = html("invoice-show-saved-file-not-delivered");
                    key.with("at", days.at(&at)).bdi("file", file)
                }
                None => html("invoice-show-accepted-by-mail-server").with("at", days.at(&at)),
            };
            ("", at, detail)
        }
        (None, Some(at)) => {
            let detail = html("invoice-show-failed").with("at", days.at(&at)).bdi("why", why());
            ("red", at, detail)
        }
        (None, None) => {
            let at = mail.created_at;
            let detail = match mail.due_at.filter(|_| mail.last_error.is_some()) {
                Some(next) => html("invoice-show-waiting-next-attempt-last")
                    .with("next", days.at(&next))
                    .bdi("why", why()),
                None => html("invoice-show-waiting-since").with("date", days.at(&at)),
            };
            ("", at, detail)
        }
    };
    let text = html("invoice-log-mail-html").with("mail", name).bdi("to", &mail.to);
    let icon = if tone == "red" { "alert" } else { icon };
    Entry { icon, tone, text, detail: Some(detail), at }
}
