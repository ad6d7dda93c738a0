//! Links that work without an account: `PUBLIC_URL/i/<token>`. A token is looked up by its keyed
//! hash; its sealed form lets the owner see the link again.

use std::fmt::Display;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    app::{environment::Environment, secret::Keys},
    domain::{
        error::{Error, Result},
        provider::ProviderKind,
    },
};

/// Random bytes of a token: 144 bits, 24 characters.
const TOKEN: usize = 18;

/// The target of a link.
#[derive(Debug, Clone, Copy)]
pub(in crate::app) enum Target {
    Invoice,
    Proposal,
    /// Where a payment provider reports payments.
    Webhook(ProviderKind),
}

impl Target {
    /// Returns the hash by which a token is found.
    pub fn hash(self, keys: &Keys, token: &str) -> [u8; 32] {
        let context = match self {
            Self::Invoice => "invoice link",
            Self::Proposal => "proposal link",
            Self::Webhook(_) => "webhook",
        };
        keys.hash(context, &[token.as_bytes()])
    }

    /// Returns the path of its pages.
    pub fn mount(self) -> &'static str {
        match self {
            Self::Invoice => "/i/",
            Self::Proposal => "/p/",
            Self::Webhook(ProviderKind::Paystack) => "/hooks/paystack/",
            Self::Webhook(ProviderKind::Flutterwave) => "/hooks/flutterwave/",
            Self::Webhook(ProviderKind::Stripe) => "/hooks/stripe/",
        }
    }
}

/// A link that is not stored yet.
#[derive(Clone)]
pub(in crate::app) struct NewLink {
    pub hash: [u8; 32],
    pub sealed: Vec<u8>,
}

impl Environment {
    /// Returns the address of a sealed link.
    pub(in crate::app) fn link_address(
        &self,
        target: Target,
        id: &impl Display,
        sealed: &[u8],
    ) -> Result<String> {
        let token = self.keys()?.open(&context(id), sealed)?;
        let token = String::from_utf8(token).map_err(Error::internal)?;
        Ok(format!("{}{}{token}", self.settings.public_url, target.mount()))
    }

    /// Returns a link with an unguessable token.
    pub(in crate::app) fn new_public_link(
        &self,
        target: Target,
        id: &impl Display,
    ) -> Result<NewLink> {
        let token = URL_SAFE_NO_PAD.encode(self.random_bytes::<TOKEN>());
        let keys = self.keys()?;
        let sealed = keys.seal(&context(id), self.random_bytes(), token.as_bytes())?;
        Ok(NewLink { hash: target.hash(keys, &token), sealed })
    }
}

/// The sealing context: a link can only be opened for its own target.
fn context(id: &impl Display) -> String {
    format!("link of {id}")
}
