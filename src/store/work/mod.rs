//! Projects, milestones, proposals.

pub mod milestone;
pub mod project;
pub mod proposal;
