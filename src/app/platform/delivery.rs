//! Delivers queued emails: what is no longer right is dropped, what fails is tried again.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use tokio::time::sleep;

use super::outbox::{Contents, Sealed, context};
use crate::{
    app::{
        App,
        event::Event,
        jobs::NOTED,
        reminder,
        share::Owner,
        unit_of_work::{Who, Work},
    },
    domain::{
        error::{Error, Kind, Result},
        id::{CreditNoteId, ImageId, MailId, ProposalId},
        job::Job,
        mail::{Attachment, Logo, Mail, MailKind, QueuedMail},
        outbox::Document,
        reminder::SkipReason,
    },
    mail::courier::{Delivered, Undelivered},
    store::{self, engine::Tx},
};

/// The delay before a delivery is recorded again after the database was unreachable.
const NOTE_AGAIN: Duration = Duration::from_secs(1);

impl App {
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
            if store::outbox::give_up(work.tx, &mail, tries, now, &why)? {
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
        let note =
            move |tx: &mut Tx| store::outbox::give_up(tx, &queued, tries, now, &reason).map(drop);
        self.store.write_as(NOTED, note).await
    }

    /// Returns why an email must not go out any more, if anything has made it wrong since it was
    /// queued; with a reason if it is in the log of reminders.
    async fn objection(&self, queued: &QueuedMail) -> Result<Option<Option<SkipReason>>> {
        let (mail, now) = (queued.id, self.now());
        let document = Document::of(queued.kind, queued.invoice, queued.about);
        match (queued.kind, queued.account, document) {
            (MailKind::InvoiceReminder, Some(account), Some(Document::Invoice(invoice))) => {
                let read = move |tx: &mut Tx| reminder::objection(tx, account, invoice, mail, now);
                Ok(self.store.read(read).await?.map(Some))
            }
            (MailKind::Receipt, Some(account), Some(Document::Invoice(invoice))) => {
                let read = move |tx: &mut Tx| reminder::is_receipt_wrong(tx, account, invoice);
                Ok(self.store.read(read).await?.then_some(None))
            }
            (MailKind::ProposalReminder, Some(account), Some(Document::Proposal(id))) => {
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
}
