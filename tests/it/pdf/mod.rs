//! What the printed files hold, read back by another library than the one that writes them.

mod any_text;
mod font;
mod invoice;
mod proposal;
pub mod read;
mod sheet;
