//! Receipts: what was paid for an invoice.

use crate::{
    app::{
        App, invoice::find_invoice, invoice_file::read_logo, invoice_link::parties, share::Owner,
        unit_of_work::Work,
    },
    domain::{
        error::{Error, Result},
        id::InvoiceId,
        payment::Payment,
        pdf_file::PdfFile,
        session::Claims,
    },
    pdf::{self, ReceiptSheet},
    store,
};

impl App {
    /// Returns the PDF receipt for one of the caller's invoices.
    ///
    /// # Errors
    ///
    /// Not found if the caller has no such invoice; a conflict if nothing has been paid yet.
    pub async fn receipt_pdf(&self, claims: Claims, id: InvoiceId) -> Result<PdfFile> {
        let sheet = self.query(claims, move |work| read_sheet(work, id)).await?;
        let (owner, number) = (sheet.invoice.account, sheet.invoice.number.clone());
        let print = move |fonts: &pdf::Fonts| pdf::receipt(fonts, &sheet);
        let printed = self.printer.run(Some(Owner::Account(owner)), print).await??;
        Ok(PdfFile::of_receipt(&number, printed.bytes))
    }
}

/// Returns everything that a receipt shows.
fn read_sheet(work: &mut Work, id: InvoiceId) -> Result<ReceiptSheet> {
    let invoice = find_invoice(work, id)?;
    let mut payments = store::payment::ledger(work.tx, work.account, id)?;
    payments.retain(Payment::is_standing);
    if payments.is_empty() {
        return Err(Error::conflict("error-invoice-unpaid"));
    }
    payments.sort_by_key(|payment| (payment.paid_at.at, payment.id));
    let account = store::account::find(work.tx, work.account)?;
    let (seller, buyer) = parties(work.tx, &account, &invoice)?;
    let logo = read_logo(work.tx, seller.logo)?;
    Ok(ReceiptSheet { invoice, payments, zone: work.actor.time_zone()?, seller, buyer, logo })
}
