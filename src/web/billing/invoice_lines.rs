//! The lines of an invoice's form, and the buttons that only change the form.

use askama::{Template, filters::HtmlSafe};
use jiff::{ToSpan, civil::Date};
use serde_json::json;

use crate::{
    domain::{
        invoice::{Unit, unit_label},
        tax::{SavedTax, Tax},
    },
    http::amount::Amount,
    locale::t,
    web::{
        fields::Fields,
        form::{Control, Form},
        invoice_totals::Totals,
        tax::category_label,
    },
};

/// One line of the form.
#[derive(Template)]
#[template(path = "pages/invoice/line.html")]
struct Row {
    /// Counted from 0.
    place: usize,
    description: Control,
    quantity: Control,
    rate: Control,
    unit: Control,
    discount: Control,
    /// The available taxes, as JSON with a label, and whether each is selected; `None` if the
    /// invoice has one rate.
    taxes: Option<Vec<(String, String, bool)>>,
    /// Its amount; empty if there is none yet.
    amount: String,
    /// Its unit, discount and taxes in words.
    about: String,
}

impl HtmlSafe for Row {}

/// A rate shown among the sums of the form.
#[derive(Template)]
#[template(path = "pages/invoice/rate.html")]
struct RateRow {
    rate: Control,
}

impl HtmlSafe for RateRow {}

/// The lines of a form, and their sums.
#[derive(Template)]
#[template(path = "pages/invoice/lines.html")]
pub struct Lines<'a> {
    pub form: &'a Form,
    pub totals: &'a Totals,
    /// The taxes that lines can have; none if there is one rate for all.
    pub taxes: &'a [Tax],
}

impl HtmlSafe for Lines<'_> {}

impl Lines<'_> {
    fn row(&self, place: &usize, line: &(String, String)) -> Row {
        Row::of(self.form, *place, line, self.taxes)
    }

    fn tax(&self) -> RateRow {
        let rate = self.form.number("taxRate", t("tax")).attribute("placeholder", "0");
        RateRow { rate }
    }

    /// Returns the rate of the discount.
    fn discount(&self) -> RateRow {
        let rate = self.form.number("discount.percent", t("discount"));
        RateRow { rate: rate.attribute("placeholder", "0") }
    }
}

impl Row {
    /// Returns a line of the form; `taxes` are the available ones.
    fn of(form: &Form, place: usize, (amount, about): &(String, String), taxes: &[Tax]) -> Self {
        let name = |field: &str| format!("items.{place}.{field}");
        let units = Unit::WORDS.iter().filter_map(|word| {
            Some(((*word).to_owned(), unit_label(Unit::from_word(word)?).into()))
        });
        Self {
            place,
            description: form
                .lines(&name("description"), t("description"))
                .attribute("placeholder", t("invoice-edit-add-line")),
            quantity: form.number(&name("quantity"), t("quantity")).attribute("placeholder", "1"),
            rate: form.number(&name("rate"), t("price")).attribute("placeholder", "0"),
            unit: form.choice(&name("unit"), t("unit"), units.collect()).or(t("none")),
            discount: form.number(&name("discount.percent"), t("discount-percent")),
            taxes: (!taxes.is_empty()).then(|| choices(&form.fields, &name("taxes"), taxes)),
            about: about.clone(),
            amount: amount.to_owned(),
        }
    }

    fn controls(&self) -> [&Control; 4] {
        [&self.description, &self.quantity, &self.rate, &self.discount]
    }

    fn taxes_name(&self) -> String {
        format!("items.{}.taxes", self.place)
    }

    fn numbers(&self) -> [&Control; 2] {
        [&self.quantity, &self.rate]
    }
}

/// Returns the taxes of a line as choices. Those of a line that does not say are chosen.
fn choices(fields: &Fields, name: &str, taxes: &[Tax]) -> Vec<(String, String, bool)> {
    let says = fields.has(name);
    let choice = |tax: &Tax| {
        let value = written(tax);
        let is_chosen = !says || fields.all(name).any(|chosen| chosen == value);
        (value, label_beside(tax, taxes), is_chosen)
    };
    taxes.iter().map(choice).collect()
}

/// Names a tax with its rate. If others in `taxes` have the same name and rate, adds its category,
/// and if they also have the same category, its note.
fn label_beside(tax: &Tax, taxes: &[Tax]) -> String {
    let label = t("sum-rated").with("name", &tax.name).with("rate", tax.rate.normalize());
    let is_twin = |other: &&Tax| (&other.name, other.rate) == (&tax.name, tax.rate);
    let twins = || taxes.iter().filter(is_twin).filter(|other| *other != tax);
    let is_other = twins().any(|other| other.category != tax.category);
    let is_noted = twins().any(|other| other.category == tax.category);
    let category = is_other.then(|| category_label(&tax.category).to_string());
    let note = tax.note.clone().filter(|_| is_noted);
    [Some(label.to_string()), category, note].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Returns a tax as the value of a field.
pub fn written(tax: &Tax) -> String {
    let body = json!({
        "name": tax.name,
        "rate": Amount(tax.rate),
        "category": tax.category.as_str(),
        "note": tax.note,
    });
    body.to_string()
}

/// Whether anything is typed in a line. Selected options do not count.
fn is_typed(row: &Fields) -> bool {
    ["description", "quantity", "rate", "discount.percent"]
        .iter()
        .any(|name| !row.get(name).trim().is_empty())
}

/// Returns the typed fields with their defaults: no tax, and quantity one per line.
pub fn complete(fields: &Fields) -> Fields {
    let line = |row: Fields| {
        // A description wraps, but has no line breaks.
        let words: Vec<&str> = row.get("description").split_whitespace().collect();
        let text = words.join(" ");
        row.replaced("description", &text).or_with("quantity", "1")
    };
    let rows = fields.all_rows("items").into_iter().filter(is_typed);
    let mut lines: Vec<Fields> = rows.map(line).collect();
    // Without lines, the list is present but empty.
    if lines.is_empty() {
        lines.push(empty_line());
    }
    let is_named = fields.get("withholding.rate").trim().is_empty();
    let name = if is_named { String::new() } else { t("withholding-tax").into() };
    fields
        .clone()
        .or_with("taxRate", "0")
        .or_with("withholding.name", &name)
        .with_rows("items", &lines)
}

/// Returns the fields without empty lines: the rows that errors refer to.
pub fn filled(fields: Fields) -> Fields {
    let mut lines = fields.all_rows("items");
    lines.retain(is_typed);
    fields.with_rows("items", &lines)
}

/// Returns the fields with an empty line at the end.
pub fn padded(fields: Fields) -> Fields {
    let mut lines = fields.all_rows("items");
    match lines.last() {
        Some(last) if is_typed(last) => lines.push(line_after(last)),
        None => lines.push(empty_line()),
        _ => {}
    }
    fields.with_rows("items", &lines)
}

/// Returns an empty line.
pub fn empty_line() -> Fields {
    let names = ["description", "quantity", "rate"];
    names.iter().fold(Fields::default(), |line, name| line.with(*name, ""))
}

/// Adds the default taxes of an account to the first line of a new form.
pub fn with_default_taxes(fields: Fields, saved: &[SavedTax]) -> Fields {
    const FIRST: &str = "items.0.taxes";
    let fields = if saved.is_empty() { fields } else { fields.with(FIRST, "") };
    let chosen = saved.iter().filter(|saved| saved.is_default);
    chosen.fold(fields, |fields, saved| fields.with(FIRST, written(&saved.tax)))
}

/// Returns an empty line with the same unit and taxes.
fn line_after(last: &Fields) -> Fields {
    let unit = empty_line().with("unit", last.get("unit"));
    last.all("taxes").fold(unit, |line, tax| line.with("taxes", tax))
}

/// Returns the fields after a button that only changes the form; None if another was pressed.
pub fn rearranged(fields: &Fields) -> Option<Fields> {
    let action = fields.get("_action");
    let mut lines = fields.all_rows("items");
    let (verb, number) = action.split_once('.').unwrap_or((action, ""));
    let number = number.parse::<usize>().ok();
    let place = number.filter(|place| *place < lines.len());
    let mut fields = fields.clone();
    match (verb, place) {
        ("" | "save" | "review" | "keep", _) => return None,
        ("add", _) => lines.push(lines.last().map_or_else(empty_line, line_after)),
        ("up", Some(place)) if place > 0 => lines.swap(place, place - 1),
        ("down", Some(place)) if place + 1 < lines.len() => lines.swap(place, place + 1),
        ("copy", Some(place)) => lines.insert(place, lines[place].clone()),
        ("remove", Some(place)) => {
            lines.remove(place);
        }
        ("due", _) => {
            if let Some(due) = due_after(&fields, number) {
                fields = fields.replaced("dueDate", &due.to_string());
            }
        }
        _ => {}
    }
    Some(padded(fields.with_rows("items", &lines)))
}

/// Returns the date that many days after the typed issue date.
fn due_after(fields: &Fields, days: Option<usize>) -> Option<Date> {
    let issued: Date = fields.get("issueDate").parse().ok()?;
    issued.checked_add(i64::try_from(days?).ok()?.days()).ok()
}
