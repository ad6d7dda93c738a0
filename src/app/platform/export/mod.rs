//! Data export: everything as one JSON document, or one list as a table. Both are read page by page
//! while they are written, so that an account of any size takes little memory.

mod cell;
mod document;
mod table;

use std::{io, sync::Arc};

use futures_util::stream::{self, Stream};

use self::{document::Document, table::Table};
use crate::{
    app::{App, invoice::list_invoice_ids},
    domain::{
        error::{Kind, Result},
        export::ExportList,
        id::{AccountId, Id, InvoiceId},
        invoice::InvoiceFilter,
        session::Claims,
    },
    store::{engine::Tx, export::Fields},
};

/// An export in progress, read in chunks.
pub struct Export {
    reader: Reader,
    parts: Parts,
}

/// The account that an export reads for.
#[derive(Clone, Copy)]
enum Reader {
    /// The account itself; its session must stay active during the export.
    Caller(Claims),
    Admin(AccountId),
}

impl Reader {
    async fn read<T: Send + 'static>(
        self,
        app: &App,
        work: impl Fn(&mut Tx, AccountId) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match self {
            Self::Caller(claims) => app.query(claims, move |at| work(at.tx, at.account)).await,
            Self::Admin(account) => app.store.read_for(account, move |tx| work(tx, account)).await,
        }
    }
}

enum Parts {
    Document(Document),
    Table(Table),
}

impl Export {
    /// Creates an export of a list as comma-separated values, or of everything as one document.
    fn new(app: &App, reader: Reader, list: Option<ExportList>) -> Self {
        let parts = match list {
            Some(list) => Parts::Table(Table::new(list)),
            None => Parts::Document(Document::new(app.now())),
        };
        Self { reader, parts }
    }

    fn of_invoices(claims: Claims, ids: Vec<InvoiceId>) -> Self {
        Self { reader: Reader::Caller(claims), parts: Parts::Table(Table::of_invoices(ids)) }
    }

    /// Returns the next bytes; None at the end.
    pub async fn next(&mut self, app: &App) -> Result<Option<Vec<u8>>> {
        match &mut self.parts {
            Parts::Document(document) => document.next(app, self.reader).await,
            Parts::Table(table) => table.next(app, self.reader).await,
        }
    }

    /// Returns the export as a response body.
    pub fn into_stream(self, app: Arc<App>) -> impl Stream<Item = io::Result<Vec<u8>>> + Send {
        stream::try_unfold((self, app), |(mut export, app)| async move {
            match export.next(&app).await {
                Ok(piece) => Ok(piece.map(|piece| (piece, (export, app)))),
                Err(error) if *error.kind() == Kind::Unauthenticated => {
                    tracing::info!("export stopped: its session ended");
                    Err(io::Error::other(error))
                }
                Err(error) => {
                    tracing::error!(cause = error.cause(), "export failed");
                    Err(io::Error::other(error))
                }
            }
        })
    }
}

impl App {
    /// Exports a list of the caller as comma-separated values; without a list, all of the caller's
    /// data as one JSON document, without secrets.
    pub async fn export(&self, claims: Claims, list: Option<ExportList>) -> Result<Export> {
        self.query(claims, |_| Ok(())).await?;
        Ok(Export::new(self, Reader::Caller(claims), list))
    }

    /// Exports the caller's invoices that a filter finds as comma-separated values, in the order of
    /// their list.
    pub async fn export_invoices(&self, claims: Claims, filter: InvoiceFilter) -> Result<Export> {
        let ids = self.query(claims, move |work| list_invoice_ids(work, &filter)).await?;
        Ok(Export::of_invoices(claims, ids))
    }

    /// Exports these invoices of the caller, in this order.
    pub async fn export_picked(&self, claims: Claims, ids: Vec<InvoiceId>) -> Result<Export> {
        self.query(claims, |_| Ok(())).await?;
        Ok(Export::of_invoices(claims, ids))
    }

    /// Like [`App::export`], for the account with this email, for an admin.
    pub async fn export_of(&self, email: String, list: Option<ExportList>) -> Result<Export> {
        let account = self.account_by_email(email).await?;
        Ok(Export::new(self, Reader::Admin(account), list))
    }
}

/// Returns the id of a row.
fn id_of<K: crate::domain::id::Named>(row: &Fields) -> Id<K> {
    row.get("id").and_then(|id| id.as_str()).map_or(Id::NIL, Id::parse)
}
