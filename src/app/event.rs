//! Events, and everything that follows from them.

use std::fmt::Display;

use jiff::SignedDuration;

use super::{limit::Limit, outbox::Enclosed, reminder::thank, unit_of_work::Work};
use crate::{
    domain::{
        account::{Account, SignInChange},
        activity::{Activity, ActivityKind},
        client::Client,
        credit_note::CreditNote,
        error::Result,
        invoice::{Invoice, Party, Seller},
        job::JobKind,
        mail::Mail,
        message::Message,
        milestone::Milestone,
        money::Money,
        notice::{Channel, NoticeKind},
        outbox::OutboxMail,
        project::Project,
        proposal::{Proposal, ProposalStatus},
    },
    locale::t,
    mail::compose,
    store,
};

/// The delay of the job that renders a sent invoice or a credit note. Usually it is rendered earlier,
/// when the email is delivered or the PDF is requested.
const PRINTED_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// An event in a unit of work.
pub(super) enum Event<'a> {
    ClientAdded(&'a Client),
    ProjectCreated(&'a Project),
    ProjectCompleted(&'a Project),
    MilestoneCompleted(&'a Milestone),
    ProposalSent(&'a Proposal),
    /// The freelancer has recorded the client's answer.
    ProposalAnswered(&'a Proposal),
    /// The client has answered through the link.
    ProposalSigned {
        proposal: &'a Proposal,
        signer: &'a str,
        freelancer: &'a Account,
        seller: &'a Seller,
        buyer: &'a Party,
        /// The deposit invoice that was created with it.
        deposit: Option<&'a Invoice>,
    },
    InvoiceCreated(&'a Invoice),
    InvoiceSent(&'a Invoice),
    InvoicePaid(&'a Invoice),
    CreditNoteIssued(&'a CreditNote, &'a Invoice),
    /// A client paid through a provider.
    PaymentReceived {
        invoice: &'a Invoice,
        amount: Money,
    },
    /// A client has paid through a provider, but the owner decides about the payment.
    PaymentHeld {
        invoice: &'a Invoice,
        amount: Money,
    },
    /// An email to a client was given up.
    MailFailed(&'a OutboxMail),
    MessageReceived {
        message: &'a Message,
        freelancer: &'a Account,
    },
    /// The way to sign in to the account has changed.
    SignInChanged(&'a Account, SignInChange),
}

impl Work<'_, '_> {
    /// Writes everything that follows from an event.
    pub(super) fn emit(&mut self, event: Event) -> Result<()> {
        match event {
            Event::ClientAdded(client) => {
                let name = &client.details.name;
                self.log_activity(ActivityKind::ClientAdded, client.id, name, None, Some(client))
            }
            Event::ProjectCreated(project) => {
                self.log_project(ActivityKind::ProjectCreated, project)
            }
            Event::ProjectCompleted(project) => {
                self.log_project(ActivityKind::ProjectCompleted, project)
            }
            Event::MilestoneCompleted(milestone) => {
                let (tx, account) = (&mut *self.tx, self.account);
                let project = store::project::find_bare(tx, account, milestone.project_id)?;
                let client =
                    store::client::find_any(tx, account, project.client_id, &self.latest_rates)?;
                let (kind, amount) = (ActivityKind::MilestoneCompleted, milestone.amount);
                self.log_activity(kind, milestone.id, &milestone.name, Some(amount), Some(&client))
            }
            Event::ProposalSent(proposal) => {
                self.log_proposal(ActivityKind::ProposalSent, proposal)
            }
            Event::ProposalAnswered(proposal) => {
                self.log_proposal(kind_of_answer(proposal), proposal)
            }
            Event::ProposalSigned { proposal, signer, freelancer, seller, buyer, deposit } => {
                let (title, client) = (&proposal.title, proposal.client.as_ref());
                let (kind, amount) = (kind_of_answer(proposal), if_any(proposal.amount));
                self.log_notice(kind, proposal.id, title, amount, client)?;
                self.mail_answer(proposal, signer, freelancer)?;
                match proposal.status {
                    ProposalStatus::Accepted => {
                        self.mail_copy(proposal, signer, freelancer, (seller, buyer), deposit)
                    }
                    _ => Ok(()),
                }
            }
            Event::InvoiceCreated(invoice) => {
                self.log_invoice(ActivityKind::InvoiceCreated, invoice)
            }
            Event::InvoiceSent(invoice) => {
                let (due_at, account) = (self.now + PRINTED_AFTER, Some(self.account));
                let kind = JobKind::PrintInvoice;
                store::jobs::create(self.tx, kind, invoice.id, account, due_at, self.now)?;
                self.log_invoice(ActivityKind::InvoiceSent, invoice)
            }
            Event::InvoicePaid(invoice) => {
                thank(self, invoice)?;
                self.log_invoice(ActivityKind::InvoicePaid, invoice)
            }
            Event::CreditNoteIssued(note, invoice) => {
                let (due_at, account) = (self.now + PRINTED_AFTER, Some(self.account));
                let kind = JobKind::PrintCreditNote;
                store::jobs::create(self.tx, kind, note.id, account, due_at, self.now)?;
                let (client, amount) = (invoice.client.as_ref(), Some(note.credited.amount));
                if note.is_void {
                    let kind = ActivityKind::InvoiceVoided;
                    self.log_activity(kind, invoice.id, &invoice.number, amount, client)
                } else {
                    let kind = ActivityKind::CreditNoteIssued;
                    self.log_activity(kind, note.id, &note.number, amount, client)
                }
            }
            Event::PaymentReceived { invoice, amount } => {
                self.tell_of_payment(ActivityKind::PaymentReceived, invoice, amount)
            }
            Event::PaymentHeld { invoice, amount } => {
                self.tell_of_payment(ActivityKind::PaymentHeld, invoice, amount)
            }
            Event::MailFailed(mail) => {
                let entity = match mail.document {
                    Some(document) => document.to_string(),
                    None => mail.id.to_string(),
                };
                self.log_notice(ActivityKind::MailFailed, entity, &mail.to, None, None)?;
                self.mail_failure(mail)
            }
            Event::MessageReceived { message, freelancer } => {
                let kind = ActivityKind::MessageReceived;
                self.log_notice(kind, message.id, &message.name, None, None)?;
                let mail = compose::message_received(
                    &freelancer.email,
                    &freelancer.first_name,
                    &message.name,
                    &message.email,
                    &message.content,
                )?;
                let news = t("mail-unverified-message").to_string();
                let kind = NoticeKind::MessageReceived;
                self.mail_news(kind, freelancer, &mail, &news, "/messages", Enclosed::default())
            }
            Event::SignInChanged(account, change) => {
                let queued = self.env.security_notice(account, change)?;
                self.post(queued.as_ref())
            }
        }
    }

    fn log_project(&mut self, kind: ActivityKind, project: &Project) -> Result<()> {
        let (name, client) = (&project.name, project.client.as_ref());
        self.log_activity(kind, project.id, name, if_any(project.budget), client)
    }

    fn log_proposal(&mut self, kind: ActivityKind, proposal: &Proposal) -> Result<()> {
        let (title, client) = (&proposal.title, proposal.client.as_ref());
        self.log_activity(kind, proposal.id, title, if_any(proposal.amount), client)
    }

    fn log_invoice(&mut self, kind: ActivityKind, invoice: &Invoice) -> Result<()> {
        let (amount, client) = (Some(invoice.amount()), invoice.client.as_ref());
        self.log_activity(kind, invoice.id, &invoice.number, amount, client)
    }

    fn log_activity(
        &mut self,
        kind: ActivityKind,
        entity: impl Display,
        subject: &str,
        amount: Option<Money>,
        client: Option<&Client>,
    ) -> Result<()> {
        let activity = self.entry(kind, entity, subject, amount, client);
        store::activity::create(self.tx, &activity)
    }

    /// Logs what others or the program did. Its owner is told of it, unless notices of that kind are
    /// turned off.
    fn log_notice(
        &mut self,
        kind: ActivityKind,
        entity: impl Display,
        subject: &str,
        amount: Option<Money>,
        client: Option<&Client>,
    ) -> Result<()> {
        let activity = self.entry(kind, entity, subject, amount, client);
        let is_notice = match NoticeKind::of(kind) {
            Some(kind) => self.tells(kind, Channel::InApp)?,
            None => false,
        };
        store::activity::create(self.tx, &Activity { is_notice, ..activity })
    }

    fn entry(
        &self,
        kind: ActivityKind,
        entity: impl Display,
        subject: &str,
        amount: Option<Money>,
        client: Option<&Client>,
    ) -> Activity {
        Activity {
            id: self.new_id(),
            account: self.account,
            kind,
            subject: subject.to_owned(),
            amount,
            client_name: client.map(|client| client.details.name.clone()),
            entity_id: Some(entity.to_string()),
            is_notice: false,
            at: self.now,
        }
    }

    fn tells(&mut self, kind: NoticeKind, channel: Channel) -> Result<bool> {
        let settings = store::mail_settings::find(self.tx, self.account)?;
        Ok(settings.notifications.tells(kind, channel))
    }

    /// Logs a payment through a provider, and mails its owner.
    fn tell_of_payment(
        &mut self,
        kind: ActivityKind,
        invoice: &Invoice,
        amount: Money,
    ) -> Result<()> {
        let (number, client) = (&invoice.number, invoice.client.as_ref());
        self.log_notice(kind, invoice.id, number, Some(amount), client)?;
        self.mail_payment(kind == ActivityKind::PaymentHeld, invoice, amount)
    }

    /// Emails an owner about others' actions, unless such emails are turned off: `mail`, or if the
    /// address is not verified, only the `news` with a link to the page at `path`. The latter are
    /// limited per account and day.
    pub(super) fn mail_news(
        &mut self,
        kind: NoticeKind,
        owner: &Account,
        mail: &Mail,
        news: &str,
        path: &str,
        enclosed: Enclosed,
    ) -> Result<()> {
        if !self.tells(kind, Channel::Email)? {
            return Ok(());
        }
        if owner.email_verified_at.is_some() {
            let queued = self.env.queued_with(Some(owner.id), mail, enclosed)?;
            return self.post(queued.as_ref());
        }
        if self.count(Limit::UnprovenNews)?.is_some() {
            return Ok(());
        }
        let link = format!("{}{path}", self.env.settings.public_url);
        let (to, first_name) = (&owner.email, &owner.first_name);
        let mail = compose::unproven_news(to, first_name, mail.kind, news, &link)?;
        let queued = self.env.queued(Some(owner.id), &mail)?;
        self.post(queued.as_ref())
    }
}

fn kind_of_answer(proposal: &Proposal) -> ActivityKind {
    match proposal.status {
        ProposalStatus::Accepted => ActivityKind::ProposalAccepted,
        _ => ActivityKind::ProposalRejected,
    }
}

fn if_any(amount: Money) -> Option<Money> {
    (amount.minor > 0).then_some(amount)
}
