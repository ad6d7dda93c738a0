//! Credit notes and their PDFs.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{
    domain::{
        credit_note::{CreditNote, CreditNoteFilter, Credited},
        error::{Error, Result},
        id::{AccountId, CreditNoteId, InvoiceId},
        money::Money,
        page::Listing,
    },
    store::{
        engine::{Tx, json, values},
        lister::Lister,
        row::record,
    },
};

const LIST: Lister = Lister::new("credit_notes", COLUMNS);

record! {
    credit_notes, note: &CreditNote {
        id = &note.id,
        @once {
            account_id = &note.account,
            invoice_id = &note.invoice,
            client_id = &note.client,
            number = &note.number,
            currency = note.credited.amount.currency,
            amount = note.credited.amount.minor,
            tax = note.credited.tax(),
            taxes = json(&note.credited.taxes),
            items = json(&note.credited.items),
            reason = &note.reason,
            issue_date = note.issue_date,
            seller = serde_json::to_string(&note.seller).ok(),
            buyer = serde_json::to_string(&note.buyer).ok(),
            is_void = note.is_void,
            created_at = note.created_at,
        }
        @read {
            invoice_number =
                "(SELECT number FROM invoices WHERE invoices.id = credit_notes.invoice_id)",
            invoice_date =
                "(SELECT issue_date FROM invoices WHERE invoices.id = credit_notes.invoice_id)",
        }
    } => {
        // The sum of the taxes.
        let _: i64 = tax;
        CreditNote {
            account: account_id,
            invoice: invoice_id,
            client: client_id,
            credited: Credited { amount: Money::new(amount, currency), taxes, items },
            id, invoice_number, invoice_date, number, reason, issue_date, seller, buyer, is_void,
            created_at,
        }
    }
}

/// Adds a credit note.
pub fn create(tx: &mut Tx, note: &CreditNote) -> Result<()> {
    tx.insert(row(note))?;
    LIST.tally(tx, note.account, &[], 1)
}

/// Finds a credit note.
pub fn find(tx: &mut Tx, account: AccountId, id: CreditNoteId) -> Result<CreditNote> {
    LIST.of(&account).find(tx, "error-credit-note-not-found", &id, read)
}

/// Returns all credit notes of an invoice, in the order in which they were issued.
pub fn list_of_invoice(
    tx: &mut Tx,
    account: AccountId,
    invoice: InvoiceId,
) -> Result<Vec<CreditNote>> {
    let mut found = LIST.of(&account).which("invoice_id = ?", Some(&invoice)).all(tx, read)?;
    found.sort_by_key(|note| note.id);
    Ok(found)
}

/// Returns the total of each credit note of an invoice, in minor units.
pub fn amounts_of_invoice(tx: &mut Tx, invoice: InvoiceId) -> Result<Vec<(CreditNoteId, i64)>> {
    tx.list("SELECT id, amount FROM credit_notes WHERE invoice_id = ?1", values![&invoice], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Lists a page of credit notes, newest first.
pub fn list(
    tx: &mut Tx,
    account: AccountId,
    filter: &CreditNoteFilter,
) -> Result<Listing<CreditNote>> {
    LIST.of(&account)
        .which("invoice_id = ?", filter.invoice_id.as_ref())
        .which("client_id = ?", filter.client_id.as_ref())
        .page(tx, filter.page, read)
}

/// Returns the stored bytes of a credit note, if any.
pub fn find_file(tx: &mut Tx, id: CreditNoteId) -> Result<Option<Vec<u8>>> {
    tx.find(
        "SELECT content FROM credit_note_files WHERE credit_note_id = ?1",
        values![&id],
        |row| row.get(0),
    )
}

/// Stores the bytes of a credit note unless some are already stored, and returns the stored ones.
pub fn keep_file(tx: &mut Tx, id: CreditNoteId, content: &[u8], now: Timestamp) -> Result<Vec<u8>> {
    let hash = Sha256::digest(content);
    tx.change(
        "INSERT INTO credit_note_files (credit_note_id, sha256, content, created_at) \
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT (credit_note_id) DO NOTHING",
        values![&id, hash.as_slice(), content, now],
    )?;
    find_file(tx, id)?.ok_or_else(|| Error::internal("what was kept is not there"))
}
