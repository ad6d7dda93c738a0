//! PDFs of credit notes, rendered once and then stored, and emails with them attached.

use crate::{
    app::{
        App, credit_note::find_credit_note, invoice_file::read_logo, limit::Limit,
        outbox::Enclosed, share::Owner, unit_of_work::Work,
    },
    domain::{
        credit_note::CreditNote,
        error::{Error, Result},
        id::{AccountId, CreditNoteId},
        invoice::Delivery,
        job::JobKind,
        outbox::Document,
        pdf_file::PdfFile,
        session::Claims,
    },
    mail::compose::{self, CreditNoteMail},
    pdf::{self, CreditNoteSheet},
    store::{self, engine::Tx, exchange_rate::LatestRates},
};

/// The state of a credit note's file.
enum Found {
    Kept(PdfFile),
    Unprinted(Box<CreditNoteSheet>),
}

impl App {
    /// Returns the PDF of one of the caller's credit notes, always the same file.
    pub async fn credit_note_pdf(&self, claims: Claims, id: CreditNoteId) -> Result<PdfFile> {
        let account = self.query(claims, |work| Ok(work.account)).await?;
        self.credit_note_file(Some(Owner::Account(account)), account, id).await
    }

    pub(in crate::app) async fn credit_note_file(
        &self,
        owner: Option<Owner>,
        account: AccountId,
        id: CreditNoteId,
    ) -> Result<PdfFile> {
        let sheet = match self.store.read(move |tx| look(tx, account, id)).await? {
            Found::Kept(file) => return Ok(file),
            Found::Unprinted(sheet) => sheet,
        };
        let number = sheet.note.number.clone();
        let print = move |fonts: &pdf::Fonts| pdf::credit_note(fonts, &sheet);
        let (bytes, now) = (self.printer.run(owner, print).await??.bytes, self.now());
        // If several requests rendered it at once, the first file stays.
        let keep = move |tx: &mut Tx| {
            store::jobs::delete(tx, JobKind::PrintCreditNote, id)?;
            store::credit_note::keep_file(tx, id, &bytes, now)
        };
        Ok(PdfFile::of_number(&number, self.store.write(keep).await?))
    }
}

/// Returns the file of a credit note, or the data to render it from.
fn look(tx: &mut Tx, account: AccountId, id: CreditNoteId) -> Result<Found> {
    let note = store::credit_note::find(tx, account, id)?;
    if let Some(bytes) = store::credit_note::find_file(tx, id)? {
        return Ok(Found::Kept(PdfFile::of_number(&note.number, bytes)));
    }
    let account = store::account::find(tx, account)?;
    let rates = LatestRates::new(account.id, account.currency);
    let invoice = store::invoice::find(tx, account.id, note.invoice, &rates)?;
    let (prices_include_tax, logo) = (invoice.terms.prices_include_tax, note.seller.logo);
    let logo = read_logo(tx, logo)?;
    Ok(Found::Unprinted(Box::new(CreditNoteSheet { note, prices_include_tax, logo })))
}

/// Emails one of the caller's credit notes to the client, or to another address.
///
/// # Errors
///
/// Not found if the caller has no such credit note; too many requests if the mail limit is
/// exceeded.
pub fn send_credit_note(
    work: &mut Work,
    id: CreditNoteId,
    delivery: &Delivery,
) -> Result<CreditNote> {
    let note = find_credit_note(work, id)?;
    if let Some(refusal) = work.count(Limit::InvoiceMail)? {
        return Err(Error::too_many(refusal));
    }
    let account = store::account::find(work.tx, work.account)?;
    let client = store::client::find_any(work.tx, work.account, note.client, &work.latest_rates)?;
    let to = delivery.email.as_deref().unwrap_or(&client.details.email);
    let cc = client.details.copies(to);
    for to in [to].into_iter().chain(cc.iter().map(String::as_str)) {
        work.env.check_mail_to(&account, to)?;
    }
    let logo = note.seller.logo.map(|id| store::image::find(work.tx, id)).transpose()?.flatten();
    let mail = compose::credit_note(&CreditNoteMail {
        note: &note,
        to,
        cc,
        reply_to: &account.email,
        own: &store::mail_settings::find(work.tx, work.account)?,
        logo: logo.as_ref(),
    })?;
    let enclosed = Enclosed {
        logo: note.seller.logo.map(|id| id.to_string()),
        credit_note: Some(id.to_string()),
        ..Enclosed::default()
    };
    let document = Document::CreditNote(id);
    let queued = work.env.queued_about(work.account, &mail, document, enclosed)?;
    work.post(queued.as_ref())?;
    Ok(note)
}
