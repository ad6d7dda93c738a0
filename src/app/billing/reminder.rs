//! Reminders: how an account chases late clients, what was sent, and what was not.

use crate::{
    app::{
        App,
        invoice::find_invoice,
        invoice_defaults::find_invoice_settings,
        invoice_file::{read_sheet, sample_sheet},
        invoice_send::find_logo,
        limit::Limit,
        outbox::Enclosed,
        public_link::Target,
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
        mail::{Mail, MailKind, QueuedMail},
        money::Money,
        page::{Listing, Page},
        pdf_file::PdfFile,
        proposal::ProposalStatus,
        reminder::{
            Facts, InvoiceReminders, Reminder, ReminderFilter, ReminderSettings,
            ReminderSettingsChange, ReminderState, ReminderStep, SkipReason, next_time,
        },
        session::Claims,
    },
    mail::compose::{self, InvoiceMail},
    pdf::InvoiceSheet,
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
        if let Some(amount) = step.late_fee.as_ref().and_then(|fee| fee.amount) {
            let field = format!("reminders.steps[{at}].lateFee.amount");
            Money::exact(amount, work.currency()).map_err(|rule| Error::field(field, rule))?;
        }
    }
    let settings = change.clone().apply(before.clone(), work.now)?;
    if settings != before {
        store::reminder::set_settings(work.tx, work.account, &settings, work.now)?;
        schedule(work, &settings)?;
    }
    find_invoice_settings(work)
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
    if !store::reminder::is_of_step(tx, mail)? {
        return Ok(None);
    }
    let client = store::client::find_any(tx, account.id, invoice.client_id, &rates)?;
    let is_on = store::reminder::find_settings(tx, account.id)?.enabled
        && !invoice.reminders_off
        && client.details.gets_reminders();
    Ok((!is_on).then_some(SkipReason::TurnedOff))
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
    now: jiff::Timestamp,
) -> Result<bool> {
    let account = store::account::find(tx, account)?;
    let rates = LatestRates::new(account.id, account.currency);
    let found = Error::optional(store::proposal::find(tx, account.id, id, &rates))?;
    let Some(proposal) = found else { return Ok(true) };
    let today = date::day_in(now, &account.zone.rules()?);
    let is_over = proposal.valid_until.is_some_and(|last| last < today);
    Ok(proposal.status != ProposalStatus::Sent || is_over)
}

impl App {
    /// Returns the email of a step of the caller as a client would get it, about the newest open
    /// invoice or, if there is none, a sample; without the content of its PDF.
    pub async fn preview_reminder(&self, claims: Claims, step: ReminderStep) -> Result<Mail> {
        self.query(claims, move |work| preview(work, &step)).await
    }

    /// Mails the caller a step as a client would get it.
    ///
    /// # Errors
    ///
    /// Not found if the caller has no such step.
    pub async fn test_reminder(&self, claims: Claims, days: i32) -> Result<()> {
        self.run(claims, move |work| {
            let step = find_step(work, days)?;
            let mail = preview(work, &step)?;
            let account = store::account::find(work.tx, work.account)?;
            let logo = find_seller_logo(work)?;
            let mail = Mail { to: account.email, cc: Vec::new(), attachment: None, ..mail };
            let enclosed = Enclosed { logo, ..Enclosed::default() };
            let queued = work.env.queued_with(Some(work.account), &mail, enclosed)?;
            work.post(queued.as_ref())
        })
        .await
    }
}

fn find_seller_logo(work: &mut Work) -> Result<Option<String>> {
    let defaults = store::invoice_defaults::find(work.tx, work.account)?;
    Ok(defaults.logo.map(|id| id.to_string()))
}

/// Returns a step of the caller.
///
/// # Errors
///
/// Not found if the caller has no step with these days.
pub fn find_step(work: &mut Work, days: i32) -> Result<ReminderStep> {
    let steps = find_reminder_settings(work)?.steps;
    let found = steps.into_iter().find(|known| known.step.days == days);
    found.map(|found| found.step).ok_or_else(|| Error::not_found("error-reminder-step-not-found"))
}

fn preview(work: &mut Work, step: &ReminderStep) -> Result<Mail> {
    let account = store::account::find(work.tx, work.account)?;
    let newest = store::invoice::find_newest_open(work.tx, work.account, &work.latest_rates)?;
    let (sheet, link) = match newest {
        Some(invoice) => {
            let sealed = store::invoice_link::find(work.tx, work.account, invoice.id)?;
            let link =
                |sealed: &Vec<u8>| work.env.link_address(Target::Invoice, &invoice.id, sealed);
            let link = sealed.as_ref().map(link).transpose()?;
            let booked = invoice.booked;
            let mut sheet = read_sheet(work.tx, &account, invoice, work.now)?;
            sheet.invoice.booked = booked;
            (sheet, link)
        }
        None => (sample_sheet(work)?, None),
    };
    let InvoiceSheet { mut invoice, seller, buyer, .. } = sheet;
    // As on the day of the step.
    let today = work.today()?;
    invoice.due_date = today.saturating_sub(jiff::Span::new().days(i64::from(step.days)));
    let link = link.unwrap_or_else(|| format!("{}/i/…", work.env.public_url()));
    let facts = Facts { invoice: &invoice, seller: &seller, buyer: &buyer, link: &link, today };
    let (subject, text) = step.write(&facts);
    compose::invoice(&InvoiceMail {
        kind: MailKind::InvoiceReminder,
        subject,
        to: &buyer.email,
        cc: Vec::new(),
        reply_to: &account.email,
        message: Some(&text),
        payment_link: work.env.shown_payment_link(&invoice).as_deref(),
        is_overdue: step.days > 0,
        link: &link,
        logo: find_logo(work.tx, &seller)?,
        file: Some(PdfFile::of_number(&invoice.number, Vec::new())),
        invoice: &invoice,
        seller: &seller,
        buyer: &buyer,
    })
}
