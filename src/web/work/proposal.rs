//! `/proposals`: the freelancer's offers to clients.

use askama::Template;
use jiff::Timestamp;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        client::list_client_names,
        project::begin_project,
        proposal::{
            count_proposals, delete_proposal, duplicate_proposal, list_proposals, update_proposal,
        },
    },
    domain::{
        error::Result,
        input::Input,
        invoice::{Invoice, Seller},
        money::Money,
        outbox::OutboxMail,
        page::Listing,
        proposal::{
            Proposal, ProposalChange, ProposalDelivery, ProposalFilter, ProposalLink,
            ProposalRecord, ProposalStatus,
        },
    },
    locale::{Text, t},
    web::{
        choice::{self, Choices},
        days::Days,
        fields::Fields,
        form::Form,
        invoice_sheet::SheetLines,
        mailto::mailto,
        page::{answer as page, pdf},
        pager::{self, Pager},
        prose,
        shell::{Section, Shell},
        tabs::Tabs,
        visit::Visit,
    },
};

#[derive(Template)]
#[template(path = "pages/proposal/list.html")]
struct List {
    shell: Shell,
    form: Form,
    days: Days,
    proposals: Listing<Proposal>,
    clients: Choices,
    tabs: Tabs,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "pages/proposal/show.html")]
struct Show {
    shell: Shell,
    days: Days,
    now: Timestamp,
    /// Set once the proposal is sent.
    link: Option<Link>,
    once: Form,
    record: ProposalRecord,
    /// Its text.
    parts: Vec<prose::Section>,
    /// The freelancer.
    seller: Seller,
    /// Its items, if it has any.
    offer: Option<Invoice>,
}

impl Show {
    /// Returns the newest mail if it failed, or keeps failing.
    fn failed(&self) -> Option<&OutboxMail> {
        self.record.mails.first().filter(|mail| mail.is_in_trouble(self.now))
    }

    /// Returns the place of the link on the page; empty without one.
    fn link_place(&self) -> &'static str {
        if self.link.is_some() { "#client-link" } else { "" }
    }

    fn deposit(&self) -> Option<Money> {
        self.record.proposal.deposit_amount().ok().flatten()
    }

    fn lines(&self) -> Option<SheetLines<'_>> {
        self.offer.as_ref().map(|invoice| SheetLines { invoice })
    }

    fn here(&self) -> String {
        format!("/proposals/{}", self.record.proposal.id)
    }

    fn can_delete(&self) -> bool {
        self.record.proposal.status != ProposalStatus::Accepted
    }

    /// Returns the last day on which the client can answer, if any.
    fn last_day(&self) -> String {
        let day = self.record.proposal.valid_until.as_ref();
        day.map(|day| self.days.show(day)).unwrap_or_default()
    }

    /// Returns the client's address.
    fn email(&self) -> &str {
        let client = self.record.proposal.client.as_ref();
        client.map(|client| client.details.email.as_str()).unwrap_or_default()
    }

    fn client(&self) -> &str {
        let client = self.record.proposal.client.as_ref();
        client.map(|client| client.details.name.as_str()).unwrap_or_default()
    }
}

/// The client's link to a proposal.
struct Link {
    address: String,
    /// The link that starts an email to the client with the address.
    mail: String,
}

/// Returns the label of a proposal's status.
pub fn label(status: &ProposalStatus) -> Text {
    match status {
        ProposalStatus::Draft => t("draft"),
        ProposalStatus::Sent => t("sent"),
        ProposalStatus::Accepted => t("accepted"),
        ProposalStatus::Rejected => t("declined"),
    }
}

/// Returns the shape next to a proposal's status.
pub fn shape(status: &ProposalStatus) -> &'static str {
    match status {
        ProposalStatus::Draft => "draft",
        ProposalStatus::Sent => "sent",
        ProposalStatus::Accepted => "paid",
        ProposalStatus::Rejected => "void",
    }
}

/// Returns a tab for all proposals, and one for each status.
fn tabs(visit: &Visit, counts: &[(ProposalStatus, u64)]) -> Tabs {
    let all = counts.iter().map(|(_, proposals)| proposals).sum();
    let tabs = Tabs::default().with(&visit.request, "", t("all"), all);
    counts.iter().fold(tabs, |tabs, (status, proposals)| {
        tabs.with(&visit.request, status.as_str(), label(status), *proposals)
    })
}

/// Returns whether the client can no longer answer because the last day has passed.
pub fn is_over(proposal: &Proposal, days: &Days) -> bool {
    proposal.status == ProposalStatus::Sent
        && proposal.valid_until.is_some_and(|day| days.is_over(&day))
}

/// Lists the proposals, newest first.
pub async fn list(visit: Visit) -> Result<Response> {
    let query = visit.query();
    let filter = ProposalFilter::read(&pager::sized(&query))?;
    let (proposals, clients, counts) = visit
        .read(move |work| {
            let proposals = list_proposals(work, &filter)?;
            Ok((proposals, list_client_names(work)?, count_proposals(work)?))
        })
        .await?;
    let pager = Pager::new(&visit.request, &proposals);
    let list = List {
        tabs: tabs(&visit, &counts),
        shell: visit.shell(Section::Proposals),
        form: Form::new(query),
        days: Days::of(&visit)?,
        proposals,
        clients: choice::clients(clients),
        pager,
    };
    Ok(page(StatusCode::OK, &list))
}

/// Shows a proposal, its status and the possible actions.
pub async fn show(visit: Visit) -> Result<Response> {
    let record = visit.app.proposal_record(visit.claims, visit.id()).await?;
    let proposal = &record.proposal;
    let link = match &proposal.link {
        Some(ProposalLink::Open(address)) => Some(Link {
            mail: mail(proposal, address, &visit.frame.account.name()),
            address: address.clone(),
        }),
        _ => None,
    };
    let show = Show {
        shell: visit.shell(Section::Proposals),
        days: Days::of(&visit)?,
        now: visit.app.now(),
        link,
        once: visit.form(Fields::default()),
        parts: prose::sections(&proposal.content),
        seller: Seller::new(&visit.frame.account, &visit.frame.defaults),
        offer: proposal.offer(),
        record,
    };
    Ok(page(StatusCode::OK, &show))
}

/// Returns the link that starts an email to the client with the public link.
fn mail(proposal: &Proposal, link: &str, sender: &str) -> String {
    let client = proposal.client.as_ref().map(|client| &client.details);
    let (name, address) = client.map_or(("", ""), |client| (&client.name, &client.email));
    let body = format!(
        "{}\n\n{}\n\n{link}\n\n{sender}\n",
        t("greeting").with("name", name),
        t("proposal-mail-text").with("title", &proposal.title)
    );
    mailto(address, &t("proposal-mail-subject").with("title", &proposal.title).to_string(), &body)
}

/// Creates the link of a proposal, and emails it if requested.
pub async fn send(visit: Visit, fields: Fields) -> Result<Response> {
    let once = visit.once(&fields, place);
    let delivery = match ProposalDelivery::read(&fields) {
        Ok(delivery) => delivery,
        Err(error) => return visit.redirect_with_error(&here(&visit), error),
    };
    let text = match delivery.is_mailed() {
        true if visit.app.has_mail_server() => t("proposal-mailed"),
        true => t("proposal-mail-saved"),
        false => t("proposal-sent"),
    };
    match visit.app.send_proposal(visit.claims, once, visit.id(), delivery).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, text)),
        Err(error) => visit.redirect_with_error(&here(&visit), error),
    }
}

/// Records an answer that the client gave in another way than the link.
pub async fn answer(visit: Visit, fields: Fields) -> Result<Response> {
    let change = ProposalChange::read(&fields.only("status"));
    match visit.update(change, None, update_proposal).await {
        Ok(now) => {
            let text = match now.status {
                ProposalStatus::Accepted => t("proposal-marked-accepted"),
                _ => t("proposal-marked-declined"),
            };
            Ok(visit.done(&here(&visit), text))
        }
        Err(error) => visit.redirect_with_error(&here(&visit), error),
    }
}

/// Creates a project from an accepted proposal.
pub async fn begin(visit: Visit, _: Fields) -> Result<Response> {
    match visit.act(begin_project).await {
        Ok(made) => Ok(visit.done(&format!("/projects/{}", made.id), t("project-added"))),
        Err(error) => visit.redirect_with_error(&here(&visit), error),
    }
}

/// Shows a proposal as a PDF.
pub async fn print(visit: Visit) -> Result<Response> {
    let file = visit.app.proposal_pdf(visit.claims, visit.id()).await?;
    Ok(pdf(&file.name, file.bytes))
}

/// Creates a draft with the same text.
pub async fn duplicate(visit: Visit, _: Fields) -> Result<Response> {
    match visit.act(duplicate_proposal).await {
        Ok(copy) => {
            let place = format!("/proposals/{}/edit", copy.id);
            Ok(visit.done(&place, t("proposal-duplicated")))
        }
        Err(error) => visit.redirect_with_error(&here(&visit), error),
    }
}

/// Deletes a proposal.
pub async fn delete(visit: Visit, _: Fields) -> Result<Response> {
    match visit.act(delete_proposal).await {
        Ok(()) => Ok(visit.done("/proposals", t("proposal-deleted"))),
        Err(error) => visit.redirect_with_error(&here(&visit), error),
    }
}

pub(in crate::web) fn place(proposal: &Proposal) -> Vec<u8> {
    format!("/proposals/{}", proposal.id).into_bytes()
}

fn here(visit: &Visit) -> String {
    format!("/proposals/{}", visit.param("id"))
}
