//! Payments: the ledger behind "paid".

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::domain::{
    id::{AccountId, ClientId, InvoiceId, PaymentId},
    money::{Currency, Money},
};

/// Money received for an invoice. Never changed once stored.
#[derive(Debug, Clone)]
pub struct Payment {
    pub id: PaymentId,
    pub account: AccountId,
    pub invoice: InvoiceId,
    pub client: ClientId,
    pub amount: Money,
    /// The account's currency, the rate into it and the converted amount on the day of the payment;
    /// `None` if no rate was known.
    pub base: Option<Conversion>,
    pub paid_at: Timestamp,
}

/// A converted amount with its rate, both frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion {
    pub amount: Money,
    /// Units of the base currency for one unit of the payment's.
    pub rate: Decimal,
}

/// The sum of payments with the same currency and base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentSum {
    pub currency: Currency,
    /// In minor units of `currency`.
    pub minor: i64,
    /// The sum in minor units of the base currency at the time.
    pub base: Option<Money>,
}
