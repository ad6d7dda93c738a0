//! Emails about a client's answer to a proposal, written in the transaction that records it.

use crate::{
    app::{limit::Limit, outbox::Enclosed, public_link::Target, unit_of_work::Work},
    domain::{
        account::Account,
        date::DateFormat,
        error::Result,
        invoice::{Party, Seller},
        proposal::{Proposal, ProposalLink, ProposalStatus},
    },
    locale::t,
    mail::compose::{self, ProposalCopy},
    store,
};

impl Work<'_, '_> {
    /// Emails the answer to the freelancer; for an accepted proposal, with the PDF.
    pub(in crate::app) fn mail_answer(
        &mut self,
        proposal: &Proposal,
        signer: &str,
        freelancer: &Account,
    ) -> Result<()> {
        let link = format!("{}/proposals/{}", self.env.settings.public_url, proposal.id);
        let (to, first_name) = (&freelancer.email, &freelancer.first_name);
        let day = self.shown_day(freelancer.date_format)?;
        let mail = compose::proposal_answered(to, first_name, signer, proposal, &day, &link)?;
        let is_accepted = proposal.status == ProposalStatus::Accepted;
        let news = match is_accepted {
            true => t("mail-unverified-accepted"),
            false => t("mail-unverified-declined"),
        };
        let proposal = is_accepted.then(|| proposal.id.to_string());
        let enclosed = Enclosed { proposal, ..Enclosed::default() };
        self.mail_news(freelancer, &mail, &news.to_string(), "/proposals", enclosed)
    }

    /// Emails the client a copy of an accepted proposal, if the account may email clients now.
    pub(in crate::app) fn mail_copy(
        &mut self,
        proposal: &Proposal,
        signer: &str,
        freelancer: &Account,
        (seller, buyer): (&Seller, &Party),
    ) -> Result<()> {
        let Some(ProposalLink::Sealed(link)) = &proposal.link else { return Ok(()) };
        let cc = proposal.client.as_ref().map(|client| client.details.copies(&buyer.email));
        if self.env.check_mail_to(freelancer, &buyer.email).is_err()
            || self.count(Limit::InvoiceMail)?.is_some()
        {
            return Ok(());
        }
        let logo = seller.logo.map(|id| store::image::find(self.tx, id)).transpose()?.flatten();
        let mail = compose::proposal_copy(&ProposalCopy {
            proposal,
            seller,
            buyer,
            cc: cc.unwrap_or_default(),
            logo: logo.as_ref(),
            signer,
            day: &self.shown_day(seller.date_format)?,
            link: &self.env.link_address(Target::Proposal, &proposal.id, link)?,
        })?;
        let enclosed = Enclosed {
            logo: logo.map(|logo| logo.id.to_string()),
            proposal: Some(proposal.id.to_string()),
            ..Enclosed::default()
        };
        let queued = self.env.queued_with(Some(self.account), &mail, enclosed)?;
        self.post(queued.as_ref())
    }

    fn shown_day(&self, format: DateFormat) -> Result<String> {
        Ok(format.show(self.today()?))
    }
}
