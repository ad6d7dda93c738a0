//! Stripe Checkout: amounts are in the smallest unit that Stripe charges; sessions are looked up by
//! their id.

use futures_util::{FutureExt, future::BoxFuture};
use hmac::Hmac;
use hyper::Method as Verb;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

use super::{
    NewCheckout, Notice, Opened, Provider, api::Api, event, forged, from_units, is_hmac, method,
    to_units,
};
use crate::domain::{
    checkout::{Received, Transaction, TransactionStatus},
    error::{Error, Result},
    money::{Currency, Money},
    provider::ProviderKey,
};

/// The API version, which would otherwise depend on the account.
const VERSION: (&str, &str) = ("stripe-version", "2024-06-20");
/// How far in the past or future a signature may be.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// Currencies that Stripe charges in whole units.
const WHOLE: [&str; 15] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
];
/// Currencies that Stripe charges in thousandths; the last digit must be 0.
const THOUSANDTHS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];
/// The other documented currencies. Stripe charges them in hundredths, even whole units of the
/// Icelandic króna. The Ugandan shilling is left out because Stripe's lists disagree about it.
const HUNDREDTHS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP \
    BYN BZD CAD CDF CHF CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ \
    GYD HKD HNL HTG HUF IDR ILS INR ISK JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD \
    MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON \
    RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU \
    UZS WST XCD YER ZAR ZMW";

pub(super) struct Stripe {
    pub api: Api,
    /// The signing secret of the webhook.
    pub webhook: Option<ProviderKey>,
}

pub(super) fn takes(amount: Money) -> bool {
    units(amount).is_some()
}

fn exponent(currency: Currency) -> Option<u32> {
    let code = currency.code();
    if WHOLE.contains(&code) {
        Some(0)
    } else if THOUSANDTHS.contains(&code) {
        Some(3)
    } else {
        HUNDREDTHS.split(' ').any(|known| known == code).then_some(2)
    }
}

fn units(amount: Money) -> Option<i64> {
    let exponent = exponent(amount.currency)?;
    let units = to_units(amount, exponent)?;
    let is_even = exponent < 3 || units % 10 == 0;
    (units > 0 && is_even).then_some(units)
}

fn money(units: rust_decimal::Decimal, currency: Currency) -> Option<Money> {
    from_units(units, exponent(currency)?, currency)
}

impl Stripe {
    async fn open(&self, checkout: &NewCheckout) -> Result<Opened> {
        let amount = units(checkout.amount).ok_or_else(|| self.api.unclear())?.to_string();
        let currency = checkout.amount.currency.code().to_ascii_lowercase();
        let (url, reference) = (&checkout.return_url, &checkout.reference);
        let success = format!("{url}?paid={reference}");
        let form = serde_urlencoded::to_string([
            ("mode", "payment"),
            ("client_reference_id", reference),
            ("success_url", &success),
            ("cancel_url", url),
            ("customer_email", &checkout.email),
            ("line_items[0][quantity]", "1"),
            ("line_items[0][price_data][currency]", &currency),
            ("line_items[0][price_data][unit_amount]", &amount),
            ("line_items[0][price_data][product_data][name]", &checkout.description),
            ("payment_intent_data[description]", &checkout.description),
            ("payment_intent_data[metadata][reference]", reference),
        ])
        .map_err(Error::internal)?;
        let told = self
            .api
            .ask(
                Verb::POST,
                "/v1/checkout/sessions",
                "application/x-www-form-urlencoded",
                &[VERSION, ("idempotency-key", reference)],
                form,
            )
            .await?;
        if !told.is_ok() {
            return Err(self.api.refused(&told, "/error/message"));
        }
        match (told.text("/url"), told.text("/id")) {
            (Some(url), Some(id)) => {
                Ok(Opened { url: url.to_owned(), handle: Some(id.to_owned()) })
            }
            _ => Err(self.api.unclear()),
        }
    }

    async fn find(&self, handle: Option<&str>) -> Result<Option<Transaction>> {
        // Until the session is known, it cannot be paid.
        let Some(handle) = handle else { return Ok(None) };
        let path = format!(
            "/v1/checkout/sessions/{}?expand[]=payment_intent.latest_charge.balance_transaction",
            utf8_percent_encode(handle, NON_ALPHANUMERIC)
        );
        let told = self.api.get(&path.replace("[]", "%5B%5D"), &[VERSION]).await?;
        if told.status == 404 {
            return Ok(None);
        }
        if !told.is_ok() {
            return Err(self.api.refused(&told, "/error/message"));
        }
        let status = match (told.text("/payment_status"), told.text("/status")) {
            (Some("paid"), _) => TransactionStatus::Paid,
            (_, Some("expired")) => TransactionStatus::Failed,
            _ => TransactionStatus::Open,
        };
        let charge = |rest| format!("/payment_intent/latest_charge/{rest}");
        let fee = || {
            let currency = told.currency(&charge("balance_transaction/currency"))?;
            money(told.number(&charge("balance_transaction/fee"))?, currency)
        };
        let read = || {
            let reference = told.text("/client_reference_id")?;
            let way = charge("payment_method_details/type");
            let received = Received {
                amount: money(told.number("/amount_total")?, told.currency("/currency")?)?,
                fee: fee(),
                method: method(told.text(&way).unwrap_or("card")),
                receipt: told.text("/payment_intent/id").unwrap_or(handle).to_owned(),
            };
            Some(Transaction { reference: reference.to_owned(), status, received })
        };
        read().map(Some).ok_or_else(|| self.api.unclear())
    }
}

impl Provider for Stripe {
    fn open<'a>(&'a self, checkout: &'a NewCheckout) -> BoxFuture<'a, Result<Opened>> {
        self.open(checkout).boxed()
    }

    fn find<'a>(
        &'a self,
        _: &'a str,
        handle: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<Transaction>>> {
        self.find(handle).boxed()
    }

    fn verify(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<Option<Notice>> {
        let secret = self.webhook.as_ref().ok_or_else(forged)?;
        let parts = || signature.split(',').filter_map(|part| part.trim().split_once('='));
        let time = parts().find(|(name, _)| *name == "t").map(|(_, time)| time);
        let time = time.ok_or_else(forged)?;
        // While a secret is being replaced, there is a signature for each secret.
        let is_signed = parts().filter(|(name, _)| *name == "v1").any(|(_, tag)| {
            is_hmac::<Hmac<Sha256>>(secret.as_str(), &[time.as_bytes(), b".", body], tag)
        });
        let at = time.parse().ok().and_then(|second| Timestamp::from_second(second).ok());
        let is_fresh = at.is_some_and(|at| now.duration_since(at).abs() <= TOLERANCE);
        if !(is_signed && is_fresh) {
            return Err(forged());
        }
        let event = event(body)?;
        let is_payment = ["checkout.session.completed", "checkout.session.async_payment_succeeded"]
            .iter()
            .any(|kind| event["type"] == *kind);
        let session = &event["data"]["object"];
        // Sessions created by other programs may have no reference.
        match (is_payment, session["client_reference_id"].as_str()) {
            (true, Some(reference)) => Ok(Some(Notice {
                reference: reference.to_owned(),
                handle: session["id"].as_str().map(str::to_owned),
            })),
            _ => Ok(None),
        }
    }
}
