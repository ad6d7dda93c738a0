//! Use cases of pages and commands, below HTTP.

mod checkout;
mod clock;
mod exchange_rate;
pub mod export;
mod frame;
mod identity;
pub mod image;
pub mod invoice_defaults;
mod invoice_duplicate;
mod invoice_link;
mod invoice_reminder;
mod invoice_search;
mod notice;
mod owner;
mod proof;
mod proposal;
mod quota;
mod registration;
mod reminder;
mod removal;
mod unit_of_work;
