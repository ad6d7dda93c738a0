//! The FreelanceOS API.

mod account;
mod dashboard;
mod dashboard_history;
mod dashboard_model;
mod invoice;
mod invoice_change;
mod invoice_list;
mod invoice_money;
mod invoice_number;
