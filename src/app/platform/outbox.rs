//! Emails: queued with the change that causes them, delivered by a job.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    app::{App, environment::Environment, unit_of_work::Work},
    domain::{
        account::{Account, SignInChange},
        error::{Error, Result},
        id::{AccountId, InvoiceId, MailId},
        job::JobKind,
        mail::{Mail, QueuedMail},
        outbox::{Document, OutboxMail},
        reach::Reach,
        reminder::ReminderStep,
    },
    mail::compose,
    store::{self, engine::Tx},
};

/// The maximum number of failed emails counted for an account.
const FAILED_COUNTED: i64 = 50;
/// How long mails are stored after they stop waiting.
const KEPT_DAYS: i64 = 30;

/// The sealed content.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Sealed {
    Whole(Box<Contents>),
    /// The freelancer's message. The rest of the email is written from its invoice.
    Message {
        message: String,
    },
    /// The step of a reminder. The rest of the email is written from its invoice.
    Step {
        step: ReminderStep,
    },
}

/// A whole email, without its recipients.
#[derive(Serialize, Deserialize)]
pub(super) struct Contents {
    pub subject: String,
    pub text: String,
    pub html: String,
    #[serde(default)]
    pub from_name: Option<String>,
    pub reply_to: Option<String>,
    #[serde(flatten)]
    pub enclosed: Enclosed,
    /// A file's name, and its bytes in base64.
    #[serde(default)]
    pub attachment: Option<(String, String)>,
}

/// Further content of an email, read and printed on delivery; it does not change meanwhile.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(in crate::app) struct Enclosed {
    /// The id of the logo that its HTML shows.
    #[serde(default)]
    pub logo: Option<String>,
    /// The id of the accepted proposal that is attached as a PDF.
    #[serde(default)]
    pub proposal: Option<String>,
    /// The id of the credit note that is attached as a PDF.
    #[serde(default)]
    pub credit_note: Option<String>,
}

impl Environment {
    /// Returns whether mail goes to a mail server; otherwise it is only saved as files.
    pub fn has_mail_server(&self) -> bool {
        self.settings.courier.as_ref().is_some_and(|courier| courier.is_server())
    }

    /// Returns an email to the owner of an account if the address is verified: registering someone
    /// else's address must not send emails there.
    fn notice(&self, account: &Account, mail: &Mail) -> Result<Option<QueuedMail>> {
        match account.email_verified_at {
            Some(_) => self.queued(Some(account.id), mail),
            None => Ok(None),
        }
    }

    /// Returns an email that notifies an owner of a change to their sign-in.
    pub(in crate::app) fn security_notice(
        &self,
        account: &Account,
        change: SignInChange,
    ) -> Result<Option<QueuedMail>> {
        let at = self.now().to_zoned(account.zone.rules()?);
        let day = account.date_format.show(at.date());
        let at = format!("{day}, {} ({})", at.strftime("%H:%M"), account.zone.name());
        let mail = compose::security_notice(&account.email, &account.first_name, change, &at)?;
        self.notice(account, &mail)
    }

    /// Returns an email to be written in the transaction that causes it; None if mail is disabled.
    pub(in crate::app) fn queued(
        &self,
        account: Option<AccountId>,
        mail: &Mail,
    ) -> Result<Option<QueuedMail>> {
        self.queued_with(account, mail, Enclosed::default())
    }

    /// Like [`Environment::queued`], with more to bring along.
    pub(in crate::app) fn queued_with(
        &self,
        account: Option<AccountId>,
        mail: &Mail,
        enclosed: Enclosed,
    ) -> Result<Option<QueuedMail>> {
        if self.settings.courier.is_none() {
            return Ok(None);
        }
        let (id, now) = (self.new_id(), self.now());
        let contents = Sealed::Whole(Box::new(Contents {
            subject: mail.subject.clone(),
            text: mail.text.clone(),
            html: mail.html.clone(),
            from_name: mail.from_name.clone(),
            enclosed,
            reply_to: mail.reply_to.clone(),
            attachment: (mail.attachment.as_ref())
                .map(|file| (file.name.clone(), STANDARD.encode(&file.bytes))),
        }));
        Ok(Some(QueuedMail {
            account,
            cc: mail.cc.clone(),
            sealed: Some(self.seal(id, &contents)?),
            ..QueuedMail::new(id, mail.kind, &mail.to, mail.subject.clone(), now)
        }))
    }

    /// Like [`Environment::queued_with`], for a client and about a proposal or a credit note.
    pub(in crate::app) fn queued_about(
        &self,
        account: AccountId,
        mail: &Mail,
        document: Document,
        enclosed: Enclosed,
    ) -> Result<Option<QueuedMail>> {
        let queued = self.queued_with(Some(account), mail, enclosed)?;
        Ok(queued.map(|queued| QueuedMail { about: Some(document.id()), ..queued }))
    }

    /// Seals the message of an email about an invoice.
    pub(in crate::app) fn seal_message(&self, id: MailId, message: &str) -> Result<Vec<u8>> {
        self.seal(id, &Sealed::Message { message: message.to_owned() })
    }

    /// Seals the step of a reminder.
    pub(in crate::app) fn seal_step(&self, id: MailId, step: &ReminderStep) -> Result<Vec<u8>> {
        self.seal(id, &Sealed::Step { step: step.clone() })
    }

    fn seal(&self, id: MailId, sealed: &Sealed) -> Result<Vec<u8>> {
        let contents = serde_json::to_vec(sealed).map_err(Error::internal)?;
        self.keys()?.seal(&context(id), self.random_bytes(), &contents)
    }
}

impl App {
    /// Tells the worker that there is mail to deliver.
    pub(in crate::app) fn wake_mail(&self) {
        self.wake(JobKind::Mail);
    }

    /// Returns who can open the links in emails and on pages.
    pub fn reach(&self) -> Reach {
        Reach::of_url(&self.settings.public_url)
    }

    /// Returns the waiting and the failed emails; with `all`, the delivered ones too.
    pub async fn list_mail(&self, all: bool) -> Result<Vec<QueuedMail>> {
        self.store
            .read(move |tx| {
                if all {
                    return store::outbox::list(tx);
                }
                let mut mails = store::outbox::list_failed(tx)?;
                mails.extend(store::outbox::list_waiting(tx)?);
                Ok(mails)
            })
            .await
    }

    /// Makes a waiting email due at once, or one for a client that was given up.
    pub async fn retry_mail(&self, id: MailId) -> Result<()> {
        let now = self.now();
        self.store
            .write(move |tx| {
                if store::jobs::make_due(tx, JobKind::Mail, Some(id), now)? > 0 {
                    return Ok(());
                }
                match store::outbox::find(tx, id)? {
                    None => Err(Error::not_found("error-mail-not-found")),
                    Some(queued) if queued.can_be_sent_again() => {
                        let (account, to) = (queued.account, (&*queued.to, &queued.cc[..]));
                        store::outbox::revive(tx, account, id, to, now).map(drop)
                    }
                    Some(queued) if queued.failed_at.is_some() => {
                        Err(Error::conflict("error-mail-given-up"))
                    }
                    Some(_) => Err(Error::conflict("error-mail-delivered")),
                }
            })
            .await
    }

    /// Makes every waiting email due at once and returns their number.
    pub async fn retry_all_mail(&self) -> Result<u64> {
        let now = self.now();
        let hurry = move |tx: &mut Tx| store::jobs::make_due::<()>(tx, JobKind::Mail, None, now);
        self.store.write(hurry).await
    }
}

/// Returns the instant before which finished emails are deleted.
pub(in crate::app) fn forgotten_before(now: Timestamp) -> Result<Timestamp> {
    now.checked_sub(SignedDuration::from_hours(24 * KEPT_DAYS)).map_err(Error::internal)
}

/// The sealing context of an email.
pub(super) fn context(id: MailId) -> String {
    format!("mail {id}")
}

/// Returns the caller's emails that were given up and not sent again, and those that keep failing,
/// newest first.
pub fn list_troubled_mail(work: &mut Work) -> Result<Vec<OutboxMail>> {
    let late = OutboxMail::late(work.now);
    store::outbox::list_troubled_of(work.tx, work.account, late, FAILED_COUNTED)
}

/// Returns those of these invoices whose newest mail failed.
pub fn invoices_with_failed_mail(work: &mut Work, ids: &[InvoiceId]) -> Result<Vec<InvoiceId>> {
    store::outbox::failed_of_invoices(work.tx, ids, OutboxMail::late(work.now))
}

/// Returns the newest email about a document of the caller if it was given up, or keeps failing.
pub fn failed_mail_of(work: &mut Work, document: Document) -> Result<Option<OutboxMail>> {
    let newest = store::outbox::list_about(work.tx, document)?.into_iter().next();
    Ok(newest.filter(|mail| mail.is_in_trouble(work.now)))
}
