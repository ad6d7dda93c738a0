//! Clients, invoices, payments, exchange rates.

pub mod accent;
pub mod balance;
pub mod client;
pub mod discount;
pub mod exchange_rate;
pub mod exchange_rate_file;
pub mod invoice;
pub mod invoice_defaults;
pub mod invoice_series;
pub mod paper;
pub mod payment;
pub mod tax;
pub mod unprintable;
