//! The pages.

mod proposal;
mod verify_email;
