//! A form that was sent after its session had ended: what was typed comes back with the sign-in,
//! sealed, so that nobody types it twice and nobody else reads or makes it.

use std::future::Future;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    domain::{
        error::{Error, Result},
        id::AccountId,
    },
    store,
};

/// How long the sign-in page may stay open.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Longest held form, in characters: the sign-in page sends it back within a form of 1 MiB.
const HELD_MAX: usize = 900 * 1024;
/// What held forms are sealed as.
const HELD: &str = "form without its session";

/// What was typed, and into which form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldForm {
    /// Where the form is sent, and the page it stands on.
    pub action: String,
    pub page: String,
    pub fields: Vec<(String, String)>,
    /// Whether it brought a file, which is not held.
    pub had_file: bool,
}

impl App {
    /// Seals a form of this account; None where it is too long to be held.
    pub fn hold_form(&self, account: AccountId, form: &HeldForm) -> Result<Option<String>> {
        let ends = (self.now() + LIFE).as_second();
        let held = serde_json::to_vec(&(ends, account.to_string(), form));
        let held = held.map_err(Error::internal)?;
        let sealed = self.keys()?.seal(HELD, self.random_bytes(), &held)?;
        let held = URL_SAFE_NO_PAD.encode(sealed);
        Ok((held.len() <= HELD_MAX).then_some(held))
    }

    /// A form and the account it belongs to, unless that is too long ago or was not sealed here.
    pub fn held_form(&self, held: &str) -> Result<Option<(AccountId, HeldForm)>> {
        let keys = self.keys()?;
        let Ok(sealed) = URL_SAFE_NO_PAD.decode(held) else { return Ok(None) };
        let Ok(opened) = keys.open(HELD, &sealed) else { return Ok(None) };
        let (ends, account, form): (i64, String, HeldForm) =
            serde_json::from_slice(&opened).map_err(Error::internal)?;
        let is_in_time = ends > self.now().as_second();
        Ok(is_in_time.then(|| (AccountId::parse(&account), form)))
    }

    /// Runs `work`, none of whose writes are carried out: each fails as unsaved.
    pub async fn without_saving<T>(&self, work: impl Future<Output = T>) -> T {
        store::without_writes(work).await
    }
}
