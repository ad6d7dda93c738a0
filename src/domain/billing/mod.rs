//! Clients, invoices, payments, exchange rates.

pub mod accent;
pub mod address;
pub mod balance;
pub mod business;
pub mod checkout;
pub mod client;
pub mod country;
pub mod credit_note;
pub mod credit_note_summary;
pub mod deposit;
pub mod discount;
pub mod exchange_rate;
pub mod exchange_rate_file;
pub mod how_to_pay;
pub mod invoice;
pub mod invoice_defaults;
pub mod number_series;
pub mod paper;
pub mod payment;
pub mod payment_method;
pub mod provider;
pub mod reminder;
pub mod settings;
pub mod statement;
pub mod tax;
pub mod unprintable;
