//! The values of an invoice's form.

use rust_decimal::Decimal;

use crate::{
    domain::{
        discount::Discount,
        invoice::{Invoice, Line, Unit},
    },
    web::{fields::Fields, invoice_lines::written},
};

/// Returns the form of an invoice's notes with their current values.
pub fn noted(invoice: &Invoice) -> Fields {
    Fields::default().with_some("notes", invoice.notes.as_ref())
}

/// Adds the lines of an invoice or a proposal, and what applies to all of them.
pub fn with_lines(fields: Fields, invoice: &Invoice) -> Fields {
    let line = |line: &Line| {
        let row = Fields::default()
            .with("description", &line.description)
            .with("quantity", line.quantity.normalize())
            .with("rate", line.rate.normalize())
            .with_some("unit", line.unit.map(Unit::as_str));
        let row = discounted(row, line.discount.as_ref());
        match &line.taxes {
            Some(taxes) => {
                taxes.iter().fold(row.with("taxes", ""), |row, tax| row.with("taxes", written(tax)))
            }
            None => row,
        }
    };
    let lines: Vec<Fields> = invoice.own_lines().map(line).collect();
    let fields = fields
        .with("taxRate", invoice.terms.tax_rate.normalize())
        .with_some("pricesIncludeTax", invoice.terms.prices_include_tax.then_some("on"));
    discounted(fields, invoice.terms.discount.as_ref()).with_rows("items", &lines)
}

/// Returns the form of a draft with its current values.
pub fn drafted(invoice: &Invoice) -> Fields {
    let fields = noted(invoice)
        .with("clientId", invoice.client_id)
        .with_some("projectId", invoice.project_id)
        .with("issueDate", invoice.issue_date)
        .with("dueDate", invoice.due_date)
        .with("currency", invoice.currency)
        .with_some("deductDeposits", invoice.deduct_deposits.then_some("on"))
        .with_some("serviceFrom", invoice.service.0)
        .with_some("serviceTo", invoice.service.1)
        .with_some("reference", invoice.reference.as_ref());
    let fields = match &invoice.terms.withholding {
        Some(withholding) => fields
            .with("withholding.name", &withholding.name)
            .with("withholding.rate", withholding.rate.normalize()),
        None => fields,
    };
    with_lines(fields, invoice)
}

fn discounted(fields: Fields, discount: Option<&Discount>) -> Fields {
    let amount = |of: fn(&Discount) -> Option<Decimal>| discount.and_then(of);
    fields
        .with_some("discount.percent", amount(|of| of.percent).map(|of| of.normalize()))
        .with_some("discount.amount", amount(|of| of.amount).map(|of| of.normalize()))
}
