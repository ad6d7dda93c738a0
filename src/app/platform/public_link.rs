//! Links that clients open without an account: `PUBLIC_URL/i/<token>`. A keyed hash finds what a
//! token leads to; sealed beside it, the owner can be shown it again.

use std::fmt::Display;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    app::{environment::Environment, secret::Keys},
    domain::error::{Error, Result},
};

/// Random bytes of a token: 144 bits, 24 letters.
const TOKEN: usize = 18;

/// What a link leads to.
#[derive(Debug, Clone, Copy)]
pub(in crate::app) enum Target {
    Invoice,
    Proposal,
}

impl Target {
    /// The hash by which a token is found.
    pub fn hash(self, keys: &Keys, token: &str) -> [u8; 32] {
        let context = match self {
            Self::Invoice => "invoice link",
            Self::Proposal => "proposal link",
        };
        keys.hash(context, &[token.as_bytes()])
    }

    /// Where its pages stand.
    fn mount(self) -> &'static str {
        match self {
            Self::Invoice => "/i/",
            Self::Proposal => "/p/",
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
    /// The address of a sealed link.
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

    /// A link with a token that nobody can guess.
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

/// A link opens for what it was made for alone.
fn context(id: &impl Display) -> String {
    format!("link of {id}")
}
