//! What every face on HTTP shares: who asks, bodies, limits, headers, request ids.

pub mod amount;
pub mod bearer;
pub mod body;
pub mod edge;
pub mod limit;
pub mod page;
pub mod path;
pub mod problem;
pub mod query;
pub mod unread;
pub(crate) mod wire;
