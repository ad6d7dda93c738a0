//! The pages that people open in a browser.

pub mod page;
pub mod verify_email;
