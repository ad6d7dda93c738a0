//! Emails: written with the change that causes them, delivered by a job.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::{
    app::{
        App,
        environment::Environment,
        event::Event,
        jobs::NOTED,
        reminder,
        share::Owner,
        unit_of_work::{Who, Work},
    },
    domain::{
        account::{Account, SignInChange},
        error::{Error, Kind, Result},
        id::{AccountId, CreditNoteId, ImageId, InvoiceId, MailId, ProposalId},
        job::{Job, JobKind},
        mail::{Attachment, Logo, Mail, MailKind, QueuedMail},
        outbox::{Document, OutboxMail},
        reach::Reach,
        reminder::{ReminderStep, SkipReason},
    },
    mail::{
        compose,
        courier::{Delivered, Undelivered},
    },
    store::{self, engine::Tx},
};

/// The delay before a delivery is recorded again after the database was unreachable.
const NOTE_AGAIN: Duration = Duration::from_secs(1);
/// The maximum number of failed emails counted for an account.
const FAILED_COUNTED: i64 = 50;
/// How long mails are stored after they stop waiting.
const KEPT_DAYS: i64 = 30;

/// The sealed content.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Sealed {
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
struct Contents {
    subject: String,
    text: String,
    html: String,
    #[serde(default)]
    from_name: Option<String>,
    reply_to: Option<String>,
    #[serde(flatten)]
    enclosed: Enclosed,
    /// A file's name, and its bytes in base64.
    #[serde(default)]
    attachment: Option<(String, String)>,
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

/// Records that an email was given up, also in the log of reminders; returns whether it was waiting.
fn give_up(
    tx: &mut Tx,
    queued: &QueuedMail,
    tries: i64,
    now: Timestamp,
    reason: &str,
) -> Result<bool> {
    store::reminder::mark_skipped(tx, queued.id, SkipReason::Failed)?;
    store::outbox::give_up(tx, queued, tries, now, reason)
}

impl App {
    /// Tells the worker that there is mail to deliver.
    pub(in crate::app) fn wake_mail(&self) {
        self.wake(JobKind::Mail);
    }

    /// Delivers an email, or records why not and when to retry.
    pub(in crate::app) async fn deliver(&self, job: Job) -> Result<()> {
        let (id, tries): (MailId, _) = (job.subject(), job.tries);
        let found = self.store.read(move |tx| store::outbox::find(tx, id)).await?;
        let Some(courier) = &self.settings.courier else { return Ok(()) };
        let Some(queued) = found else { return self.forget_job(job).await };
        let kind = queued.kind.as_str();
        if let Some(reason) = self.objection(&queued).await? {
            let why = reason.map(SkipReason::as_str);
            tracing::info!(%id, kind, why, "an email is not needed any more");
            let drop = move |tx: &mut Tx| {
                reason.map_or(Ok(()), |reason| store::reminder::mark_skipped(tx, id, reason))?;
                store::outbox::delete(tx, id)
            };
            return self.store.write_as(NOTED, drop).await;
        }
        let mail = self.write_mail(&queued).await;
        let outcome = match mail {
            Ok(mail) => courier.deliver(id, queued.created_at, &mail).await,
            Err(error) => Err(Undelivered::NotNow(error.cause())),
        };
        let now = self.now();
        let (reason, next) = match outcome {
            Ok(Delivered::Accepted) => {
                tracing::info!(%id, kind, "email delivered to the mail server");
                return self.note_delivery(id, tries, None, now).await;
            }
            Ok(Delivered::Saved(file)) => {
                return self.note_delivery(id, tries, Some(file), now).await;
            }
            Err(Undelivered::Refused(reason)) => (reason, None),
            Err(Undelivered::NotNow(reason)) => (reason, job.next_try(now)),
        };
        match next {
            Some(next) => {
                tracing::warn!(%id, kind, reason, next = %next, "could not deliver an email yet");
                self.postpone(job, next, Some(reason)).await
            }
            None => {
                tracing::error!(%id, kind, reason, "could not deliver an email, giving up");
                self.give_up_mail(queued, tries, reason).await
            }
        }
    }

    /// Records that an email was given up. If it is for a client, its owner is told.
    async fn give_up_mail(&self, queued: QueuedMail, tries: i64, reason: String) -> Result<()> {
        let (account, now) = (queued.account.filter(|_| queued.kind.is_for_client()), self.now());
        let (mail, why) = (queued.clone(), reason.clone());
        let tell = move |work: &mut Work| {
            if give_up(work.tx, &mail, tries, now, &why)? {
                let failed = store::outbox::find_of(work.tx, work.account, mail.id)?;
                work.emit(Event::MailFailed(&failed))?;
            }
            Ok(())
        };
        if let Some(account) = account {
            match self.run_always(Who::System(account), tell).await {
                // Nobody needs to know.
                Err(error) if *error.kind() == Kind::Forbidden => {}
                told => return told,
            }
        }
        let note = move |tx: &mut Tx| give_up(tx, &queued, tries, now, &reason).map(drop);
        self.store.write_as(NOTED, note).await
    }

    /// Returns why an email must not go out any more, if anything has made it wrong since it was
    /// queued; with a reason if it is in the log of reminders.
    async fn objection(&self, queued: &QueuedMail) -> Result<Option<Option<SkipReason>>> {
        match (queued.kind, queued.account, queued.invoice, &queued.sealed) {
            (MailKind::InvoiceReminder, Some(account), Some(invoice), _) => {
                let (mail, now) = (queued.id, self.now());
                let read = move |tx: &mut Tx| reminder::objection(tx, account, invoice, mail, now);
                Ok(self.store.read(read).await?.map(Some))
            }
            (MailKind::Receipt, Some(account), Some(invoice), _) => {
                let read = move |tx: &mut Tx| reminder::is_receipt_wrong(tx, account, invoice);
                Ok(self.store.read(read).await?.then_some(None))
            }
            (MailKind::ProposalReminder, Some(account), _, Some(sealed)) => {
                let contents = self.keys()?.open(&context(queued.id), sealed)?;
                let contents: Contents =
                    serde_json::from_slice(&contents).map_err(Error::internal)?;
                let id = ProposalId::parse(&contents.enclosed.proposal.unwrap_or_default());
                let now = self.now();
                let read = move |tx: &mut Tx| reminder::is_proposal_over(tx, account, id, now);
                Ok(self.store.read(read).await?.then_some(None))
            }
            _ => Ok(None),
        }
    }

    /// Records a delivery as soon as possible: an unrecorded mail would be delivered again.
    async fn note_delivery(
        &self,
        id: MailId,
        tries: i64,
        file_name: Option<String>,
        now: Timestamp,
    ) -> Result<()> {
        loop {
            let file_name = file_name.clone();
            let note = move |tx: &mut Tx| {
                store::outbox::mark_delivered(tx, id, tries, file_name.as_deref(), now)
            };
            match self.store.write_as(NOTED, note).await {
                Err(error) if matches!(error.kind(), Kind::Unavailable { .. }) => {
                    sleep(NOTE_AGAIN).await;
                }
                noted => return noted,
            }
        }
    }

    /// Returns an email as it is delivered.
    async fn write_mail(&self, queued: &QueuedMail) -> Result<Mail> {
        if queued.kind == MailKind::Receipt {
            return self.receipt_mail(queued).await;
        }
        let Some(sealed) = &queued.sealed else {
            return self.invoice_mail(queued, None, None).await;
        };
        let contents = self.keys()?.open(&context(queued.id), sealed)?;
        let contents = match serde_json::from_slice(&contents).map_err(Error::internal)? {
            Sealed::Whole(contents) => contents,
            Sealed::Message { message } => {
                return self.invoice_mail(queued, Some(&message), None).await;
            }
            Sealed::Step { step } => return self.invoice_mail(queued, None, Some(&step)).await,
        };
        let Contents { subject, text, html, from_name, reply_to, enclosed, attachment } = *contents;
        let file = match (queued.account, enclosed.proposal, enclosed.credit_note) {
            (Some(account), Some(id), _) => {
                Some(self.proposal_file(account, ProposalId::parse(&id)).await?)
            }
            (Some(account), None, Some(id)) => {
                let owner = Some(Owner::Account(account));
                Some(self.credit_note_file(owner, account, CreditNoteId::parse(&id)).await?)
            }
            _ => None,
        };
        let attachment = match (file, attachment) {
            (Some(file), _) => Some(Attachment { name: file.name, bytes: file.bytes }),
            (None, Some((name, bytes))) => {
                Some(Attachment { name, bytes: STANDARD.decode(bytes).map_err(Error::internal)? })
            }
            (None, None) => None,
        };
        let logo = match enclosed.logo.map(|id| ImageId::parse(&id)) {
            Some(id) => self.store.read(move |tx| store::image::find(tx, id)).await?,
            None => None,
        };
        let (kind, logo) = (queued.kind, logo.map(Logo::from));
        // It may have been corrected since.
        let (to, cc) = (queued.to.clone(), queued.cc.clone());
        Ok(Mail { kind, to, cc, subject, text, html, from_name, reply_to, logo, attachment })
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

fn context(id: MailId) -> String {
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
