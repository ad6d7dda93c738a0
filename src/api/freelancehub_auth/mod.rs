//! The FreelanceHub Auth API, under `/api/v1/auth`.

pub(super) mod account;
pub mod error;
mod password;
mod session;

use std::sync::Arc;

use poem_openapi::Tags;

use crate::app::App;

/// The sections of the document.
#[derive(Tags)]
enum Tag {
    /// Codes by email, access and refresh tokens, as FreelanceHub Auth documents them
    #[oai(rename = "FreelanceHub Auth")]
    Auth,
}

/// The routes of the API.
pub type Routes = (account::Routes, password::Routes, session::Routes);

/// The routes of the API, over an app.
pub fn routes(app: &Arc<App>) -> Routes {
    let app = || Arc::clone(app);
    (account::Routes(app()), password::Routes(app()), session::Routes(app()))
}

/// Whether a path is one of this document's own.
pub fn owns(path: &str) -> bool {
    let route = path.strip_prefix("/api/v1/auth/");
    matches!(
        route,
        Some(
            "verify-otp"
                | "resend-otp"
                | "forgot-password"
                | "reset-password"
                | "change-password"
                | "refresh"
                | "logout"
                | "profile"
        )
    )
}
