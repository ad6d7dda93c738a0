//! Mail: its text, its format and its delivery.

pub mod compose;
pub mod courier;
pub mod message;
pub mod smtp_url;
