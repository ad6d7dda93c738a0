//! Projects, milestones, proposals.

pub mod milestone;
pub mod project;
pub mod proposal;
pub mod proposal_file;
pub mod proposal_link;
