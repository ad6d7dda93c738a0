//! The values that a client presets in the form for a new invoice: its currency and payment terms,
//! in fields that nobody has edited.

use jiff::{ToSpan, civil::Date};

use crate::{
    domain::{client::Client, money::Currency},
    web::fields::Fields,
};

/// The client whose presets the form has. Without it, nothing is preset.
pub const CLIENT: &str = "_client";
/// The preset currency; empty if the form was opened with a different one.
pub const CURRENCY: &str = "_currency";
/// The preset due date.
pub const DUE: &str = "_due";

/// The defaults for clients without their own.
#[derive(Debug, Clone, Copy)]
pub struct Otherwise {
    pub currency: Currency,
    /// The payment terms in days.
    pub days: u32,
}

/// Returns the fields that change because another client was chosen; empty if none was.
pub fn preset(
    fields: &Fields,
    client: Option<&Client>,
    otherwise: Otherwise,
) -> Vec<(&'static str, String)> {
    let chosen = fields.get("clientId");
    if !fields.has(CLIENT) || fields.get(CLIENT) == chosen {
        return Vec::new();
    }
    let details = client.map(|client| &client.details);
    let mut changed = vec![(CLIENT, chosen.to_owned())];
    if fields.get("currency") == fields.get(CURRENCY) {
        let own = details.and_then(|details| details.currency);
        let currency = own.unwrap_or(otherwise.currency).to_string();
        changed.extend([("currency", currency.clone()), (CURRENCY, currency)]);
    }
    let days = details.and_then(|details| details.payment_terms_days).unwrap_or(otherwise.days);
    let issued: Option<Date> = fields.get("issueDate").parse().ok();
    let due = issued.and_then(|day| day.checked_add(i64::from(days).days()).ok());
    if let Some(due) = due.filter(|_| fields.get("dueDate") == fields.get(DUE)) {
        changed.extend([("dueDate", due.to_string()), (DUE, due.to_string())]);
    }
    changed
}

/// Returns the form with these changes.
pub fn with_preset(fields: Fields, changed: &[(&str, String)]) -> Fields {
    changed.iter().fold(fields, |fields, (name, value)| fields.replaced(name, value))
}
