//! Payments: the link under which a client pays, and that the money has come.

use super::{App, activity::Entry, client, invoice};
use crate::{
    domain::{
        activity::ActivityKind,
        error::{Error, Result},
        id::{InvoiceId, PaymentId},
        idempotency::{Once, Outcome},
        invoice::{Invoice, InvoiceStatus, ShownInvoice},
        payment::{Conversion, Payment},
        session::{Actor, Claims},
    },
    store::{self, engine::Tx},
};

/// A payment that comes in now: its id, and the entry of the activity log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Receipt {
    id: PaymentId,
    entry: Entry,
}

impl Receipt {
    /// Writes down that a sent invoice was paid in full; answers the invoice after it.
    pub fn write(self, tx: &mut Tx, actor: &Actor, before: Invoice) -> Result<Invoice> {
        let now = self.entry.at;
        let (rates, amount) = (client::rates(tx, actor)?, before.amount());
        let base = rates.rate(amount.currency).and_then(|rate| {
            let converted = amount.convert(rate, rates.base())?;
            Some(Conversion { amount: converted, rate })
        });
        let payment = Payment {
            id: self.id,
            account: actor.account,
            invoice: before.id,
            client: before.client_id,
            amount,
            base,
            paid_at: now,
        };
        store::payment::create(tx, &payment)?;
        let status = InvoiceStatus::Paid;
        let invoice = Invoice { status, paid_at: Some(now), updated_at: now, ..before.clone() };
        store::invoice::update(tx, &before, &invoice)?;
        invoice::tell(tx, &invoice, ActivityKind::InvoicePaid, self.entry)?;
        // The client's total has just grown by this payment.
        invoice::find(tx, actor, before.id)
    }
}

/// Letters of the random end of a payment link.
/// What payment links begin with in the document, where no service is behind them.
const LINK_BASE: &str = "https://pay.raenest.com";
const LINK_LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const LINK_LENGTH: usize = 6;

impl App {
    /// Writes down that a sent invoice was paid in full. A paid one stays as it is.
    pub async fn mark_invoice_paid(
        &self,
        claims: Claims,
        once: Once<ShownInvoice>,
        id: InvoiceId,
    ) -> Result<Outcome<ShownInvoice>> {
        let (now, receipt) = (self.now(), self.new_receipt());
        self.write_once(claims, once, now, move |tx, actor| {
            let today = invoice::today(&actor, now)?;
            let before = invoice::find(tx, &actor, id)?;
            match before.status {
                InvoiceStatus::Sent => {}
                InvoiceStatus::Draft => {
                    return Err(Error::conflict("Send the invoice before marking it as paid"));
                }
                InvoiceStatus::Cancelled => {
                    return Err(Error::conflict("A cancelled invoice cannot be paid"));
                }
                _ => return Ok(ShownInvoice::on(today, before)),
            }
            let invoice = receipt.write(tx, &actor, before)?;
            Ok(ShownInvoice::on(today, invoice))
        })
        .await
    }

    /// The link under which the client pays: made once, then always the same.
    pub async fn payment_link(
        &self,
        claims: Claims,
        once: Once<String>,
        id: InvoiceId,
    ) -> Result<Outcome<String>> {
        let now = self.now();
        let link = self.new_payment_link(id);
        self.write_once(claims, once, now, move |tx, actor| {
            let before = invoice::find(tx, &actor, id)?;
            match before.status {
                InvoiceStatus::Paid => Err(Error::conflict("This invoice is paid already")),
                InvoiceStatus::Cancelled => {
                    Err(Error::conflict("A cancelled invoice has no payment link"))
                }
                _ => match &before.payment_link {
                    Some(link) => Ok(link.clone()),
                    None => {
                        let invoice = Invoice {
                            payment_link: Some(link.clone()),
                            updated_at: now,
                            ..before.clone()
                        };
                        store::invoice::update(tx, &before, &invoice)?;
                        Ok(link.clone())
                    }
                },
            }
        })
        .await
    }

    /// What a payment needs, made before the transaction that writes it.
    pub(super) fn new_receipt(&self) -> Receipt {
        Receipt { id: self.new_id(), entry: self.new_entry(self.now()) }
    }

    /// Where a client can pay an invoice online: nowhere unless the operator has named a service,
    /// and only by a link of that service, while something is to be paid.
    pub(super) fn shown_payment_link(&self, invoice: &Invoice) -> Option<String> {
        let base = self.payment_link_base.as_deref()?;
        let link = invoice.payment_link.as_deref().filter(|_| invoice.is_money_due())?;
        let rest = link.strip_prefix(base)?;
        rest.starts_with('/').then(|| link.to_owned())
    }

    pub(super) fn new_payment_link(&self, id: InvoiceId) -> String {
        let base = self.payment_link_base.as_deref().unwrap_or(LINK_BASE);
        let mut link = format!("{base}/fos-{id}-");
        let mut byte = [0];
        let mut length = 0;
        while length < LINK_LENGTH {
            self.random.fill(&mut byte);
            // 252 is the last multiple of 36 in a byte: beyond it some letters would be likelier.
            if byte[0] < 252 {
                link.push(char::from(LINK_LETTERS[usize::from(byte[0] % 36)]));
                length += 1;
            }
        }
        link
    }
}
