//! What pages and commands ask of the program, below HTTP.

mod frame;
mod registration;
