//! Payments: the client's payment link, and marking an invoice as paid.

use crate::{
    app::{environment::Environment, event::Event, invoice::find_invoice, unit_of_work::Work},
    domain::{
        error::{Error, Result},
        id::InvoiceId,
        invoice::{Invoice, InvoiceStatus, ShownInvoice},
        payment::{Conversion, Payment},
    },
    store,
};

/// The base of payment links in the document, if no service is configured.
const LINK_BASE: &str = "https://pay.raenest.com";
/// The alphabet of a payment link's random suffix.
const LINK_LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const LINK_LENGTH: usize = 6;

/// Marks a sent invoice as paid in full. A paid one stays unchanged.
///
/// # Errors
///
/// Not found if the caller has no such invoice; a conflict if it is a draft or cancelled.
pub fn mark_invoice_paid(work: &mut Work, id: InvoiceId) -> Result<ShownInvoice> {
    let today = work.today()?;
    let before = find_invoice(work, id)?;
    match before.status {
        InvoiceStatus::Sent => {}
        InvoiceStatus::Draft => return Err(Error::conflict("error-invoice-draft-pay")),
        InvoiceStatus::Cancelled => return Err(Error::conflict("error-invoice-cancelled-pay")),
        _ => return Ok(ShownInvoice::on(today, before)),
    }
    let invoice = receive_payment(work, before)?;
    Ok(ShownInvoice::on(today, invoice))
}

/// Marks a sent invoice as paid in full and returns it.
pub(in crate::app) fn receive_payment(work: &mut Work, before: Invoice) -> Result<Invoice> {
    let (now, rates, amount) = (work.now, work.rates()?, before.amount());
    let base = rates.rate(amount.currency).and_then(|rate| {
        let converted = amount.convert(rate, rates.base())?;
        Some(Conversion { amount: converted, rate })
    });
    let payment = Payment {
        id: work.new_id(),
        account: work.account,
        invoice: before.id,
        client: before.client_id,
        amount,
        base,
        paid_at: now,
    };
    store::payment::create(work.tx, &payment)?;
    let status = InvoiceStatus::Paid;
    let invoice = Invoice { status, paid_at: Some(now), updated_at: now, ..before.clone() };
    store::invoice::update(work.tx, &before, &invoice)?;
    work.emit(Event::InvoicePaid(&invoice))?;
    // This payment has just changed the client's total.
    find_invoice(work, before.id)
}

/// Returns the client's payment link: created once, then always the same.
///
/// # Errors
///
/// Not found if the caller has no such invoice; a conflict if it is paid or cancelled.
pub fn payment_link(work: &mut Work, id: InvoiceId) -> Result<String> {
    let before = find_invoice(work, id)?;
    match before.status {
        InvoiceStatus::Paid => return Err(Error::conflict("error-invoice-paid")),
        InvoiceStatus::Cancelled => return Err(Error::conflict("error-invoice-cancelled-link")),
        _ => {}
    }
    if let Some(link) = before.payment_link {
        return Ok(link);
    }
    let link = work.env.new_payment_link(id);
    let payment_link = Some(link.clone());
    let invoice = Invoice { payment_link, updated_at: work.now, ..before.clone() };
    store::invoice::update(work.tx, &before, &invoice)?;
    Ok(link)
}

impl Environment {
    /// Returns where a client can pay an invoice online. None unless the operator has configured a
    /// service, the link belongs to it, and something is due.
    pub(in crate::app) fn shown_payment_link(&self, invoice: &Invoice) -> Option<String> {
        let base = self.settings.payment_link_base.as_deref()?;
        let link = invoice.payment_link.as_deref().filter(|_| invoice.is_money_due())?;
        let rest = link.strip_prefix(base)?;
        rest.starts_with('/').then(|| link.to_owned())
    }

    pub(in crate::app) fn new_payment_link(&self, id: InvoiceId) -> String {
        let base = self.settings.payment_link_base.as_deref().unwrap_or(LINK_BASE);
        let mut link = format!("{base}/fos-{id}-");
        let mut byte = [0];
        let mut length = 0;
        while length < LINK_LENGTH {
            self.random.fill(&mut byte);
            // 252 is the last multiple of 36 in a byte: higher values would favour some characters.
            if byte[0] < 252 {
                link.push(char::from(LINK_LETTERS[usize::from(byte[0] % 36)]));
                length += 1;
            }
        }
        link
    }
}
