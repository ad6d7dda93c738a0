//! Reminders: how an account chases late clients, what was sent, and what was not.

use jiff::Timestamp;

use crate::{
    app::{
        invoice::find_invoice, invoice_defaults::find_invoice_settings, limit::Limit,
        unit_of_work::Work,
    },
    domain::{
        date,
        error::{Error, Result},
        expected::{self, Expected},
        id::{AccountId, InvoiceId, MailId, ProposalId},
        invoice::{Invoice, InvoiceStatus},
        invoice_defaults::InvoiceSettings,
        job::JobKind,
        mail::{MailKind, QueuedMail},
        money::Money,
        page::{Listing, Page},
        proposal::ProposalStatus,
        reminder::{
            InvoiceReminders, Remindable, Reminder, ReminderFilter, ReminderSettings,
            ReminderSettingsChange, ReminderState, ReminderStep, RemindersChange, STEPS_MAX,
            SkipReason, next_time,
        },
        rule::Rule,
    },
    mail::compose,
    store::{self, engine::Tx, exchange_rate::LatestRates},
};

/// The number of log entries on the page of an invoice.
const LOG_SHOWN: u32 = 10;

/// Returns how the caller reminds clients.
pub fn find_reminder_settings(work: &mut Work) -> Result<ReminderSettings> {
    store::reminder::find_settings(work.tx, work.account)
}

/// Changes how the caller reminds clients, and with it the daily job.
///
/// # Errors
///
/// Invalid if two steps have the same days, or a fee is more exact than the currency; stale if the
/// settings are no longer the expected ones.
pub fn update_reminders(
    work: &mut Work,
    change: &ReminderSettingsChange,
    expected: Option<&Expected<ReminderSettings>>,
) -> Result<InvoiceSettings> {
    let before = find_reminder_settings(work)?;
    expected::check(expected, &before)?;
    for (at, step) in change.reminders.steps.iter().flatten().enumerate() {
        check_fee(work, step, &format!("reminders.steps[{at}]."))?;
    }
    let settings = change.clone().apply(before.clone(), work.now)?;
    if settings != before {
        store::reminder::set_settings(work.tx, work.account, &settings, work.now)?;
        schedule(work, &settings)?;
    }
    find_invoice_settings(work)
}

/// Checks that the currency of the account can express a fee. `path` begins its name in errors.
fn check_fee(work: &Work, step: &ReminderStep, path: &str) -> Result<()> {
    let Some(amount) = step.late_fee.as_ref().and_then(|fee| fee.amount) else { return Ok(()) };
    let fail = |rule| Error::field(format!("{path}lateFee.amount"), rule);
    Money::exact(amount, work.currency()).map(drop).map_err(fail)
}

/// Adds a step.
///
/// # Errors
///
/// Invalid if there is a step with these days, or its fee is more exact than the currency; a
/// conflict if the account has the maximum number.
pub fn add_step(work: &mut Work, step: &ReminderStep) -> Result<()> {
    check_fee(work, step, "")?;
    let mut steps = list_steps(work)?;
    must_be_free(&steps, step.days)?;
    if steps.len() >= STEPS_MAX {
        return Err(Error::conflict("error-reminder-steps-max").with("max", STEPS_MAX));
    }
    steps.push(step.clone());
    set_steps(work, steps)
}

/// Replaces the step with the days `known`.
///
/// # Errors
///
/// Not found if there is none; stale if it is no longer the expected one; invalid if there is
/// another step with the new days, or its fee is more exact than the currency.
pub fn replace_step(
    work: &mut Work,
    known: i32,
    step: &ReminderStep,
    expected: Option<&Expected<ReminderStep>>,
) -> Result<()> {
    check_fee(work, step, "")?;
    let mut steps = list_steps(work)?;
    expected::check(expected, find_among(&mut steps, known)?)?;
    if known != step.days {
        must_be_free(&steps, step.days)?;
    }
    *find_among(&mut steps, known)? = step.clone();
    set_steps(work, steps)
}

fn must_be_free(steps: &[ReminderStep], days: i32) -> Result<()> {
    if steps.iter().any(|step| step.days == days) {
        return Err(Error::field("days", Rule::Taken));
    }
    Ok(())
}

/// Deletes a step.
///
/// # Errors
///
/// Not found if the caller has no step with these days.
pub fn delete_step(work: &mut Work, days: i32) -> Result<()> {
    let mut steps = list_steps(work)?;
    find_among(&mut steps, days)?;
    steps.retain(|step| step.days != days);
    set_steps(work, steps)
}

fn list_steps(work: &mut Work) -> Result<Vec<ReminderStep>> {
    let known = find_reminder_settings(work)?.steps;
    Ok(known.into_iter().map(|known| known.step).collect())
}

fn find_among(steps: &mut [ReminderStep], days: i32) -> Result<&mut ReminderStep> {
    let found = steps.iter_mut().find(|step| step.days == days);
    found.ok_or_else(|| Error::not_found("error-reminder-step-not-found"))
}

fn set_steps(work: &mut Work, steps: Vec<ReminderStep>) -> Result<()> {
    let reminders = RemindersChange { enabled: None, steps: Some(steps) };
    let change = ReminderSettingsChange { reminders, ..ReminderSettingsChange::default() };
    update_reminders(work, &change, None).map(drop)
}

/// Creates the daily job of an account that reminds, and deletes that of another.
fn schedule(work: &mut Work, settings: &ReminderSettings) -> Result<()> {
    let (kind, account) = (JobKind::Remind, work.account);
    if !settings.is_active() {
        return store::jobs::delete(work.tx, kind, account);
    }
    let due_at = next_time(work.now, &work.actor.time_zone()?)?;
    store::jobs::create(work.tx, kind, account, Some(account), due_at, work.now)
}

/// Moves the daily job of an account to its new timezone.
pub(in crate::app) fn reschedule(work: &mut Work, zone: &date::Zone) -> Result<()> {
    let due_at = next_time(work.now, &zone.rules()?)?;
    store::jobs::move_to(work.tx, JobKind::Remind, work.account, due_at, work.now)
}

/// Turns the reminders of an invoice of the caller on or off.
///
/// # Errors
///
/// Not found if the caller has no such invoice.
pub fn set_invoice_reminders(work: &mut Work, id: InvoiceId, is_on: bool) -> Result<()> {
    let before = find_invoice(work, id)?;
    let invoice = Invoice { reminders_off: !is_on, updated_at: work.now, ..before.clone() };
    store::invoice::update(work.tx, &before, &invoice)
}

/// Returns a page of the caller's log.
pub fn list_reminders(work: &mut Work, filter: &ReminderFilter) -> Result<Listing<Reminder>> {
    store::reminder::list(work.tx, work.account, filter)
}

/// Returns a page of the log of an invoice of the caller.
///
/// # Errors
///
/// Not found if the caller has no such invoice.
pub fn list_reminders_of_invoice(
    work: &mut Work,
    id: InvoiceId,
    page: Page,
) -> Result<Listing<Reminder>> {
    find_invoice(work, id)?;
    store::reminder::list_of_invoice(work.tx, work.account, id, page)
}

/// Returns the newest entries of the log of an invoice, and its next reminder.
pub(in crate::app) fn reminders_of(work: &mut Work, invoice: &Invoice) -> Result<InvoiceReminders> {
    let page = Page { number: 1, size: LOG_SHOWN };
    let log = store::reminder::list_of_invoice(work.tx, work.account, invoice.id, page)?.entries;
    let settings = find_reminder_settings(work)?;
    let client = invoice.client.as_ref();
    let client_off = client.is_some_and(|client| !client.details.gets_reminders())
        || store::reminder::is_client_gone(work.tx, invoice.id)?;
    let is_awaited =
        invoice.status.is_open() && invoice.is_money_due() && !invoice.reminders_off && !client_off;
    let next = if is_awaited {
        let about = store::reminder::find_remindable(work.tx, invoice.id)?;
        settings.next_day(&about, work.now, &work.actor.time_zone()?)?
    } else {
        None
    };
    Ok(InvoiceReminders { log, next, client_off, all_off: !settings.enabled })
}

/// Adds a reminder that was sent by hand to the log.
pub(in crate::app) fn log_by_hand(
    work: &mut Work,
    invoice: &Invoice,
    mail: Option<MailId>,
) -> Result<()> {
    log(work, invoice, None, Ok(mail))?;
    store::invoice_link::mark_reminded(work.tx, invoice.id, work.now)
}

/// Adds an entry to the log; returns it, unless its step is decided. Without a mail server, nothing
/// counts as sent.
pub(in crate::app) fn log(
    work: &mut Work,
    invoice: &Invoice,
    days: Option<i32>,
    outcome: std::result::Result<Option<MailId>, SkipReason>,
) -> Result<Option<Reminder>> {
    let reason = match outcome {
        Ok(_) if work.env.has_mail_server() => None,
        Ok(_) => Some(SkipReason::NoMailServer),
        Err(reason) => Some(reason),
    };
    let state = if reason.is_none() { ReminderState::Sent } else { ReminderState::Skipped };
    let client = invoice.client.as_ref();
    let reminder = Reminder {
        id: work.new_id(),
        account: work.account,
        invoice: invoice.id,
        invoice_number: invoice.number.clone(),
        client: invoice.client_id,
        client_name: client.map(|client| client.details.name.clone()).unwrap_or_default(),
        days,
        state,
        reason,
        mail: outcome.ok().flatten(),
        fee: None,
        at: work.now,
    };
    let is_added = store::reminder::create(work.tx, &reminder)?;
    Ok(is_added.then_some(reminder))
}

/// Mails the client of an invoice a reminder by hand, and returns its entry of the log.
///
/// # Errors
///
/// Like [`crate::app::invoice_send::remind_invoice`].
pub fn send_reminder(work: &mut Work, id: InvoiceId) -> Result<Reminder> {
    crate::app::invoice_send::remind_invoice(work, id)?;
    let page = Page { number: 1, size: 1 };
    let newest = store::reminder::list_of_invoice(work.tx, work.account, id, page)?;
    newest.entries.into_iter().next().ok_or_else(|| Error::internal("no reminder was logged"))
}

/// Returns why the email of a reminder must not go out any more.
pub(in crate::app) fn objection(
    tx: &mut Tx,
    account: AccountId,
    id: InvoiceId,
    mail: MailId,
    now: Timestamp,
) -> Result<Option<SkipReason>> {
    let account = store::account::find(tx, account)?;
    let rates = LatestRates::new(account.id, account.currency);
    let invoice = store::invoice::find(tx, account.id, id, &rates)?;
    if invoice.status == InvoiceStatus::Cancelled {
        return Ok(Some(SkipReason::Voided));
    }
    if !invoice.status.is_open() || !invoice.is_money_due() {
        return Ok(Some(SkipReason::Paid));
    }
    // Whoever sends one by hand means it.
    let Some(step) = store::reminder::find_step(tx, mail)? else { return Ok(None) };
    let client = store::client::find_any(tx, account.id, invoice.client_id, &rates)?;
    let settings = store::reminder::find_settings(tx, account.id)?;
    if !settings.enabled || invoice.reminders_off || !client.details.gets_reminders() {
        return Ok(Some(SkipReason::TurnedOff));
    }
    // The mail server was away until the next step.
    let about = Remindable { decided: Some(step), ..store::reminder::find_remindable(tx, id)? };
    let newer = settings.due_step(&about, now, &account.zone.rules()?)?;
    Ok(newer.map(|_| SkipReason::Passed))
}

/// Mails the client the receipt of an invoice that is paid, if the account wants that: once, whatever
/// is booked on it later.
pub(in crate::app) fn thank(work: &mut Work, invoice: &Invoice) -> Result<()> {
    // Without a payment, there is no receipt.
    if invoice.booked.paid == 0
        || work.env.settings.courier.is_none()
        || !find_reminder_settings(work)?.thank_you
        || store::reminder::is_client_gone(work.tx, invoice.id)?
    {
        return Ok(());
    }
    let account = store::account::find(work.tx, work.account)?;
    let client =
        store::client::find_any(work.tx, work.account, invoice.client_id, &work.latest_rates)?;
    let (to, cc) = (&client.details.email, client.details.copies(&client.details.email));
    let may_mail = |to: &String| work.env.check_mail_to(&account, to).is_ok();
    let is_allowed = [to].into_iter().chain(&cc).all(may_mail);
    if !is_allowed || !store::reminder::mark_thanked(work.tx, invoice.id, work.now)? {
        return Ok(());
    }
    if work.count(Limit::ReminderMail)?.is_some() {
        return Ok(());
    }
    let subject = compose::receipt_subject(invoice);
    work.post(Some(&QueuedMail {
        account: Some(work.account),
        invoice: Some(invoice.id),
        cc,
        ..QueuedMail::new(work.new_id(), MailKind::Receipt, to, subject, work.now)
    }))
}

/// Whether a receipt must not go out any more: the payment was taken back.
pub(in crate::app) fn is_receipt_wrong(
    tx: &mut Tx,
    account: AccountId,
    id: InvoiceId,
) -> Result<bool> {
    let account = store::account::find(tx, account)?;
    let rates = LatestRates::new(account.id, account.currency);
    let invoice = store::invoice::find(tx, account.id, id, &rates)?;
    Ok(invoice.status != InvoiceStatus::Paid || invoice.booked.paid == 0)
}

/// Whether a reminder of a proposal must not go out any more: it was answered, deleted, or has
/// expired.
pub(in crate::app) fn is_proposal_over(
    tx: &mut Tx,
    account: AccountId,
    id: ProposalId,
    now: Timestamp,
) -> Result<bool> {
    let account = store::account::find(tx, account)?;
    let rates = LatestRates::new(account.id, account.currency);
    let found = Error::optional(store::proposal::find(tx, account.id, id, &rates))?;
    let Some(proposal) = found else { return Ok(true) };
    let today = date::day_in(now, &account.zone.rules()?);
    let is_over = proposal.valid_until.is_some_and(|last| last < today);
    Ok(proposal.status != ProposalStatus::Sent || is_over)
}

/// Returns a step of the caller.
///
/// # Errors
///
/// Not found if the caller has no step with these days.
pub fn find_step(work: &mut Work, days: i32) -> Result<ReminderStep> {
    find_among(&mut list_steps(work)?, days).cloned()
}
