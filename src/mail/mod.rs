//! Mail: what it says, how it is written down, how it gets on its way.

pub mod compose;
pub mod courier;
pub mod message;
pub mod smtp_url;
