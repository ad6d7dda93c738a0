//! Input that a page carries through a sign-in, sealed so that users need not type it again and
//! others can neither read nor forge it: a form sent after its session ended, or a password that
//! still needs its second factor.

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

/// How long a sign-in page that holds a form may stay open.
const FORM_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a sign-in waits for its code.
const LOGIN_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// The maximum length of a held form in characters: the sign-in page returns it in a form of 1 MiB.
const FORM_MAX: usize = 900 * 1024;
/// The sealing contexts of held forms and sign-ins.
const FORM: &str = "form without its session";
const LOGIN: &str = "sign-in without its second factor";

/// The typed values, and their form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldForm {
    /// The form's target, and the page that contains it.
    pub action: String,
    pub page: String,
    pub fields: Vec<(String, String)>,
    /// Whether a file came with it; the file itself is not held.
    pub had_file: bool,
}

impl App {
    /// Seals a form of this account; None if it is too long.
    pub fn hold_form(&self, account: AccountId, form: &HeldForm) -> Result<Option<String>> {
        let held = self.hold(FORM, FORM_LIFE, &account.to_string(), form)?;
        Ok((held.len() <= FORM_MAX).then_some(held))
    }

    /// Returns a form and its account, unless it has expired or was not sealed here.
    pub fn held_form(&self, held: &str) -> Result<Option<(AccountId, HeldForm)>> {
        let held = self.held::<HeldForm>(FORM, held)?;
        Ok(held.map(|(account, form)| (AccountId::parse(&account), form)))
    }

    /// Seals the values typed into the sign-in page, for the form that requests the code.
    pub fn hold_login(&self, email: &str, password: &Password) -> Result<String> {
        self.hold(LOGIN, LOGIN_LIFE, email, password.as_typed())
    }

    /// Returns the typed values, unless they have expired or were not sealed here.
    pub fn held_login(&self, held: &str) -> Result<Option<Credentials>> {
        Ok(self.held(LOGIN, held)?.map(|(email, password)| Credentials {
            email,
            password: Password::new(password),
            totp_code: None,
        }))
    }

    /// Seals a value for its owner.
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

    /// Runs `work` without saving: each of its writes fails with `Kind::Unsaved`.
    pub async fn without_saving<T>(&self, work: impl Future<Output = T>) -> T {
        store::without_writes(work).await
    }
}
