//! The pages that people open in a browser.

pub mod page;
pub mod proposal;
pub mod verify_email;

use poem::http::Method;

use crate::{app::limit::Limit, http::edge::RouteLimit};

/// Pages share the limits of what the APIs offer for the same.
pub const LIMITS: &[RouteLimit] =
    &[(Method::GET, "/p/*", Limit::PublicView), (Method::POST, "/p/*", Limit::ProposalAnswer)];
