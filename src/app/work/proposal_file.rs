//! Proposals as PDF. Until it is answered a proposal may change, so it is printed each time.

use jiff::{Timestamp, civil::Date};

use crate::{
    app::{App, public_link::Target, share::Owner, unit_of_work::Who},
    domain::{
        account::Account,
        date,
        error::{Error, Result},
        id::{AccountId, ProposalId},
        invoice::Party,
        proposal::{Proposal, ProposalFile},
        session::Claims,
    },
    pdf::{self, ProposalSheet},
    store::{self, engine::Tx},
};

/// All that the PDF of a proposal shows.
struct Sheet {
    account: Account,
    proposal: Proposal,
    seller: Party,
    buyer: Party,
    logo: Option<Vec<u8>>,
    answered: Option<(String, Date)>,
    created: Timestamp,
}

impl Sheet {
    fn read(tx: &mut Tx, account: AccountId, id: ProposalId, now: Timestamp) -> Result<Self> {
        let account = store::account::find(tx, account)?;
        let rates = store::exchange_rate::latest(tx, account.id, account.currency)?;
        let proposal = store::proposal::find(tx, account.id, id, &rates)?;
        let record = store::proposal::find_record(tx, proposal)?;
        let proposal = record.proposal;
        let client = proposal.client.as_ref().ok_or_else(|| Error::not_found("Client"))?;
        let zone = account.zone.rules()?;
        // An answer that the freelancer wrote down bears the name of the client.
        let name = record.answered_by.unwrap_or_else(|| client.details.name.clone());
        let answered_at = record.answered_at.filter(|_| proposal.status.is_answered());
        let defaults = store::invoice_defaults::find(tx, account.id)?;
        let logo = match defaults.logo {
            Some(logo) => store::image::find(tx, logo)?.map(|image| image.content),
            None => None,
        };
        Ok(Self {
            seller: Party::of_freelancer(&account, &defaults),
            buyer: Party::of_client(client),
            logo,
            answered: answered_at.map(|at| (name, date::day_in(at, &zone))),
            created: record.sent_at.unwrap_or(now),
            proposal,
            account,
        })
    }

    fn shown(&self) -> ProposalSheet<'_> {
        ProposalSheet {
            proposal: &self.proposal,
            seller: &self.seller,
            buyer: &self.buyer,
            logo: self.logo.as_deref(),
            answered: self.answered.as_ref().map(|(name, day)| (name.as_str(), *day)),
            dates: self.account.date_format,
            created: self.created,
        }
    }
}

impl App {
    /// A proposal of the caller as PDF.
    pub async fn proposal_pdf(&self, claims: Claims, id: ProposalId) -> Result<ProposalFile> {
        let sheet = self.proposal_sheet(claims.into(), id).await?;
        let owner = Some(Owner::Account(sheet.account.id));
        self.print_proposal(owner, sheet).await
    }

    /// The proposal behind a link as PDF.
    pub async fn public_proposal_pdf(&self, token: &str) -> Result<ProposalFile> {
        let (now, keys) = (self.now(), self.keys()?.clone());
        let hash = Target::Proposal.hash(&keys, token);
        let read = move |tx: &mut Tx| {
            let linked = crate::app::proposal_link::linked(tx, &keys, &hash)?;
            Sheet::read(tx, linked.freelancer.id, linked.proposal.id, now)
        };
        self.print_proposal(self.stranger(), self.store.read(read).await?).await
    }

    async fn print_proposal(&self, owner: Option<Owner>, sheet: Sheet) -> Result<ProposalFile> {
        let title = sheet.proposal.title.clone();
        let printed =
            self.printer.run(owner, move |fonts| pdf::proposal(fonts, &sheet.shown())).await??;
        Ok(ProposalFile::new(&title, printed.bytes))
    }

    /// The characters of a proposal of the caller that cannot be printed.
    pub(in crate::app) async fn unprintable_of_proposal(
        &self,
        who: Who,
        id: ProposalId,
    ) -> Result<Vec<char>> {
        let sheet = self.proposal_sheet(who, id).await?;
        let owner = Some(Owner::Account(sheet.account.id));
        self.printer.run(owner, move |fonts| pdf::missing_of_proposal(fonts, &sheet.shown())).await
    }

    async fn proposal_sheet(&self, who: Who, id: ProposalId) -> Result<Sheet> {
        self.query(who, move |work| Sheet::read(work.tx, work.account, id, work.now)).await
    }
}
