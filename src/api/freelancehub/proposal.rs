//! `/public/proposals`: what a client sees behind the link of a sent proposal, and answers.

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
        error::Result as Done,
        input::Input,
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
    /// Whom a proposal is for.
    struct RecipientBody "ProposalClient" {
        name "name": String,
        company "company": Nullable<String>,
    }
}

schema! {
    /// Whose proposal it is.
    struct AuthorBody "ProposalFreelancer" {
        first_name "firstName": String,
        last_name "lastName": String,
        username "username": Nullable<String>,
        avatar "avatar": Nullable<String>,
        title "title": Nullable<String>,
    }
}

schema! {
    /// A proposal as its client sees it.
    struct ProposalBody "PublicProposal" {
        title "title": String,
        content "content": String,
        status "status": OneOf<ProposalStatus>,
        amount "amount": Amount,
        currency "currency": Text<Currency>,
        /// The last day on which it can be answered.
        valid_until "validUntil": Nullable<Day>,
        client "client": Nullable<RecipientBody>,
        freelancer "freelancer": AuthorBody,
        sent_at "sentAt": Nullable<Instant>,
        answered_at "answeredAt": Nullable<Instant>,
        /// Changes with whatever the client agrees to.
        version "version": String,
    }
}

impl From<PublicProposal> for ProposalBody {
    fn from(public: PublicProposal) -> Self {
        let PublicProposal {
            proposal,
            freelancer,
            freelancer_title,
            sent_at,
            answered_at,
            version,
            ..
        } = public;
        let client = proposal.client.map(|client| RecipientBody {
            name: client.details.name,
            company: Nullable(client.details.company),
        });
        Self {
            title: proposal.title,
            content: proposal.content,
            status: OneOf(proposal.status),
            amount: proposal.amount.into(),
            currency: Text(proposal.amount.currency),
            valid_until: Nullable(proposal.valid_until.map(Day)),
            client: Nullable(client),
            freelancer: AuthorBody {
                first_name: freelancer.first_name,
                last_name: freelancer.last_name,
                username: Nullable(freelancer.username),
                avatar: Nullable(freelancer.avatar),
                title: Nullable(freelancer_title),
            },
            sent_at: Nullable(sent_at.map(Instant)),
            answered_at: Nullable(answered_at.map(Instant)),
            version,
        }
    }
}

bodies! {
    /// Who answers.
    SignatureInput "Signature" = Signature, example r#"{"name": "Jane Smith"}"#;
}

/// The routes of the links of proposals.
pub struct PublicRoutes(pub Arc<App>);

#[OpenApi(prefix_path = "/public/proposals", tag = "Tag::Public")]
impl PublicRoutes {
    /// Get the proposal behind a link
    ///
    /// The link is the secret: nobody need be signed in.
    #[oai(path = "/:token", method = "get", operation_id = "getPublicProposal")]
    async fn find(&self, token: Path<String>) -> Result<Unindexed<ProposalBody>, Failed<Viewing>> {
        Ok(Unindexed::new(self.0.public_proposal(&token).await?))
    }

    /// Accept a proposal, once
    ///
    /// Signed with a name. A second answer, or one after the day until which it is valid, is 409.
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
    /// Signed with a name. A second answer, or one after the day until which it is valid, is 409.
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
        let signature = body.read(Signature::read)?;
        self.0.answer_proposal(token, answer, signature, visitor.address).await
    }
}
