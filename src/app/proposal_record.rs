//! What its owner sees of a proposal beyond the documented fields, and copies of it.

use super::{App, client, proposal_link};
use crate::{
    domain::{
        date,
        error::{Error, Result},
        id::ProposalId,
        proposal::{Proposal, ProposalRecord, ProposalStatus},
        session::Claims,
    },
    store,
};

impl App {
    /// A proposal of the caller, when it was sent, and who answered it.
    pub async fn proposal_record(&self, claims: Claims, id: ProposalId) -> Result<ProposalRecord> {
        let mut record = self
            .read(claims, move |tx, actor| {
                let rates = client::rates(tx, &actor)?;
                let proposal = store::proposal::find(tx, actor.account, id, &rates)?;
                store::proposal::find_record(tx, proposal)
            })
            .await?;
        if !record.proposal.status.is_answered() {
            record.unprintable = self.unprintable_of_proposal(claims, id).await?;
        }
        proposal_link::open(&self.public_links()?, &mut record.proposal)?;
        Ok(record)
    }

    /// A draft with the words and the amount of another proposal. A day that has passed is left
    /// out.
    pub async fn duplicate_proposal(&self, claims: Claims, id: ProposalId) -> Result<Proposal> {
        let (now, new_id) = (self.now(), self.new_id());
        self.write(claims, move |tx, actor| {
            let rates = client::rates(tx, &actor)?;
            let before = store::proposal::find(tx, actor.account, id, &rates)?;
            if !store::client::exists(tx, actor.account, before.client_id)? {
                return Err(Error::conflict("The client of this proposal was deleted"));
            }
            let today = date::day_in(now, &actor.zone.rules()?);
            let proposal = Proposal {
                id: new_id,
                status: ProposalStatus::Draft,
                valid_until: before.valid_until.filter(|last| *last >= today),
                link: None,
                project: None,
                created_at: now,
                updated_at: now,
                ..before
            };
            store::proposal::create(tx, &proposal)?;
            Ok(proposal)
        })
        .await
    }
}
