//! What its owner sees of a proposal beyond the documented fields, and copies of it.

use crate::{
    app::{App, proposal::find_proposal, unit_of_work::Work},
    domain::{
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
        let find = move |work: &mut Work| {
            let proposal = find_proposal(work, id)?;
            store::proposal::find_record(work.tx, proposal)
        };
        let mut record = self.query(claims, find).await?;
        if !record.proposal.status.is_answered() {
            record.unprintable = self.unprintable_of_proposal(claims.into(), id).await?;
        }
        Ok(record)
    }
}

/// A draft with the words and the amount of another proposal. A day that has passed is left out.
pub fn duplicate_proposal(work: &mut Work, id: ProposalId) -> Result<Proposal> {
    let before = find_proposal(work, id)?;
    if !store::client::exists(work.tx, work.account, before.client_id)? {
        return Err(Error::conflict("The client of this proposal was deleted"));
    }
    let today = work.today()?;
    let proposal = Proposal {
        id: work.new_id(),
        status: ProposalStatus::Draft,
        valid_until: before.valid_until.filter(|last| *last >= today),
        link: None,
        project: None,
        created_at: work.now,
        updated_at: work.now,
        ..before
    };
    store::proposal::create(work.tx, &proposal)?;
    Ok(proposal)
}
