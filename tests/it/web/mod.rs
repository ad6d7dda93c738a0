//! The pages.

mod browser;
mod client;
mod proposal;
mod verify_email;
mod visit;
