//! The pages.

mod verify_email;
