//! One search over clients, invoices, projects and proposals.

use crate::{
    app::{
        client::list_clients, project::list_projects, proposal::list_proposals, unit_of_work::Work,
    },
    domain::{
        client::{Client, ClientFilter},
        error::Result,
        invoice::ShownInvoice,
        page::Page,
        project::{Project, ProjectFilter},
        proposal::{Proposal, ProposalFilter},
    },
    store,
};

/// The maximum number of results of a kind.
const MOST: u32 = 5;

/// The newest matches of each kind.
#[derive(Debug, Clone, Default)]
pub struct Found {
    pub clients: Vec<Client>,
    pub invoices: Vec<ShownInvoice>,
    pub projects: Vec<Project>,
    pub proposals: Vec<Proposal>,
}

/// Searches everything of the caller for a folded text.
pub fn search(work: &mut Work, text: &str) -> Result<Found> {
    let page = Page::first(MOST);
    let search = || Some(text.to_owned());
    let (today, account) = (work.today()?, work.account);
    let invoices = store::invoice::search(work.tx, account, text, MOST.into(), &work.latest_rates)?;
    let clients = ClientFilter { search: search(), page };
    let projects = ProjectFilter { search: search(), page, ..ProjectFilter::default() };
    let proposals = ProposalFilter { search: search(), page, ..ProposalFilter::default() };
    Ok(Found {
        invoices: invoices.into_iter().map(|of| ShownInvoice::on(today, of)).collect(),
        clients: list_clients(work, &clients)?.entries,
        projects: list_projects(work, &projects)?.entries,
        proposals: list_proposals(work, &proposals)?.entries,
    })
}
