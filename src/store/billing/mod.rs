//! Clients, invoices, payments, exchange rates.

pub mod checkout;
pub mod client;
pub mod credit_note;
pub mod deposit;
pub mod exchange_rate;
pub mod invoice;
pub mod invoice_defaults;
pub mod invoice_file;
pub mod invoice_link;
mod invoice_list;
pub mod number_series;
pub mod payment;
pub mod provider;
pub mod reminder;
pub mod statement;
pub mod tax;
