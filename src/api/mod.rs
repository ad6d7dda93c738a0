//! The REST APIs: each folder contains the JSON formats of one document.

pub mod freelancehub;
pub mod freelancehub_auth;
pub mod freelanceos;
pub mod hook;
mod nest;
mod shared_auth;

use std::sync::Arc;

use poem::{Response, http::Method};

use crate::{
    app::{App, limit::Limit},
    http::{middleware::rate_limit::RouteLimit, openapi::About, problem::Problem},
};

/// FreelanceOS and FreelanceHub Auth, which share `/api/v1`.
pub mod api_v1 {
    use super::*;

    pub const ABOUT: About = About {
        title: "FreelanceOS API",
        base: "/api/v1",
        description: "Clients, projects, proposals, invoices and the dashboard of a freelancer. \
            Every answer is `{\"success\": true, \"data\": …}` or `{\"success\": false, \
            \"error\": \"…\"}`, but for the routes of FreelanceHub Auth, which answer bare \
            objects. Send the token of `/auth/register` or `/auth/login` as `Authorization: \
            Bearer …`. At most 100 requests in 15 minutes come from one address, of them 3 \
            registrations an hour and 5 logins in 15 minutes.",
        is_counted: true,
        takes_request_keys: true,
    };

    pub const LIMITS: &[RouteLimit] = &[
        (Method::POST, "/api/v1/auth/register", Limit::Register),
        (Method::POST, "/api/v1/auth/login", Limit::Login),
    ];

    pub type Routes = (shared_auth::Routes, freelanceos::Routes, freelancehub_auth::Routes);

    pub fn routes(app: &Arc<App>) -> Routes {
        let shared = shared_auth::Routes(Arc::clone(app));
        (shared, freelanceos::routes(app), freelancehub_auth::routes(app))
    }

    /// Writes a problem in the format of the document that contains the path.
    pub fn shape(path: &str, problem: &Problem) -> Response {
        if shared_auth::owns(path) {
            shared_auth::shape(path, problem)
        } else if freelancehub_auth::owns(path) {
            freelancehub_auth::error::shape(path, problem)
        } else {
            freelanceos::error::shape(path, problem)
        }
    }
}

/// FreelanceHub, under `/v1`.
pub mod v1 {
    use super::*;
    pub use freelancehub::{Routes, error::shape, routes};

    pub const ABOUT: About = About {
        title: "FreelanceHub API",
        base: "/v1",
        description: "Registration, profile, portfolio, passkeys and two-factor sign-in of a \
            freelancer. Answers are bare objects and arrays; failures are `{\"statusCode\", \
            \"message\", \"error\"}`, with the failing fields in `details`. Send the access token \
            of a login as `Authorization: Bearer …`.",
        is_counted: false,
        takes_request_keys: false,
    };

    pub const LIMITS: &[RouteLimit] = &[
        (Method::POST, "/v1/auth/register", Limit::HubRegister),
        (Method::GET, "/v1/auth/check-username", Limit::HubUsername),
        (Method::POST, "/v1/auth/verify-email", Limit::Codes),
        (Method::POST, "/v1/auth/send-email-otp", Limit::Codes),
        (Method::POST, "/v1/auth/verify-email-otp", Limit::Codes),
        (Method::POST, "/v1/auth/forgot-password", Limit::Codes),
        (Method::POST, "/v1/auth/reset-password", Limit::Codes),
        (Method::POST, "/v1/auth/login", Limit::HubLogin),
        (Method::POST, "/v1/auth/login/verify", Limit::HubLogin),
        (Method::POST, "/v1/auth/login/challenge", Limit::PasskeyChallenge),
        (Method::GET, "/v1/public/freelancers/*", Limit::PublicView),
        (Method::POST, "/v1/public/freelancers/*/messages", Limit::Message),
        (Method::GET, "/v1/public/proposals/*", Limit::PublicView),
        (Method::POST, "/v1/public/proposals/*/accept", Limit::ProposalAnswer),
        (Method::POST, "/v1/public/proposals/*/decline", Limit::ProposalAnswer),
    ];
}
