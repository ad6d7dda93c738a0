//! The FreelanceHub API, under `/v1`.

mod account;
mod dashboard;
pub mod error;
mod message;
mod passkey;
mod portfolio;
mod profile;
mod proposal;
mod session;
mod two_factor;

use std::sync::Arc;

use poem_openapi::Tags;

use crate::app::App;

/// The sections of the document.
#[derive(Tags)]
enum Tag {
    /// Registration, email verification, signing in and out
    Auth,
    /// Signing in without a password
    Passkeys,
    /// Codes from an authenticator app in addition to the password
    #[oai(rename = "Two-factor sign-in")]
    TwoFactor,
    /// How freelancers present themselves
    Profile,
    /// Work that freelancers show
    Portfolio,
    /// Key figures and recent activity
    Dashboard,
    /// Messages from visitors
    Messages,
    /// Public data that needs no token
    Public,
}

/// The routes of the API.
pub type Routes = (
    account::Routes,
    session::Routes,
    passkey::Routes,
    two_factor::Routes,
    profile::Routes,
    portfolio::Routes,
    dashboard::Routes,
    message::Routes,
    profile::PublicRoutes,
    message::PublicRoutes,
    proposal::PublicRoutes,
);

/// The routes of the API, over an app.
pub fn routes(app: &Arc<App>) -> Routes {
    let app = || Arc::clone(app);
    (
        account::Routes(app()),
        session::Routes(app()),
        passkey::Routes(app()),
        two_factor::Routes(app()),
        profile::Routes(app()),
        portfolio::Routes(app()),
        dashboard::Routes(app()),
        message::Routes(app()),
        profile::PublicRoutes(app()),
        message::PublicRoutes(app()),
        proposal::PublicRoutes(app()),
    )
}
