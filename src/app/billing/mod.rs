//! Clients, invoices, payments, exchange rates.

pub mod checkout;
pub mod client;
pub mod credit_note;
pub mod credit_note_file;
pub mod deposit;
pub mod exchange_rate;
pub mod held_payment;
pub mod invoice;
pub mod invoice_bulk;
pub mod invoice_defaults;
pub mod invoice_figures;
pub mod invoice_file;
pub mod invoice_link;
pub mod invoice_price;
pub mod invoice_send;
pub mod payment;
pub mod payment_method;
pub mod provider;
pub mod provider_test;
pub mod receipt;
pub mod reminder;
pub mod reminder_preview;
pub mod reminder_run;
pub mod statement;
pub mod tax;
