//! What a page brings back with a sign-in, sealed, so that nobody types it twice and nobody else
//! reads or makes it: a form that was sent after its session had ended, or a password whose second
//! factor is still to come.

use std::future::Future;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    app::App,
    domain::{
        account::{Credentials, Password},
        error::{Error, Result},
        id::AccountId,
    },
    store,
};

/// How long the sign-in page may stay open that holds a form.
const FORM_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a sign-in waits for its code.
const LOGIN_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// Longest held form, in characters: the sign-in page sends it back within a form of 1 MiB.
const FORM_MAX: usize = 900 * 1024;
/// What held forms and sign-ins are sealed as.
const FORM: &str = "form without its session";
const LOGIN: &str = "sign-in without its second factor";

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
        let held = self.hold(FORM, FORM_LIFE, &account.to_string(), form)?;
        Ok((held.len() <= FORM_MAX).then_some(held))
    }

    /// A form and the account it belongs to, unless that is too long ago or was not sealed here.
    pub fn held_form(&self, held: &str) -> Result<Option<(AccountId, HeldForm)>> {
        let held = self.held::<HeldForm>(FORM, held)?;
        Ok(held.map(|(account, form)| (AccountId::parse(&account), form)))
    }

    /// Seals what was typed into the sign-in page, for the form that asks for the code.
    pub fn hold_login(&self, email: &str, password: &Password) -> Result<String> {
        self.hold(LOGIN, LOGIN_LIFE, email, password.as_typed())
    }

    /// What was typed, unless that is too long ago or was not sealed here.
    pub fn held_login(&self, held: &str) -> Result<Option<Credentials>> {
        Ok(self.held(LOGIN, held)?.map(|(email, password)| Credentials {
            email,
            password: Password::new(password),
            totp_code: None,
        }))
    }

    /// Seals a value and whose it is.
    fn hold<T: Serialize + ?Sized>(
        &self,
        context: &str,
        life: SignedDuration,
        owner: &str,
        value: &T,
    ) -> Result<String> {
        let ends = (self.now() + life).as_second();
        let held = serde_json::to_vec(&(ends, owner, value)).map_err(Error::internal)?;
        Ok(URL_SAFE_NO_PAD.encode(self.keys()?.seal(context, self.random_bytes(), &held)?))
    }

    fn held<T: DeserializeOwned>(&self, context: &str, held: &str) -> Result<Option<(String, T)>> {
        let keys = self.keys()?;
        let Ok(sealed) = URL_SAFE_NO_PAD.decode(held) else { return Ok(None) };
        let Ok(opened) = keys.open(context, &sealed) else { return Ok(None) };
        let (ends, owner, value): (i64, String, T) =
            serde_json::from_slice(&opened).map_err(Error::internal)?;
        Ok((ends > self.now().as_second()).then_some((owner, value)))
    }

    /// Runs `work`, none of whose writes are carried out: each fails as unsaved.
    pub async fn without_saving<T>(&self, work: impl Future<Output = T>) -> T {
        store::without_writes(work).await
    }
}
