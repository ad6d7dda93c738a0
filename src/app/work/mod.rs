//! Projects, milestones, proposals.

pub mod milestone;
pub mod project;
pub mod project_board;
pub mod proposal;
pub mod proposal_file;
pub mod proposal_link;
mod proposal_mail;
pub(in crate::app) mod proposal_price;
