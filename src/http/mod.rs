//! Shared by the APIs and the pages: tokens, bodies, limits, headers, request ids.

pub mod amount;
pub mod answer;
pub mod bearer;
pub mod body;
pub mod body_budget;
pub mod discard;
mod example;
pub(crate) mod failed;
pub mod figures;
pub mod framing;
pub mod middleware;
pub mod openapi;
pub mod page;
pub mod path;
pub mod pdf;
pub mod problem;
pub mod qr;
pub mod query;
pub(crate) mod schema;
pub mod visitor;
