//! The ledger of payments, and the sums stored with it.

use jiff::{ToSpan, civil::Date, tz::TimeZone};

use crate::{
    domain::{
        date,
        error::{Error, Result},
        id::{AccountId, InvoiceId, PaymentId},
        money::Money,
        page::{Listing, Page},
        payment::{Conversion, Method, PaidAt, Payment, PaymentFilter, PaymentSum},
    },
    store::{
        client,
        dashboard::{self, Measure},
        engine::Tx,
        lister::Lister,
        row::record,
    },
};

const LIST: Lister = Lister::new("payments", COLUMNS);
/// The order of the lists: by day, latest first.
const NEWEST: &str = "paid_at DESC, id DESC";

record! {
    payments, payment: &Payment {
        id = &payment.id,
        @once {
            account_id = &payment.account,
            invoice_id = &payment.invoice,
            client_id = &payment.client,
            kind = payment.kind.as_str(),
            currency = payment.amount.currency,
            amount = payment.amount.minor,
            withheld = payment.withheld,
            base_currency = payment.base.map(|base| base.amount.currency),
            base_rate = payment.base.map(|base| base.rate),
            base_amount = payment.base.map(|base| base.amount.minor),
            paid_at = payment.paid_at.at,
            paid_on = payment.paid_at.on,
            method = payment.method.map(Method::as_str),
            reference = payment.reference.as_ref(),
            note = payment.note.as_ref(),
            checkout_id = payment.checkout.as_ref(),
            fee_currency = payment.fee.map(|fee| fee.currency),
            fee = payment.fee.map(|fee| fee.minor),
            reverses = payment.reverses.as_ref(),
            created_at = payment.created_at,
        }
        @read {
            reversed_by =
                "(SELECT r.id FROM payments r WHERE r.reverses = payments.id) AS reversed_by",
            number = "(SELECT number FROM invoices WHERE invoices.id = payments.invoice_id)",
            name = "(SELECT name FROM clients WHERE clients.id = payments.client_id)",
        }
    } => Payment {
        account: account_id,
        invoice: invoice_id,
        invoice_number: number,
        client: client_id,
        client_name: name,
        amount: Money::new(amount, currency),
        base: Option::zip(base_currency, Option::zip(base_amount, base_rate)).map(
            |(currency, (minor, rate))| Conversion { amount: Money::new(minor, currency), rate },
        ),
        paid_at: PaidAt { at: paid_at, on: paid_on },
        checkout: checkout_id,
        fee: Option::zip(fee, fee_currency).map(|(minor, currency)| Money::new(minor, currency)),
        id, kind, withheld, method, reference, note, reverses, reversed_by, created_at,
    }
}

/// Adds an entry and counts it towards the earnings and the client's total.
///
/// # Errors
///
/// A conflict if it reverses an entry that is already reversed.
pub fn create(tx: &mut Tx, payment: &Payment) -> Result<()> {
    tx.insert(row(payment))?;
    LIST.tally(tx, payment.account, &[], 1)?;
    let sum = PaymentSum {
        currency: payment.amount.currency,
        minor: payment.amount.minor,
        base: payment.base.map(|base| base.amount),
    };
    client::add_payment(tx, payment.client, &sum)?;
    let (measure, at) = match payment.paid_at.on {
        Some(_) => (Measure::EarnedOn, payment.paid_at.told()),
        None => (Measure::Earned, payment.paid_at.at),
    };
    dashboard::record(tx, payment.account, measure, at, 1, Some(&sum))
}

/// Finds a payment.
pub fn find(tx: &mut Tx, account: AccountId, id: PaymentId) -> Result<Payment> {
    LIST.of(&account).find(tx, "error-payment-not-found", &id, read)
}

/// Returns all entries of an invoice, in the order in which they were booked.
pub fn ledger(tx: &mut Tx, account: AccountId, invoice: InvoiceId) -> Result<Vec<Payment>> {
    let mut found = LIST.of(&account).which("invoice_id = ?", Some(&invoice)).all(tx, read)?;
    found.sort_by_key(|payment| payment.id);
    Ok(found)
}

/// Lists a page of the payments of an invoice, latest first.
pub fn list_of_invoice(
    tx: &mut Tx,
    account: AccountId,
    invoice: InvoiceId,
    page: Page,
) -> Result<Listing<Payment>> {
    LIST.of(&account).which("invoice_id = ?", Some(&invoice)).order(NEWEST).page(tx, page, read)
}

/// Lists a page of payments, latest first. The filter's days are those of a timezone.
pub fn list(
    tx: &mut Tx,
    account: AccountId,
    filter: &PaymentFilter,
    zone: &TimeZone,
) -> Result<Listing<Payment>> {
    let starts = |day: Date| date::day_start(day, zone);
    let from = filter.from.map(starts).transpose()?;
    let until = filter.to.map(|day| starts(next(day)?)).transpose()?;
    LIST.of(&account)
        .which("client_id = ?", filter.client_id.as_ref())
        .which("method = ?", filter.method.map(Method::as_str))
        .which("paid_at >= ?", from)
        .which("paid_at < ?", until)
        .order(NEWEST)
        .page(tx, filter.page, read)
}

fn next(day: Date) -> Result<Date> {
    day.checked_add(1.day()).map_err(Error::internal)
}
