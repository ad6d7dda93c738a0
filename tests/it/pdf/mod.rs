//! The contents of PDFs, read with a different library from the one that writes them.

mod any_text;
mod font;
mod invoice;
mod proposal;
pub mod read;
mod sheet;
