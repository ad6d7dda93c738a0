//! `/public/proposals`: what a client sees and answers through the link of a sent proposal.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{
    Tag,
    account::DoneBody,
    error::{Answering, Failed, Viewing},
};
use crate::{
    app::App,
    domain::{
        account::Account,
        client::Client,
        error::Result as Done,
        money::Currency,
        proposal::{Answer, ProposalStatus, PublicProposal, Signature},
    },
    http::{
        amount::Amount,
        answer::{Bare, Unindexed},
        body::Body,
        schema::{Day, Instant, Nullable, OneOf, Text, bodies, schema},
        visitor::Visitor,
    },
};

schema! {
    /// The client of a proposal.
    struct RecipientBody "ProposalClient" of client: Client {
        name "name": String = client.details.name,
        company "company": Nullable<String> = Nullable(client.details.company),
    }
}

schema! {
    /// The freelancer who made the proposal.
    struct AuthorBody "ProposalFreelancer" of (account, title): (Account, Option<String>) {
        first_name "firstName": String = account.first_name,
        last_name "lastName": String = account.last_name,
        username "username": Nullable<String> = Nullable(account.username),
        avatar "avatar": Nullable<String> = Nullable(account.avatar),
        title "title": Nullable<String> = Nullable(title),
    }
}

schema! {
    /// A proposal as its client sees it.
    struct ProposalBody "PublicProposal" of public: PublicProposal {
        title "title": String = public.proposal.title,
        content "content": String = public.proposal.content,
        status "status": OneOf<ProposalStatus> = OneOf(public.proposal.status),
        amount "amount": Amount = public.proposal.amount.into(),
        currency "currency": Text<Currency> = Text(public.proposal.amount.currency),
        /// The last day on which it can be answered.
        valid_until "validUntil": Nullable<Day> = Nullable(public.proposal.valid_until.map(Day)),
        client "client": Nullable<RecipientBody> = Nullable(public.proposal.client.map(Into::into)),
        freelancer "freelancer": AuthorBody = (public.freelancer, public.freelancer_title).into(),
        sent_at "sentAt": Nullable<Instant> = Nullable(public.sent_at.map(Instant)),
        answered_at "answeredAt": Nullable<Instant> = Nullable(public.answered_at.map(Instant)),
        /// The link to the deposit invoice, once a proposal with a deposit is accepted.
        deposit_link "depositLink": Option<String> = public.deposit_link,
        /// Changes whenever anything that the client agrees to changes.
        version "version": String = public.version,
    }
}

bodies! {
    /// The person who answers.
    SignatureInput "Signature" = Signature, example r#"{"name": "Jane Smith"}"#;
}

/// The routes behind proposal links.
pub struct PublicRoutes(pub Arc<App>);

#[OpenApi(prefix_path = "/public/proposals", tag = "Tag::Public")]
impl PublicRoutes {
    /// Get the proposal behind a link
    ///
    /// The link is the secret: no sign-in required.
    #[oai(path = "/:token", method = "get", operation_id = "getPublicProposal")]
    async fn find(&self, token: Path<String>) -> Result<Unindexed<ProposalBody>, Failed<Viewing>> {
        Ok(Unindexed::new(self.0.public_proposal(&token).await?))
    }

    /// Accept a proposal, once
    ///
    /// Signed with a name. A second answer, or one after the last valid day, is 409.
    #[oai(path = "/:token/accept", method = "post", operation_id = "acceptProposal")]
    async fn accept(
        &self,
        body: Body<SignatureInput>,
        token: Path<String>,
        visitor: Visitor,
    ) -> Result<Bare<DoneBody>, Failed<Answering>> {
        self.answer(&body, &token, visitor, Answer::Accept).await?;
        Ok(Bare::new("Proposal accepted successfully"))
    }

    /// Decline a proposal, once
    ///
    /// Signed with a name. A second answer, or one after the last valid day, is 409.
    #[oai(path = "/:token/decline", method = "post", operation_id = "declineProposal")]
    async fn decline(
        &self,
        body: Body<SignatureInput>,
        token: Path<String>,
        visitor: Visitor,
    ) -> Result<Bare<DoneBody>, Failed<Answering>> {
        self.answer(&body, &token, visitor, Answer::Decline).await?;
        Ok(Bare::new("Proposal declined successfully"))
    }
}

impl PublicRoutes {
    async fn answer(
        &self,
        body: &Body<SignatureInput>,
        token: &str,
        visitor: Visitor,
        answer: Answer,
    ) -> Done<()> {
        let signature = body.read()?;
        self.0.answer_proposal(token, answer, signature, visitor.address).await
    }
}
