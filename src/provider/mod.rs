//! Payment providers: each opens hosted checkouts, signs webhooks, and reports transactions. Their
//! rules for amounts, names and states stay in this module.

mod api;
mod flutterwave;
mod paystack;
mod stripe;

use std::sync::OnceLock;

use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use sha2::Sha256;

use self::{api::Api, flutterwave::Flutterwave, paystack::Paystack, stripe::Stripe};
use crate::{
    domain::{
        checkout::Transaction,
        error::{Error, Result},
        money::{Currency, Money},
        payment::Method,
        provider::{ProviderKey, ProviderKind},
    },
    outbound::Web,
};

/// A provider, with the keys of one account.
pub trait Provider: Send + Sync {
    /// Opens a hosted checkout.
    fn open<'a>(&'a self, checkout: &'a NewCheckout) -> BoxFuture<'a, Result<Opened>>;

    /// Looks up the transaction of a checkout; `None` if there is none yet. `handle` is the
    /// provider's own ID of the checkout.
    fn find<'a>(
        &'a self,
        reference: &'a str,
        handle: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<Transaction>>>;

    /// Verifies the signature of a webhook and returns what it is about; `None` if that is not a
    /// payment of a checkout.
    ///
    /// # Errors
    ///
    /// Unauthenticated if the signature is not the provider's.
    fn verify(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<Option<Notice>>;
}

/// A checkout to open.
#[derive(Debug, Clone)]
pub struct NewCheckout {
    pub amount: Money,
    /// Unique; letters, digits and hyphens.
    pub reference: String,
    /// The description shown to the client.
    pub description: String,
    pub email: String,
    pub name: String,
    /// The URL that the client returns to, without a query.
    pub return_url: String,
}

/// An open checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Where the client pays.
    pub url: String,
    /// The provider's own ID, if lookups use it.
    pub handle: Option<String>,
}

/// What a webhook is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub reference: String,
    pub handle: Option<String>,
}

/// The keys of an account at a provider.
#[derive(Debug, Clone)]
pub struct Keys {
    pub secret: ProviderKey,
    /// The secret that verifies webhooks, unless the secret key does.
    pub webhook: Option<ProviderKey>,
}

/// Where the providers are.
#[derive(Debug, Clone)]
pub struct Urls {
    pub paystack: String,
    pub flutterwave: String,
    pub stripe: String,
}

impl Default for Urls {
    fn default() -> Self {
        Self {
            paystack: "https://api.paystack.co".to_owned(),
            flutterwave: "https://api.flutterwave.com".to_owned(),
            stripe: "https://api.stripe.com".to_owned(),
        }
    }
}

/// All providers.
#[derive(Debug, Default)]
pub struct Providers {
    urls: Urls,
    web: OnceLock<Web>,
}

impl Providers {
    pub fn new(urls: Urls) -> Self {
        Self { urls, web: OnceLock::new() }
    }

    /// Returns a provider with the keys of an account.
    ///
    /// # Errors
    ///
    /// Fails if the system has no trusted certificates.
    pub fn with(&self, kind: ProviderKind, keys: Keys) -> Result<Box<dyn Provider>> {
        let url = match kind {
            ProviderKind::Paystack => &self.urls.paystack,
            ProviderKind::Flutterwave => &self.urls.flutterwave,
            ProviderKind::Stripe => &self.urls.stripe,
        };
        let api = Api { web: self.web()?, url: url.clone(), kind, secret: keys.secret };
        Ok(match kind {
            ProviderKind::Paystack => Box::new(Paystack(api)),
            ProviderKind::Flutterwave => Box::new(Flutterwave { api, hash: keys.webhook }),
            ProviderKind::Stripe => Box::new(Stripe { api, webhook: keys.webhook }),
        })
    }

    /// Created on first use, because loading the certificates takes a moment.
    fn web(&self) -> Result<Web> {
        if let Some(web) = self.web.get() {
            return Ok(web.clone());
        }
        let web = Web::new().map_err(Error::internal)?;
        Ok(self.web.get_or_init(|| web).clone())
    }
}

/// Whether a provider takes payments of this amount in its currency.
pub fn takes(kind: ProviderKind, amount: Money) -> bool {
    match kind {
        ProviderKind::Paystack => paystack::takes(amount),
        ProviderKind::Flutterwave => flutterwave::takes(amount),
        ProviderKind::Stripe => stripe::takes(amount),
    }
}

/// Returns the header with the signature of a webhook.
pub fn signature_header(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Paystack => "x-paystack-signature",
        ProviderKind::Flutterwave => "verif-hash",
        ProviderKind::Stripe => "stripe-signature",
    }
}

/// Returns an amount in units of 10^-`exponent`; `None` if it is not a whole number of units.
fn to_units(amount: Money, exponent: u32) -> Option<i64> {
    let own = amount.currency.exponent();
    match exponent.checked_sub(own) {
        Some(more) => amount.minor.checked_mul(10_i64.checked_pow(more)?),
        None => {
            let unit = 10_i64.checked_pow(own - exponent)?;
            (amount.minor % unit == 0).then_some(amount.minor / unit)
        }
    }
}

/// Returns the amount of this many units of 10^-`exponent`.
fn from_units(units: Decimal, exponent: u32, currency: Currency) -> Option<Money> {
    let mut amount = units;
    amount.set_scale(units.scale().checked_add(exponent)?).ok()?;
    Money::exact(amount, currency).ok()
}

/// Returns the method of a payment from the provider's word for it.
fn method(word: &str) -> Method {
    let word = word.to_ascii_lowercase().replace(['_', ' ', '-'], "");
    let has = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    if has(&["mobilemoney", "mpesa", "momo"]) {
        Method::MobileMoney
    } else if has(&["paypal"]) {
        Method::Paypal
    } else if word == "card" || has(&["applepay", "googlepay"]) {
        Method::Card
    } else if has(&["bank", "account", "ussd", "eft", "debit", "transfer", "ach"]) {
        Method::BankTransfer
    } else {
        Method::Other
    }
}

/// Whether this is the hexadecimal HMAC of the parts. Takes constant time.
fn is_hmac<M: Mac + KeyInit>(key: &str, parts: &[&[u8]], hex: &str) -> bool {
    let Ok(mut mac) = M::new_from_slice(key.as_bytes()) else { return false };
    parts.iter().for_each(|part| mac.update(part));
    from_hex(hex).is_some_and(|tag| mac.verify_slice(&tag).is_ok())
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
        .collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// Compares two texts in constant time.
fn is_same(a: &str, b: &str) -> bool {
    let tag = |text: &str| {
        Hmac::<Sha256>::new_from_slice(b"compared").map(|mac| mac.chain_update(text.as_bytes()))
    };
    match (tag(a), tag(b)) {
        (Ok(a), Ok(b)) => a.verify(&b.finalize().into_bytes()).is_ok(),
        _ => false,
    }
}

fn forged() -> Error {
    Error::unauthenticated("error-webhook-signature")
}

/// Reads a webhook that has our reference in a field of its data; `None` if it reports another
/// event.
fn reported(body: &[u8], wanted: &str, field: &str) -> Result<Option<Notice>> {
    let event = event(body)?;
    if event["event"] != wanted {
        return Ok(None);
    }
    let reference = event["data"][field].as_str();
    let reference = reference.ok_or_else(|| Error::malformed("error-webhook-body"))?;
    Ok(Some(Notice { reference: reference.to_owned(), handle: None }))
}

/// Parses the body of a webhook.
fn event(body: &[u8]) -> Result<Value> {
    serde_json::from_slice(body)
        .map_err(|error| Error::malformed("error-body-json").caused_by(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, Currency::from_code(code).unwrap())
    }

    #[test]
    fn amounts_have_the_units_of_each_provider() {
        for (provider, minor, code, taken) in [
            (ProviderKind::Paystack, 500_000, "NGN", true),
            (ProviderKind::Paystack, 5_000, "XOF", true),
            (ProviderKind::Paystack, 5_000, "EUR", false),
            (ProviderKind::Paystack, 0, "NGN", false),
            (ProviderKind::Flutterwave, 5_000, "XOF", true),
            (ProviderKind::Flutterwave, 5_000, "KWD", false),
            (ProviderKind::Stripe, 5_000, "XOF", true),
            (ProviderKind::Stripe, 5_000, "KWD", true),
            // Stripe requires the last of three decimals to be 0.
            (ProviderKind::Stripe, 5_124, "KWD", false),
            // Stripe has no minor unit for the ariary.
            (ProviderKind::Stripe, 500, "MGA", true),
            (ProviderKind::Stripe, 550, "MGA", false),
            (ProviderKind::Stripe, 500, "UGX", false),
        ] {
            assert_eq!(takes(provider, money(minor, code)), taken, "{provider:?} {minor} {code}");
        }
        for (minor, code, exponent, units) in [
            (5_000, "XOF", 2, Some(500_000)),
            (5_120, "KWD", 3, Some(5_120)),
            (500, "MGA", 0, Some(5)),
            (550, "MGA", 0, None),
            (i64::MAX, "XOF", 2, None),
        ] {
            let amount = money(minor, code);
            assert_eq!(to_units(amount, exponent), units, "{minor} {code}");
            if let Some(units) = units {
                assert_eq!(from_units(units.into(), exponent, amount.currency), Some(amount));
            }
        }
        assert_eq!(from_units(Decimal::new(5, 1), 2, money(0, "NGN").currency), None);
    }

    #[test]
    fn a_way_to_pay_is_recognised_by_its_word() {
        for (word, expected) in [
            ("card", Method::Card),
            ("mobile_money", Method::MobileMoney),
            ("mobilemoneyghana", Method::MobileMoney),
            ("mpesa", Method::MobileMoney),
            ("bank_transfer", Method::BankTransfer),
            ("account", Method::BankTransfer),
            ("sepa_debit", Method::BankTransfer),
            ("paypal", Method::Paypal),
            ("qr", Method::Other),
        ] {
            assert_eq!(method(word), expected, "{word}");
        }
    }

    #[test]
    fn hexadecimal_digits_and_texts_are_compared_as_a_whole() {
        assert_eq!(from_hex("00fFa1"), Some(vec![0, 255, 161]));
        assert_eq!(from_hex("abc"), None);
        assert_eq!(from_hex("zz"), None);
        assert!(is_same("secret", "secret"));
        assert!(!is_same("secret", "secre"));
        assert!(!is_same("", "secret"));
    }
}
