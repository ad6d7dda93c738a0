//! Tables shared by all subjects.

pub mod activity;
pub mod dashboard;
pub mod doctor;
pub mod export;
pub mod image;
pub mod jobs;
pub mod links;
pub mod list_total;
pub mod mail_settings;
pub mod outbox;
pub mod program_state;
pub mod quota;
pub mod rate_window;
pub mod removal;
pub mod request_answer;
pub(super) mod timeline;
