//! What the form of an invoice offers: clients, found by what is typed, and the projects of one.

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        client::{find_any_client, list_clients},
        project::{find_project, list_project_names},
        tax::all_taxes,
        unit_of_work::Work,
    },
    domain::{
        client::{Client, ClientFilter, ClientName, address_of},
        error::{Error, Result},
        id::{ClientId, ProjectId},
        input::Input,
        invoice::Invoice,
        page::{Listing, Page},
        project::ProjectName,
        search::Query,
        tax::{SavedTax, Tax},
    },
    http::answer,
    locale::t,
    web::{
        choice::{self, Choices},
        fields::Fields,
        form::{Control, Form},
        invoice_preview::NEW_CLIENT,
        invoice_totals::deposits_for,
        page,
        visit::Visit,
    },
};

/// How many clients a page offers before one is looked for.
const MOST: u32 = 20;
/// How many of them are found at once while typing.
const MOST_FOUND: u32 = 6;

/// What a form offers, and the client chosen in it.
pub struct Offered {
    pub client: Option<Client>,
    clients: Choices,
    /// Whether only some clients are offered.
    pub is_part: bool,
    /// Whether there is any client.
    pub has_clients: bool,
    pub projects: Choices,
    pub taxes: Vec<SavedTax>,
    /// The deposits that can be deducted.
    pub deposits: Vec<Invoice>,
}

impl Offered {
    /// Reads what a form with these values offers.
    pub fn read(work: &mut Work, fields: &Fields) -> Result<Self> {
        let search = Query::read(&Fields::default().with("q", fields.get("_find")))?.text;
        let is_found = search.is_some();
        let Listing { entries, total, .. } = newest(work, search, MOST)?;
        let client =
            Error::optional(find_any_client(work, ClientId::parse(fields.get("clientId"))))?;
        let mut projects = projects(work, fields.get("clientId"))?;
        let project = find_project(work, ProjectId::parse(fields.get("projectId")));
        if let Some(project) = Error::optional(project)? {
            let id = project.id.to_string();
            if !projects.iter().any(|(known, _)| *known == id) {
                projects.push((id, project.name));
            }
        }
        let clients = entries.into_iter().map(|client| ClientName {
            id: client.id,
            name: client.details.name,
            company: client.details.company,
        });
        Ok(Self {
            client,
            has_clients: is_found || total > 0,
            is_part: is_found || total > MOST.into(),
            clients: choice::clients(clients.collect()),
            projects,
            taxes: all_taxes(work)?,
            deposits: deposits_for(work, fields, work.currency())?,
        })
    }

    /// Returns the taxes that lines can have.
    pub fn taxes_beside(&self, invoice: Option<&Invoice>) -> Vec<Tax> {
        taxes_beside(&self.taxes, invoice)
    }

    /// Returns the client field; `stored` is the client of a draft, which outlives it.
    pub fn choice(&self, form: &Form, stored: Option<&Client>) -> Control {
        let choice = choice::client(form, &self.clients, stored);
        let choice = match &self.client {
            Some(client) => choice.beside(client.id, &client.details.name),
            None => choice,
        };
        choice.beside(NEW_CLIENT, &t("new-client").to_string())
    }
}

/// Returns the taxes that lines can have: those of the account, and those of an invoice or a
/// proposal. None if neither has any.
pub fn taxes_beside(saved: &[SavedTax], invoice: Option<&Invoice>) -> Vec<Tax> {
    let mut taxes: Vec<Tax> = saved.iter().map(|saved| saved.tax.clone()).collect();
    let items = invoice.map_or(&[][..], |invoice| &invoice.items);
    let has_own = items.iter().any(|item| item.line.taxes.is_some());
    let own = invoice.iter().flat_map(|invoice| &invoice.taxes).map(|sum| &sum.tax);
    for tax in own.filter(|_| has_own || !saved.is_empty()) {
        if !taxes.contains(tax) {
            taxes.push(tax.clone());
        }
    }
    taxes
}

fn newest(work: &mut Work, search: Option<String>, most: u32) -> Result<Listing<Client>> {
    list_clients(work, &ClientFilter { search, page: Page::first(most) })
}

/// Returns the projects of the client that a form names; those of all clients, with their names, if
/// it names none.
fn projects(work: &mut Work, client: &str) -> Result<Choices> {
    let of = match client {
        "" => None,
        // Also for a new client, who has none.
        client => Some(ClientId::parse(client)),
    };
    let shown = |project: ProjectName| {
        let client = of.map_or_else(|| format!(" · {}", project.client), |_| String::new());
        (project.id.to_string(), format!("{}{client}", project.name))
    };
    let mut projects: Choices = list_project_names(work, of)?.into_iter().map(shown).collect();
    projects.sort_by_cached_key(|(_, name)| name.to_lowercase());
    Ok(projects)
}

/// Clients found while typing, and a new one.
#[derive(Template)]
#[template(path = "pages/invoice/clients.html")]
struct Found {
    clients: Vec<Client>,
    typed: String,
    /// The name and the address of the new one, as far as they were typed.
    name: String,
    email: String,
}

/// Lists clients for the script of a form.
pub async fn clients(visit: Visit) -> Result<Response> {
    let query = visit.query();
    let text = Query::read(&query)?.text;
    let found = visit.read(move |work| newest(work, text.clone(), MOST_FOUND)).await?;
    let typed = query.get("q").trim().to_owned();
    let (name, email) = address_of(&typed);
    Ok(page::answer(StatusCode::OK, &Found { clients: found.entries, typed, name, email }))
}

/// Lists the projects of a client for the script of a form.
pub async fn projects_of(visit: Visit) -> Result<Response> {
    let client = visit.query().get("clientId").to_owned();
    let found = visit.read(move |work| projects(work, &client)).await?;
    Ok(answer::json(StatusCode::OK, answer::bytes(&found)))
}

impl Found {
    /// Returns what tells a client from others of that name.
    fn beside<'a>(&self, client: &'a Client) -> &'a str {
        let details = &client.details;
        details.contact().map_or(&details.email, |_| details.heading())
    }
}
