//! Projects, milestones, proposals.

pub mod milestone;
pub mod project;
pub mod project_board;
pub mod proposal;
pub mod proposal_deposit;
pub mod proposal_editor;
pub mod public_proposal;
