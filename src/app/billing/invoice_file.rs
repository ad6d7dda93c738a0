//! PDF files of invoices. A draft is rendered on each request; a sent invoice once, then stored.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use jiff::{Span, Timestamp, tz::TimeZone};

use crate::{
    app::{
        App, invoice_defaults::find_invoice_settings, invoice_link, share::Owner,
        unit_of_work::Work, work_queue::WorkQueue,
    },
    domain::{
        account::Account,
        balance::Booked,
        error::{Error, Result},
        id::{AccountId, ImageId, InvoiceId},
        invoice::{Invoice, InvoiceStatus, Line, Party, Seller, Terms, price},
        invoice_defaults::InvoiceSettings,
        job::JobKind,
        money::Currency,
        pdf_file::PdfFile,
        session::Claims,
    },
    locale::{Text, t},
    pdf::{self, Fonts, InvoiceSheet, Printed},
    store::{self, engine::Tx, exchange_rate::LatestRates},
};

/// The maximum number of documents waiting to be rendered; more are refused.
const QUEUE: usize = 256;

/// Renders documents, one per core at a time.
pub(in crate::app) struct Printer {
    queue: WorkQueue,
    fonts: Arc<Fonts>,
}

impl Printer {
    pub fn new(fonts: Arc<Fonts>) -> Self {
        let cores = available_parallelism().map_or(2, NonZero::get);
        Self { queue: WorkQueue::new(cores, QUEUE, "error-busy-printing"), fonts }
    }

    /// Runs a rendering job.
    pub async fn run<T: Send + 'static>(
        &self,
        owner: Option<Owner>,
        print: impl FnOnce(&Fonts) -> T + Send + 'static,
    ) -> Result<T> {
        let fonts = Arc::clone(&self.fonts);
        self.queue.run(owner, move || print(&fonts)).await
    }
}

/// Returns everything the PDF of an invoice shows except the payment link. A sent invoice is as
/// frozen, a draft as of now.
pub(in crate::app) fn read_sheet(
    tx: &mut Tx,
    account: &Account,
    mut invoice: Invoice,
    now: Timestamp,
) -> Result<InvoiceSheet> {
    let (seller, buyer) = invoice_link::parties(tx, account, &invoice)?;
    let sent_at = store::invoice_link::find_times(tx, account.id, invoice.id)?.sent_at;
    let (status, created) = match (invoice.status, sent_at) {
        (status @ InvoiceStatus::Draft, _) | (status @ InvoiceStatus::Cancelled, None) => {
            (status, now)
        }
        // Later changes do not belong in it.
        (_, sent_at) => {
            invoice.status = InvoiceStatus::Sent;
            invoice.paid_at = None;
            invoice.booked = Booked::default();
            (InvoiceStatus::Sent, sent_at.unwrap_or(invoice.created_at))
        }
    };
    if let Some(notes) = &seller.notes {
        invoice.notes = Some(notes.clone()).filter(|notes| !notes.is_empty());
    }
    let logo = read_logo(tx, seller.logo)?;
    // The buyer's details replace the client, whose total changes with other invoices.
    invoice.client = None;
    let (payment_link, paid_on) = (None, None);
    Ok(InvoiceSheet { invoice, status, seller, buyer, logo, payment_link, paid_on, created })
}

/// Returns the picture of a logo, if any.
pub(in crate::app) fn read_logo(tx: &mut Tx, logo: Option<ImageId>) -> Result<Option<Vec<u8>>> {
    let image = logo.map(|id| store::image::find(tx, id)).transpose()?;
    Ok(image.flatten().map(|image| image.content))
}

/// Returns the copy of an invoice that shows what has been paid since it was sent, and what is due.
fn settled(sheet: InvoiceSheet, now: &Invoice, zone: &TimeZone) -> InvoiceSheet {
    let (booked, paid_at, status) = (now.booked, now.paid_at, now.status);
    let invoice = Invoice { status, paid_at, booked, ..sheet.invoice };
    let paid_on = paid_at.map(|paid| paid.day(zone));
    InvoiceSheet { invoice, status, paid_on, created: now.updated_at, ..sheet }
}

/// The state of an invoice's file.
enum Found {
    Kept(PdfFile),
    Unprinted(Box<InvoiceSheet>),
}

impl App {
    /// Returns one of the caller's invoices as a PDF.
    pub async fn invoice_pdf(&self, claims: Claims, id: InvoiceId) -> Result<PdfFile> {
        let account = self.query(claims, |work| Ok(work.account)).await?;
        self.invoice_file(Some(Owner::Account(account)), account, id).await
    }

    /// Returns a sample invoice with the caller's details as a PDF.
    pub async fn sample_invoice_pdf(&self, claims: Claims) -> Result<PdfFile> {
        let sheet = self.query(claims, sample_sheet).await?;
        let owner = Some(Owner::Account(sheet.invoice.account));
        let printed = self.print(owner, &sheet).await?;
        Ok(PdfFile::of_number(&sheet.invoice.number, printed.bytes))
    }

    /// Returns the PDF of the invoice behind a link; if there are payments, a copy that shows them.
    pub async fn public_invoice_pdf(&self, token: &str) -> Result<PdfFile> {
        let now = self.now();
        let (account, id, settled) = self
            .read_linked(token, move |tx, account, id| {
                let rates = LatestRates::new(account.id, account.currency);
                let invoice = store::invoice::find(tx, account.id, id, &rates)?;
                if invoice.paid_at.is_none() && invoice.booked == Booked::default() {
                    return Ok((account.id, id, None));
                }
                let sheet = read_sheet(tx, &account, invoice.clone(), now)?;
                Ok((account.id, id, Some(settled(sheet, &invoice, &account.zone.rules()?))))
            })
            .await?;
        match settled {
            None => self.invoice_file(self.stranger(), account, id).await,
            Some(sheet) => {
                let printed = self.print(self.stranger(), &sheet).await?;
                Ok(PdfFile::of_number(&sheet.invoice.number, printed.bytes))
            }
        }
    }

    pub(in crate::app) async fn invoice_file(
        &self,
        owner: Option<Owner>,
        account: AccountId,
        id: InvoiceId,
    ) -> Result<PdfFile> {
        let now = self.now();
        let sheet = match self.store.read(move |tx| look(tx, account, id, now)).await? {
            Found::Kept(file) => return Ok(file),
            Found::Unprinted(sheet) => sheet,
        };
        let bytes = self.print(owner, &sheet).await?.bytes;
        let number = &sheet.invoice.number;
        if sheet.status != InvoiceStatus::Sent {
            return Ok(PdfFile::of_number(number, bytes));
        }
        // A sent invoice is frozen. If several requests rendered it at once, the first file stays.
        let keep = move |tx: &mut Tx| {
            store::invoice_file::create(tx, id, &bytes, now)?;
            store::jobs::delete(tx, JobKind::PrintInvoice, id)?;
            store::invoice_file::find(tx, id)
        };
        let kept = self.store.write(keep).await?;
        let kept = kept.ok_or_else(|| Error::internal("what was kept is not there"))?;
        Ok(PdfFile::of_number(number, kept))
    }

    /// Renders without blocking other requests.
    pub(in crate::app) async fn print(
        &self,
        owner: Option<Owner>,
        sheet: &InvoiceSheet,
    ) -> Result<Printed> {
        let payment_link = self.shown_payment_link(&sheet.invoice);
        let sheet = InvoiceSheet { payment_link, ..sheet.clone() };
        self.printer.run(owner, move |fonts| pdf::invoice(fonts, &sheet)).await?
    }
}

/// Returns a sample invoice from the caller to a fictitious client.
pub fn sample_sheet(work: &mut Work) -> Result<InvoiceSheet> {
    sample_sheet_in(work, work.actor.currency)
}

/// Returns a sample invoice in this currency.
pub(in crate::app) fn sample_sheet_in(work: &mut Work, currency: Currency) -> Result<InvoiceSheet> {
    let account = store::account::find(work.tx, work.account)?;
    let InvoiceSettings { defaults, invoices, .. } = find_invoice_settings(work)?;
    let today = work.today()?;
    let seller = Seller::new(&account, &defaults);
    let line = |text: Text, quantity: i64, rate: i64| Line::new(text, quantity.into(), rate.into());
    let lines = vec![line(t("pdf-sample-first"), 16, 85), line(t("pdf-sample-second"), 1, 480)];
    let terms = Terms { tax_rate: defaults.tax_rate, ..Terms::default() };
    let priced = price(lines, &terms, currency)?;
    let due = today.saturating_add(Span::new().days(i64::from(defaults.offered_terms())));
    let invoice = Invoice {
        status: InvoiceStatus::Sent,
        notes: defaults.notes,
        ..Invoice::for_show(invoices.next_number(), (today, due), (priced, currency), work.now)
    };
    let buyer = Party {
        name: t("pdf-sample-person").into(),
        email: "max@example.com".to_owned(),
        company: Some(t("pdf-sample-client").into()),
        country: seller.party.country.clone(),
        country_code: seller.party.country_code,
        ..Party::default()
    };
    Ok(InvoiceSheet {
        status: invoice.status,
        logo: read_logo(work.tx, seller.logo)?,
        payment_link: None,
        paid_on: None,
        created: work.now,
        invoice,
        seller,
        buyer,
    })
}

/// Returns the file of an invoice, or the data to render it from.
fn look(tx: &mut Tx, account: AccountId, id: InvoiceId, now: Timestamp) -> Result<Found> {
    let account = store::account::find(tx, account)?;
    let rates = LatestRates::new(account.id, account.currency);
    let invoice = store::invoice::find(tx, account.id, id, &rates)?;
    Ok(match store::invoice_file::find(tx, id)? {
        Some(bytes) => Found::Kept(PdfFile::of_number(&invoice.number, bytes)),
        None => Found::Unprinted(Box::new(read_sheet(tx, &account, invoice, now)?)),
    })
}
