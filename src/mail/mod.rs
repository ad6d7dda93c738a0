//! Mail: what it says.

pub mod compose;
