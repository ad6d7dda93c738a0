//! The totals of an invoice's form: next to the form, and as JSON for its script.

use poem::{Response, http::StatusCode};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use crate::{
    domain::{
        error::Result,
        input::{Scalar, Shape, Source},
        invoice::{Line, price},
        money::{self, Currency, LineRate, Quantity, TaxRate},
        number_format::NumberFormat,
        rule::Rule,
    },
    http::answer,
    web::{fields::Fields, visit::Visit},
};

/// Shown if there is nothing to add up.
const NOTHING: &str = "–";

/// Totals in the reader's number format.
#[derive(Debug, Serialize)]
pub struct Totals {
    /// The amount of each line; empty if there is nothing to multiply yet.
    pub amounts: Vec<String>,
    pub subtotal: String,
    pub tax: String,
    pub total: String,
    /// The currency code of all amounts.
    pub currency: &'static str,
}

impl Totals {
    /// Computes the totals of a form's lines, in its currency or else in `default`.
    pub fn of(fields: &Fields, default: Currency, format: NumberFormat) -> Self {
        let currency = Currency::from_code(fields.get("currency")).unwrap_or(default);
        let shown = |minor: i64| format.grouped(Decimal::new(minor, currency.exponent()));
        let rows = fields.all_rows("items");
        // A quantity alone is not a line yet.
        let is_priced = |row: &&Fields| !row.get("rate").trim().is_empty();
        let amount = |row: &Fields| {
            let line = line(row)?;
            money::line_amount(line.quantity, line.rate, currency).ok().map(shown)
        };
        let amounts = rows.iter().map(|row| match is_priced(&row) {
            true => amount(row).unwrap_or_else(|| NOTHING.to_owned()),
            false => String::new(),
        });
        let lines: Option<Vec<Line>> = rows.iter().filter(is_priced).map(line).collect();
        let tax_rate = number(fields, "taxRate", "0", TaxRate::parse);
        let priced = lines.zip(tax_rate).and_then(|(lines, tax)| price(lines, tax, currency).ok());
        let total = |minor: Option<i64>| minor.map_or_else(|| NOTHING.to_owned(), shown);
        let totals = priced.map(|priced| priced.totals);
        Self {
            amounts: amounts.collect(),
            subtotal: total(totals.map(|totals| totals.subtotal)),
            tax: total(totals.map(|totals| totals.tax)),
            total: total(totals.map(|totals| totals.amount)),
            currency: currency.code(),
        }
    }
}

/// Returns a row as an invoice line; None if its numbers are invalid.
fn line(row: &Fields) -> Option<Line> {
    Some(Line {
        description: String::new(),
        quantity: number(row, "quantity", "1", Quantity::parse)?,
        rate: number(row, "rate", "", LineRate::parse)?,
    })
}

/// Reads a number as it was typed, or `default` if empty.
fn number(
    fields: &Fields,
    name: &'static str,
    default: &str,
    read: fn(&Value) -> Result<Decimal, Rule>,
) -> Option<Decimal> {
    let field = Fields { format: fields.format, ..Fields::default() };
    let field = field.with(name, fields.get(name)).or_with(name, default);
    read(&*field.field(name, &Shape::Rate)?).ok()
}

/// Returns the totals of a form while it is typed. Stores nothing.
pub async fn show(visit: Visit, fields: Fields) -> Result<Response> {
    let account = &visit.frame.account;
    let totals = Totals::of(&fields, account.currency, visit.frame.defaults.number_format);
    Ok(answer::json(StatusCode::OK, answer::bytes(&totals)))
}
