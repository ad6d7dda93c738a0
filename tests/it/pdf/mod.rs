//! What the printed files hold, read back by another library than the one that writes them.

mod any_text;
mod invoice;
mod proposal;
mod read;
mod sheet;
