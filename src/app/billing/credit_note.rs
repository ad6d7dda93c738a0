//! Credit notes: crediting all or part of a sent invoice.

use rust_decimal::Decimal;

use crate::{
    app::{
        event::Event, invoice::find_invoice, invoice_link::parties, payment::settle,
        unit_of_work::Work,
    },
    domain::{
        credit_note::{CreditNote, CreditNoteFilter, Credited, Left, NewCreditNote, NewVoid},
        error::{Error, Result},
        id::{CreditNoteId, InvoiceId},
        invoice::{Invoice, InvoiceStatus},
        number_series::SeriesKind,
        page::Listing,
        unprintable,
    },
    pdf, store,
};

/// Credits lines, an amount or everything that is left of a sent invoice. Voids the invoice if
/// nothing is left and nothing was paid.
///
/// # Errors
///
/// Not found if the caller has no such invoice; a conflict if it is a draft, cancelled or already
/// credited in full; invalid if the credit exceeds what is left.
pub fn credit_invoice(work: &mut Work, id: InvoiceId, new: &NewCreditNote) -> Result<CreditNote> {
    let invoice = find_creditable(work, id)?;
    let before = store::credit_note::list_of_invoice(work.tx, work.account, id)?;
    let credited = Left::new(&invoice, &before).credit(new)?;
    issue(work, &invoice, credited, &new.reason)
}

/// Credits everything that is left of a sent invoice without payments.
///
/// # Errors
///
/// Not found if the caller has no such invoice; a conflict if it is a draft, cancelled or partly
/// paid, or there is nothing to credit.
pub fn void_invoice(work: &mut Work, id: InvoiceId, new: &NewVoid) -> Result<CreditNote> {
    let invoice = find_creditable(work, id)?;
    if invoice.booked.paid != 0 {
        return Err(Error::conflict("error-invoice-paid-void"));
    }
    let before = store::credit_note::list_of_invoice(work.tx, work.account, id)?;
    let all = NewCreditNote { items: None, amount: None, reason: new.reason.clone() };
    let credited = Left::new(&invoice, &before).credit(&all)?;
    issue(work, &invoice, credited, &new.reason)
}

/// Returns one of the caller's invoices, and how much of each line is not yet credited.
///
/// # Errors
///
/// Not found if the caller has no such invoice.
pub fn find_left_to_credit(work: &mut Work, id: InvoiceId) -> Result<(Invoice, Vec<Decimal>)> {
    let invoice = find_invoice(work, id)?;
    let before = store::credit_note::list_of_invoice(work.tx, work.account, id)?;
    let quantities = Left::new(&invoice, &before).quantities();
    Ok((invoice, quantities))
}

/// Returns a page of the caller's credit notes.
pub fn list_credit_notes(
    work: &mut Work,
    filter: &CreditNoteFilter,
) -> Result<Listing<CreditNote>> {
    store::credit_note::list(work.tx, work.account, filter)
}

/// Returns one of the caller's credit notes.
///
/// # Errors
///
/// Not found if the caller has no such credit note.
pub fn find_credit_note(work: &mut Work, id: CreditNoteId) -> Result<CreditNote> {
    store::credit_note::find(work.tx, work.account, id)
}

/// Returns one of the caller's credit notes with its invoice.
///
/// # Errors
///
/// Not found if the caller has no such credit note.
pub fn find_credited_invoice(work: &mut Work, id: CreditNoteId) -> Result<(CreditNote, Invoice)> {
    let note = find_credit_note(work, id)?;
    let invoice = find_invoice(work, note.invoice)?;
    Ok((note, invoice))
}

/// Returns one of the caller's invoices that the client has received.
fn find_creditable(work: &mut Work, id: InvoiceId) -> Result<Invoice> {
    let invoice = find_invoice(work, id)?;
    if let Some((_, number)) = &invoice.deducted_in {
        return Err(Error::conflict("error-deposit-deducted").with("number", number));
    }
    Err(Error::conflict(match invoice.status {
        InvoiceStatus::Draft => "error-invoice-draft-credit",
        InvoiceStatus::Cancelled if invoice.is_voided() => "error-invoice-voided",
        InvoiceStatus::Cancelled => "error-invoice-cancelled-credit",
        InvoiceStatus::Sent | InvoiceStatus::Overdue | InvoiceStatus::Paid => return Ok(invoice),
    }))
}

/// Issues a credit note under the next number, with both parties as on the invoice.
fn issue(
    work: &mut Work,
    invoice: &Invoice,
    credited: Credited,
    reason: &str,
) -> Result<CreditNote> {
    // Refuse to freeze text that would print as boxes.
    unprintable::refuse(&pdf::missing_of_text(&work.env.settings.fonts, reason))?;
    let account = store::account::find(work.tx, work.account)?;
    let (seller, buyer) = parties(work.tx, &account, invoice)?;
    let today = work.today()?;
    let number = store::number_series::draw(work.tx, work.account, SeriesKind::CreditNote, today)?;
    let left = invoice.balance().owed() - credited.amount.minor;
    let note = CreditNote {
        id: work.new_id(),
        account: work.account,
        invoice: invoice.id,
        invoice_number: invoice.number.clone(),
        invoice_date: invoice.issue_date,
        client: invoice.client_id,
        number: number.text,
        credited,
        reason: reason.to_owned(),
        issue_date: today,
        seller,
        buyer,
        is_void: left == 0 && invoice.booked.paid == 0,
        created_at: work.now,
    };
    store::credit_note::create(work.tx, &note)?;
    settle(work, invoice)?;
    work.emit(Event::CreditNoteIssued(&note, invoice))?;
    Ok(note)
}
