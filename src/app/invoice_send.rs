//! Invoices on their way to their clients: sent, and reminded of.
//!
//! The PDF is printed and the mail written before the transaction, which takes them only if what
//! they were made of is still so; else they are made anew.

use jiff::{SignedDuration, Timestamp};

use super::{
    App,
    event::Event,
    invoice::find_invoice,
    invoice_file::{Sheet, TRIES, moved},
    limit::Limit,
    public_link::{NewLink, Target},
    share::Owner,
    unit_of_work::{Who, Work},
};
use crate::{
    domain::{
        account::Account,
        date,
        error::{Error, Result},
        id::InvoiceId,
        idempotency::{Once, Outcome},
        invoice::{Delivery, Invoice, InvoiceFile, InvoiceStatus, Party, Seller, ShownInvoice},
        limit::Refusal,
        mail::{Letter, MailKind},
        unprintable,
    },
    mail::compose::{self, InvoiceMail},
    store,
};

/// How long after one reminder the next may follow.
const REMINDED_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// An invoice as it stands before it goes out.
pub(super) struct Found {
    account: Account,
    before: Invoice,
    /// Where the client is reached today, whatever stands on the invoice.
    email: String,
    sheet: Sheet,
    link: Option<Vec<u8>>,
    file: Option<Vec<u8>>,
}

/// What the transaction adds.
#[derive(Clone)]
pub(super) struct Outgoing {
    before: Invoice,
    seller: Seller,
    buyer: Party,
    payment_link: Option<String>,
    /// Where there was none.
    new_link: Option<NewLink>,
    /// Where none was kept.
    new_file: Option<Vec<u8>>,
    letter: Option<Letter>,
}

impl App {
    /// Sends a draft: it gets its links, both parties' details and its PDF are frozen, and the
    /// client is mailed. A sent one is mailed again and stays as it is.
    ///
    /// A draft is sent even where the account may mail no more that day; its client then has to
    /// be given the link in another way.
    pub async fn send_invoice(
        &self,
        who: impl Into<Who>,
        once: Once<ShownInvoice>,
        id: InvoiceId,
        delivery: Delivery,
    ) -> Result<Outcome<ShownInvoice>> {
        let (who, now) = (who.into(), self.now());
        let payment_link = self.new_payment_link(id);
        let mut counted = None;
        for _ in 0..TRIES {
            let found = self.query(who, move |work| Found::of(work, id)).await?;
            let is_open = matches!(found.before.status, InvoiceStatus::Draft | InvoiceStatus::Sent);
            let outgoing = if is_open {
                let refusal = self.count_once(&mut counted, &found.account).await?;
                let kind = MailKind::Invoice;
                let to = refusal.is_none().then(|| (kind, delivery.email.clone()));
                Some(self.make_outgoing(found, to, Some(&payment_link), now).await?)
            } else {
                None
            };
            let refusal = counted.flatten();
            let sent = self
                .run_once_if_fresh(who, once.clone(), move |work| {
                    send_invoice(work, id, outgoing.as_ref(), refusal)
                })
                .await?;
            if let Some(sent) = sent {
                return Ok(sent);
            }
        }
        Err(moved())
    }

    /// Mails the client of a sent invoice a reminder; once a day at most.
    pub async fn remind_invoice(&self, who: impl Into<Who>, id: InvoiceId) -> Result<ShownInvoice> {
        let (who, now) = (who.into(), self.now());
        let mut counted = None;
        for _ in 0..TRIES {
            let found = self.query(who, move |work| Found::of(work, id)).await?;
            must_await_payment(&found.before)?;
            if let Some(refusal) = self.count_once(&mut counted, &found.account).await? {
                return Err(Error::too_many(refusal));
            }
            let to = Some((MailKind::InvoiceReminder, None));
            let outgoing = self.make_outgoing(found, to, None, now).await?;
            let reminded = self.run(who, move |work| remind_invoice(work, id, &outgoing)).await?;
            if let Some(reminded) = reminded {
                return Ok(reminded);
            }
        }
        Err(moved())
    }

    /// Counts a mail of an account, but not again when it is made anew.
    async fn count_once(
        &self,
        counted: &mut Option<Option<Refusal>>,
        account: &Account,
    ) -> Result<Option<Refusal>> {
        if let Some(refusal) = *counted {
            return Ok(refusal);
        }
        let refusal = self.count_account(Limit::InvoiceMail, account.id).await?;
        Ok(*counted.insert(refusal))
    }

    /// Prints and writes what goes out; `to` whom, unless nobody is to be mailed.
    pub(super) async fn make_outgoing(
        &self,
        found: Found,
        to: Option<(MailKind, Option<String>)>,
        payment_link: Option<&str>,
        now: Timestamp,
    ) -> Result<Outgoing> {
        let Found { account, before, email, mut sheet, link, file } = found;
        if let Some((_, other_email)) = &to {
            self.check_mail_to(&account, other_email.as_deref().unwrap_or(&email))?;
        }
        let invoice = &mut sheet.invoice;
        if before.status == InvoiceStatus::Draft {
            if invoice.payment_link.is_none() {
                invoice.payment_link = payment_link.map(str::to_owned);
            }
            invoice.status = InvoiceStatus::Sent;
            invoice.buyer = Some(sheet.buyer.clone());
            sheet.status = InvoiceStatus::Sent;
            sheet.seller.notes = Some(before.notes.clone().unwrap_or_default());
        }
        let new_link = match link {
            Some(_) => None,
            None => Some(self.new_public_link(Target::Invoice, &before.id)?),
        };
        let sealed = link.as_ref().or(new_link.as_ref().map(|link| &link.sealed));
        // Commands that mail nobody leave the printing to who first asks for it.
        let prints = file.is_none() && self.courier.is_some();
        let mut new_file = None;
        if prints {
            let printed = self.print(Some(Owner::Account(account.id)), &sheet).await?;
            // What was sent stays as it is; a draft is not frozen with boxes in it.
            if before.status == InvoiceStatus::Draft {
                unprintable::refuse(&printed.missing)?;
            }
            new_file = Some(printed.bytes);
        }
        let mut letter = None;
        if let (Some((kind, other_email)), Some(sealed)) = (to, sealed) {
            let link = self.link_address(Target::Invoice, &before.id, sealed)?;
            let file = file.as_ref().or(new_file.as_ref());
            let mail = compose::invoice(&InvoiceMail {
                kind,
                to: other_email.as_deref().unwrap_or(&email),
                reply_to: &account.email,
                invoice: &sheet.invoice,
                seller: &sheet.seller,
                buyer: &sheet.buyer,
                payment_link: self.shown_payment_link(&sheet.invoice).as_deref(),
                is_overdue: before.due_date < date::day_in(now, &account.zone.rules()?),
                link: &link,
                file: file.map(|bytes| InvoiceFile::new(&before.number, bytes.clone())),
            })?;
            let written = self.letter(Some(account.id), &mail)?;
            letter = written.map(|letter| Letter { invoice: Some(before.id), ..letter });
        }
        Ok(Outgoing {
            seller: sheet.seller,
            buyer: sheet.buyer,
            payment_link: sheet.invoice.payment_link,
            before,
            new_link,
            new_file,
            letter,
        })
    }
}

/// None, having changed nothing, where `outgoing` was made of something else.
fn send_invoice(
    work: &mut Work,
    id: InvoiceId,
    outgoing: Option<&Outgoing>,
    refusal: Option<Refusal>,
) -> Result<Option<ShownInvoice>> {
    let before = find_invoice(work, id)?;
    match before.status {
        InvoiceStatus::Paid => return Err(Error::conflict("This invoice is paid already")),
        InvoiceStatus::Cancelled => {
            return Err(Error::conflict("A cancelled invoice cannot be sent"));
        }
        _ => {}
    }
    let Some(outgoing) = outgoing else { return Ok(None) };
    if !outgoing.is_fresh(work, &before)? {
        return Ok(None);
    }
    let mut invoice = before.clone();
    if before.status == InvoiceStatus::Draft {
        invoice = outgoing.send(work, &before, invoice)?;
    } else if let Some(refusal) = refusal {
        return Err(Error::too_many(refusal));
    }
    outgoing.write(work)?;
    Ok(Some(ShownInvoice::on(work.today()?, invoice)))
}

/// None, having changed nothing, where `outgoing` was made of something else.
fn remind_invoice(
    work: &mut Work,
    id: InvoiceId,
    outgoing: &Outgoing,
) -> Result<Option<ShownInvoice>> {
    let before = find_invoice(work, id)?;
    must_await_payment(&before)?;
    if !outgoing.is_fresh(work, &before)? {
        return Ok(None);
    }
    let account = store::account::find(work.tx, work.account)?;
    let times = store::invoice_link::find_times(work.tx, work.account, id)?;
    may_remind(&account, times.reminded_at, work.now)?;
    outgoing.write(work)?;
    store::invoice_link::mark_reminded(work.tx, id, work.now)?;
    Ok(Some(ShownInvoice::on(work.today()?, before)))
}

impl Found {
    fn of(work: &mut Work, id: InvoiceId) -> Result<Self> {
        let before = find_invoice(work, id)?;
        Self::read(work, before)
    }

    /// What goes out with an invoice, which need not be written yet.
    pub fn read(work: &mut Work, before: Invoice) -> Result<Self> {
        let account = store::account::find(work.tx, work.account)?;
        let rates = work.rates()?;
        let client = store::client::find_any(work.tx, account.id, before.client_id, &rates)?;
        Ok(Self {
            email: client.details.email,
            sheet: Sheet::read(work.tx, &account, before.clone(), work.now)?,
            link: store::invoice_link::find(work.tx, account.id, before.id)?,
            file: store::invoice_file::find(work.tx, before.id)?,
            before,
            account,
        })
    }
}

impl Outgoing {
    /// Turns a draft, of which fields may have changed since `before`, into a sent invoice with
    /// its links and both parties' details.
    pub fn send(&self, work: &mut Work, before: &Invoice, draft: Invoice) -> Result<Invoice> {
        let invoice = Invoice {
            status: InvoiceStatus::Sent,
            payment_link: self.payment_link.clone(),
            updated_at: work.now,
            buyer: Some(self.buyer.clone()),
            ..draft
        };
        store::invoice::update(work.tx, before, &invoice)?;
        let (seller, buyer) = (&self.seller, &self.buyer);
        store::invoice::freeze_parties(work.tx, invoice.id, seller, buyer, work.now)?;
        work.emit(Event::InvoiceSent(&invoice))?;
        Ok(invoice)
    }

    /// Whether nothing has changed since it was made.
    pub fn is_fresh(&self, work: &mut Work, before: &Invoice) -> Result<bool> {
        let (account, id, tx) = (work.account, before.id, &mut *work.tx);
        let mut holds = before.is_same_paper(&self.before)
            && (self.new_link.is_some()) == store::invoice_link::find(tx, account, id)?.is_none()
            && (self.new_file.is_none() || store::invoice_file::find(tx, id)?.is_none());
        if before.status == InvoiceStatus::Draft {
            let seller = Seller::new(
                &store::account::find(tx, account)?,
                &store::invoice_defaults::find(tx, account)?,
            );
            holds &= Seller { notes: self.seller.notes.clone(), ..seller } == self.seller;
        }
        Ok(holds)
    }

    pub fn write(&self, work: &mut Work) -> Result<()> {
        let id = self.before.id;
        if let Some(link) = &self.new_link {
            store::invoice_link::set(work.tx, id, &link.hash, &link.sealed)?;
        }
        if let Some(bytes) = &self.new_file {
            store::invoice_file::create(work.tx, id, bytes, work.now)?;
        }
        work.post(self.letter.as_ref())
    }
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
