//! Payment providers: where clients pay online.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::{
    id::AccountId,
    input::{One, Optional, Removable, Required, Scalar, Shape, input},
    patch::Patch,
    redacted,
    rule::Rule,
    text,
    word::words,
};

/// The minimum and maximum length of a key.
const KEY_MIN: usize = 8;
const KEY_MAX: usize = 255;

words! {
    /// A payment provider.
    ProviderKind {
        Paystack "paystack",
        Flutterwave "flutterwave",
        Stripe "stripe",
    }
}

impl ProviderKind {
    /// Every provider.
    pub const ALL: [Self; 3] = [Self::Paystack, Self::Flutterwave, Self::Stripe];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paystack => "Paystack",
            Self::Flutterwave => "Flutterwave",
            Self::Stripe => "Stripe",
        }
    }
}

/// A key of an account at a provider: visible ASCII, since it is sent in headers.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderKey(String);

redacted!(ProviderKey);

impl ProviderKey {
    /// Returns a stored key.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns its last four characters, so that the owner can recognise it.
    pub fn last4(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(4)..).unwrap_or_default()
    }
}

/// A key in JSON or in a form.
#[derive(Debug, Clone, Copy)]
pub struct KeyText;

impl Scalar for KeyText {
    type Value = ProviderKey;
    const SHAPE: Shape = Shape::Secret { min: KEY_MIN, max: Some(KEY_MAX) };

    fn parse(value: &Value) -> Result<ProviderKey, Rule> {
        let text = text::raw(value)?.trim();
        match text.len() {
            0 => Err(Rule::Empty),
            1..KEY_MIN => Err(Rule::TooShort { min: KEY_MIN }),
            _ if text.len() > KEY_MAX => Err(Rule::TooLong { max: KEY_MAX }),
            _ if text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(ProviderKey(text.to_owned()))
            }
            _ => Err(Rule::ControlCharacters),
        }
    }
}

input! {
    /// A change of the keys of Paystack.
    #[derive(Debug, Clone)]
    pub change part PaystackChange as "PaystackChange",
        "Payments through Paystack; null disconnects it. Keys are never returned.";

    secret_key "secretKey": Required<KeyText> = "It also signs webhooks.",
}

input! {
    /// A change of the keys of Flutterwave.
    #[derive(Debug, Clone)]
    pub change part FlutterwaveChange as "FlutterwaveChange",
        "Payments through Flutterwave (v3); null disconnects it. Keys are never returned.";

    secret_key "secretKey": Required<KeyText>,
    secret_hash "secretHash": Optional<KeyText> = "The secret hash of the webhook. Webhooks are \
        refused without it.",
}

input! {
    /// A change of the keys of Stripe.
    #[derive(Debug, Clone)]
    pub change part StripeChange as "StripeChange",
        "Payments through Stripe; null disconnects it. Keys are never returned.";

    secret_key "secretKey": Required<KeyText>,
    webhook_secret "webhookSecret": Optional<KeyText> = "The signing secret of the webhook. \
        Webhooks are refused without it.",
}

input! {
    /// A change of the payment providers.
    #[derive(Debug, Clone)]
    pub change part ProvidersChange as "ProvidersChange",
        "The payment providers. Omit a provider to leave it unchanged; null disconnects it.";

    paystack "paystack": Removable<One<PaystackChange>>,
    flutterwave "flutterwave": Removable<One<FlutterwaveChange>>,
    stripe "stripe": Removable<One<StripeChange>>,
}

/// A change of the keys of one provider.
#[derive(Debug, Clone, Default)]
pub struct KeysChange {
    pub secret_key: Option<ProviderKey>,
    pub webhook_secret: Patch<ProviderKey>,
}

impl From<PaystackChange> for KeysChange {
    fn from(change: PaystackChange) -> Self {
        Self { secret_key: change.secret_key, webhook_secret: Patch::Keep }
    }
}

impl From<FlutterwaveChange> for KeysChange {
    fn from(change: FlutterwaveChange) -> Self {
        Self { secret_key: change.secret_key, webhook_secret: change.secret_hash }
    }
}

impl From<StripeChange> for KeysChange {
    fn from(change: StripeChange) -> Self {
        Self { secret_key: change.secret_key, webhook_secret: change.webhook_secret }
    }
}

impl ProvidersChange {
    /// Returns the change of each provider.
    pub fn by_provider(self) -> [(ProviderKind, Patch<KeysChange>); 3] {
        [
            (ProviderKind::Paystack, keys(self.paystack)),
            (ProviderKind::Flutterwave, keys(self.flutterwave)),
            (ProviderKind::Stripe, keys(self.stripe)),
        ]
    }
}

fn keys<T: Into<KeysChange>>(patch: Patch<T>) -> Patch<KeysChange> {
    match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(change) => Patch::Set(change.into()),
    }
}

/// A connected provider as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedProvider {
    pub account: AccountId,
    pub kind: ProviderKind,
    /// Sealed.
    pub secret_key: Vec<u8>,
    /// Sealed; verifies webhooks, unless the secret key does.
    pub webhook_secret: Option<Vec<u8>>,
    pub last4: String,
    /// The keyed hash used to look up its webhook address.
    pub hook_hash: Vec<u8>,
    /// The sealed token of that address.
    pub hook: Vec<u8>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A provider as its account sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectedProvider {
    pub kind: ProviderKind,
    /// The last four characters of the secret key.
    pub last4: String,
    /// Where the provider reports payments.
    pub webhook_url: String,
    /// Whether webhooks can be verified.
    pub checks_webhooks: bool,
}
