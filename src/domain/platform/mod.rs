//! Types shared by all subjects.

pub mod activity;
pub mod dashboard;
pub mod export;
pub mod home;
pub mod idempotency;
pub mod image;
pub mod job;
pub mod limit;
pub mod mail;
pub mod mail_settings;
pub mod notice;
pub mod outbox;
pub mod reach;
pub mod search;
