//! The FreelanceHub API, under `/v1`.

mod account;
pub mod error;
mod passkey;
mod session;
mod two_factor;

use std::sync::Arc;

use poem_openapi::Tags;

use crate::app::App;

/// The sections of the document.
#[derive(Tags)]
enum Tag {
    /// Registration, proving an e-mail address, signing in and out
    Auth,
    /// Signing in without a password
    Passkeys,
    /// Codes of an authenticator app beside the password
    #[oai(rename = "Two-factor sign-in")]
    TwoFactor,
}

/// The routes of the API.
pub type Routes = (account::Routes, session::Routes, passkey::Routes, two_factor::Routes);

/// The routes of the API, over an app.
pub fn routes(app: &Arc<App>) -> Routes {
    let app = || Arc::clone(app);
    (
        account::Routes(app()),
        session::Routes(app()),
        passkey::Routes(app()),
        two_factor::Routes(app()),
    )
}
