//! Pure types and rules. Nothing here does I/O or knows of HTTP, SQL or the clock.

pub mod account;
pub mod activity;
pub mod client;
pub mod code;
pub mod dashboard;
pub mod date;
pub mod error;
pub mod exchange_rate;
pub mod form;
pub mod id;
pub mod idempotency;
pub mod invoice;
pub mod limit;
pub mod mail;
pub mod milestone;
pub mod money;
pub mod page;
pub mod patch;
pub mod payment;
pub mod project;
pub mod proposal;
pub mod registration;
pub mod rule;
pub mod session;
pub mod text;
pub mod word;
