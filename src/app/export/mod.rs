//! Taking one's data along: all of it as one JSON document, or a list as a table. Both are read
//! page by page while they are written, so that an account of any size takes little memory.

mod document;
mod table;

use std::{io, sync::Arc};

use futures_util::stream::{self, Stream};

use self::{document::Document, table::Table};
use super::{App, admin};
use crate::{
    domain::{
        error::Result,
        export::ExportList,
        id::{AccountId, Id},
        session::Claims,
    },
    store::export::Fields,
};

/// An export on its way, piece by piece.
pub struct Export {
    account: AccountId,
    parts: Parts,
}

enum Parts {
    Document(Document),
    Table(Table),
}

impl Export {
    fn document(app: &App, account: AccountId) -> Self {
        Self { account, parts: Parts::Document(Document::new(app.now())) }
    }

    fn table(account: AccountId, list: ExportList) -> Self {
        Self { account, parts: Parts::Table(Table::new(list)) }
    }

    /// The next bytes; nothing at the end.
    pub async fn next(&mut self, app: &App) -> Result<Option<Vec<u8>>> {
        match &mut self.parts {
            Parts::Document(document) => document.next(app, self.account).await,
            Parts::Table(table) => table.next(app, self.account).await,
        }
    }

    /// The export as the body of an answer.
    pub fn into_stream(self, app: Arc<App>) -> impl Stream<Item = io::Result<Vec<u8>>> + Send {
        stream::try_unfold((self, app), |(mut export, app)| async move {
            match export.next(&app).await {
                Ok(piece) => Ok(piece.map(|piece| (piece, (export, app)))),
                Err(error) => {
                    tracing::error!(cause = error.cause(), "an export broke off");
                    Err(io::Error::other(error))
                }
            }
        })
    }
}

impl App {
    /// Everything of the caller as one JSON document, without secrets.
    pub async fn export(&self, claims: Claims) -> Result<Export> {
        let account = self.read(claims, |_, actor| Ok(actor.account)).await?;
        Ok(Export::document(self, account))
    }

    /// A list of the caller as a table of comma-separated values.
    pub async fn export_csv(&self, claims: Claims, list: ExportList) -> Result<Export> {
        let account = self.read(claims, |_, actor| Ok(actor.account)).await?;
        Ok(Export::table(account, list))
    }

    /// Everything of the account of that e-mail, for an admin.
    pub async fn export_of(&self, email: String) -> Result<Export> {
        let account = self.store.read(move |tx| admin::by_email(tx, &email)).await?;
        Ok(Export::document(self, account.id))
    }

    /// A list of the account of that e-mail, for an admin.
    pub async fn export_csv_of(&self, email: String, list: ExportList) -> Result<Export> {
        let account = self.store.read(move |tx| admin::by_email(tx, &email)).await?;
        Ok(Export::table(account.id, list))
    }
}

/// The id that a row carries.
fn id_of<K: crate::domain::id::Named>(row: &Fields) -> Id<K> {
    row.get("id").and_then(|id| id.as_str()).map_or(Id::NIL, Id::parse)
}
