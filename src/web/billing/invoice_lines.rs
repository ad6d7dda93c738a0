//! The lines of an invoice's form, and the buttons that only change the form.

use askama::{Template, filters::HtmlSafe};
use jiff::{ToSpan, civil::Date};

use crate::{
    domain::{input::Input, invoice::Line},
    locale::t,
    web::{
        fields::Fields,
        form::{Control, Form},
    },
};

/// One line of the form.
#[derive(Template)]
#[template(path = "pages/invoice/line.html")]
pub struct Row {
    /// Counted from 0.
    place: usize,
    description: Control,
    quantity: Control,
    rate: Control,
    /// Its amount; empty if there is none yet.
    amount: String,
}

impl HtmlSafe for Row {}

impl Row {
    /// Returns a line of the form.
    pub fn of(form: &Form, place: usize, amount: &str) -> Self {
        let name = |field: &str| format!("items.{place}.{field}");
        Self {
            place,
            description: form
                .lines(&name("description"), t("description"))
                .attribute("placeholder", t("invoice-edit-add-line")),
            quantity: form.number(&name("quantity"), t("quantity")).attribute("placeholder", "1"),
            rate: form.number(&name("rate"), t("price")).attribute("placeholder", "0"),
            amount: amount.to_owned(),
        }
    }

    fn controls(&self) -> [&Control; 3] {
        [&self.description, &self.quantity, &self.rate]
    }

    fn numbers(&self) -> [&Control; 2] {
        [&self.quantity, &self.rate]
    }
}

/// Returns the typed fields with their defaults: no tax, and quantity one per line.
pub fn complete(fields: &Fields) -> Fields {
    let line = |row: Fields| {
        // A description wraps, but has no line breaks.
        let words: Vec<&str> = row.get("description").split_whitespace().collect();
        let text = words.join(" ");
        row.replaced("description", &text).or_with("quantity", "1")
    };
    let mut lines: Vec<Fields> = fields.rows("items").into_iter().map(line).collect();
    // Without lines, the list is present but empty.
    if lines.is_empty() {
        lines.push(empty_line());
    }
    fields.clone().or_with("taxRate", "0").with_rows("items", &lines)
}

/// Returns the fields without empty lines: the rows that errors refer to.
pub fn filled(fields: Fields) -> Fields {
    let lines = fields.rows("items");
    fields.with_rows("items", &lines)
}

/// Returns the fields with an empty line at the end.
pub fn padded(fields: Fields) -> Fields {
    let mut lines = fields.all_rows("items");
    if lines.last().is_none_or(|line| !line.is_blank()) {
        lines.push(empty_line());
    }
    fields.with_rows("items", &lines)
}

/// Returns an empty line.
pub fn empty_line() -> Fields {
    Line::FIELDS.iter().fold(Fields::default(), |line, field| line.with(field.name, ""))
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
        ("add", _) => lines.push(empty_line()),
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
