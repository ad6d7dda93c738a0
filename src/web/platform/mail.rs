//! Emails that were not delivered: why, and sending them again.

use poem::Response;

use crate::{
    app::{
        resend::{send_mail_again, try_mail_now},
        unit_of_work::Work,
    },
    domain::{
        error::Result,
        input::Input,
        mail::MailKind,
        outbox::{Document, MailAgain, MailStatus, MailTrouble, OutboxMail},
    },
    locale::{Html, Text, html, t},
    web::{days::Days, fields::Fields, session::local, visit::Visit},
};

/// Sends a failed email again, to the same address or the typed one.
pub async fn send_again(visit: Visit, fields: Fields) -> Result<Response> {
    let (back, id) = (local(fields.get("back")).to_owned(), visit.id());
    let again = MailAgain::read(&fields.only("email"));
    let send =
        move |work: &mut Work, again: &MailAgain, _: Option<&_>| send_mail_again(work, id, again);
    match visit.change::<_, (), _>(again, None, send).await {
        Ok(mail) => Ok(visit.done(&back, t("mail-sent-again").with("email", mail.to))),
        Err(error) => visit.redirect_with_error(&back, error),
    }
}

/// Tries a waiting email at once.
pub async fn try_now(visit: Visit, fields: Fields) -> Result<Response> {
    let back = local(fields.get("back")).to_owned();
    match visit.act(try_mail_now).await {
        Ok(mail) => Ok(visit.done(&back, t("mail-tried-now").with("email", mail.to))),
        Err(error) => visit.redirect_with_error(&back, error),
    }
}

/// Returns the name of a kind of email.
pub fn label(kind: &MailKind) -> Text {
    match kind {
        MailKind::Invoice => t("invoice"),
        MailKind::InvoiceReminder => t("mail-kind-reminder"),
        MailKind::ProposalReminder => t("mail-kind-proposal-reminder"),
        MailKind::Receipt => t("receipt"),
        MailKind::Verification => t("mail-kind-verification"),
        MailKind::PasswordReset => t("mail-kind-reset"),
        MailKind::SecurityNotice => t("mail-kind-security"),
        MailKind::MessageReceived => t("mail-kind-message"),
        MailKind::ProposalAnswered => t("mail-kind-proposal"),
        MailKind::CreditNote => t("mail-kind-credit-note"),
        MailKind::Proposal => t("proposal"),
        MailKind::ProposalCopy => t("mail-kind-proposal-copy"),
        MailKind::PaymentReceived => t("notice-payment-received"),
        MailKind::PaymentHeld => t("notice-payment-held"),
        MailKind::MailFailed => t("notice-mail-failed"),
        MailKind::Test => t("mail-kind-test"),
    }
}

/// Returns the page of the document that an email is about; None without one.
pub fn place(mail: &OutboxMail) -> Option<String> {
    Some(match (mail.document?, &mail.name) {
        // A deleted document has no name.
        (_, None) => return None,
        (Document::Invoice(id), _) => format!("/invoices/{id}"),
        (Document::Proposal(id), _) => format!("/proposals/{id}"),
        (Document::CreditNote(id), _) => format!("/credit-notes/{id}"),
    })
}

/// Says that an email was not delivered.
pub fn what(mail: &OutboxMail, days: &Days) -> Html {
    match (mail.status(), mail.due_at) {
        (MailStatus::Waiting, Some(next)) => {
            html("mail-trouble-waits").bdi("to", &mail.to).with("time", days.at(&next))
        }
        _ => html("mail-trouble-failed").bdi("to", &mail.to),
    }
}

/// Returns why an email was not delivered, in plain words; None if no try failed.
pub fn why(mail: &OutboxMail) -> Option<Text> {
    mail.trouble().map(MailTrouble::text)
}
