//! A list as comma-separated values, for spreadsheets.

use csv::WriterBuilder;
use rust_decimal::Decimal;
use serde_json::Value;

use super::{Reader, id_of};
use crate::{
    app::App,
    domain::{
        error::{Error, Result},
        export::ExportList,
        id::InvoiceId,
    },
    store::{
        engine::Tx,
        export::{self, Cursor, Fields, Kind, Section},
    },
};

/// What stands in a line: a row itself, or what belongs to an invoice.
type Parts = fn(&mut Tx, InvoiceId) -> Result<Vec<Fields>>;

/// What a line tells of its invoice: the heading, and the field.
const OF_INVOICE: [(&str, &str); 3] =
    [("invoiceId", "id"), ("invoiceNumber", "number"), ("clientName", "clientName")];

/// A table that is being written.
pub struct Table {
    section: &'static Section,
    parts: Option<Parts>,
    names: Vec<&'static str>,
    /// Where the list goes on; nothing once it is over.
    cursor: Option<Cursor>,
    has_head: bool,
}

impl Table {
    pub fn new(list: ExportList) -> Self {
        let (section, parts): (_, Option<Parts>) = match list {
            ExportList::Clients => (&export::CLIENTS, None),
            ExportList::Projects => (&export::PROJECTS, None),
            ExportList::Milestones => (&export::MILESTONES, None),
            ExportList::Proposals => (&export::PROPOSALS, None),
            ExportList::Invoices => (&export::INVOICES, None),
            ExportList::InvoiceItems => (&export::INVOICES, Some(export::items)),
            ExportList::Payments => (&export::INVOICES, Some(export::payments)),
            ExportList::Messages => (&export::MESSAGES, None),
        };
        let names = match list {
            ExportList::InvoiceItems => export::item_names().collect(),
            ExportList::Payments => export::payment_names().collect(),
            // What is a whole document by itself has no place in a cell.
            _ => (section.columns.iter())
                .filter(|(_, kind)| !matches!(kind, Kind::Json))
                .map(|(name, _)| *name)
                .collect(),
        };
        Self { section, parts, names, cursor: Some(Cursor::Start), has_head: false }
    }

    pub async fn next(&mut self, app: &App, reader: Reader) -> Result<Option<Vec<u8>>> {
        let Some(after) = self.cursor.take() else { return Ok(None) };
        let (section, parts) = (self.section, self.parts);
        let (lines, next) = reader
            .read(app, move |tx, account| {
                let (rows, next) = export::page(tx, section, account, &after)?;
                let Some(parts) = parts else { return Ok((rows, next)) };
                let mut lines = Vec::new();
                for row in &rows {
                    for part in parts(tx, id_of(row))? {
                        lines.push(of_invoice(row, part));
                    }
                }
                Ok((lines, next))
            })
            .await?;
        self.cursor = next;
        self.write(&lines).map(Some)
    }

    fn write(&mut self, lines: &[Fields]) -> Result<Vec<u8>> {
        let mut writer = WriterBuilder::new().from_writer(Vec::new());
        let of_invoice = OF_INVOICE.iter().filter(|_| self.parts.is_some()).map(|(name, _)| *name);
        let names: Vec<&str> = of_invoice.chain(self.names.iter().copied()).collect();
        if !self.has_head {
            writer.write_record(&names).map_err(Error::internal)?;
            self.has_head = true;
        }
        for line in lines {
            let cells = names.iter().map(|name| cell(line.get(*name)));
            writer.write_record(cells).map_err(Error::internal)?;
        }
        writer.into_inner().map_err(|error| Error::internal(error.to_string()))
    }
}

/// What belongs to an invoice, with what tells which.
fn of_invoice(invoice: &Fields, part: Fields) -> Fields {
    let mut line = Fields::new();
    for (name, field) in OF_INVOICE {
        line.insert(name.to_owned(), invoice.get(field).cloned().unwrap_or_default());
    }
    line.extend(part);
    line
}

fn cell(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => harmless(text),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Text that a spreadsheet takes for text: what begins like a formula could do anything there.
fn harmless(text: &str) -> String {
    // Some spreadsheets read the wide forms of Chinese and Japanese keyboards as the plain ones.
    let marks = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    let is_formula = text.starts_with(marks);
    if is_formula && text.parse::<Decimal>().is_err() {
        return format!("'{text}");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn what_begins_like_a_formula_is_text_and_numbers_stay_numbers() {
        for text in
            ["=1+1", "+cmd|' /C calc'!A0", "-a", "@SUM(A1)", "\t=1", "\r=1", "--5", "\n=1", "＝1+1"]
        {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for text in ["", "plain", "-12.50", "+2348012345678", "a=b", "'quoted"] {
            assert_eq!(harmless(text), text);
        }
    }
}
