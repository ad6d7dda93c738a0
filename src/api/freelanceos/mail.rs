//! `/mails`: the emails of the account, and how far they have come.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    envelope::{Answer, Paged, Reply, render},
    error::{Changing, Failed, Listing},
};
use crate::{
    app::{
        App,
        resend::{list_mails, send_mail_again, try_mail_now},
        unit_of_work::Work,
    },
    domain::{
        id::{CreditNoteId, InvoiceId, MailId, ProposalId},
        mail::MailKind,
        outbox::{Document, MailAgain, MailFilter, MailStatus, MailTrouble, OutboxMail},
    },
    http::{
        bearer::Bearer,
        body::Body,
        query::Query,
        schema::{Instant, OneOf, Text, bodies, schema},
    },
};

schema! {
    /// An email, and how far it has come.
    struct MailBody "Mail" of mail: OutboxMail {
        id "id": Text<MailId> = Text(mail.id),
        kind "type": OneOf<MailKind> = OneOf(mail.kind),
        status "status": OneOf<MailStatus> = OneOf(mail.status()),
        to "to": String = mail.to.clone(),
        subject "subject": String = mail.subject.clone(),
        /// The invoice it is about.
        invoice_id "invoiceId": Option<Text<InvoiceId>> = match mail.document {
            Some(Document::Invoice(id)) => Some(Text(id)),
            _ => None,
        },
        /// The proposal it is about.
        proposal_id "proposalId": Option<Text<ProposalId>> = match mail.document {
            Some(Document::Proposal(id)) => Some(Text(id)),
            _ => None,
        },
        /// The credit note it is about.
        credit_note_id "creditNoteId": Option<Text<CreditNoteId>> = match mail.document {
            Some(Document::CreditNote(id)) => Some(Text(id)),
            _ => None,
        },
        created_at "createdAt": Instant = Instant(mail.created_at),
        /// How often it was tried.
        tries "tries": i64 = mail.tries,
        /// When it is tried again.
        next_try_at "nextTryAt": Option<Instant> = mail.due_at.map(Instant),
        /// When the mail server accepted it or, without a mail server, it was saved as a file.
        delivered_at "deliveredAt": Option<Instant> = mail.delivered_at.map(Instant),
        /// When it was given up.
        failed_at "failedAt": Option<Instant> = mail.failed_at.map(Instant),
        /// Why the last try failed.
        reason "reason": Option<OneOf<MailTrouble>> = mail.trouble().map(OneOf),
        /// The same in the mail server's words.
        error "error": Option<String> = mail.last_error.clone(),
        /// Whether it failed and can be sent again.
        can_send_again "canSendAgain": bool = mail.can_be_sent_again(),
    }
}

bodies! {
    /// The address to send to. The body may be empty.
    MailAgainInput "SendMailAgain" = MailAgain, example r#"{"email": "billing@techstart.ng"}"#;

    /// The body may be empty.
    TryMailInput "TryMailNow" = ();
}

/// The routes of emails.
pub struct Routes(pub Arc<App>);

#[OpenApi(prefix_path = "/mails", tag = "Tag::Mails")]
impl Routes {
    /// List emails, newest first
    ///
    /// Filter by `status`, or by the document they are about. Finished ones are deleted after 30
    /// days.
    #[oai(path = "/", method = "get", operation_id = "listMails")]
    async fn list(
        &self,
        bearer: Bearer,
        filter: Query<MailFilter>,
    ) -> Result<Paged<MailBody>, Failed<Listing>> {
        let filter = self.0.admit(bearer.0, filter.read()).await?;
        Ok(Paged::new(self.0.query(bearer.0, move |work| list_mails(work, &filter)).await?))
    }

    /// Send a failed email again
    ///
    /// To the same address or another one, with the text it had. It counts once, however often it
    /// is asked for. Returns 409 if it was delivered, waits for another address, or its document
    /// was paid, answered or voided since.
    #[oai(path = "/:id/send-again", method = "post", operation_id = "sendMailAgain")]
    async fn send_again(
        &self,
        body: Body<MailAgainInput>,
        bearer: Bearer,
        id: Path<MailId>,
    ) -> Answer<MailBody, Changing> {
        let input = body.once(render::<_, MailBody>);
        let (once, again) = self.0.admit(bearer.0, input).await?;
        let send = move |work: &mut Work| send_mail_again(work, id.0, &again);
        Ok(Reply::once(self.0.run_once(bearer.0, once, send).await?))
    }

    /// Try a waiting email now
    ///
    /// Instead of at `nextTryAt`. Returns 409 if it does not wait.
    #[oai(path = "/:id/try-now", method = "post", operation_id = "tryMailNow")]
    async fn try_now(
        &self,
        body: Body<TryMailInput>,
        bearer: Bearer,
        id: Path<MailId>,
    ) -> Answer<MailBody, Changing> {
        let input = body.once(render::<_, MailBody>);
        let (once, ()) = self.0.admit(bearer.0, input).await?;
        let hurry = move |work: &mut Work| try_mail_now(work, id.0);
        Ok(Reply::once(self.0.run_once(bearer.0, once, hurry).await?))
    }
}
