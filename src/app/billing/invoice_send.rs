//! Invoices on their way to their clients: sent, and reminded of.
//!
//! One transaction freezes what is sent and writes the mail. From what was frozen, one job prints
//! the PDF, and another writes out what the mail says and brings it on its way.

use jiff::{SignedDuration, Timestamp};

use crate::{
    app::{
        App,
        event::Event,
        invoice::find_invoice,
        invoice_file::read_sheet,
        invoice_link::{give_link, parties},
        limit::Limit,
        public_link::Target,
        share::Owner,
        unit_of_work::Work,
    },
    domain::{
        account::Account,
        date,
        error::{Error, Result},
        id::InvoiceId,
        invoice::{Delivery, Invoice, InvoiceStatus, ShownInvoice},
        mail::{Mail, MailKind, QueuedMail},
        unprintable,
    },
    mail::compose::{self, InvoiceMail},
    pdf,
    store::{self, engine::Tx},
};

/// How long after one reminder the next may follow.
const REMINDED_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);

impl App {
    /// What a mail about an invoice says, with the PDF: the same however often it is tried.
    pub(in crate::app) async fn invoice_mail(&self, queued: &QueuedMail) -> Result<Mail> {
        let (Some(account), Some(id)) = (queued.account, queued.invoice) else {
            return Err(Error::internal("it has no body"));
        };
        let file = self.invoice_file(Some(Owner::Account(account)), account, id).await?;
        let at = queued.created_at;
        let read = move |tx: &mut Tx| {
            let account = store::account::find(tx, account)?;
            let rates = store::exchange_rate::latest(tx, account.id, account.currency)?;
            let invoice = store::invoice::find(tx, account.id, id, &rates)?;
            let sheet = read_sheet(tx, &account, invoice, at)?;
            Ok((store::invoice_link::find(tx, account.id, id)?, account, sheet))
        };
        let (link, account, sheet) = self.store.read(read).await?;
        let link = link.ok_or_else(|| Error::internal("it was mailed without a link"))?;
        compose::invoice(&InvoiceMail {
            kind: queued.kind,
            to: &queued.to,
            reply_to: &account.email,
            invoice: &sheet.invoice,
            seller: &sheet.seller,
            buyer: &sheet.buyer,
            payment_link: self.shown_payment_link(&sheet.invoice).as_deref(),
            is_overdue: sheet.invoice.due_date < date::day_in(at, &account.zone.rules()?),
            link: &self.link_address(Target::Invoice, &id, &link)?,
            file: Some(file),
        })
    }
}

/// Sends a draft: it gets its links, both parties' details are frozen, and the client is mailed. A
/// sent one is mailed again and stays as it is.
///
/// A draft is sent even where the account may mail no more that day; its client then has to be
/// given the link in another way.
pub fn send_invoice(work: &mut Work, id: InvoiceId, delivery: &Delivery) -> Result<ShownInvoice> {
    let before = find_invoice(work, id)?;
    match before.status {
        InvoiceStatus::Paid => return Err(Error::conflict("This invoice is paid already")),
        InvoiceStatus::Cancelled => {
            return Err(Error::conflict("A cancelled invoice cannot be sent"));
        }
        _ => {}
    }
    let refusal = work.count(Limit::InvoiceMail)?;
    let invoice = match (before.status, refusal) {
        (InvoiceStatus::Draft, _) => freeze(work, &before, before.clone())?,
        (_, Some(refusal)) => return Err(Error::too_many(refusal)),
        (_, None) => before,
    };
    if refusal.is_none() {
        mail_client(work, &invoice, MailKind::Invoice, delivery.email.as_deref())?;
    }
    Ok(ShownInvoice::on(work.today()?, invoice))
}

/// Mails the client of a sent invoice a reminder; once a day at most.
pub fn remind_invoice(work: &mut Work, id: InvoiceId) -> Result<ShownInvoice> {
    let invoice = find_invoice(work, id)?;
    must_await_payment(&invoice)?;
    if let Some(refusal) = work.count(Limit::InvoiceMail)? {
        return Err(Error::too_many(refusal));
    }
    let account = store::account::find(work.tx, work.account)?;
    let times = store::invoice_link::find_times(work.tx, work.account, id)?;
    may_remind(&account, times.reminded_at, work.now)?;
    mail_client(work, &invoice, MailKind::InvoiceReminder, None)?;
    store::invoice_link::mark_reminded(work.tx, id, work.now)?;
    Ok(ShownInvoice::on(work.today()?, invoice))
}

/// Turns a draft, of which fields may have changed since `before`, into a sent invoice with its
/// links and both parties' details, which it is printed from.
pub(in crate::app) fn freeze(work: &mut Work, before: &Invoice, draft: Invoice) -> Result<Invoice> {
    let account = store::account::find(work.tx, work.account)?;
    let (mut seller, buyer) = parties(work.tx, &account, &draft)?;
    // A draft is not frozen with boxes in it.
    unprintable::refuse(&pdf::missing_of_invoice(
        &work.env.settings.fonts,
        &draft,
        &seller,
        &buyer,
    ))?;
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
    Ok(invoice)
}

/// Writes a mail to where the client is reached today, whatever stands on the invoice, or to
/// another address.
fn mail_client(
    work: &mut Work,
    invoice: &Invoice,
    kind: MailKind,
    other_email: Option<&str>,
) -> Result<()> {
    let account = store::account::find(work.tx, work.account)?;
    let rates = work.rates()?;
    let client = store::client::find_any(work.tx, work.account, invoice.client_id, &rates)?;
    let to = other_email.unwrap_or(&client.details.email);
    work.env.check_mail_to(&account, to)?;
    // Those of older versions have none.
    give_link(work, invoice.id)?;
    if work.env.settings.courier.is_none() {
        return Ok(());
    }
    let (seller, _) = parties(work.tx, &account, invoice)?;
    let subject = compose::invoice_subject(kind, &invoice.number, &seller);
    work.post(Some(&QueuedMail {
        account: Some(work.account),
        invoice: Some(invoice.id),
        ..QueuedMail::new(work.new_id(), kind, to, subject, work.now)
    }))
}

fn must_await_payment(invoice: &Invoice) -> Result<()> {
    Err(Error::conflict(match invoice.status {
        InvoiceStatus::Draft => "Send the invoice before reminding of it",
        InvoiceStatus::Paid => "This invoice is paid already",
        InvoiceStatus::Cancelled => "A cancelled invoice is not to be paid",
        _ if !invoice.is_money_due() => "Nothing is to be paid of this invoice",
        InvoiceStatus::Sent | InvoiceStatus::Overdue => return Ok(()),
    }))
}

fn may_remind(account: &Account, reminded_at: Option<Timestamp>, now: Timestamp) -> Result<()> {
    let Some(reminded_at) = reminded_at else { return Ok(()) };
    let next = reminded_at.checked_add(REMINDED_AGAIN_AFTER).map_err(Error::internal)?;
    // One far ahead was written while the clock was.
    if now >= next || reminded_at > now + REMINDED_AGAIN_AFTER {
        return Ok(());
    }
    let next = next.to_zoned(account.zone.rules()?);
    Err(Error::conflict(format!(
        "The client was reminded less than a day ago; the next reminder can be sent from {}, {} on",
        account.date_format.show(next.date()),
        next.strftime("%H:%M"),
    )))
}
