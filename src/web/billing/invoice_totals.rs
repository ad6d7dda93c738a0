//! The totals of an invoice's form: next to the form, and as JSON for its script.

use askama::Template;
use jiff::{Timestamp, civil::Date};
use poem::{Response, http::StatusCode};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use crate::{
    app::{
        client::find_any_client,
        deposit::{Scope, open_deposits},
        invoice::find_invoice,
        unit_of_work::Work,
    },
    domain::{
        deposit::deduct,
        discount::Discount,
        error::{Error, Result},
        form::Form,
        id::{ClientId, InvoiceId, ProjectId, ProposalId},
        input::{List, Nested, One, Scalar, Shape, Source},
        invoice::{Invoice, Line, Priced, SumRow, Terms, Unit, line_amount, price},
        money::{Currency, LineRate, Quantity, TaxRate},
        number_format::NumberFormat,
        rule::Rule,
        tax::{LINE_TAXES_MAX, Tax, Withholding},
    },
    http::answer,
    locale::{Text, t},
    web::{
        fields::Fields,
        invoice_editor::otherwise,
        invoice_preset::{preset, with_preset},
        invoice_preview::{NUMBER, Preview},
        visit::Visit,
    },
};

/// Shown if there is nothing to add up.
const NOTHING: &str = "–";

/// Totals in the reader's number format.
#[derive(Debug, Serialize)]
pub struct Totals {
    /// The amount of each line, empty if there is nothing to multiply yet, and its details.
    pub lines: Vec<(String, String)>,
    /// The sum of the lines.
    pub subtotal: String,
    pub discount: String,
    pub tax: String,
    pub total: String,
    /// The deposits that are deducted.
    pub deposits: Vec<(String, String)>,
    /// The checkbox that deducts deposits, as HTML; empty if there are none.
    pub offer: String,
    /// The taxes added to the sum, and the rows that explain the total.
    pub taxes: Vec<(String, String)>,
    pub below: Vec<(String, String)>,
    /// The currency code of all amounts.
    pub currency: &'static str,
}

impl Totals {
    /// Computes the totals of a form's lines, in its currency, else in `default`. `deposits` are
    /// those that it can deduct.
    pub fn of(
        fields: &Fields,
        default: Currency,
        format: NumberFormat,
        deposits: &[Invoice],
    ) -> Self {
        let currency = currency(fields, default);
        let shown = |minor: i64| format.grouped(Decimal::new(minor, currency.exponent()));
        let rows = fields.all_rows("items");
        let total = |minor: Option<i64>| minor.map_or_else(|| NOTHING.to_owned(), shown);
        let priced = priced(fields, currency, deposits);
        let totals = priced.as_ref().map(|priced| priced.totals);
        let invoice = priced.map(|priced| unnumbered(priced, currency));
        let line = |row: &Fields| {
            // A quantity alone does not count as a line.
            if row.get("rate").trim().is_empty() {
                return <(String, String)>::default();
            }
            let line = line(row);
            let amount = line.as_ref().and_then(|line| line_amount(line, currency, 0).ok());
            let details = line.zip(invoice.as_ref()).map(|(line, of)| of.details_of(&line));
            (amount.map_or_else(|| NOTHING.to_owned(), shown), details.unwrap_or_default())
        };
        let written = |rows: Vec<SumRow>| {
            rows.into_iter().map(|(label, minor)| (label.into(), shown(minor))).collect()
        };
        Self {
            lines: rows.iter().map(line).collect(),
            subtotal: total(invoice.as_ref().map(|of| of.sum_of(false))),
            discount: total(totals.map(|totals| -totals.discount)),
            tax: total(totals.map(|totals| totals.tax)),
            total: total(totals.map(|totals| totals.amount)),
            deposits: invoice.as_ref().map_or_else(Vec::new, |of| {
                let sum = of.sum_of(true);
                let row = (sum != 0).then(|| (t("invoice-edit-deposits"), sum));
                written(row.into_iter().collect())
            }),
            offer: offer(fields, deposits),
            taxes: invoice.as_ref().map_or_else(Vec::new, |of| written(of.rows_of_taxes())),
            below: invoice.as_ref().map_or_else(Vec::new, |of| written(of.rows_below_total())),
            currency: currency.code(),
        }
    }
}

/// Returns the currency of a form, or else `default`.
pub fn currency(fields: &Fields, default: Currency) -> Currency {
    Currency::from_code(fields.get("currency")).unwrap_or(default)
}

/// The checkbox that deducts deposits.
#[derive(Template)]
#[template(path = "pages/invoice/deposits.html")]
struct Offer {
    label: Text,
    is_ticked: bool,
}

/// Offers to deduct these deposits; empty if there are none.
fn offer(fields: &Fields, deposits: &[Invoice]) -> String {
    let named: Vec<String> = deposits
        .iter()
        .map(|deposit| format!("{} ({})", deposit.number, deposit.amount().shown()))
        .collect();
    match named.is_empty() {
        true => String::new(),
        false => {
            let label = t("invoice-edit-deduct").with("deposits", named.join(", "));
            let is_ticked = fields.is_ticked("deductDeposits");
            Offer { label, is_ticked }.render().unwrap_or_default()
        }
    }
}

/// Returns the deposits that the invoice of a form can deduct.
pub fn deposits_for(work: &mut Work, fields: &Fields, default: Currency) -> Result<Vec<Invoice>> {
    let id = fields.has("_id").then(|| InvoiceId::parse(fields.get("_id")));
    let stored = id.map(|id| Error::optional(find_invoice(work, id))).transpose()?.flatten();
    let named = |name| Some(fields.get(name)).filter(|id| !id.is_empty());
    let proposal = stored.as_ref().and_then(|stored| stored.proposal_id);
    let scope = Scope {
        invoice: stored.as_ref().map(|stored| stored.id),
        client: ClientId::parse(fields.get("clientId")),
        project: named("projectId").map(ProjectId::parse),
        proposal: proposal.or(named("proposalId").map(ProposalId::parse)),
        currency: currency(fields, default),
    };
    // A deposit invoice deducts no other deposits.
    if stored.is_some_and(|stored| stored.is_deposit()) {
        return Ok(Vec::new());
    }
    open_deposits(work, &scope)
}

/// Prices the input; None if that is not possible.
pub fn priced(fields: &Fields, currency: Currency, deposits: &[Invoice]) -> Option<Priced> {
    let is_there =
        |row: &&Fields| ["description", "rate"].iter().any(|name| !row.get(name).trim().is_empty());
    let rows = fields.all_rows("items");
    let lines: Option<Vec<Line>> = rows.iter().filter(is_there).map(line).collect();
    let own = price(lines?, &terms(fields)?, currency).ok()?;
    match fields.is_ticked("deductDeposits") {
        true => deduct(own, deposits, currency).ok(),
        false => Some(own),
    }
}

/// Returns priced lines as an invoice without a number.
fn unnumbered(priced: Priced, currency: Currency) -> Invoice {
    let days = (Date::ZERO, Date::ZERO);
    Invoice::for_show(String::new(), days, (priced, currency), Timestamp::UNIX_EPOCH)
}

/// Returns what applies to the whole invoice; None if it is invalid.
fn terms(fields: &Fields) -> Option<Terms> {
    Some(Terms {
        tax_rate: number(fields, "taxRate", "0", TaxRate::parse)?,
        discount: part::<Discount>(fields, "discount")?,
        prices_include_tax: fields.is_ticked("pricesIncludeTax"),
        withholding: part::<Withholding>(fields, "withholding")?,
    })
}

/// Reads an object in a form; the outer None means that it is invalid.
fn part<T: Nested>(fields: &Fields, name: &'static str) -> Option<Option<T>> {
    Form::read(fields, |form| form.optional::<One<T>>(name)).ok()
}

/// Returns a row as an invoice line; None if its fields are invalid.
fn line(row: &Fields) -> Option<Line> {
    let taxes = Form::read(row, |form| form.optional::<List<One<Tax>, LINE_TAXES_MAX>>("taxes"));
    Some(Line {
        unit: Unit::from_word(row.get("unit")),
        discount: part::<Discount>(row, "discount")?,
        taxes: taxes.ok()?,
        ..Line::new(
            row.get("description").trim(),
            number(row, "quantity", "1", Quantity::parse)?,
            number(row, "rate", "0", LineRate::parse)?,
        )
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
    /// The fields that another client has changed.
    preset: Vec<(&'static str, String)>,
}

/// Returns the totals and a preview of a form while the user types. Stores nothing.
pub async fn show(visit: Visit, fields: Fields) -> Result<Response> {
    let client_id = ClientId::parse(fields.get("clientId"));
    let (typed, currency) = (fields.clone(), visit.frame.account.currency);
    let otherwise = otherwise(&visit);
    let read = move |work: &mut Work| {
        let client = Error::optional(find_any_client(work, client_id))?;
        let stored = find_invoice(work, InvoiceId::parse(typed.get("_id")));
        let number = Error::optional(stored)?.map(|stored| stored.number);
        let preset = preset(&typed, client.as_ref(), otherwise);
        let typed = with_preset(typed.clone(), &preset);
        let deposits = deposits_for(work, &typed, currency)?;
        Ok((client, number, deposits, preset))
    };
    let (client, number, deposits, preset) = visit.read(read).await?;
    let fields = with_preset(fields, &preset).replaced(NUMBER, &number.unwrap_or_default());
    let format = visit.frame.defaults.number_format;
    let totals = Totals::of(&fields, currency, format, &deposits);
    let preview = Preview::of(&visit, &fields, client.as_ref(), &deposits, visit.today()?);
    let typed = Typed { totals, sheet: preview.map(|preview| preview.html()), preset };
    Ok(answer::json(StatusCode::OK, answer::bytes(&typed)))
}
