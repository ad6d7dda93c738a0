//! The client's link to a proposal: showing, opening and answering it.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    app::{
        App,
        deposit::ask_deposit,
        environment::Environment,
        event::Event,
        public_link::Target,
        secret::Keys,
        unit_of_work::{Who, Work},
    },
    domain::{
        error::{Error, Result},
        invoice::{Party, Seller},
        proposal::{Answer, Proposal, ProposalLink, PublicProposal, Signature},
    },
    store::{self, engine::Tx, exchange_rate::LatestRates},
};

/// Turns the link of a proposal, if any, into its address.
pub(in crate::app) fn open_link(env: &Environment, proposal: &mut Proposal) -> Result<()> {
    if let Some(ProposalLink::Sealed(sealed)) = &proposal.link {
        let address = env.link_address(Target::Proposal, &proposal.id, sealed)?;
        proposal.link = Some(ProposalLink::Open(address));
    }
    Ok(())
}

/// Creates the link of a proposal, unless it has one.
pub(in crate::app) fn give_link(work: &mut Work, proposal: &mut Proposal) -> Result<()> {
    if proposal.link.is_some() {
        return Ok(());
    }
    let link = work.env.new_public_link(Target::Proposal, &proposal.id)?;
    store::proposal::set_link(work.tx, proposal.id, &link.hash, &link.sealed)?;
    proposal.link = Some(ProposalLink::Sealed(link.sealed));
    open_link(work.env, proposal)
}

impl App {
    /// Returns the proposal behind a link.
    pub async fn public_proposal(&self, token: &str) -> Result<PublicProposal> {
        let keys = self.keys()?.clone();
        let hash = Target::Proposal.hash(&keys, token);
        let read = move |tx: &mut Tx| {
            let public = linked(tx, &keys, &hash)?;
            // A draft has no link.
            let sealed = match public.proposal.deposit_invoice {
                Some(id) => store::invoice_link::find(tx, public.freelancer.id, id)?.zip(Some(id)),
                None => None,
            };
            Ok((public, sealed))
        };
        let (mut public, sealed) = self.store.read(read).await?;
        if let Some((sealed, id)) = sealed {
            public.deposit_link = Some(self.link_address(Target::Invoice, &id, &sealed)?);
        }
        Ok(public)
    }

    /// Records the client's answer, once, and notifies the freelancer by mail.
    pub async fn answer_proposal(
        &self,
        token: &str,
        answer: Answer,
        signature: Signature,
        address: Option<IpAddr>,
    ) -> Result<()> {
        let freelancer = self.public_proposal(token).await?.freelancer.id;
        let hash = Target::Proposal.hash(self.keys()?, token);
        let address = address.map(|address| address.to_canonical().to_string());
        self.run_always(Who::System(freelancer), move |work| {
            answer_proposal(work, &hash, answer, &signature, address.as_deref())
        })
        .await
    }
}

fn answer_proposal(
    work: &mut Work,
    hash: &[u8],
    answer: Answer,
    signature: &Signature,
    address: Option<&str>,
) -> Result<()> {
    let known = linked(work.tx, work.keys()?, hash)?;
    known.check_open(work.today()?)?;
    known.check_version(signature.version.as_deref())?;
    let before = known.proposal;
    let mut proposal = Proposal { status: answer.status(), updated_at: work.now, ..before.clone() };
    store::proposal::update(work.tx, &before, &proposal)?;
    store::proposal::mark_answered(work.tx, proposal.id, work.now)?;
    store::proposal::mark_signed(work.tx, proposal.id, &signature.name, address)?;
    let deposit = match answer {
        Answer::Accept => ask_deposit(work, &proposal)?,
        Answer::Decline => None,
    };
    proposal.deposit_invoice = deposit.as_ref().map(|deposit| deposit.id);
    let deposit = deposit.as_ref();
    let (signer, seller, buyer) = (&signature.name, &known.seller, &known.buyer);
    let freelancer = &known.freelancer;
    let proposal = &proposal;
    work.emit(Event::ProposalSigned { proposal, signer, freelancer, seller, buyer, deposit })
}

/// Returns the proposal whose link has this hash; its freelancer's account must be usable.
pub(in crate::app) fn linked(tx: &mut Tx, keys: &Keys, hash: &[u8]) -> Result<PublicProposal> {
    let unknown = || Error::not_found("error-proposal-not-found");
    let (account, id) = store::proposal::find_linked(tx, hash)?.ok_or_else(unknown)?;
    let freelancer = store::account::find(tx, account)?;
    if !freelancer.is_active() {
        return Err(unknown());
    }
    let rates = LatestRates::new(account, freelancer.currency);
    let proposal = store::proposal::find(tx, account, id, &rates)?;
    let record = store::proposal::find_record(tx, proposal)?;
    let proposal = record.proposal;
    let client = proposal.client.as_ref().ok_or_else(unknown)?;
    Ok(PublicProposal {
        version: version(keys, &proposal),
        seller: Seller::new(&freelancer, &store::invoice_defaults::find(tx, account)?),
        buyer: Party::of_client(client),
        proposal,
        freelancer_title: store::profile::find(tx, account)?.title,
        freelancer,
        sent_at: record.sent_at,
        answered_at: record.answered_at,
        answered_by: record.answered_by,
        deposit_link: None,
    })
}

/// Identifies the version of a proposal that a client agrees to.
fn version(keys: &Keys, proposal: &Proposal) -> String {
    let (amount, valid_until) =
        (proposal.amount.to_string(), format!("{:?}", proposal.valid_until));
    let mut parts = vec![&proposal.title, &proposal.content, &amount, &valid_until];
    let items = format!("{:?} {:?}", proposal.lines(), proposal.terms);
    if !proposal.items.is_empty() {
        parts.push(&items);
    }
    let deposit = format!("{:?}", proposal.deposit);
    if proposal.deposit.is_some() {
        parts.push(&deposit);
    }
    let parts: Vec<_> = parts.into_iter().map(|part| part.as_bytes()).collect();
    URL_SAFE_NO_PAD.encode(&keys.hash("proposal version", &parts)[..12])
}
