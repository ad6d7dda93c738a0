//! The ledger of payments, and the sums kept with it.

use super::{
    client,
    dashboard::{self, Measure},
    engine::{Tx, values},
};
use crate::domain::{
    error::Result,
    payment::{Payment, PaymentSum},
};

/// Adds a payment and counts it towards the earnings and the client's total.
pub fn create(tx: &mut Tx, payment: &Payment) -> Result<()> {
    tx.change(
        "INSERT INTO payments (id, account_id, invoice_id, client_id, currency, amount, \
         base_currency, base_rate, base_amount, paid_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        values![
            &payment.id,
            &payment.account,
            &payment.invoice,
            &payment.client,
            payment.amount.currency,
            payment.amount.minor,
            payment.base.map(|base| base.amount.currency),
            payment.base.map(|base| base.rate),
            payment.base.map(|base| base.amount.minor),
            payment.paid_at,
        ],
    )?;
    let sum = PaymentSum {
        currency: payment.amount.currency,
        minor: payment.amount.minor,
        base: payment.base.map(|base| base.amount),
    };
    client::add_payment(tx, payment.client, &sum)?;
    dashboard::record(tx, payment.account, Measure::Earned, payment.paid_at, 1, Some(&sum))
}
