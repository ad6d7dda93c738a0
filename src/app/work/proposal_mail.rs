//! Emails about a client's answer to a proposal, written in the transaction that records it.

use crate::{
    app::{limit::Limit, outbox::Enclosed, public_link::Target, unit_of_work::Work},
    domain::{
        account::Account,
        date::DateFormat,
        error::{Error, Result},
        invoice::{Invoice, InvoiceStatus, Party, Seller},
        mail::MailKind,
        notice::NoticeKind,
        outbox::Document,
        proposal::{Proposal, ProposalLink, ProposalStatus},
    },
    locale::t,
    mail::compose::{self, DepositLink, ProposalCopy, ProposalOffer},
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
        let (kind, news) = (NoticeKind::ProposalAnswered, news.to_string());
        self.mail_news(kind, freelancer, &mail, &news, "/proposals", enclosed)
    }

    /// Emails a sent proposal to its client, or to another address. If the first email exceeds the
    /// mail limit, it is not sent: the freelancer can still share the link.
    ///
    /// # Errors
    ///
    /// Forbidden if the account may not email this address; too many requests if a later email
    /// exceeds the mail limit.
    pub(in crate::app) fn mail_offer(
        &mut self,
        proposal: &Proposal,
        to: Option<&str>,
        is_first: bool,
    ) -> Result<()> {
        let Some(ProposalLink::Open(link)) = &proposal.link else { return Ok(()) };
        let freelancer = store::account::find(self.tx, self.account)?;
        let client = &proposal.client_id;
        let client = store::client::find_any(self.tx, self.account, *client, &self.latest_rates)?;
        let to = to.unwrap_or(&client.details.email);
        let cc = client.details.copies(to);
        for to in [to].into_iter().chain(cc.iter().map(String::as_str)) {
            self.env.check_mail_to(&freelancer, to)?;
        }
        match self.count(Limit::InvoiceMail)? {
            Some(_) if is_first => return Ok(()),
            Some(refusal) => return Err(Error::too_many(refusal)),
            None => {}
        }
        self.post_offer(proposal, link, (to, cc), MailKind::Proposal)
    }

    /// Reminds the client of a sent proposal that expires soon.
    pub(in crate::app) fn mail_offer_again(&mut self, proposal: &Proposal) -> Result<()> {
        let Some(ProposalLink::Open(link)) = &proposal.link else { return Ok(()) };
        let client = &proposal.client_id;
        let client = store::client::find_any(self.tx, self.account, *client, &self.latest_rates)?;
        let to = &client.details.email;
        let to = (to.as_str(), client.details.copies(to));
        self.post_offer(proposal, link, to, MailKind::ProposalReminder)
    }

    fn post_offer(
        &mut self,
        proposal: &Proposal,
        link: &str,
        (to, cc): (&str, Vec<String>),
        kind: MailKind,
    ) -> Result<()> {
        let freelancer = store::account::find(self.tx, self.account)?;
        let client = &proposal.client_id;
        let client = store::client::find_any(self.tx, self.account, *client, &self.latest_rates)?;
        let defaults = store::invoice_defaults::find(self.tx, self.account)?;
        let seller = Seller::new(&freelancer, &defaults);
        let logo = seller.logo.map(|id| store::image::find(self.tx, id)).transpose()?.flatten();
        let until = proposal.valid_until.map(|day| seller.date_format.show(day));
        let mail = compose::proposal_offer(&ProposalOffer {
            kind,
            proposal,
            seller: &seller,
            name: &client.details.name,
            to,
            cc,
            logo: logo.as_ref(),
            until: until.as_deref(),
            own: &store::mail_settings::find(self.tx, self.account)?,
            link,
        })?;
        let enclosed = Enclosed {
            logo: logo.map(|logo| logo.id.to_string()),
            proposal: Some(proposal.id.to_string()),
            ..Enclosed::default()
        };
        let document = Document::Proposal(proposal.id);
        let queued = self.env.queued_about(self.account, &mail, document, enclosed)?;
        self.post(queued.as_ref())
    }

    /// Emails the client a copy of an accepted proposal, if the account may email clients now.
    pub(in crate::app) fn mail_copy(
        &mut self,
        proposal: &Proposal,
        signer: &str,
        freelancer: &Account,
        (seller, buyer): (&Seller, &Party),
        deposit: Option<&Invoice>,
    ) -> Result<()> {
        let Some(ProposalLink::Sealed(link)) = &proposal.link else { return Ok(()) };
        let cc = proposal.client.as_ref().map(|client| client.details.copies(&buyer.email));
        if self.env.check_mail_to(freelancer, &buyer.email).is_err()
            || self.count(Limit::InvoiceMail)?.is_some()
        {
            return Ok(());
        }
        let deposit = match deposit.filter(|deposit| deposit.status == InvoiceStatus::Sent) {
            Some(deposit) => {
                let sealed = store::invoice_link::find(self.tx, self.account, deposit.id)?;
                let link =
                    |sealed: &Vec<u8>| self.env.link_address(Target::Invoice, &deposit.id, sealed);
                let (number, sum) = (deposit.number.clone(), deposit.amount().shown());
                let link = sealed.as_ref().map(link).transpose()?;
                link.map(|link| DepositLink { number, sum, link })
            }
            None => None,
        };
        let logo = seller.logo.map(|id| store::image::find(self.tx, id)).transpose()?.flatten();
        let mail = compose::proposal_copy(&ProposalCopy {
            proposal,
            seller,
            buyer,
            cc: cc.unwrap_or_default(),
            logo: logo.as_ref(),
            own: &store::mail_settings::find(self.tx, self.account)?,
            signer,
            day: &self.shown_day(seller.date_format)?,
            link: &self.env.link_address(Target::Proposal, &proposal.id, link)?,
            deposit,
        })?;
        let enclosed = Enclosed {
            logo: logo.map(|logo| logo.id.to_string()),
            proposal: Some(proposal.id.to_string()),
            ..Enclosed::default()
        };
        let document = Document::Proposal(proposal.id);
        let queued = self.env.queued_about(self.account, &mail, document, enclosed)?;
        self.post(queued.as_ref())
    }

    fn shown_day(&self, format: DateFormat) -> Result<String> {
        Ok(format.show(self.today()?))
    }
}
