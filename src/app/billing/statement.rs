//! Client statements.

use crate::{
    app::{App, client::find_client, invoice_file::read_logo, share::Owner, unit_of_work::Work},
    domain::{
        error::Result,
        id::ClientId,
        invoice::Seller,
        money::Money,
        pdf_file::PdfFile,
        session::Claims,
        statement::{Statement, StatementFilter, balance},
    },
    pdf::{self, StatementSheet},
    store,
};

impl App {
    /// Returns the PDF statement of one of the caller's clients.
    pub async fn statement_pdf(
        &self,
        claims: Claims,
        id: ClientId,
        filter: StatementFilter,
    ) -> Result<PdfFile> {
        let read = move |work: &mut Work| {
            let statement = find_statement(work, id, filter)?;
            let account = store::account::find(work.tx, work.account)?;
            let defaults = store::invoice_defaults::find(work.tx, work.account)?;
            let seller = Seller::new(&account, &defaults);
            let logo = read_logo(work.tx, seller.logo)?;
            let (today, created) = (work.today()?, work.now);
            Ok((account.id, StatementSheet { statement, today, seller, logo, created }))
        };
        let (owner, sheet) = self.query(claims, read).await?;
        let (from, to) = (sheet.statement.from, sheet.statement.to);
        let print = move |fonts: &pdf::Fonts| pdf::statement(fonts, &sheet);
        let printed = self.printer.run(Some(Owner::Account(owner)), print).await??;
        Ok(PdfFile::of_statement(from, to, printed.bytes))
    }
}

/// Returns what one of the caller's clients was billed and has paid, with the balance after each
/// entry.
///
/// # Errors
///
/// Not found if the caller has no such client; invalid if the last day is before the first.
pub fn find_statement(work: &mut Work, id: ClientId, filter: StatementFilter) -> Result<Statement> {
    let client = find_client(work, id)?;
    let (from, to) = filter.days(work.today()?)?;
    let zone = work.actor.time_zone()?;
    let postings = store::statement::postings(work.tx, work.account, id, &zone)?;
    Ok(Statement { client, from, to, currencies: balance(postings, from, to) })
}

/// Returns what one of the caller's clients owes, by currency; negative if too much was paid.
pub fn balances_of_client(work: &mut Work, id: ClientId) -> Result<Vec<Money>> {
    store::statement::balances(work.tx, work.account, id)
}
