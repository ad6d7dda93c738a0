//! The totals of an invoice's form: next to the form, and as JSON for its script.

use poem::{Response, http::StatusCode};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use crate::{
    app::client::find_any_client,
    domain::{
        error::{Error, Result},
        id::ClientId,
        input::{Scalar, Shape, Source},
        invoice::{Line, Priced, price},
        money::{self, Currency, LineRate, Quantity, TaxRate},
        number_format::NumberFormat,
        rule::Rule,
    },
    http::answer,
    web::{fields::Fields, invoice_preview::Preview, visit::Visit},
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
        let currency = currency(fields, default);
        let shown = |minor: i64| format.grouped(Decimal::new(minor, currency.exponent()));
        let rows = fields.all_rows("items");
        // A quantity alone does not count as a line.
        let is_priced = |row: &&Fields| !row.get("rate").trim().is_empty();
        let amount = |row: &Fields| {
            let line = line(row)?;
            money::line_amount(line.quantity, line.rate, currency).ok().map(shown)
        };
        let amounts = rows.iter().map(|row| match is_priced(&row) {
            true => amount(row).unwrap_or_else(|| NOTHING.to_owned()),
            false => String::new(),
        });
        let total = |minor: Option<i64>| minor.map_or_else(|| NOTHING.to_owned(), shown);
        let totals = priced(fields, currency).map(|priced| priced.totals);
        Self {
            amounts: amounts.collect(),
            subtotal: total(totals.map(|totals| totals.subtotal)),
            tax: total(totals.map(|totals| totals.tax)),
            total: total(totals.map(|totals| totals.amount)),
            currency: currency.code(),
        }
    }
}

/// Returns the currency of a form, or else `default`.
pub fn currency(fields: &Fields, default: Currency) -> Currency {
    Currency::from_code(fields.get("currency")).unwrap_or(default)
}

/// Returns the tax rate of a form in percent; None if it is invalid.
pub fn tax_rate(fields: &Fields) -> Option<Decimal> {
    number(fields, "taxRate", "0", TaxRate::parse)
}

/// Prices the input; None if that is not possible.
pub fn priced(fields: &Fields, currency: Currency) -> Option<Priced> {
    let is_there =
        |row: &&Fields| ["description", "rate"].iter().any(|name| !row.get(name).trim().is_empty());
    let rows = fields.all_rows("items");
    let lines: Option<Vec<Line>> = rows.iter().filter(is_there).map(line).collect();
    price(lines?, tax_rate(fields)?, currency).ok()
}

/// Returns a row as an invoice line; None if its numbers are invalid.
fn line(row: &Fields) -> Option<Line> {
    Some(Line {
        description: row.get("description").trim().to_owned(),
        quantity: number(row, "quantity", "1", Quantity::parse)?,
        rate: number(row, "rate", "0", LineRate::parse)?,
    })
}

/// Parses a typed number, or returns `default` if it is empty.
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

/// The response for the form's script.
#[derive(Serialize)]
struct Typed {
    #[serde(flatten)]
    totals: Totals,
    /// The rendered invoice; None if its lines do not add up.
    sheet: Option<String>,
}

/// Returns the totals and a preview of a form while the user types. Stores nothing.
pub async fn show(visit: Visit, fields: Fields) -> Result<Response> {
    let client_id = ClientId::parse(fields.get("clientId"));
    let client = visit.read(move |work| Error::optional(find_any_client(work, client_id))).await?;
    let account = &visit.frame.account;
    let totals = Totals::of(&fields, account.currency, visit.frame.defaults.number_format);
    let preview = Preview::of(&visit, &fields, client.as_ref(), visit.today()?);
    let typed = Typed { totals, sheet: preview.map(|preview| preview.html()) };
    Ok(answer::json(StatusCode::OK, answer::bytes(&typed)))
}
