//! The lines of an invoice.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::stored_item::StoredItem;
use crate::domain::{
    discount::Discount,
    form::Form,
    id::{InvoiceId, ItemId, TaxId},
    input::{List, One, Optional, OrDefault, Required, input},
    money::{LineRate, Quantity},
    rule::Rule,
    tax::{LINE_TAXES_MAX, Tax},
    text,
    word::words,
};

/// The description of the line when an invoice has only an amount.
pub const DEFAULT_LINE: &str = "Professional services";

words! {
    /// What a quantity counts.
    Unit {
        Hour "hour",
        Day "day",
        Piece "piece",
        Month "month",
        Km "km",
        Word "word",
        Page "page",
        Fixed "fixed",
    }
}

input! {
    /// One line before pricing.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub part Line as "NewInvoiceItem", "A line of a new invoice."
        checked by must_name_taxes_once;

    description "description": Required<text::Line<500>>,
    quantity "quantity": Required<Quantity>,
    unit "unit": Optional<Unit> = "What the quantity counts.",
    rate "rate": Required<LineRate> = "Negative for a discount.",
    discount "discount": Optional<One<Discount>> = "Taken off quantity × rate.",
    /// `None`: the tax of the invoice's rate. Empty: no tax.
    taxes "taxes": Optional<List<One<Tax>, LINE_TAXES_MAX>> = "At most 5; the `taxRate` of the \
        invoice by default. Empty for no tax.",
    /// Taxes of the account to copy into `taxes`.
    tax_ids "taxIds": OrDefault<List<TaxId, LINE_TAXES_MAX>> = "Taxes of the account, instead of \
        `taxes`.",
    deposit "depositInvoiceId": Optional<InvoiceId> = "The deposit that the line takes off. \
        `deductDeposits` makes such lines; those of a request are left out.",
}

fn must_name_taxes_once(form: &mut Form) {
    let taxes = form.says::<List<One<Tax>, LINE_TAXES_MAX>>("taxes");
    if taxes && form.says::<List<TaxId, LINE_TAXES_MAX>>("taxIds") {
        form.fail("taxIds", Rule::Beside("taxes"));
    }
}

impl Line {
    /// A line without a discount, with the tax of the invoice.
    pub fn new(description: impl Into<String>, quantity: Decimal, rate: Decimal) -> Self {
        Self {
            description: description.into(),
            quantity,
            unit: None,
            rate,
            discount: None,
            taxes: None,
            tax_ids: Vec::new(),
            deposit: None,
        }
    }
}

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredItem", into = "StoredItem")]
pub struct Item {
    pub id: ItemId,
    pub line: Line,
    /// quantity × rate in minor units, rounded half away from zero, less the discount.
    pub amount: i64,
}
