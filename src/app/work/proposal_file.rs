//! PDF files of proposals. A proposal may change until it is answered, so it is rendered on each
//! request.

use jiff::Timestamp;

use crate::{
    app::{App, invoice_file::read_logo, public_link::Target, share::Owner, unit_of_work::Who},
    domain::{
        date,
        error::{Error, Result},
        id::{AccountId, ProposalId},
        invoice::Party,
        pdf_file::PdfFile,
        session::Claims,
    },
    pdf::{self, ProposalSheet},
    store::{self, engine::Tx, exchange_rate::LatestRates},
};

/// Returns everything the PDF of a proposal shows.
fn read_sheet(
    tx: &mut Tx,
    account: AccountId,
    id: ProposalId,
    now: Timestamp,
) -> Result<ProposalSheet> {
    let account = store::account::find(tx, account)?;
    let rates = LatestRates::new(account.id, account.currency);
    let proposal = store::proposal::find(tx, account.id, id, &rates)?;
    let record = store::proposal::find_record(tx, proposal)?;
    let proposal = record.proposal;
    let client =
        proposal.client.as_ref().ok_or_else(|| Error::not_found("error-client-not-found"))?;
    let zone = account.zone.rules()?;
    // An answer recorded by the freelancer carries the client's name.
    let name = record.answered_by.unwrap_or_else(|| client.details.name.clone());
    let answered_at = record.answered_at.filter(|_| proposal.status.is_answered());
    let defaults = store::invoice_defaults::find(tx, account.id)?;
    Ok(ProposalSheet {
        seller: Party::of_freelancer(&account, &defaults),
        buyer: Party::of_client(client),
        logo: read_logo(tx, defaults.logo)?,
        answered: answered_at.map(|at| (name, date::day_in(at, &zone))),
        dates: account.date_format,
        accent: defaults.accent,
        template: defaults.template,
        paper: defaults.paper,
        created: record.sent_at.unwrap_or(now),
        proposal,
    })
}

impl App {
    /// Returns one of the caller's proposals as a PDF.
    pub async fn proposal_pdf(&self, claims: Claims, id: ProposalId) -> Result<PdfFile> {
        let sheet = self.proposal_sheet(claims.into(), id).await?;
        self.print_proposal(Some(Owner::Account(sheet.proposal.account)), sheet).await
    }

    /// Returns the proposal behind a link as a PDF.
    pub async fn public_proposal_pdf(&self, token: &str) -> Result<PdfFile> {
        let (now, keys) = (self.now(), self.keys()?.clone());
        let hash = Target::Proposal.hash(&keys, token);
        let read = move |tx: &mut Tx| {
            let linked = crate::app::proposal_link::linked(tx, &keys, &hash)?;
            read_sheet(tx, linked.freelancer.id, linked.proposal.id, now)
        };
        self.print_proposal(self.stranger(), self.store.read(read).await?).await
    }

    /// Returns a proposal of an account as a PDF.
    pub(in crate::app) async fn proposal_file(
        &self,
        account: AccountId,
        id: ProposalId,
    ) -> Result<PdfFile> {
        let now = self.now();
        let sheet = self.store.read(move |tx| read_sheet(tx, account, id, now)).await?;
        self.print_proposal(Some(Owner::Account(account)), sheet).await
    }

    async fn print_proposal(&self, owner: Option<Owner>, sheet: ProposalSheet) -> Result<PdfFile> {
        let title = sheet.proposal.title.clone();
        let printed = self.printer.run(owner, move |fonts| pdf::proposal(fonts, &sheet)).await??;
        Ok(PdfFile::of_proposal(&title, printed.bytes))
    }

    /// Returns the characters of one of the caller's proposals that cannot be printed.
    pub(in crate::app) async fn unprintable_of_proposal(
        &self,
        who: Who,
        id: ProposalId,
    ) -> Result<Vec<char>> {
        let sheet = self.proposal_sheet(who, id).await?;
        let owner = Some(Owner::Account(sheet.proposal.account));
        self.printer.run(owner, move |fonts| pdf::missing_of_proposal(fonts, &sheet)).await
    }

    async fn proposal_sheet(&self, who: Who, id: ProposalId) -> Result<ProposalSheet> {
        self.query(who, move |work| read_sheet(work.tx, work.account, id, work.now)).await
    }
}
