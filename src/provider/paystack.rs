//! Paystack: amounts are in hundredths of every currency; transactions are looked up by our
//! reference.

use futures_util::{FutureExt, future::BoxFuture};
use hmac::Hmac;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use sha2::Sha512;

use super::{
    NewCheckout, Notice, Opened, Provider, api::Api, forged, from_units, is_hmac, method, reported,
    to_units,
};
use crate::domain::{
    checkout::{Received, Transaction, TransactionStatus},
    error::Result,
    money::Money,
};

/// The documented currencies.
const CURRENCIES: [&str; 6] = ["GHS", "KES", "NGN", "USD", "XOF", "ZAR"];
/// Paystack uses hundredths even for the CFA franc, which has no decimals.
const EXPONENT: u32 = 2;

pub(super) struct Paystack(pub Api);

pub(super) fn takes(amount: Money) -> bool {
    CURRENCIES.contains(&amount.currency.code())
        && amount.minor > 0
        && to_units(amount, EXPONENT).is_some()
}

impl Paystack {
    async fn open(&self, checkout: &NewCheckout) -> Result<Opened> {
        let body = json!({
            "email": checkout.email,
            "amount": to_units(checkout.amount, EXPONENT),
            "currency": checkout.amount.currency.code(),
            "reference": checkout.reference,
            "callback_url": checkout.return_url,
            "metadata": { "description": checkout.description },
        });
        let told = self.0.post_json("/transaction/initialize", &body).await?;
        if !told.is_ok() {
            return Err(self.0.refused(&told, "/message"));
        }
        let url = told.text("/data/authorization_url").ok_or_else(|| self.0.unclear())?;
        Ok(Opened { url: url.to_owned(), handle: None })
    }

    async fn find(&self, reference: &str) -> Result<Option<Transaction>> {
        let reference = utf8_percent_encode(reference, NON_ALPHANUMERIC);
        let told = self.0.get(&format!("/transaction/verify/{reference}"), &[]).await?;
        if told.status == 404 || told.text("/code") == Some("transaction_not_found") {
            return Ok(None);
        }
        if !told.is_ok() {
            return Err(self.0.refused(&told, "/message"));
        }
        let status = match told.text("/data/status") {
            Some("success") => TransactionStatus::Paid,
            Some("failed" | "reversed") => TransactionStatus::Failed,
            _ => TransactionStatus::Open,
        };
        let read = || {
            let currency = told.currency("/data/currency")?;
            let sum = |pointer| from_units(told.number(pointer)?, EXPONENT, currency);
            let reference = told.text("/data/reference")?;
            let received = Received {
                amount: sum("/data/amount")?,
                fee: sum("/data/fees"),
                method: method(told.text("/data/channel").unwrap_or_default()),
                receipt: reference.to_owned(),
            };
            Some(Transaction { reference: reference.to_owned(), status, received })
        };
        read().map(Some).ok_or_else(|| self.0.unclear())
    }
}

impl Provider for Paystack {
    fn open<'a>(&'a self, checkout: &'a NewCheckout) -> BoxFuture<'a, Result<Opened>> {
        self.open(checkout).boxed()
    }

    fn find<'a>(
        &'a self,
        reference: &'a str,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<Transaction>>> {
        self.find(reference).boxed()
    }

    fn verify(&self, signature: &str, body: &[u8], _: Timestamp) -> Result<Option<Notice>> {
        if !is_hmac::<Hmac<Sha512>>(self.0.secret.as_str(), &[body], signature) {
            return Err(forged());
        }
        reported(body, "charge.success", "reference")
    }
}
