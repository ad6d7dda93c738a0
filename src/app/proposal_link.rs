//! The client's link to a proposal: how it is shown again, opened and answered.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;

use super::{
    App, proposal,
    public_link::{NewLink, PublicLinks, Target},
    secret::Keys,
};
use crate::{
    domain::{
        date,
        error::{Error, Result},
        id::ProposalId,
        invoice::Party,
        proposal::{Answer, Proposal, ProposalLink, PublicProposal, Signature},
    },
    mail::compose,
    store::{self, engine::Tx},
};

/// Turns the link of a proposal, if it has one, into its address.
pub(super) fn open(links: &PublicLinks, proposal: &mut Proposal) -> Result<()> {
    if let Some(ProposalLink::Sealed(sealed)) = &proposal.link {
        let address = links.address(Target::Proposal, &proposal.id, sealed)?;
        proposal.link = Some(ProposalLink::Open(address));
    }
    Ok(())
}

/// Gives a proposal its link.
pub(super) fn write(tx: &mut Tx, link: &NewLink, proposal: &mut Proposal) -> Result<()> {
    store::proposal::set_link(tx, proposal.id, &link.hash, &link.sealed)?;
    proposal.link = Some(ProposalLink::Sealed(link.sealed.clone()));
    Ok(())
}

impl App {
    /// A link for a proposal.
    pub(super) fn new_proposal_link(&self, id: ProposalId) -> Result<NewLink> {
        self.new_public_link(Target::Proposal, &id)
    }

    /// The proposal behind a link.
    pub async fn public_proposal(&self, token: &str) -> Result<PublicProposal> {
        let keys = self.keys()?.clone();
        let hash = Target::Proposal.hash(&keys, token);
        self.store.read(move |tx| linked(tx, &keys, &hash)).await
    }

    /// Writes down what the client answers, once, and tells the freelancer by mail.
    pub async fn answer_proposal(
        &self,
        token: &str,
        answer: Answer,
        signature: Signature,
        address: Option<IpAddr>,
    ) -> Result<()> {
        let now = self.now();
        let entry = self.new_entry(now);
        let keys = self.keys()?.clone();
        let hash = Target::Proposal.hash(&keys, token);
        let address = address.map(|address| address.to_canonical().to_string());
        let asked = self.public_proposal(token).await?;
        let mail = compose::proposal_answered(
            &asked.freelancer.email,
            &asked.freelancer.first_name,
            &signature.name,
            &asked.proposal.title,
            answer == Answer::Accept,
        )?;
        let news = match answer {
            Answer::Accept => "Your client has accepted a proposal.",
            Answer::Decline => "Your client has declined a proposal.",
        };
        let letter = self.tell_owner(&asked.freelancer, &mail, news, "/proposals").await?;
        self.store
            .write(move |tx| {
                let known = linked(tx, &keys, &hash)?;
                known.check_open(date::day_in(now, &known.freelancer.zone.rules()?))?;
                known.check_version(signature.version.as_deref())?;
                // Nor may it be another than the one that the mail tells of.
                known.check_version(Some(&asked.version))?;
                let before = known.proposal;
                let status = answer.status();
                let proposal = Proposal { status, updated_at: now, ..before.clone() };
                store::proposal::update(tx, &before, &proposal)?;
                store::proposal::mark_answered(tx, proposal.id, now)?;
                store::proposal::mark_signed(tx, proposal.id, &signature.name, address.as_deref())?;
                proposal::tell(tx, &proposal, entry)?;
                letter.iter().try_for_each(|letter| store::outbox::create(tx, letter))
            })
            .await?;
        self.wake_mail();
        Ok(())
    }
}

/// The proposal whose link has that hash, of a freelancer who may use the program.
pub(super) fn linked(tx: &mut Tx, keys: &Keys, hash: &[u8]) -> Result<PublicProposal> {
    let unknown = || Error::not_found("Proposal");
    let (account, id) = store::proposal::find_linked(tx, hash)?.ok_or_else(unknown)?;
    let freelancer = store::account::find(tx, account)?;
    if !freelancer.is_active() {
        return Err(unknown());
    }
    let rates = store::exchange_rate::latest(tx, account, freelancer.currency)?;
    let (sent_at, answered_at): (Option<Timestamp>, _) =
        store::proposal::find_times(tx, account, id)?;
    let proposal = store::proposal::find(tx, account, id, &rates)?;
    let client = proposal.client.as_ref().ok_or_else(unknown)?;
    Ok(PublicProposal {
        version: version(keys, &proposal),
        seller: Party::of_freelancer(&freelancer, &store::invoice_defaults::find(tx, account)?),
        buyer: Party::of_client(client),
        proposal,
        freelancer_title: store::profile::find(tx, account)?.title,
        freelancer,
        sent_at,
        answered_at,
    })
}

/// Tells what a client agrees to from what it was or will be.
fn version(keys: &Keys, proposal: &Proposal) -> String {
    let (amount, valid_until) =
        (proposal.amount.to_string(), format!("{:?}", proposal.valid_until));
    let parts = [&proposal.title, &proposal.content, &amount, &valid_until].map(|p| p.as_bytes());
    URL_SAFE_NO_PAD.encode(&keys.hash("proposal version", &parts)[..12])
}
