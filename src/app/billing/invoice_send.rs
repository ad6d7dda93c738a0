//! Sends invoices to clients, and reminders.
//!
//! One transaction freezes the invoice and queues the email. From the frozen data, one job renders
//! the PDF and another composes and delivers the email.

use jiff::{SignedDuration, Timestamp};

use crate::{
    app::{
        App,
        event::Event,
        invoice::find_invoice,
        invoice_file::read_sheet,
        invoice_link::{give_link, parties},
        limit::Limit,
        payment::settle,
        public_link::Target,
        reminder::log_by_hand,
        share::Owner,
        unit_of_work::Work,
    },
    domain::{
        account::Account,
        date,
        error::{Error, Result},
        id::{InvoiceId, MailId},
        image::Image,
        invoice::{Delivery, Invoice, InvoiceStatus, Seller, ShownInvoice},
        mail::{Mail, MailKind, QueuedMail},
        pdf_file::PdfFile,
        reminder::{Facts, ReminderStep},
        session::Claims,
        text::email_key,
        unprintable,
    },
    mail::compose::{self, InvoiceMail},
    pdf::{self, InvoiceSheet},
    store::{self, engine::Tx, exchange_rate::LatestRates},
};

/// The minimum time between two reminders.
const REMINDED_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);

impl App {
    /// Returns the email about an invoice with the freelancer's `message` and the PDF, the same at
    /// every attempt.
    pub(in crate::app) async fn invoice_mail(
        &self,
        queued: &QueuedMail,
        message: Option<&str>,
        step: Option<&ReminderStep>,
    ) -> Result<Mail> {
        let (Some(account), Some(id)) = (queued.account, queued.invoice) else {
            return Err(Error::internal("it has no body"));
        };
        let file = self.invoice_file(Some(Owner::Account(account)), account, id).await?;
        let at = queued.created_at;
        let read = move |tx: &mut Tx| {
            let account = store::account::find(tx, account)?;
            let rates = LatestRates::new(account.id, account.currency);
            let invoice = store::invoice::find(tx, account.id, id, &rates)?;
            let booked = invoice.booked;
            let mut sheet = read_sheet(tx, &account, invoice, at)?;
            // Unlike the PDF, the email shows what is due now.
            sheet.invoice.booked = booked;
            let logo = find_logo(tx, &sheet.seller)?;
            let link = store::invoice_link::find(tx, account.id, id)?;
            let own = store::mail_settings::find(tx, account.id)?;
            Ok((link, account, own, sheet, logo))
        };
        let (link, account, own, sheet, logo) = self.store.read(read).await?;
        let link = link.ok_or_else(|| Error::internal("it was mailed without a link"))?;
        let link = self.link_address(Target::Invoice, &id, &link)?;
        let today = date::day_in(at, &account.zone.rules()?);
        let InvoiceSheet { invoice, seller, buyer, .. } = &sheet;
        let written = step.map(|step| {
            let facts = Facts { invoice, seller, buyer, link: &link, today };
            step.write(&facts)
        });
        let (subject, text) = written.unzip();
        compose::invoice(&InvoiceMail {
            kind: queued.kind,
            subject: subject.flatten(),
            to: &queued.to,
            cc: queued.cc.clone(),
            reply_to: &account.email,
            own: &own,
            message: text.as_deref().or(message),
            invoice,
            seller,
            buyer,
            payment_link: self.shown_payment_link(invoice).as_deref(),
            is_overdue: invoice.due_date < today,
            link: &link,
            logo,
            file: Some(file),
        })
    }

    /// Returns the email that sending one of the caller's invoices would write, without its link and
    /// the content of its PDF.
    pub async fn preview_invoice_mail(
        &self,
        claims: Claims,
        id: InvoiceId,
        message: Option<&str>,
    ) -> Result<Mail> {
        let read = move |work: &mut Work| {
            let invoice = find_invoice(work, id)?;
            let account = store::account::find(work.tx, work.account)?;
            let cc = copies(work, &invoice)?;
            let sheet = read_sheet(work.tx, &account, invoice, work.now)?;
            let logo = find_logo(work.tx, &sheet.seller)?;
            let own = store::mail_settings::find(work.tx, work.account)?;
            Ok((account, own, cc, sheet, logo, work.today()?))
        };
        let (account, own, cc, sheet, logo, today) = self.query(claims, read).await?;
        compose::invoice(&InvoiceMail {
            kind: MailKind::Invoice,
            subject: None,
            to: &sheet.buyer.email,
            cc: cc.clone(),
            reply_to: &account.email,
            own: &own,
            message,
            invoice: &sheet.invoice,
            seller: &sheet.seller,
            buyer: &sheet.buyer,
            payment_link: self.shown_payment_link(&sheet.invoice).as_deref(),
            is_overdue: sheet.invoice.due_date < today,
            link: "#",
            logo,
            file: Some(PdfFile::of_number(&sheet.invoice.number, Vec::new())),
        })
    }
}

pub(in crate::app) fn find_logo(tx: &mut Tx, seller: &Seller) -> Result<Option<Image>> {
    Ok(seller.logo.map(|id| store::image::find(tx, id)).transpose()?.flatten())
}

/// Sends a draft: creates its links, freezes both parties' details and mails the client. A sent
/// invoice is emailed again and stays unchanged.
///
/// A draft is sent even if the account has reached its mail limit for the day; the freelancer then
/// has to pass on the link in another way.
///
/// # Errors
///
/// Not found if the caller has no such invoice; a conflict if it is paid, cancelled or cannot be
/// printed; too many requests if a sent one exceeds the mail limit.
pub fn send_invoice(work: &mut Work, id: InvoiceId, delivery: &Delivery) -> Result<ShownInvoice> {
    let before = find_invoice(work, id)?;
    match before.status {
        InvoiceStatus::Paid => return Err(Error::conflict("error-invoice-paid")),
        InvoiceStatus::Cancelled => return Err(Error::conflict("error-invoice-cancelled-send")),
        _ => {}
    }
    let refusal = work.count(Limit::InvoiceMail)?;
    let invoice = match (before.status, refusal) {
        (InvoiceStatus::Draft, _) => freeze(work, &before, before.clone())?,
        (_, Some(refusal)) => return Err(Error::too_many(refusal)),
        (_, None) => before,
    };
    if refusal.is_none() {
        mail_client(work, &invoice, MailKind::Invoice, delivery, None)?;
    }
    Ok(ShownInvoice::on(work.today()?, invoice))
}

/// Emails the client of a sent invoice a reminder, at most once a day.
pub fn remind_invoice(work: &mut Work, id: InvoiceId) -> Result<ShownInvoice> {
    let invoice = find_invoice(work, id)?;
    must_await_payment(&invoice)?;
    if let Some(refusal) = work.count(Limit::InvoiceMail)? {
        return Err(Error::too_many(refusal));
    }
    must_be_due_again(work, id)?;
    let mail = mail_client(work, &invoice, MailKind::InvoiceReminder, &Delivery::default(), None)?;
    log_by_hand(work, &invoice, mail)?;
    Ok(ShownInvoice::on(work.today()?, invoice))
}

/// Returns one of the caller's invoices whose client can be reminded now.
///
/// # Errors
///
/// Not found if the caller has no such invoice; a conflict if nothing is due, or the client was
/// reminded less than a day ago.
pub fn find_to_remind(work: &mut Work, id: InvoiceId) -> Result<ShownInvoice> {
    let invoice = find_invoice(work, id)?;
    must_await_payment(&invoice)?;
    must_be_due_again(work, id)?;
    Ok(ShownInvoice::on(work.today()?, invoice))
}

/// Turns a draft into a sent invoice with its links and both parties' details, from which it is
/// rendered. Its fields may have changed since `before`.
pub(in crate::app) fn freeze(work: &mut Work, before: &Invoice, draft: Invoice) -> Result<Invoice> {
    let account = store::account::find(work.tx, work.account)?;
    let (mut seller, buyer) = parties(work.tx, &account, &draft)?;
    // Refuse to freeze text that would print as boxes.
    unprintable::refuse(&pdf::missing_of_invoice(
        &work.env.settings.fonts,
        &draft,
        &seller,
        &buyer,
    ))?;
    seller.payment_methods.retain(|method| method.takes(draft.currency));
    seller.notes = Some(draft.notes.clone().unwrap_or_default());
    let payment_link = draft.payment_link.unwrap_or_else(|| work.env.new_payment_link(draft.id));
    let invoice = Invoice {
        status: InvoiceStatus::Sent,
        payment_link: Some(payment_link),
        updated_at: work.now,
        buyer: Some(buyer.clone()),
        ..draft
    };
    store::invoice::update(work.tx, before, &invoice)?;
    store::invoice::freeze_parties(work.tx, invoice.id, &seller, &buyer, work.now)?;
    give_link(work, invoice.id)?;
    work.emit(Event::InvoiceSent(&invoice))?;
    // An invoice without an amount is paid right away.
    if invoice.is_money_due() { Ok(invoice) } else { settle(work, &invoice) }
}

/// Returns who gets a copy of the emails about an invoice.
fn copies(work: &mut Work, invoice: &Invoice) -> Result<Vec<String>> {
    let client =
        store::client::find_any(work.tx, work.account, invoice.client_id, &work.latest_rates)?;
    Ok(client.details.copies(&client.details.email))
}

/// Queues an email to the client's current address, regardless of the invoice, or to another
/// address; returns it, unless mail is disabled.
pub(in crate::app) fn mail_client(
    work: &mut Work,
    invoice: &Invoice,
    kind: MailKind,
    delivery: &Delivery,
    step: Option<&ReminderStep>,
) -> Result<Option<MailId>> {
    let account = store::account::find(work.tx, work.account)?;
    let client =
        store::client::find_any(work.tx, work.account, invoice.client_id, &work.latest_rates)?;
    let to = delivery.email.as_deref().unwrap_or(&client.details.email);
    let cc = client.details.copies(to);
    for to in [to].into_iter().chain(cc.iter().map(String::as_str)) {
        work.env.check_mail_to(&account, to)?;
    }
    // Invoices sent by older versions have none.
    give_link(work, invoice.id)?;
    if work.env.settings.courier.is_none() {
        return Ok(None);
    }
    let (seller, _) = parties(work.tx, &account, invoice)?;
    let is_overdue = invoice.due_date < work.today()?;
    let subject = compose::invoice_subject(kind, invoice, &seller, is_overdue);
    let mut newest = None;
    // The client's email is the newest: the page of an invoice shows its delivery.
    let copy = delivery.copy && email_key(to) != email_key(&account.email);
    let own = copy.then_some((&*account.email, Vec::new()));
    for (to, cc) in own.into_iter().chain([(to, cc)]) {
        let id = work.new_id();
        let sealed = match (step, delivery.message.as_deref()) {
            (Some(step), _) => Some(work.env.seal_step(id, step)?),
            (None, message) => message.map(|said| work.env.seal_message(id, said)).transpose()?,
        };
        work.post(Some(&QueuedMail {
            account: Some(work.account),
            invoice: Some(invoice.id),
            cc,
            sealed,
            ..QueuedMail::new(id, kind, to, subject.clone(), work.now)
        }))?;
        newest = Some(id);
    }
    Ok(newest)
}

fn must_await_payment(invoice: &Invoice) -> Result<()> {
    Err(Error::conflict(match invoice.status {
        InvoiceStatus::Draft => "error-invoice-draft-remind",
        InvoiceStatus::Paid => "error-invoice-paid",
        InvoiceStatus::Cancelled => "error-invoice-cancelled-remind",
        _ if !invoice.is_money_due() => "error-invoice-not-due",
        InvoiceStatus::Sent | InvoiceStatus::Overdue => return Ok(()),
    }))
}

fn must_be_due_again(work: &mut Work, id: InvoiceId) -> Result<()> {
    let account = store::account::find(work.tx, work.account)?;
    let times = store::invoice_link::find_times(work.tx, work.account, id)?;
    may_remind(&account, times.reminded_at, work.now)
}

fn may_remind(account: &Account, reminded_at: Option<Timestamp>, now: Timestamp) -> Result<()> {
    let Some(reminded_at) = reminded_at else { return Ok(()) };
    let next = reminded_at.checked_add(REMINDED_AGAIN_AFTER).map_err(Error::internal)?;
    // A time far in the future was written while the clock was ahead.
    if now >= next || reminded_at > now + REMINDED_AGAIN_AFTER {
        return Ok(());
    }
    let next = next.to_zoned(account.zone.rules()?);
    Err(Error::conflict("error-invoice-reminded")
        .with("date", account.date_format.show(next.date()))
        .with("time", next.strftime("%H:%M")))
}
