//! Flutterwave, version 3: amounts are in major units; transactions are looked up by our reference.

use futures_util::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{
    NewCheckout, Notice, Opened, Provider, api::Api, forged, from_units, is_same, method, reported,
};
use crate::domain::{
    checkout::{Received, Transaction, TransactionStatus},
    error::Result,
    money::Money,
    provider::ProviderKey,
};

/// The currencies documented for collections.
const CURRENCIES: [&str; 19] = [
    "CAD", "CLP", "COP", "EGP", "EUR", "GBP", "GHS", "GNF", "KES", "MAD", "MWK", "NGN", "RWF",
    "TZS", "UGX", "USD", "XAF", "XOF", "ZAR",
];

pub(super) struct Flutterwave {
    pub api: Api,
    /// The secret hash, which webhooks carry unchanged.
    pub hash: Option<ProviderKey>,
}

pub(super) fn takes(amount: Money) -> bool {
    CURRENCIES.contains(&amount.currency.code()) && amount.minor > 0
}

impl Flutterwave {
    async fn open(&self, checkout: &NewCheckout) -> Result<Opened> {
        let body = json!({
            "tx_ref": checkout.reference,
            "amount": checkout.amount.decimal().to_string(),
            "currency": checkout.amount.currency.code(),
            "redirect_url": checkout.return_url,
            "customer": { "email": checkout.email, "name": checkout.name },
            "customizations": { "title": checkout.description },
        });
        let told = self.api.post_json("/v3/payments", &body).await?;
        if !told.is_ok() {
            return Err(self.api.refused(&told, "/message"));
        }
        let url = told.text("/data/link").ok_or_else(|| self.api.unclear())?;
        Ok(Opened { url: url.to_owned(), handle: None })
    }

    async fn find(&self, reference: &str) -> Result<Option<Transaction>> {
        let reference = utf8_percent_encode(reference, NON_ALPHANUMERIC);
        let path = format!("/v3/transactions/verify_by_reference?tx_ref={reference}");
        let told = self.api.get(&path, &[]).await?;
        let is_unknown = told.text("/message").is_some_and(|why| why.starts_with("No transaction"));
        if told.status == 404 || (told.status == 400 && is_unknown) {
            return Ok(None);
        }
        if !told.is_ok() {
            return Err(self.api.refused(&told, "/message"));
        }
        let status = match told.text("/data/status") {
            Some("successful") => TransactionStatus::Paid,
            Some("failed") => TransactionStatus::Failed,
            _ => TransactionStatus::Open,
        };
        let read = || {
            let currency = told.currency("/data/currency")?;
            let sum = |pointer| from_units(told.number(pointer)?, 0, currency);
            let reference = told.text("/data/tx_ref")?;
            let received = Received {
                amount: sum("/data/amount")?,
                fee: sum("/data/app_fee"),
                method: method(told.text("/data/payment_type").unwrap_or_default()),
                receipt: told.text("/data/flw_ref").unwrap_or(reference).to_owned(),
            };
            Some(Transaction { reference: reference.to_owned(), status, received })
        };
        read().map(Some).ok_or_else(|| self.api.unclear())
    }
}

impl Provider for Flutterwave {
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
        let hash = self.hash.as_ref().ok_or_else(forged)?;
        if !is_same(hash.as_str(), signature) {
            return Err(forged());
        }
        reported(body, "charge.completed", "tx_ref")
    }
}
