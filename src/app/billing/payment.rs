//! Payments: recording, reversing and refunding them, and the client's payment link.

use crate::{
    app::{
        environment::Environment, event::Event, invoice::find_invoice, milestone::settle_milestone,
        unit_of_work::Work,
    },
    domain::{
        balance::{Balance, Booked, settled_at},
        checkout::{Checkout, Received},
        error::{Error, Result},
        id::{InvoiceId, PaymentId},
        invoice::{Invoice, InvoiceStatus, ShownInvoice},
        money::Money,
        page::{Listing, Page},
        payment::{
            self, Conversion, LedgerKind, Moved, NewPayment, NewRefund, PaidAt, Payment,
            PaymentFilter, Settlement,
        },
        rule::Rule,
    },
    store,
};

/// The base of payment links in the document, if no service is configured.
const LINK_BASE: &str = "https://pay.raenest.com";
/// The alphabet of a payment link's random suffix.
const LINK_LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const LINK_LENGTH: usize = 6;

/// Records a payment of a sent invoice. If nothing is due after it, the invoice is paid.
///
/// # Errors
///
/// Not found if the caller has no such invoice; a conflict if it is a draft or cancelled; invalid
/// if more is paid than is due, unless that is allowed.
pub fn record_payment(work: &mut Work, id: InvoiceId, new: &NewPayment) -> Result<Payment> {
    let before = find_payable(work, id)?;
    let (cash, withheld) = new.sums(before.currency)?;
    let (amount, due) = (Money::new(cash + withheld, before.currency), before.amount_due());
    if amount.minor > due.minor && !new.allow_overpayment {
        return Err(Error::field("amount", Rule::MoreThanDue(due)));
    }
    let moved = Moved {
        on: new.paid_at,
        method: new.method,
        reference: new.reference.clone(),
        note: new.note.clone(),
        ..Moved::default()
    };
    let payment = book(work, &before, (LedgerKind::Payment, amount.minor, withheld), moved)?;
    settle(work, &before)?;
    Ok(payment)
}

/// Marks a sent invoice as paid: records a payment of what is due. A paid one stays unchanged.
///
/// # Errors
///
/// Not found if the caller has no such invoice; a conflict if it is a draft or cancelled; invalid
/// if more was withheld than is due.
pub fn mark_invoice_paid(
    work: &mut Work,
    id: InvoiceId,
    settlement: &Settlement,
) -> Result<ShownInvoice> {
    Ok(settle_invoice(work, id, settlement)?.0)
}

/// Like [`mark_invoice_paid`]; also returns the payment that it recorded.
///
/// # Errors
///
/// Like [`mark_invoice_paid`].
pub fn settle_invoice(
    work: &mut Work,
    id: InvoiceId,
    settlement: &Settlement,
) -> Result<(ShownInvoice, Option<PaymentId>)> {
    let invoice = find_payable(work, id)?;
    let (invoice, payment) = match invoice.status.is_open() {
        true => pay_rest(work, &invoice, settlement)?,
        false => (invoice, None),
    };
    Ok((ShownInvoice::on(work.today()?, invoice), payment))
}

/// Records a payment of what is due on a sent invoice, and returns the paid invoice and the payment.
/// There is none if nothing was due.
pub(in crate::app) fn pay_rest(
    work: &mut Work,
    before: &Invoice,
    settlement: &Settlement,
) -> Result<(Invoice, Option<PaymentId>)> {
    let due = before.amount_due();
    let withheld = settlement.withheld.unwrap_or_default();
    let withheld = payment::exact("withheld", withheld, before.currency)?;
    if withheld > due.minor {
        return Err(Error::field("withheld", Rule::MoreThanDue(due)));
    }
    let mut payment = None;
    if due.minor > 0 {
        let moved = Moved {
            on: settlement.paid_at,
            method: settlement.method,
            reference: settlement.reference.clone(),
            ..Moved::default()
        };
        payment = Some(book(work, before, (LedgerKind::Payment, due.minor, withheld), moved)?.id);
    }
    settle(work, before)?;
    // This payment has just changed the client's total.
    Ok((find_invoice(work, before.id)?, payment))
}

/// Reverses a payment or a refund: the ledger keeps both entries, and the invoice reopens if
/// something is due. Returns the reversal.
///
/// # Errors
///
/// Not found if the caller has no such payment; a conflict if it is a reversal or already reversed,
/// or if more would then have been refunded than paid.
pub fn reverse_payment(work: &mut Work, id: PaymentId) -> Result<Payment> {
    let payment = store::payment::find(work.tx, work.account, id)?;
    if payment.kind == LedgerKind::Reversal {
        return Err(Error::conflict("error-payment-is-reversal"));
    }
    // It may be voided, if its payments were refunded in full.
    let before = find_invoice(work, payment.invoice)?;
    let opposite = |money: Money| Money::new(-money.minor, money.currency);
    let reversal = Payment {
        id: work.new_id(),
        kind: LedgerKind::Reversal,
        amount: opposite(payment.amount),
        withheld: -payment.withheld,
        base: payment.base.map(|base| Conversion { amount: opposite(base.amount), ..base }),
        method: payment.method,
        reference: payment.reference,
        note: None,
        checkout: None,
        fee: None,
        reverses: Some(id),
        reversed_by: None,
        created_at: work.now,
        ..payment
    };
    store::payment::create(work.tx, &reversal)?;
    let invoice = settle(work, &before)?;
    if invoice.balance().cash() < 0 {
        return Err(Error::conflict("error-payment-refunded"));
    }
    Ok(reversal)
}

/// Records a refund of an overpaid invoice.
///
/// # Errors
///
/// Not found if the caller has no such invoice; a conflict if the refund exceeds the overpayment.
pub fn refund_invoice(work: &mut Work, id: InvoiceId, new: &NewRefund) -> Result<Payment> {
    let before = find_invoice(work, id)?;
    let amount = payment::exact("amount", new.amount, before.currency)?;
    if amount == 0 {
        return Err(Error::field("amount", Rule::Positive));
    }
    let refundable = Money::new(before.balance().refundable(), before.currency);
    if amount > refundable.minor {
        return Err(Error::conflict("error-refund-too-large").with("amount", refundable));
    }
    let moved = Moved {
        on: new.paid_at,
        method: new.method,
        reference: new.reference.clone(),
        note: new.note.clone(),
        ..Moved::default()
    };
    let refund = book(work, &before, (LedgerKind::Refund, -amount, 0), moved)?;
    settle(work, &before)?;
    Ok(refund)
}

/// Returns one of the caller's payments.
pub fn find_payment(work: &mut Work, id: PaymentId) -> Result<Payment> {
    store::payment::find(work.tx, work.account, id)
}

/// Returns a page of the payments of one of the caller's invoices.
pub fn list_payments_of_invoice(
    work: &mut Work,
    id: InvoiceId,
    page: Page,
) -> Result<Listing<Payment>> {
    find_invoice(work, id)?;
    store::payment::list_of_invoice(work.tx, work.account, id, page)
}

/// Returns a page of the caller's payments.
pub fn list_payments(work: &mut Work, filter: &PaymentFilter) -> Result<Listing<Payment>> {
    let zone = work.actor.time_zone()?;
    store::payment::list(work.tx, work.account, filter, &zone)
}

/// Books what a provider received for a checkout of an invoice.
pub(in crate::app) fn book_received(
    work: &mut Work,
    before: &Invoice,
    checkout: &Checkout,
    received: &Received,
) -> Result<Payment> {
    let moved = Moved {
        method: Some(received.method),
        reference: Some(received.receipt.clone()),
        checkout: Some(checkout.id),
        fee: received.fee,
        ..Moved::default()
    };
    let entry = (LedgerKind::Payment, received.amount.minor, 0);
    let payment = book(work, before, entry, moved)?;
    settle(work, before)?;
    Ok(payment)
}

/// Returns one of the caller's invoices that the client has received.
pub(in crate::app) fn find_payable(work: &mut Work, id: InvoiceId) -> Result<Invoice> {
    let invoice = find_invoice(work, id)?;
    Err(Error::conflict(match invoice.status {
        InvoiceStatus::Draft => "error-invoice-draft-pay",
        InvoiceStatus::Cancelled => "error-invoice-cancelled-pay",
        InvoiceStatus::Sent | InvoiceStatus::Overdue | InvoiceStatus::Paid => return Ok(invoice),
    }))
}

/// Adds an entry to the ledger of an invoice, converted at the rate of its day.
fn book(
    work: &mut Work,
    invoice: &Invoice,
    (kind, minor, withheld): (LedgerKind, i64, i64),
    moved: Moved,
) -> Result<Payment> {
    let zone = work.actor.time_zone()?;
    let paid_at = PaidAt::new(moved.on, work.now, &zone)?;
    let (account, base) = (work.account, work.actor.currency);
    let rates = store::exchange_rate::find_on(work.tx, account, base, paid_at.day(&zone))?;
    let amount = Money::new(minor, invoice.currency);
    let payment = Payment {
        id: work.new_id(),
        account,
        invoice: invoice.id,
        invoice_number: invoice.number.clone(),
        client: invoice.client_id,
        client_name: invoice.client.as_ref().map(|of| of.details.name.clone()).unwrap_or_default(),
        kind,
        amount,
        withheld,
        base: rates
            .rate(amount.currency)
            .and_then(|rate| Some(Conversion { amount: amount.convert(rate, base)?, rate })),
        paid_at,
        method: moved.method,
        reference: moved.reference,
        note: moved.note,
        checkout: moved.checkout,
        fee: moved.fee,
        reverses: None,
        reversed_by: None,
        created_at: work.now,
    };
    store::payment::create(work.tx, &payment)?;
    Ok(payment)
}

/// Updates the balance and the status of a sent invoice after an entry was booked: open if
/// something is due, cancelled if it was credited in full and nothing was paid, else paid.
pub(in crate::app) fn settle(work: &mut Work, before: &Invoice) -> Result<Invoice> {
    let payments = store::payment::ledger(work.tx, work.account, before.id)?;
    let credits = store::credit_note::amounts_of_invoice(work.tx, before.id)?;
    let booked = Booked::new(&payments, credits.iter().map(|(_, amount)| amount).sum());
    let balance = Balance::new(before.totals.amount, booked);
    let (status, paid_at) = if balance.due() > 0 {
        (InvoiceStatus::Sent, None)
    } else if booked.credited > 0 && (balance.owed(), booked.paid) == (0, 0) {
        (InvoiceStatus::Cancelled, None)
    } else {
        // Without a payment, nothing was ever due.
        let settled = settled_at(&payments, before.totals.amount, &credits);
        let now = PaidAt { at: work.now, on: None };
        (InvoiceStatus::Paid, settled.or(before.paid_at).or(Some(now)))
    };
    let invoice = Invoice { status, paid_at, booked, updated_at: work.now, ..before.clone() };
    if status != before.status {
        // Cancelling an invoice releases its milestone.
        settle_milestone(work, invoice.id, status == InvoiceStatus::Paid)?;
    }
    store::invoice::update(work.tx, before, &invoice)?;
    if before.status.is_open() && status == InvoiceStatus::Paid {
        work.emit(Event::InvoicePaid(&invoice))?;
    }
    Ok(invoice)
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
