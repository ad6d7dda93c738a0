//! The PDFs of sent invoices.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{
    domain::{error::Result, id::InvoiceId},
    store::engine::{Tx, values},
};

/// Returns the stored bytes of an invoice, if any.
pub fn find(tx: &mut Tx, invoice: InvoiceId) -> Result<Option<Vec<u8>>> {
    tx.find("SELECT content FROM invoice_files WHERE invoice_id = ?1", values![&invoice], |row| {
        row.get(0)
    })
}

/// Stores the bytes of an invoice, unless some are stored: the first are final.
pub fn create(tx: &mut Tx, invoice: InvoiceId, content: &[u8], now: Timestamp) -> Result<()> {
    let hash = Sha256::digest(content);
    tx.change(
        "INSERT INTO invoice_files (invoice_id, sha256, content, created_at) \
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT (invoice_id) DO NOTHING",
        values![&invoice, hash.as_slice(), content, now],
    )
}
