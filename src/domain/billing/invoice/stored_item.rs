//! The stored form of a priced line, where lines have no table of their own.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::{Item, Line, Unit};
use crate::domain::{discount::Discount, id::ItemId, money::parse_decimal, tax::Tax};

/// A line as JSON. Numbers are exact.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredItem {
    id: String,
    description: String,
    quantity: Number,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    rate: Number,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    discount_percent: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    discount_amount: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    taxes: Option<Vec<Tax>>,
    /// In minor units.
    amount: i64,
}

impl TryFrom<StoredItem> for Item {
    type Error = &'static str;

    fn try_from(stored: StoredItem) -> Result<Self, Self::Error> {
        let read = |number: &Number| parse_decimal(&number.to_string()).map_err(|_| "a number");
        let percent = stored.discount_percent.as_ref().map(read).transpose()?;
        let amount = stored.discount_amount.as_ref().map(read).transpose()?;
        let has_discount = percent.is_some() || amount.is_some();
        Ok(Self {
            id: ItemId::parse(&stored.id),
            line: Line {
                description: stored.description,
                quantity: read(&stored.quantity)?,
                unit: stored.unit.as_deref().and_then(Unit::from_word),
                rate: read(&stored.rate)?,
                discount: has_discount.then_some(Discount { percent, amount }),
                taxes: stored.taxes,
                tax_ids: Vec::new(),
                deposit: None,
            },
            amount: stored.amount,
        })
    }
}

impl From<Item> for StoredItem {
    fn from(item: Item) -> Self {
        let Line { description, quantity, unit, rate, discount, taxes, .. } = item.line;
        let (percent, amount) =
            discount.map(|discount| (discount.percent, discount.amount)).unwrap_or_default();
        Self {
            id: item.id.to_string(),
            description,
            quantity: number(quantity),
            unit: unit.map(|unit| unit.as_str().to_owned()),
            rate: number(rate),
            discount_percent: percent.map(number),
            discount_amount: amount.map(number),
            taxes,
            amount: item.amount,
        }
    }
}

/// A decimal is always a valid number.
fn number(decimal: Decimal) -> Number {
    decimal.normalize().to_string().parse().unwrap_or_else(|_| 0.into())
}
