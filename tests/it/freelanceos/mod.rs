//! The FreelanceOS API.

mod account;
mod chain;
mod client;
mod cors;
mod credit_note;
mod dashboard;
mod dashboard_demo;
mod dashboard_history;
mod dashboard_model;
mod envelope;
mod fields;
mod fresh;
mod idempotency;
mod invoice;
mod invoice_change;
mod invoice_list;
mod invoice_model;
mod invoice_money;
mod invoice_number;
mod invoice_pdf;
mod invoice_send;
mod invoice_status;
mod invoice_tax;
mod isolation;
mod liberal;
mod limit;
mod milestone;
mod openapi;
mod paging;
mod party;
mod payment;
mod project;
mod proposal;
mod proposal_items;
mod search;
mod settings;
mod statement;
mod tax;
mod text;
mod token;
mod transport;

use serde_json::Value;

/// JSON for a snapshot: ids and tokens differ between runs, so only their prefixes stay.
pub fn shown(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap();
    let hide = |line: &str| {
        let value = line.split('"').nth(3).unwrap_or_default();
        match value.split_once('_') {
            _ if value.starts_with("eyJ") => line.replace(value, "…"),
            Some((_, digits)) if digits.len() == 26 => line.replace(digits, "…"),
            _ => line.to_owned(),
        }
    };
    text.lines().map(hide).collect::<Vec<_>>().join("\n")
}
