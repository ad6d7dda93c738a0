//! A sign-in by a page that waits for its second factor: what was typed comes back sealed with
//! the code, so that nobody types a password twice and no page shows one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;

use crate::{
    app::App,
    domain::{
        account::{Credentials, Password},
        error::{Error, Result},
    },
};

/// How long a sign-in waits for its code.
const LIFE: SignedDuration = SignedDuration::from_mins(5);
/// What held sign-ins are sealed as.
const HELD: &str = "sign-in without its second factor";

impl App {
    /// Seals what was typed, for the form that asks for the code.
    pub fn hold_login(&self, email: &str, password: &Password) -> Result<String> {
        let ends = (self.now() + LIFE).as_second();
        let held =
            serde_json::to_vec(&(ends, email, password.as_typed())).map_err(Error::internal)?;
        Ok(URL_SAFE_NO_PAD.encode(self.keys()?.seal(HELD, self.random_bytes(), &held)?))
    }

    /// What was typed, unless that is too long ago or was not sealed here.
    pub fn held_login(&self, held: &str) -> Result<Option<Credentials>> {
        let keys = self.keys()?;
        let Ok(sealed) = URL_SAFE_NO_PAD.decode(held) else { return Ok(None) };
        let Ok(opened) = keys.open(HELD, &sealed) else { return Ok(None) };
        let (ends, email, password): (i64, String, String) =
            serde_json::from_slice(&opened).map_err(Error::internal)?;
        let is_in_time = ends > self.now().as_second();
        let credentials = Credentials { email, password: Password::new(password), totp_code: None };
        Ok(is_in_time.then_some(credentials))
    }
}
