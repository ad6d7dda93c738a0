//! Emails to owners about what others or the program did.

use crate::{
    app::{outbox::Enclosed, unit_of_work::Work},
    domain::{
        error::Result,
        invoice::Invoice,
        mail::MailKind,
        money::Money,
        notice::NoticeKind,
        outbox::{Document, MailTrouble, OutboxMail},
        text::email_key,
    },
    locale::t,
    mail::compose::{self, OwnerNews},
    store,
};

impl Work<'_, '_> {
    /// Mails the owner that a client has paid through a provider; a held payment needs a decision.
    pub(in crate::app) fn mail_payment(
        &mut self,
        is_held: bool,
        invoice: &Invoice,
        amount: Money,
    ) -> Result<()> {
        let owner = store::account::find(self.tx, self.account)?;
        let name = match &invoice.client {
            Some(client) => client.details.name.clone(),
            None => String::new(),
        };
        let (sum, number) = (amount.shown(), &invoice.number);
        let path = format!("/invoices/{}", invoice.id);
        let (kind, notice, subject, text, news) = match is_held {
            true => (
                MailKind::PaymentHeld,
                NoticeKind::PaymentHeld,
                t("mail-subject-payment-held"),
                t("mail-payment-held"),
                t("mail-unverified-payment-held"),
            ),
            false => (
                MailKind::PaymentReceived,
                NoticeKind::PaymentReceived,
                t("mail-subject-payment"),
                t("mail-payment"),
                t("mail-unverified-payment"),
            ),
        };
        let filled = |text: crate::locale::Text| {
            text.with("name", &name).with("amount", &sum).with("number", number).to_string()
        };
        let mail = compose::owner_news(&OwnerNews {
            kind,
            to: &owner.email,
            first_name: &owner.first_name,
            subject: &filled(subject),
            text: &filled(text),
            detail: "",
            link: &format!("{}{path}", self.env.settings.public_url),
            button: &t("mail-invoice-view").to_string(),
        })?;
        let (news, none) = (news.to_string(), Enclosed::default());
        self.mail_news(notice, &owner, &mail, &news, &path, none)
    }

    /// Mails the owner that an email to a client was given up; not if that was to the owner too.
    pub(in crate::app) fn mail_failure(&mut self, failed: &OutboxMail) -> Result<()> {
        let owner = store::account::find(self.tx, self.account)?;
        if email_key(&failed.to) == email_key(&owner.email) {
            return Ok(());
        }
        let path = match failed.document {
            Some(Document::Invoice(id)) => format!("/invoices/{id}#mail"),
            Some(Document::Proposal(id)) => format!("/proposals/{id}#mail"),
            Some(Document::CreditNote(id)) => format!("/credit-notes/{id}#mail"),
            None => "/settings/email".to_owned(),
        };
        let why = failed.trouble().unwrap_or(MailTrouble::Other).text();
        let text = t("mail-failure").with("to", &failed.to).with("subject", &failed.subject);
        let mail = compose::owner_news(&OwnerNews {
            kind: MailKind::MailFailed,
            to: &owner.email,
            first_name: &owner.first_name,
            subject: &t("mail-subject-failure").with("to", &failed.to).to_string(),
            text: &text.to_string(),
            detail: &t("mail-failure-why").with("why", why).to_string(),
            link: &format!("{}{path}", self.env.settings.public_url),
            button: &t("mail-failure-button").to_string(),
        })?;
        let (kind, none) = (NoticeKind::MailFailed, Enclosed::default());
        let news = t("mail-unverified-failure").to_string();
        self.mail_news(kind, &owner, &mail, &news, &path, none)
    }
}
