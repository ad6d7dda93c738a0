//! The daily job of an account that reminds: it goes through the open invoices whose step is due,
//! and through the proposals that expire soon. Its transactions are short, and whatever one of them
//! has decided is never decided again, whoever runs it.

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use rust_decimal::Decimal;

use crate::{
    app::{
        App,
        invoice::{create_invoice_as, find_invoice},
        invoice_price::due_date,
        invoice_send::mail_client,
        limit::Limit,
        proposal::find_proposal,
        reminder::{find_reminder_settings, log},
        unit_of_work::{Who, Work},
    },
    domain::{
        client::ClientDetails,
        date,
        error::{Error, Kind, Result},
        id::{AccountId, InvoiceId, ProposalId},
        invoice::{Delivery, Invoice, Line, NewInvoice, Terms, price},
        job::Job,
        mail::MailKind,
        money::Money,
        reminder::{ReminderSettings, SkipReason, next_time, time_of},
    },
    locale::t,
    store::{self, engine::Tx},
};

/// The number of open invoices that are looked at together.
const PAGE: i64 = 500;
/// The number of reminders of one transaction.
const BATCH: usize = 25;
/// How long the job is reserved for the next transaction.
const LEASE: SignedDuration = SignedDuration::from_mins(1);
/// How long a run waits after it failed.
const AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// The open invoices of a page whose step is due, and where the next page begins, if there is one.
type Due = (Vec<InvoiceId>, Option<(Date, InvoiceId)>);

impl App {
    /// Reminds the clients of an account, and schedules itself for the next day.
    pub(in crate::app) async fn remind_later(&self, job: Job) -> Result<()> {
        let Some(account) = job.account else { return self.forget_job(job).await };
        let Err(error) = self.remind_all(&job, account).await else { return Ok(()) };
        let (now, reason) = (self.now(), error.cause());
        let next = match error.kind() {
            // Nobody can sign in to the account.
            Kind::Forbidden => self.store.read(move |tx| next_run(tx, account, now)).await?,
            _ => now + AGAIN,
        };
        tracing::warn!(%account, reason, next = %next, "could not send all reminders yet");
        self.postpone(job, next, Some(reason)).await
    }

    async fn remind_all(&self, job: &Job, account: AccountId) -> Result<()> {
        let (now, who) = (self.now(), Who::System(account));
        let (mut after, mut failure) = (Some((Date::MIN, InvoiceId::NIL)), None);
        'pages: while let Some(from) = after {
            let (due, next) =
                self.store.read_for(account, move |tx| look(tx, account, from, now)).await?;
            for ids in due.chunks(BATCH) {
                match self.remind_some(job, who, ids.to_vec()).await {
                    Ok(true) => {}
                    // The rest waits for tomorrow.
                    Ok(false) => break 'pages,
                    Err(error) if !is_of_one(&error) => return Err(error),
                    // One of them must not hold up the others.
                    Err(_) => {
                        for id in ids {
                            if let Err(error) = self.remind_some(job, who, vec![*id]).await {
                                tracing::error!(%id, cause = error.cause(), "could not remind");
                                failure = Some(error);
                            }
                        }
                    }
                }
            }
            after = next;
        }
        self.remind_of_proposals(job, who).await?;
        failure.map_or(Ok(()), Err)
    }

    /// Reminds the clients of these invoices; returns false if the account may mail no more today.
    async fn remind_some(&self, job: &Job, who: Who, ids: Vec<InvoiceId>) -> Result<bool> {
        let job = job.clone();
        let remind = move |work: &mut Work| {
            store::jobs::postpone(work.tx, &job, work.now + LEASE, None)?;
            let settings = find_reminder_settings(work)?;
            for id in &ids {
                if !remind(work, &settings, *id)? {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        self.run_always(who, remind).await
    }

    /// Reminds of proposals. Its last transaction also schedules the next run.
    async fn remind_of_proposals(&self, job: &Job, who: Who) -> Result<()> {
        let mut from = (Date::MIN, ProposalId::NIL);
        loop {
            let job = job.clone();
            let remind = move |work: &mut Work| {
                let more = remind_proposals(work, from)?;
                let next = match more {
                    Some(_) => work.now + LEASE,
                    None => next_time(work.now, &work.actor.time_zone()?)?,
                };
                store::jobs::postpone(work.tx, &job, next, None)?;
                Ok(more)
            };
            match self.run_always(who, remind).await? {
                Some(more) => from = more,
                None => return Ok(()),
            }
        }
    }
}

/// Whether an error can be about one invoice only, rather than about the account or the server.
fn is_of_one(error: &Error) -> bool {
    matches!(error.kind(), Kind::Internal | Kind::Conflict | Kind::Invalid(_))
}

/// Returns a page of the invoices whose step is due. This only reads, so that an account with many
/// open invoices holds up no writer.
fn look(tx: &mut Tx, account: AccountId, from: (Date, InvoiceId), now: Timestamp) -> Result<Due> {
    let settings = store::reminder::find_settings(tx, account)?;
    let zone = store::account::find(tx, account)?.zone.rules()?;
    let last = settings.last_due_date(date::day_in(now, &zone))?;
    let Some(last) = last.filter(|_| settings.enabled) else { return Ok((Vec::new(), None)) };
    let page = store::reminder::list_remindable(tx, account, from, last, PAGE)?;
    let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
    let next = page.last().filter(|_| !is_last).map(|about| (about.due_date, about.id));
    let mut due = Vec::new();
    for about in page {
        if settings.due_step(&about, now, &zone)?.is_some() {
            due.push(about.id);
        }
    }
    Ok((due, next))
}

/// Returns when the job of an account that cannot be used runs again.
fn next_run(tx: &mut Tx, account: AccountId, now: Timestamp) -> Result<Timestamp> {
    match Error::optional(store::account::find(tx, account))? {
        Some(account) => next_time(now, &account.zone.rules()?),
        None => Ok(now + SignedDuration::from_hours(24)),
    }
}

/// Reminds the client of an invoice if its step is still due; returns false if the account may mail
/// no more today.
fn remind(work: &mut Work, settings: &ReminderSettings, id: InvoiceId) -> Result<bool> {
    let invoice = find_invoice(work, id)?;
    let client =
        store::client::find_any(work.tx, work.account, invoice.client_id, &work.latest_rates)?;
    let is_off = !settings.enabled
        || invoice.reminders_off
        || !client.details.gets_reminders()
        || store::reminder::is_client_gone(work.tx, id)?;
    if is_off || !invoice.status.is_open() || !invoice.is_money_due() {
        return Ok(true);
    }
    let (about, zone) = (store::reminder::find_remindable(work.tx, id)?, work.actor.time_zone()?);
    let Some(due) = settings.due_step(&about, work.now, &zone)? else { return Ok(true) };
    let (step, may_mail) = (due.step, may_mail(work, &client.details)?);
    if may_mail && work.count(Limit::ReminderMail)?.is_some() {
        return Ok(false);
    }
    for days in due.passed {
        log(work, &invoice, Some(days), Err(SkipReason::Passed))?;
    }
    let outcome = if may_mail { Ok(None) } else { Err(SkipReason::Unverified) };
    // Another server may have been faster.
    let Some(entry) = log(work, &invoice, Some(step.days), outcome)? else { return Ok(true) };
    if !may_mail {
        return Ok(true);
    }
    let (kind, usual) = (MailKind::InvoiceReminder, Delivery::default());
    if let Some(mail) = mail_client(work, &invoice, kind, &usual, Some(step))? {
        store::reminder::set_mail(work.tx, entry.id, mail)?;
        store::invoice_link::mark_reminded(work.tx, id, work.now)?;
    }
    if let Some(fee) = &step.late_fee {
        let rate = work.rates()?.rate(invoice.currency);
        if let Some(sum) = fee.on(invoice.amount_due(), work.currency(), rate) {
            let draft = draft_fee(work, &invoice, sum)?;
            store::reminder::set_fee(work.tx, entry.id, draft)?;
        }
    }
    Ok(true)
}

/// Whether the account may mail this client and whoever gets a copy.
fn may_mail(work: &mut Work, client: &ClientDetails) -> Result<bool> {
    let account = store::account::find(work.tx, work.account)?;
    let copies = client.copies(&client.email);
    let mut all = [&client.email].into_iter().chain(&copies);
    Ok(all.all(|to| work.env.check_mail_to(&account, to).is_ok()))
}

/// Creates a draft of a late fee, for the freelancer to send.
fn draft_fee(work: &mut Work, invoice: &Invoice, sum: Money) -> Result<InvoiceId> {
    let text = t("reminder-late-fee-line").with("number", &invoice.number);
    // It compensates for the delay and is no work that is taxed.
    let line = Line { taxes: Some(Vec::new()), ..Line::new(text, Decimal::ONE, sum.decimal()) };
    let priced = price(vec![line], &Terms::default(), sum.currency)?;
    let due_date = due_date(work, invoice.client_id, None)?;
    let new = NewInvoice {
        currency: Some(sum.currency),
        ..NewInvoice::new(invoice.client_id, due_date, Vec::new())
    };
    Ok(create_invoice_as(work, &new, Some(priced))?.invoice.id)
}

/// Reminds of the proposals after this one that expire soon, some at a time; returns the last one if
/// there may be more.
fn remind_proposals(
    work: &mut Work,
    from: (Date, ProposalId),
) -> Result<Option<(Date, ProposalId)>> {
    let settings = find_reminder_settings(work)?;
    let Some(since) = settings.proposals_since.filter(|_| settings.reminds_of_proposals()) else {
        return Ok(None);
    };
    let (today, zone) = (work.today()?, work.actor.time_zone()?);
    let ahead = i64::from(settings.proposal_days).days();
    let to = today.checked_add(ahead).map_err(Error::internal)?;
    let (account, most) = (work.account, BATCH as i64);
    let found = store::reminder::list_expiring(work.tx, account, (today, to), from, most)?;
    for (id, last, sent_at) in &found {
        let time = time_of(*last, -i32::try_from(settings.proposal_days).unwrap_or(0), &zone)?;
        let counts = time <= work.now && since <= time && sent_at.is_none_or(|at| at <= time);
        if !counts {
            continue;
        }
        let proposal = find_proposal(work, *id)?;
        let details = proposal.client.as_ref().map(|client| client.details.clone());
        if !may_mail(work, &details.unwrap_or_default())? {
            continue;
        }
        if work.count(Limit::ReminderMail)?.is_some() {
            return Ok(None);
        }
        if store::reminder::mark_proposal(work.tx, *id, work.now)? {
            work.mail_offer_again(&proposal)?;
        }
    }
    let is_full = found.len() >= BATCH;
    Ok(found.last().filter(|_| is_full).map(|(id, last, _)| (*last, *id)))
}
