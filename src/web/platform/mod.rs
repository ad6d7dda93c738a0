//! Pages shared by all subjects.

pub mod chart;
pub mod dashboard;
#[cfg(debug_assertions)]
pub mod design_system;
pub mod export;
pub mod image;
pub mod log;
pub mod mail;
pub mod mail_settings;
pub mod needs;
pub mod notice;
pub mod search;
pub mod settings;
pub mod setup;
