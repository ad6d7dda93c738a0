//! Use cases and services shared by all subjects.

pub mod activity;
pub mod asker;
pub mod backup;
pub mod dashboard;
mod delivery;
pub mod export;
pub mod home;
pub mod image;
pub mod jobs;
pub mod limit;
pub mod load;
pub mod mail_settings;
pub mod notice;
mod notice_mail;
pub mod outbox;
pub mod page_context;
pub(super) mod public_link;
pub mod quota;
pub mod resend;
pub mod search;
pub mod secret;
pub mod security_log;
pub mod share;
pub(super) mod work_queue;
