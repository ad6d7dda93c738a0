//! Receipts: what was paid for an invoice.

use crate::{
    app::{
        App,
        account::find_account,
        invoice::find_invoice,
        invoice_file::read_logo,
        invoice_link::parties,
        public_link::Target,
        share::Owner,
        unit_of_work::{Who, Work},
    },
    domain::{
        error::{Error, Result},
        id::InvoiceId,
        mail::{Attachment, Mail, QueuedMail},
        payment::Payment,
        pdf_file::PdfFile,
        session::Claims,
    },
    mail::compose::{self, ReceiptMail},
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

    /// Returns the email with the receipt of a paid invoice.
    pub(in crate::app) async fn receipt_mail(&self, queued: &QueuedMail) -> Result<Mail> {
        let (Some(account), Some(id)) = (queued.account, queued.invoice) else {
            return Err(Error::internal("it is about no invoice"));
        };
        let read = move |work: &mut Work| {
            let sheet = read_sheet(work, id)?;
            let link = store::invoice_link::find(work.tx, work.account, id)?;
            let own = store::mail_settings::find(work.tx, work.account)?;
            Ok((sheet, find_account(work)?.email, own, link))
        };
        let (sheet, reply_to, own, link) = self.query(Who::System(account), read).await?;
        let ReceiptSheet { invoice, seller, buyer, .. } = &sheet;
        let link =
            link.map(|sealed| self.link_address(Target::Invoice, &id, &sealed)).transpose()?;
        let logo = match seller.logo {
            Some(id) => self.store.read(move |tx| store::image::find(tx, id)).await?,
            None => None,
        };
        let mut mail = compose::receipt(&ReceiptMail {
            to: &queued.to,
            cc: queued.cc.clone(),
            reply_to: &reply_to,
            own: &own,
            invoice,
            seller,
            buyer,
            link: link.as_deref(),
            logo,
        })?;
        let number = invoice.number.clone();
        let print = move |fonts: &pdf::Fonts| pdf::receipt(fonts, &sheet);
        let printed = self.printer.run(Some(Owner::Account(account)), print).await??;
        let file = PdfFile::of_receipt(&number, printed.bytes);
        mail.attachment = Some(Attachment { name: file.name, bytes: file.bytes });
        Ok(mail)
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
