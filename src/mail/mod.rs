//! Mail: text, format and delivery.

pub mod compose;
pub mod courier;
pub mod message;
pub mod smtp_url;
