//! Clients, invoices, payments, exchange rates.

pub mod client;
pub mod credit_note;
pub mod exchange_rate;
pub mod held_payment;
pub mod invoice;
pub mod invoice_bulk;
pub mod invoice_defaults;
pub mod invoice_editor;
pub mod invoice_history;
pub mod invoice_lines;
pub mod invoice_link;
pub mod invoice_list;
pub mod invoice_new;
pub mod invoice_offer;
pub mod invoice_preset;
pub mod invoice_preview;
pub mod invoice_send;
pub mod invoice_sheet;
pub mod invoice_totals;
pub mod invoice_values;
pub mod payment;
pub mod payment_method;
pub mod provider;
pub mod reminder;
pub mod statement;
pub mod tax;
