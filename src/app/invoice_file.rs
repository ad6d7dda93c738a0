//! Invoices as PDF. A draft is printed each time; what was sent is printed once and kept.

use std::{num::NonZero, thread::available_parallelism};

use jiff::Timestamp;

use super::{App, invoice_link, share::Owner, work_queue::WorkQueue};
use crate::{
    domain::{
        account::Account,
        error::{Error, Result},
        id::{AccountId, InvoiceId},
        invoice::{Invoice, InvoiceFile, InvoiceStatus, Party, Seller},
        session::Claims,
    },
    pdf::{self, InvoiceSheet},
    store::{self, engine::Tx},
};

/// How often something is made anew because what it was made of has changed meanwhile.
pub(super) const TRIES: usize = 5;

/// Sheets that may wait to be printed before others are turned away.
const QUEUE: usize = 256;

/// Prints, as much at once as there are cores.
pub(super) struct Printer(WorkQueue);

impl Printer {
    pub fn new() -> Self {
        let cores = available_parallelism().map_or(2, NonZero::get);
        Self(WorkQueue::new(cores, QUEUE, "Too much is printed at once, please try again"))
    }

    /// Runs what prints.
    pub async fn run(
        &self,
        owner: Option<Owner>,
        print: impl FnOnce() -> Result<Vec<u8>> + Send + 'static,
    ) -> Result<Vec<u8>> {
        self.0.run(owner, print).await?
    }
}

/// All that the PDF of an invoice shows.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sheet {
    pub invoice: Invoice,
    pub status: InvoiceStatus,
    pub seller: Seller,
    pub buyer: Party,
    pub logo: Option<Vec<u8>>,
    pub created: Timestamp,
}

impl Sheet {
    /// Of what was sent, as it was then; of a draft, as it would be now.
    pub fn read(
        tx: &mut Tx,
        account: &Account,
        mut invoice: Invoice,
        now: Timestamp,
    ) -> Result<Self> {
        let (seller, buyer) = invoice_link::parties(tx, account, &invoice)?;
        let (status, created) = match invoice.status {
            status @ (InvoiceStatus::Draft | InvoiceStatus::Cancelled) => (status, now),
            // What became of it later is no part of it.
            _ => {
                let times = store::invoice_link::find_times(tx, account.id, invoice.id)?;
                (InvoiceStatus::Sent, times.sent_at.unwrap_or(invoice.created_at))
            }
        };
        if let Some(notes) = &seller.notes {
            invoice.notes = Some(notes.clone()).filter(|notes| !notes.is_empty());
        }
        let logo = match seller.logo {
            Some(id) => store::image::find(tx, id)?.map(|image| image.content),
            None => None,
        };
        // The buyer stands for the client, whose total moves with other invoices.
        invoice.client = None;
        Ok(Self { invoice, status, seller, buyer, logo, created })
    }

    pub fn print(&self) -> Result<Vec<u8>> {
        pdf::invoice(&InvoiceSheet {
            invoice: &self.invoice,
            status: self.status,
            seller: &self.seller.party,
            buyer: &self.buyer,
            logo: self.logo.as_deref(),
            payment_instructions: self.seller.payment_instructions.as_deref(),
            dates: self.seller.date_format,
            created: self.created,
        })
    }
}

/// What there is of an invoice's file.
enum Found {
    Kept(InvoiceFile),
    Unprinted(Box<Sheet>),
}

impl App {
    /// An invoice of the caller as PDF.
    pub async fn invoice_pdf(&self, claims: Claims, id: InvoiceId) -> Result<InvoiceFile> {
        let account = self.read(claims, |_, actor| Ok(actor.account)).await?;
        self.invoice_file(Some(Owner::Account(account)), account, id).await
    }

    /// The invoice behind a link as PDF.
    pub async fn public_invoice_pdf(&self, token: &str) -> Result<InvoiceFile> {
        let (keys, token) = (self.keys()?.clone(), token.to_owned());
        let linked = move |tx: &mut Tx| invoice_link::linked(tx, &keys, &token);
        let (account, id) = self.store.read(linked).await?;
        self.invoice_file(self.stranger(), account.id, id).await
    }

    async fn invoice_file(
        &self,
        owner: Option<Owner>,
        account: AccountId,
        id: InvoiceId,
    ) -> Result<InvoiceFile> {
        let now = self.now();
        for _ in 0..TRIES {
            let sheet = match self.store.read(move |tx| look(tx, account, id, now)).await? {
                Found::Kept(file) => return Ok(file),
                Found::Unprinted(sheet) => sheet,
            };
            let number = sheet.invoice.number.clone();
            let bytes = self.print(owner, &sheet).await?;
            if sheet.status != InvoiceStatus::Sent {
                return Ok(InvoiceFile::new(&number, bytes));
            }
            let kept = self
                .store
                .write(move |tx| match look(tx, account, id, now)? {
                    Found::Kept(file) => Ok(Some(file)),
                    Found::Unprinted(now_there) if now_there == sheet => {
                        store::invoice_file::create(tx, id, &bytes, now)?;
                        Ok(Some(InvoiceFile::new(&number, bytes.clone())))
                    }
                    Found::Unprinted(_) => Ok(None),
                })
                .await?;
            if let Some(file) = kept {
                return Ok(file);
            }
        }
        Err(moved())
    }

    /// Prints without holding up other requests.
    pub(super) async fn print(&self, owner: Option<Owner>, sheet: &Sheet) -> Result<Vec<u8>> {
        let sheet = sheet.clone();
        self.printer.run(owner, move || sheet.print()).await
    }
}

/// The file of an invoice, or what it is to be printed from.
fn look(tx: &mut Tx, account: AccountId, id: InvoiceId, now: Timestamp) -> Result<Found> {
    let account = store::account::find(tx, account)?;
    let rates = store::exchange_rate::latest(tx, account.id, account.currency)?;
    let invoice = store::invoice::find(tx, account.id, id, &rates)?;
    Ok(match store::invoice_file::find(tx, id)? {
        Some(bytes) => Found::Kept(InvoiceFile::new(&invoice.number, bytes)),
        None => Found::Unprinted(Box::new(Sheet::read(tx, &account, invoice, now)?)),
    })
}

/// It was changed again and again while something was made of it.
pub(super) fn moved() -> Error {
    Error::unavailable(1, "The invoice was changed at the same moment; please try again")
}
