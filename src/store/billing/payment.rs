//! The ledger of payments, and the sums stored with it.

use crate::{
    domain::{
        error::Result,
        payment::{Payment, PaymentSum},
    },
    store::{
        client,
        dashboard::{self, Measure},
        engine::Tx,
        row::row,
    },
};

/// Adds a payment and counts it towards the earnings and the client's total.
pub fn create(tx: &mut Tx, payment: &Payment) -> Result<()> {
    tx.insert(row!(payments {
        id: &payment.id,
        account_id: &payment.account,
        invoice_id: &payment.invoice,
        client_id: &payment.client,
        currency: payment.amount.currency,
        amount: payment.amount.minor,
        base_currency: payment.base.map(|base| base.amount.currency),
        base_rate: payment.base.map(|base| base.rate),
        base_amount: payment.base.map(|base| base.amount.minor),
        paid_at: payment.paid_at
    }))?;
    let sum = PaymentSum {
        currency: payment.amount.currency,
        minor: payment.amount.minor,
        base: payment.base.map(|base| base.amount),
    };
    client::add_payment(tx, payment.client, &sum)?;
    dashboard::record(tx, payment.account, Measure::Earned, payment.paid_at, 1, Some(&sum))
}
