//! The emails of an account, seen by its owner: what waits, what failed, and sending it again.

use crate::{
    app::{
        credit_note::find_credit_note, invoice::find_invoice, limit::Limit,
        proposal::find_proposal, unit_of_work::Work,
    },
    domain::{
        error::{Error, Result},
        id::MailId,
        invoice::InvoiceStatus,
        job::JobKind,
        mail::MailKind,
        outbox::{Document, MailAgain, MailFilter, MailStatus, OutboxMail},
        page::Listing,
        text::email_key,
    },
    store,
};

/// Returns a page of the caller's emails, newest first. Finished ones are deleted after a month.
pub fn list_mails(work: &mut Work, filter: &MailFilter) -> Result<Listing<OutboxMail>> {
    store::outbox::list_page(work.tx, work.account, filter)
}

/// Makes a waiting email of the caller due at once.
///
/// # Errors
///
/// Not found if the caller has no such email; a conflict if it does not wait.
pub fn try_mail_now(work: &mut Work, id: MailId) -> Result<OutboxMail> {
    let mail = store::outbox::find_of(work.tx, work.account, id)?;
    match mail.status() {
        MailStatus::Waiting => {}
        MailStatus::Delivered => return Err(Error::conflict("error-mail-delivered")),
        MailStatus::Failed => return Err(Error::conflict("error-mail-failed")),
    }
    store::jobs::make_due(work.tx, JobKind::Mail, Some(id), work.now)?;
    work.has_mail = true;
    store::outbox::find_of(work.tx, work.account, id)
}

/// Lets an email of the caller to a client wait again after it was given up, for the same address or
/// another one. One that waits for that address already stays as it is: asking twice sends once.
///
/// # Errors
///
/// Not found if the caller has no such email, or its document was deleted; a conflict if it was
/// delivered, waits for another address, has lost its text, or its document needs no email any more;
/// too many requests beyond the mail limit.
pub fn send_mail_again(work: &mut Work, id: MailId, again: &MailAgain) -> Result<OutboxMail> {
    let mail = store::outbox::find_of(work.tx, work.account, id)?;
    let to = again.email.as_deref().unwrap_or(&mail.to);
    match mail.status() {
        MailStatus::Waiting if email_key(to) == email_key(&mail.to) => return Ok(mail),
        MailStatus::Waiting => return Err(Error::conflict("error-mail-waiting")),
        MailStatus::Delivered => return Err(Error::conflict("error-mail-delivered")),
        MailStatus::Failed if !mail.can_be_sent_again() => {
            return Err(Error::conflict("error-mail-given-up"));
        }
        MailStatus::Failed => {}
    }
    must_be_wanted(work, &mail)?;
    let account = store::account::find(work.tx, work.account)?;
    let kept = store::outbox::find(work.tx, id)?.map_or_else(Vec::new, |queued| queued.cc);
    let cc: Vec<String> =
        kept.into_iter().filter(|copy| email_key(copy) != email_key(to)).collect();
    for to in [to].into_iter().chain(cc.iter().map(String::as_str)) {
        work.env.check_mail_to(&account, to)?;
    }
    if let Some(refusal) = work.count(Limit::InvoiceMail)? {
        return Err(Error::too_many(refusal));
    }
    store::outbox::revive(work.tx, Some(work.account), id, (to, &cc), work.now)?;
    work.has_mail = true;
    store::outbox::find_of(work.tx, work.account, id)
}

/// Refuses an email that its document needs no more.
fn must_be_wanted(work: &mut Work, mail: &OutboxMail) -> Result<()> {
    match mail.document {
        Some(Document::Invoice(id)) => match find_invoice(work, id)?.status {
            InvoiceStatus::Paid => Err(Error::conflict("error-invoice-paid")),
            InvoiceStatus::Cancelled => Err(Error::conflict("error-invoice-cancelled-send")),
            _ => Ok(()),
        },
        Some(Document::Proposal(id)) => {
            let proposal = find_proposal(work, id)?;
            match mail.kind == MailKind::Proposal && proposal.status.is_answered() {
                true => Err(Error::conflict("error-proposal-answered")),
                false => Ok(()),
            }
        }
        Some(Document::CreditNote(id)) => find_credit_note(work, id).map(drop),
        None => Ok(()),
    }
}
