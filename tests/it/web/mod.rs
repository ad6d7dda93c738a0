//! The pages.

mod account_data;
mod browser;
mod client;
mod code;
mod dashboard;
mod form;
mod invoice;
mod invoice_defaults;
mod invoice_editor;
mod limit;
mod made_of;
mod message;
mod picture;
mod profile;
mod project;
mod proposal;
mod public_profile;
mod public_proposal;
mod registration;
mod security;
mod session;
mod settings;
mod signed_out;
mod stale;
mod verify_email;
mod visit;
