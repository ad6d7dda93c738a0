//! Several invoices at once: their reminders, and their PDFs in one archive.

use std::{
    collections::HashSet,
    io::{Cursor, Write},
};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    app::{App, invoice_send::find_to_remind, unit_of_work::Work},
    domain::{
        error::{Error, Kind, Result},
        id::InvoiceId,
        invoice::ShownInvoice,
        session::Claims,
    },
};

/// The maximum number of invoices at once.
pub const MOST: usize = 50;

impl App {
    /// Returns the PDFs of these invoices of the caller as a ZIP archive.
    ///
    /// # Errors
    ///
    /// A conflict if there are none or too many; not found if one is not the caller's.
    pub async fn invoice_pdfs(&self, claims: Claims, ids: Vec<InvoiceId>) -> Result<Vec<u8>> {
        must_be_some(&ids)?;
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        // PDFs are compressed already.
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        // Names in an archive must be unique.
        let mut packed = HashSet::new();
        for id in ids.into_iter().filter(|id| packed.insert(*id)) {
            let file = self.invoice_pdf(claims, id).await?;
            archive.start_file(file.name, stored).map_err(Error::internal)?;
            archive.write_all(&file.bytes).map_err(Error::internal)?;
        }
        Ok(archive.finish().map_err(Error::internal)?.into_inner())
    }
}

/// Returns those of the given invoices whose clients can be reminded now.
///
/// # Errors
///
/// A conflict if there are no invoices or too many.
pub fn find_all_to_remind(work: &mut Work, ids: &[InvoiceId]) -> Result<Vec<ShownInvoice>> {
    must_be_some(ids)?;
    let mut found = Vec::new();
    for id in ids {
        match find_to_remind(work, *id) {
            Ok(shown) => found.push(shown),
            Err(error) if matches!(error.kind(), Kind::Conflict | Kind::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Refuses an empty selection, and one with more than [`MOST`] invoices.
///
/// # Errors
///
/// A conflict.
pub fn must_be_some(ids: &[InvoiceId]) -> Result<()> {
    match ids.len() {
        0 => Err(Error::conflict("error-no-invoice-chosen")),
        1..=MOST => Ok(()),
        _ => Err(Error::conflict("error-too-many-invoices-chosen").with("max", MOST)),
    }
}
