//! A list as comma-separated values, for spreadsheets.

use csv::WriterBuilder;
use serde_json::Value;

use super::{Reader, cell::guarded, id_of};
use crate::{
    app::App,
    domain::{
        error::{Error, Result},
        export::ExportList,
        id::InvoiceId,
    },
    store::{
        engine::Tx,
        export::{self, Columns, Cursor, Fields, Kind, Section},
    },
};

/// Returns the parts of an invoice, one line each.
type Parts = fn(&mut Tx, InvoiceId) -> Result<Vec<Fields>>;

/// The invoice columns of a line: heading and field.
const OF_INVOICE: [(&str, &str); 3] =
    [("invoiceId", "id"), ("invoiceNumber", "number"), ("clientName", "clientName")];

/// Marks the table as UTF-8; without it, spreadsheets assume a legacy encoding.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A table in progress.
pub struct Table {
    section: &'static Section,
    parts: Option<Parts>,
    columns: Vec<(String, Kind)>,
    /// The remaining invoices, if only some are exported.
    picked: Option<Vec<InvoiceId>>,
    /// The position in the list; None at the end.
    cursor: Option<Cursor>,
    has_head: bool,
}

impl Table {
    pub fn new(list: ExportList) -> Self {
        let (section, parts): (_, Option<(Parts, Columns)>) = match list {
            ExportList::Clients => (&export::CLIENTS, None),
            ExportList::Projects => (&export::PROJECTS, None),
            ExportList::Milestones => (&export::MILESTONES, None),
            ExportList::Proposals => (&export::PROPOSALS, None),
            ExportList::Invoices => (&export::INVOICES, None),
            ExportList::InvoiceItems => (&export::INVOICES, Some((export::items, export::ITEMS))),
            ExportList::Payments => (&export::INVOICES, Some((export::payments, export::PAYMENTS))),
            ExportList::CreditNotes => (&export::CREDIT_NOTES, None),
            ExportList::Messages => (&export::MESSAGES, None),
        };
        let (parts, columns) = parts.unzip();
        let of_invoice = OF_INVOICE.iter().filter(|_| parts.is_some());
        let of_invoice = of_invoice.map(|(name, _)| ((*name).to_owned(), Kind::Text));
        // A nested document does not fit into a cell.
        let columns = columns.unwrap_or(section.columns).iter();
        let columns = columns.filter(|column| !matches!(column.kind, Kind::Json | Kind::Sums(_)));
        let columns = of_invoice.chain(columns.map(|column| (column.field(), column.kind)));
        let columns = columns.collect();
        let cursor = Some(Cursor::Start);
        Self { section, parts, columns, picked: None, cursor, has_head: false }
    }

    /// Creates a table of these invoices, in this order.
    pub fn of_invoices(ids: Vec<InvoiceId>) -> Self {
        Self { picked: Some(ids), ..Self::new(ExportList::Invoices) }
    }

    pub async fn next(&mut self, app: &App, reader: Reader) -> Result<Option<Vec<u8>>> {
        if let Some(picked) = &mut self.picked {
            let now: Vec<_> = picked.drain(..picked.len().min(self.section.page)).collect();
            return self.next_of(app, reader, now).await;
        }
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

    /// Returns the lines of these invoices; None after the last one.
    async fn next_of(
        &mut self,
        app: &App,
        reader: Reader,
        ids: Vec<InvoiceId>,
    ) -> Result<Option<Vec<u8>>> {
        if ids.is_empty() && self.has_head {
            return Ok(None);
        }
        let asked = ids.clone();
        let read = move |tx: &mut Tx, account| export::invoices(tx, account, &asked);
        let mut lines = reader.read(app, read).await?;
        lines.sort_by_cached_key(|line| ids.iter().position(|id| *id == id_of(line)));
        self.write(&lines).map(Some)
    }

    fn write(&mut self, lines: &[Fields]) -> Result<Vec<u8>> {
        let mut start = Vec::new();
        if !self.has_head {
            start.extend(BYTE_ORDER_MARK.as_bytes());
        }
        let mut writer = WriterBuilder::new().from_writer(start);
        if !self.has_head {
            let names = self.columns.iter().map(|(name, _)| name);
            writer.write_record(names).map_err(Error::internal)?;
            self.has_head = true;
        }
        for line in lines {
            let cells = self.columns.iter().map(|(name, kind)| cell(line.get(name), *kind));
            writer.write_record(cells).map_err(Error::internal)?;
        }
        writer.into_inner().map_err(|error| Error::internal(error.to_string()))
    }
}

/// Returns a part of an invoice, with the columns that identify the invoice.
fn of_invoice(invoice: &Fields, part: Fields) -> Fields {
    let mut line = Fields::new();
    for (name, field) in OF_INVOICE {
        line.insert(name.to_owned(), invoice.get(field).cloned().unwrap_or_default());
    }
    line.extend(part);
    line
}

fn joined<'a>(parts: impl Iterator<Item = &'a Value>) -> String {
    let parts: Vec<_> = parts.filter_map(Value::as_str).collect();
    guarded(&parts.join(", "))
}

fn cell(value: Option<&Value>, kind: Kind) -> String {
    match value {
        Some(Value::String(text)) if matches!(kind, Kind::Text) => guarded(text),
        Some(Value::Array(parts)) => joined(parts.iter()),
        Some(Value::Object(parts)) => joined(parts.values()),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(is)) => is.to_string(),
        _ => String::new(),
    }
}
