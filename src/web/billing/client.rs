//! `/clients`: the freelancer's clients.

use std::collections::HashMap;

use askama::Template;
use poem::{Response, http::StatusCode};

use crate::{
    app::{
        client::{
            Owed, create_client, delete_client, find_client, latest_of_clients, list_clients,
            owed_by_client, update_client,
        },
        invoice::list_invoices,
        project::list_projects,
        proposal::list_proposals,
        statement::balances_of_client,
    },
    domain::{
        address::Address,
        client::{Client, ClientChange, ClientDetails, ClientFilter, ClientWork, Latest},
        error::Result,
        id::ClientId,
        input::Input,
        invoice::{InvoiceFilter, Party, ShownInvoice},
        money::{Currency, Money},
        page::{Listing, Page},
        project::{Project, ProjectFilter},
        proposal::{Proposal, ProposalFilter, ProposalStatus},
    },
    locale::{Text, t},
    web::{
        choice::{self, Choices},
        days::Days,
        editing::Editing,
        fields::Fields,
        form::Form,
        page::answer,
        pager::{self, Pager},
        shell::{Section, Shell},
        visit::Visit,
    },
};

/// The number of entries of each list on a client's page.
const SHOWN: u32 = 5;

#[derive(Template)]
#[template(path = "pages/client/list.html")]
struct List {
    shell: Shell,
    form: Form,
    days: Days,
    clients: Listing<Client>,
    latest: HashMap<ClientId, Latest>,
    pager: Pager,
}

impl Show {
    /// Returns the lines of the postal address.
    fn place(&self) -> Vec<String> {
        Party::of_client(&self.client).place()
    }

    fn details(&self) -> &ClientDetails {
        &self.client.details
    }
}

impl List {
    /// Returns the newest of what was made for a client.
    fn latest(&self, client: &Client) -> Option<Text> {
        let Latest { at, kind } = self.latest.get(&client.id)?;
        let what = match kind {
            ClientWork::Invoice => "invoice",
            ClientWork::Proposal => "proposal",
            ClientWork::Project => "project",
        };
        let when = self.days.lately(at);
        Some(t("client-list-latest").with("what", what).with("when", when))
    }
}

#[derive(Template)]
#[template(path = "pages/client/show.html")]
struct Show {
    shell: Shell,
    days: Days,
    client: Client,
    projects: Listing<Project>,
    proposals: Listing<Proposal>,
    invoices: Listing<ShownInvoice>,
    owed: Owed,
    /// What the client owes today, by currency.
    balances: Vec<Money>,
}

/// Returns the shape next to a proposal's status.
fn proposal_look(status: &ProposalStatus) -> &'static str {
    match status {
        ProposalStatus::Draft => "draft",
        ProposalStatus::Sent => "sent",
        ProposalStatus::Accepted => "paid",
        ProposalStatus::Rejected => "void",
    }
}

#[derive(Template)]
#[template(path = "pages/client/edit.html")]
struct Edit {
    shell: Shell,
    form: Form,
    editing: Editing,
    currencies: Choices,
    /// The currency of the account.
    own_currency: Currency,
}

impl Edit {
    /// Whether any of these fields is filled in or invalid, so that the section is shown open.
    fn is_open(&self, names: &[&str]) -> bool {
        let form = &self.form;
        names.iter().any(|name| !form.value(name).is_empty() || form.error(name).is_some())
    }
}

/// Lists the clients, newest first.
pub async fn list(visit: Visit) -> Result<Response> {
    let query = visit.query();
    let filter = ClientFilter::read(&pager::sized(&query))?;
    let (clients, latest) = visit
        .read(move |work| {
            let clients = list_clients(work, &filter)?;
            let ids: Vec<_> = clients.entries.iter().map(|client| client.id).collect();
            Ok((clients, latest_of_clients(work, &ids)?))
        })
        .await?;
    let pager = Pager::new(&visit.request, &clients);
    let (shell, days) = (visit.shell(Section::Clients), Days::of(&visit)?);
    let page = List { shell, form: Form::new(query), days, clients, latest, pager };
    Ok(answer(StatusCode::OK, &page))
}

/// Shows the form of a new client.
pub async fn new(visit: Visit) -> Result<Response> {
    Ok(edit_page(
        &visit,
        StatusCode::OK,
        visit.form(visit.query().or_with("reminders", "on")),
        None,
    ))
}

/// Adds a client.
pub async fn create(visit: Visit, fields: Fields) -> Result<Response> {
    let place = |client: &Client| format!("/clients/{}", client.id).into_bytes();
    match visit.run_once(&fields, ClientDetails::read(&fields), place, create_client).await {
        Ok(outcome) => Ok(visit.redirect_once(&outcome, place, t("client-added"))),
        Err(error) => {
            let (status, form) = visit.refused(fields, error)?;
            Ok(edit_page(&visit, status, form, None))
        }
    }
}

/// Shows a client with the amounts due, invoices and projects.
pub async fn show(visit: Visit) -> Result<Response> {
    let id = visit.id();
    let (client_id, page) = (Some(id), Page::first(SHOWN));
    let (client, projects, proposals, invoices, owed, balances) = visit
        .read(move |work| {
            let projects = ProjectFilter { client_id, page, ..ProjectFilter::default() };
            let proposals = ProposalFilter { client_id, page, ..ProposalFilter::default() };
            let invoices = InvoiceFilter { client_id, page, ..InvoiceFilter::default() };
            Ok((
                find_client(work, id)?,
                list_projects(work, &projects)?,
                list_proposals(work, &proposals)?,
                list_invoices(work, &invoices)?,
                owed_by_client(work, id)?,
                balances_of_client(work, id)?,
            ))
        })
        .await?;
    let (shell, days) = (visit.shell(Section::Clients), Days::of(&visit)?);
    let page = Show { shell, days, client, projects, proposals, invoices, owed, balances };
    Ok(answer(StatusCode::OK, &page))
}

/// Shows the edit form of a client.
pub async fn edit(visit: Visit) -> Result<Response> {
    let client = visit.find(find_client).await?;
    let form = visit.form(filled(&client).versioned());
    Ok(edit_page(&visit, StatusCode::OK, form, Some(client)))
}

/// Returns the form of a client with its current values.
fn filled(client: &Client) -> Fields {
    let details = &client.details;
    let fields = Fields::default()
        .with("name", &details.name)
        .with("email", &details.email)
        .with_some("company", details.company.as_ref())
        .with_some("phone", details.phone.as_ref())
        .with_some("country", details.country.as_ref())
        .with_some("taxId", details.tax_id.as_ref())
        .with_some("registrationNumber", details.registration_number.as_ref())
        .with_some("currency", details.currency)
        .with_some("paymentTermsDays", details.payment_terms_days)
        .with("ccEmails", details.cc_emails.join("\n"))
        .with_some("buyerReference", details.buyer_reference.as_ref())
        .with_some("notes", details.notes.as_ref())
        .with("reminders", if details.gets_reminders() { "on" } else { "" });
    addressed(fields, details.address.as_ref())
}

/// Returns a form with the parts of an address.
pub fn addressed(fields: Fields, address: Option<&Address>) -> Fields {
    let address = address.cloned().unwrap_or_default();
    fields
        .with_some("address.street", address.street)
        .with_some("address.street2", address.street2)
        .with_some("address.city", address.city)
        .with_some("address.region", address.region)
        .with_some("address.postalCode", address.postal_code)
}

/// Changes a client.
pub async fn update(visit: Visit, fields: Fields) -> Result<Response> {
    match visit.update(ClientChange::read(&fields), fields.expected(filled), update_client).await {
        Ok(client) => Ok(visit.done(&format!("/clients/{}", client.id), t("client-saved"))),
        Err(error) => {
            let client = visit.find(find_client).await?;
            let (status, form) = visit.refused_change(fields, error, filled(&client))?;
            Ok(edit_page(&visit, status, form, Some(client)))
        }
    }
}

/// Removes a client from the lists.
pub async fn delete(visit: Visit, _: Fields) -> Result<Response> {
    match visit.act(delete_client).await {
        Ok(()) => Ok(visit.done("/clients", t("client-deleted"))),
        Err(error) => visit.redirect_with_error(&format!("/clients/{}", visit.param("id")), error),
    }
}

fn edit_page(visit: &Visit, status: StatusCode, form: Form, client: Option<Client>) -> Response {
    let editing = match client {
        Some(Client { id, details, .. }) => {
            Editing::of(t("client-edit"), &format!("/clients/{id}"), &details.name)
        }
        None => Editing::new("/clients", t("clients"), t("new-client"), t("client-add")),
    };
    answer(
        status,
        &Edit {
            shell: visit.shell(Section::Clients),
            form: form.of::<ClientDetails>(),
            editing,
            currencies: choice::common_currencies(),
            own_currency: visit.frame.account.currency,
        },
    )
}
